package notice

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// What a policy means where it says nothing.
const (
	defaultSettleHours  = 72
	defaultRollbackDays = 14
	defaultValidForDays = 180
	defaultUnusedWindow = 90
	wholePercent        = 100
)

// The same limits as in the schema: a policy on disk was never compared with one.
const (
	maxSettleHours  = 8760
	maxRollbackDays = 365
	maxValidForDays = 3650
	maxReminderDays = 3650
	maxReminders    = 16
	maxUnusedDays   = 3650
	maxUnusedWindow = 365
)

const hoursPerDay = 24

// className is what the schema allows. A class in any other spelling would match nothing, and what
// matches nothing is owed nothing.
var className = regexp.MustCompile(`^[A-Z][A-Za-z0-9]{0,62}$`)

// Policy is a NoticePolicy as it binds, with all that it leaves out filled in.
type Policy struct {
	Name        string
	Enforcement v1alpha1.Enforcement
	Terms       []Term
	// Rules are the classes that single rules are moved to. More than one for a rule is no policy that the
	// API server would take; the one that owes most counts.
	Rules    map[string][]v1alpha1.ChangeClass
	Settle   time.Duration
	Rollback time.Duration
	Validity Validity
	Images   v1alpha1.ImageRule
	// Marks is what becomes of a contract that does not mark what is deprecated.
	Marks v1alpha1.MarkRule
	// StartsAt is what starts the clock of a notice, and CoveragePercent the share of customers that it has to be
	// delivered to or acknowledged by before, where that is what does.
	StartsAt        v1alpha1.ClockStart
	CoveragePercent int32
	// HoldAboveObjectionPercent is the share of customers above which objections hold a notice. Nil: they do not.
	HoldAboveObjectionPercent *int32
	// ReminderDays are how many days before its date customers are reminded of a notice.
	ReminderDays []int32
	// MissedReminder is what becomes of a notice when one of them is missed.
	MissedReminder v1alpha1.MissedReminderRule
	// Content is what it asks of a notice, and Quiet when nothing is published; nil where it leaves no hours out.
	Content v1alpha1.ContentRules
	Quiet   *QuietTimes
	// UnusedDays are owed at most for what nobody used in the last UnusedWindow days. Nil: that shortens nothing.
	UnusedDays   *int32
	UnusedWindow int
}

// PolicyError says what is wrong in a NoticePolicy.
type PolicyError struct {
	Policy string
	Field  string // below spec; empty where nothing of it can be read
	Err    error
}

func (e *PolicyError) Error() string {
	if e.Field == "" {
		return fmt.Sprintf("policy %s: %v", e.Policy, e.Err)
	}
	return fmt.Sprintf("policy %s: %s: %v", e.Policy, e.Field, e.Err)
}

func (e *PolicyError) Unwrap() error { return e.Err }

// ReadPolicy reads what is in force of a policy: the last generation that could be read and, where there
// is none, its spec. All that is wrong is in the errors; what could be read binds all the same.
func ReadPolicy(p *v1alpha1.NoticePolicy) (Policy, []*PolicyError) {
	if why, is := v1alpha1.Unreadable(p); is {
		policy, _ := ReadSpec(p.Name, &v1alpha1.NoticePolicySpec{})
		return policy, []*PolicyError{{Policy: p.Name, Err: errors.New(why)}}
	}
	if p.Status.InForce.Generation > 0 {
		return ReadSpec(p.Name, &p.Status.InForce.Spec)
	}
	return ReadSpec(p.Name, &p.Spec)
}

// ReadSpec reads one generation of a policy.
func ReadSpec(name string, spec *v1alpha1.NoticePolicySpec) (Policy, []*PolicyError) {
	r := policyReader{policy: Policy{Name: name}}
	r.enforcement(spec)
	r.calendars(spec)
	r.clock(spec)
	r.reminders(spec)
	r.missedReminder(spec)
	r.terms(spec)
	r.rules(spec)
	r.content(&spec.Content)
	r.unused(spec)
	r.policy.Settle = r.duration("settleHours", spec.SettleHours, defaultSettleHours, 0, maxSettleHours, time.Hour)
	r.policy.Rollback = r.duration("rollbackDays", spec.RollbackDays, defaultRollbackDays, 0, maxRollbackDays, hoursPerDay*time.Hour)
	r.policy.Validity = Validity{
		Days: int(r.amount("validForDays", unlessZero(spec.ValidForDays), defaultValidForDays, 1, maxValidForDays)), Zone: r.calendar.Zone,
	}
	return r.policy, r.errors
}

type policyReader struct {
	policy Policy
	errors []*PolicyError
	// calendar is what all terms count by. What cannot be read of it is left out.
	calendar Period
}

