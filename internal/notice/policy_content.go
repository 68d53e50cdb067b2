package notice

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

var contentRules = []v1alpha1.ContentRule{
	v1alpha1.ContentDateInTitle, v1alpha1.ContentChangeInTitle, v1alpha1.ContentWhatToDo,
	v1alpha1.ContentHelp, v1alpha1.ContentLocales, v1alpha1.ContentPhrasing,
}

var (
	clockTime = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$`)
	roleName  = regexp.MustCompile(`^[A-Z][A-Za-z0-9]{0,62}$`)
)

// content reads what a notice must be. What is not known is refused, and nothing is published by it.
func (r *policyReader) content(spec *v1alpha1.ContentRules) {
	r.policy.Content = *spec
	for i, rule := range spec.Rules {
		if !slices.Contains(contentRules, rule) {
			r.refuse(fmt.Sprintf("content.rules[%d]", i), fmt.Errorf("%q is no rule: the rules are %s", shortened(string(rule)), contentRuleNames()))
		}
	}
	if len(spec.BannedPhrases)+len(spec.AllowedPhrases) > 0 && !slices.Contains(spec.Rules, v1alpha1.ContentPhrasing) {
		r.refuse("content.rules", errors.New("bannedPhrases and allowedPhrases go with the rule Phrasing: add it"))
	}
	r.phrases("content.bannedPhrases", spec.BannedPhrases)
	r.phrases("content.allowedPhrases", spec.AllowedPhrases)
	for i, entry := range spec.Roles {
		field := fmt.Sprintf("content.roles[%d]", i)
		if err := CheckClass(entry.Class); err != nil {
			r.refuse(field, err)
		}
		if len(entry.Roles) == 0 || slices.ContainsFunc(entry.Roles, func(role v1alpha1.ContactRole) bool { return !roleName.MatchString(string(role)) }) {
			r.refuse(field, errors.New("it names no role, or one that is none: write for example roles: [Billing]"))
		}
	}
	r.quiet(spec.QuietHours)
}

func (r *policyReader) phrases(field string, phrases []string) {
	for i, phrase := range phrases {
		if !strings.ContainsFunc(phrase, func(c rune) bool { return unicode.IsLetter(c) || unicode.IsDigit(c) }) {
			r.refuse(fmt.Sprintf("%s[%d]", field, i), errors.New("it has no word"))
		}
	}
}

func contentRuleNames() string {
	names := make([]string, 0, len(contentRules))
	for _, rule := range contentRules {
		names = append(names, string(rule))
	}
	return strings.Join(names, ", ")
}

func (r *policyReader) quiet(hours v1alpha1.QuietHours) {
	if hours.From == "" && hours.To == "" && len(hours.WholeDays) == 0 {
		return
	}
	for _, at := range []v1alpha1.ClockTime{hours.From, hours.To} {
		if !clockTime.MatchString(string(at)) {
			r.refuse("content.quietHours", fmt.Errorf("%q is no time of a day: write it like 20:00", shortened(string(at))))
			return
		}
	}
	if hours.From == hours.To {
		r.refuse("content.quietHours", errors.New("from and to are the same: quiet hours begin at one time and end at another"))
		return
	}
	q := &QuietTimes{from: secondOfDay(hours.From), to: secondOfDay(hours.To), calendar: r.calendar}
	for i, days := range hours.WholeDays {
		switch days {
		case v1alpha1.QuietWeekends:
			q.weekends = true
		case v1alpha1.QuietHolidays:
			q.holidays = true
		default:
			r.refuse(fmt.Sprintf("content.quietHours.wholeDays[%d]", i), fmt.Errorf("%q is not known: write Weekends or Holidays", shortened(string(days))))
		}
	}
	r.policy.Quiet = q
}

// secondOfDay is what a clock that reads it has counted since midnight.
func secondOfDay(at v1alpha1.ClockTime) int64 {
	t, err := time.Parse("15:04", string(at))
	if err != nil {
		return 0 // its form was checked
	}
	return int64(t.Hour()*60+t.Minute()) * 60
}