func (r *policyReader) refuse(field string, err error) {
	r.errors = append(r.errors, &PolicyError{Policy: r.policy.Name, Field: field, Err: err})
}

// words are what a field may say, what it says where it is left out, and the strictest, as which counts what is none of them.
type words[T ~string] struct {
	known            []T
	unset, strictest T
}

func (w words[T]) read(r *policyReader, field string, written T) T {
	if written == "" {
		return w.unset
	}
	if slices.Contains(w.known, written) {
		return written
	}
	var known strings.Builder
	for i, word := range w.known {
		switch {
		case i > 0 && i == len(w.known)-1:
			known.WriteString(" or ")
		case i > 0:
			known.WriteString(", ")
		}
		known.WriteString(string(word))
	}
	r.refuse(field, fmt.Errorf("%q is not known: write %s", shortened(string(written)), known.String()))
	return w.strictest
}

var (
	enforcements = words[v1alpha1.Enforcement]{
		[]v1alpha1.Enforcement{v1alpha1.EnforcementDeny, v1alpha1.EnforcementWarn, v1alpha1.EnforcementAudit},
		v1alpha1.EnforcementWarn, v1alpha1.EnforcementDeny,
	}
	imageRules = words[v1alpha1.ImageRule]{
		[]v1alpha1.ImageRule{v1alpha1.ImagesRequired, v1alpha1.ImagesOptional}, v1alpha1.ImagesOptional, v1alpha1.ImagesRequired,
	}
	markRules = words[v1alpha1.MarkRule]{
		[]v1alpha1.MarkRule{v1alpha1.MarksDeny, v1alpha1.MarksWarn}, v1alpha1.MarksWarn, v1alpha1.MarksDeny,
	}
	clockStarts = words[v1alpha1.ClockStart]{
		[]v1alpha1.ClockStart{v1alpha1.StartsAtPublished, v1alpha1.StartsAtDelivered, v1alpha1.StartsAtAcknowledged},
		v1alpha1.StartsAtPublished, v1alpha1.StartsAtAcknowledged, // which starts it last
	}
)

func (r *policyReader) enforcement(spec *v1alpha1.NoticePolicySpec) {
	r.policy.Enforcement = enforcements.read(r, "enforcement", spec.Enforcement)
	r.policy.Images = imageRules.read(r, "images", spec.Images)
	r.policy.Marks = markRules.read(r, "deprecatedMarks", spec.DeprecatedMarks)
}

// clock reads what starts it.
func (r *policyReader) clock(spec *v1alpha1.NoticePolicySpec) {
	r.policy.StartsAt = clockStarts.read(r, "startsAt", spec.StartsAt)
	r.policy.CoveragePercent = r.amount("coveragePercent", unlessZero(spec.CoveragePercent), wholePercent, 1, wholePercent)
	if hold := spec.HoldAboveObjectionPercent; hold != nil {
		percent := r.amount("holdAboveObjectionPercent", hold, 0, 0, wholePercent)
		r.policy.HoldAboveObjectionPercent = &percent
	}
}

func (r *policyReader) reminders(spec *v1alpha1.NoticePolicySpec) {
	if len(spec.ReminderDays) > maxReminders {
		r.refuse("reminderDays", fmt.Errorf("%d are more than %d", len(spec.ReminderDays), maxReminders))
		return
	}
	for i, days := range spec.ReminderDays {
		if days < 1 || days > maxReminderDays {
			r.refuse(fmt.Sprintf("reminderDays[%d]", i), fmt.Errorf("%d is not between 1 and %d", days, maxReminderDays))
			continue
		}
		r.policy.ReminderDays = append(r.policy.ReminderDays, days)
	}
}

func (r *policyReader) calendars(spec *v1alpha1.NoticePolicySpec) {
	r.calendar.Zone = zoneOf(spec.TimeZone)
	if _, err := ParseZone(r.calendar.Zone); err != nil {
		r.refuse("timeZone", err)
		r.calendar.Zone = zoneOf("")
	}
	calendar := Period{Zone: r.calendar.Zone, Holidays: spec.Holidays, Closed: spec.ClosedDates}
	if err := calendar.Validate(); err != nil {
		r.refuse("holidays, closedDates", err)
		return
	}
	r.calendar = calendar
}

func (r *policyReader) terms(spec *v1alpha1.NoticePolicySpec) {
	if len(spec.Owed) == 0 {
		r.refuse("owed", errors.New("it is empty: say how much notice is owed, for example class: Removal, days: 180"))
	}
	for i := range spec.Owed {
		term, err := readTerm(r.policy.Name, r.calendar, &spec.Owed[i])
		if err != nil {
			r.refuse(fmt.Sprintf("owed[%d]", i), err)
			continue
		}
		r.policy.Terms = append(r.policy.Terms, term)
	}
}

func (r *policyReader) rules(spec *v1alpha1.NoticePolicySpec) {
	r.policy.Rules = map[string][]v1alpha1.ChangeClass{}
	for i, rule := range spec.Rules {
		if err := CheckClass(rule.Class); err != nil {
			r.refuse(fmt.Sprintf("rules[%d]", i), err)
			continue
		}
		r.policy.Rules[rule.Rule] = append(r.policy.Rules[rule.Rule], rule.Class)
	}
}

// unused reads what shortens a notice. What cannot be read shortens nothing.
func (r *policyReader) unused(spec *v1alpha1.NoticePolicySpec) {
	wrong := len(r.errors)
	r.policy.UnusedWindow = int(r.amount("unusedWindowDays", unlessZero(spec.UnusedWindowDays), defaultUnusedWindow, 1, maxUnusedWindow))
	if spec.UnusedDays == nil {
		return
	}
	if days := r.amount("unusedDays", spec.UnusedDays, 0, 0, maxUnusedDays); len(r.errors) == wrong {
		r.policy.UnusedDays = &days
	}
}

func (r *policyReader) duration(field string, set *int32, unset, least, most int32, unit time.Duration) time.Duration {
	return time.Duration(r.amount(field, set, unset, least, most)) * unit
}

// unlessZero is nothing for a number that was left out, where the schema takes no 0.
func unlessZero(n int32) *int32 {
	if n == 0 {
		return nil
	}
	return &n
}

func (r *policyReader) amount(field string, set *int32, unset, least, most int32) int32 {
	if set == nil {
		return unset
	}
	if *set < least || *set > most {
		r.refuse(field, fmt.Errorf("%d is not between %d and %d", *set, least, most))
		return unset
	}
	return *set
}

// CheckClass says what is wrong with the name of a class.
func CheckClass(class v1alpha1.ChangeClass) error {
	if className.MatchString(string(class)) {
		return nil
	}
	return fmt.Errorf("class %q is not one: write for example Removal, Breaking or Behaviour", shortened(string(class)))
}

// Policies are those that bind one API.
type Policies []Policy

// ReadPolicies reads the policies that bind an API, in the order of their names.
func ReadPolicies(policies []v1alpha1.NoticePolicy) (Policies, []*PolicyError) {
	var read Policies
	var errs []*PolicyError
	for i := range policies {
		p, wrong := ReadPolicy(&policies[i])
		read, errs = append(read, p), append(errs, wrong...)
	}
	slices.SortStableFunc(read, func(a, b Policy) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortStableFunc(errs, func(a, b *PolicyError) int {
		return cmp.Or(cmp.Compare(a.Policy, b.Policy), cmp.Compare(a.Field, b.Field), cmp.Compare(a.Error(), b.Error()))
	})
	return read, errs
}

// Enforcement is the strictest, and empty where no policy binds.
func (ps Policies) Enforcement() v1alpha1.Enforcement {
	for _, strict := range []v1alpha1.Enforcement{v1alpha1.EnforcementDeny, v1alpha1.EnforcementWarn, v1alpha1.EnforcementAudit} {
		if slices.ContainsFunc(ps, func(p Policy) bool { return p.Enforcement == strict }) {
			return strict
		}
	}
	return ""
}

// ImagesRequired says which policy requires an APIRevision to list its images.
func (ps Policies) ImagesRequired() (policy string, required bool) {
	i := slices.IndexFunc(ps, func(p Policy) bool { return p.Images == v1alpha1.ImagesRequired })
	if i < 0 {
		return "", false
	}
	return ps[i].Name, true
}

// MarksRequired says which policy admits no contract that does not mark what is deprecated.
func (ps Policies) MarksRequired() (policy string, required bool) {
	i := slices.IndexFunc(ps, func(p Policy) bool { return p.Marks == v1alpha1.MarksDeny })
	if i < 0 {
		return "", false
	}
	return ps[i].Name, true
}

// Settle is the longest.
func (ps Policies) Settle() time.Duration {
	return most(ps, func(p Policy) time.Duration { return p.Settle }, defaultSettleHours*time.Hour)
}

// Rollback is the longest.
func (ps Policies) Rollback() time.Duration {
	return most(ps, func(p Policy) time.Duration { return p.Rollback }, defaultRollbackDays*hoursPerDay*time.Hour)
}

func most(ps Policies, of func(Policy) time.Duration, none time.Duration) time.Duration {
	if len(ps) == 0 {
		return none
	}
	longest := of(ps[0])
	for _, p := range ps[1:] {
		longest = max(longest, of(p))
	}
	return longest
}
