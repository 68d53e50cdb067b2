package notice

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// Removal is what has to be before something may be removed whose end customers were told.
type Removal struct {
	// End is the date of the end that they were told.
	End time.Time
	// Days are how many full days after it everything stays, and Zone the time zone in which they are counted.
	Days int32
	Zone string
	// Requires is what it needs besides.
	Requires v1alpha1.RemovalRequirement
	// Use is who uses it.
	Use RemovalUse
}

// RemovalUse is who uses something whose end customers were told.
type RemovalUse struct {
	// Asked is the moment at which that was asked. Zero: never.
	Asked time.Time
	// Customers use it; of them, so many did not acknowledge its end.
	Customers, Unacknowledged int32
}

// RemovalVerdict says whether something may be removed.
type RemovalVerdict struct {
	Allowed bool
	Reason  string // a reason of RemovalAllowed
	// Kept goes on after "it is kept": until when, or while what holds. Empty where it is allowed.
	Kept string
	// Next is the moment at which the verdict changes by itself. Nil: none is known.
	Next *time.Time
}

// Date is the moment from which the date alone allows the removal: the end of the last of the full days (R13).
func (r *Removal) Date() (time.Time, error) {
	return Period{Days: int(r.Days), Zone: zoneOf(r.Zone)}.End(r.End)
}

// At says whether the removal is allowed. What is not known says no (R12).
func (r *Removal) At(now time.Time) RemovalVerdict {
	date, err := r.Date()
	switch {
	case err != nil:
		return RemovalVerdict{Reason: v1alpha1.ReasonNotYet, Kept: fmt.Sprintf("because the day of its removal cannot be counted: %v", err)}
	case now.Before(date):
		return RemovalVerdict{Reason: v1alpha1.ReasonNotYet, Kept: "until " + date.Format(time.RFC3339) + r.after() + r.besides(), Next: &date}
	case r.Requires == v1alpha1.RemovalAtDate || r.Requires == "":
		return RemovalVerdict{Allowed: true, Reason: v1alpha1.ReasonRemovable}
	}
	return r.byUse(now)
}

// byUse is the verdict once the date has come. A requirement that nobody knows is the strictest.
func (r *Removal) byUse(now time.Time) RemovalVerdict {
	if r.Use.Asked.IsZero() {
		return RemovalVerdict{
			Reason: v1alpha1.ReasonUsageNotKnown,
			Kept:   "until it is known who uses it: " + usageAdvice,
		}
	}
	until := r.Use.Asked.Add(UsageBelieved).UTC()
	switch {
	case now.Before(r.Use.Asked):
		asked := r.Use.Asked.UTC()
		return RemovalVerdict{
			Reason: v1alpha1.ReasonUsageNotKnown, Next: &asked,
			Kept: "until it is known who uses it: that was asked at " + asked.Format(time.RFC3339) + ", which has not come: look at the clocks",
		}
	case !now.Before(until):
		return RemovalVerdict{
			Reason: v1alpha1.ReasonUsageNotKnown,
			Kept: "until it is known who uses it: that was last answered at " + r.Use.Asked.UTC().Format(time.RFC3339) +
				", a day ago or longer: " + usageAdvice,
		}
	case r.Use.Customers == 0:
		return RemovalVerdict{Allowed: true, Reason: v1alpha1.ReasonRemovable, Next: &until}
	case r.Requires != v1alpha1.RemovalUnusedOrAcknowledged:
		return RemovalVerdict{Reason: v1alpha1.ReasonStillUsed, Kept: "while " + useText(r.Use.Customers) + ", because it requires that nobody does", Next: &until}
	case r.Use.Unacknowledged > 0:
		return RemovalVerdict{
			Reason: v1alpha1.ReasonNotAcknowledged, Next: &until,
			Kept: fmt.Sprintf("while %s and %d of them did not acknowledge its end", useText(r.Use.Customers), r.Use.Unacknowledged),
		}
	}
	return RemovalVerdict{Allowed: true, Reason: v1alpha1.ReasonRemovable, Next: &until}
}

const usageAdvice = "the Audience of the API has to name a usage query, and its server has to answer (condition UsageKnown of the Audience)"

func (r *Removal) after() string {
	switch r.Days {
	case 0:
		return ", its sunset"
	case 1:
		return ", 1 full day after its sunset"
	}
	return fmt.Sprintf(", %d full days after its sunset", r.Days)
}

// besides is what is required when the date has come.
func (r *Removal) besides() string {
	switch r.Requires {
	case v1alpha1.RemovalAtDate, "":
		return ""
	case v1alpha1.RemovalUnusedOrAcknowledged:
		return ", and then while a customer uses it who did not acknowledge its end"
	}
	return ", and then while a customer uses it"
}

func useText(customers int32) string {
	if customers == 1 {
		return "1 customer uses it"
	}
	return fmt.Sprintf("%d customers use it", customers)
}

// RemovalOf is what the removal needs that a published notice tells of, with the date that it has now. There is none where
// nothing was frozen with it.
func RemovalOf(n *v1alpha1.ChangeNotice) (removal Removal, needs bool) {
	frozen := &n.Status.Removal
	if n.Status.PublishedTime == nil || frozen.Schedule == "" || n.Spec.EffectiveTime == nil {
		return Removal{}, false
	}
	removal = Removal{
		End: n.Spec.EffectiveTime.UTC(), Days: -1, Zone: frozen.TimeZone, Requires: frozen.Requires,
		Use: useOf(&n.Status.RemovalUse),
	}
	if frozen.Days != nil { // what is not known cannot be counted
		removal.Days = *frozen.Days
	}
	return removal, true
}

func useOf(kept *v1alpha1.NoticeRemovalUse) RemovalUse {
	if kept.Time == nil || kept.Customers == nil || kept.Unacknowledged == nil || *kept.Customers < 0 {
		return RemovalUse{}
	}
	return RemovalUse{Asked: kept.Time.UTC(), Customers: *kept.Customers, Unacknowledged: *kept.Unacknowledged}
}

// Frozen is how who uses something is kept in the status of a notice.
func (u RemovalUse) Frozen() v1alpha1.NoticeRemovalUse {
	if u.Asked.IsZero() {
		return v1alpha1.NoticeRemovalUse{}
	}
	return v1alpha1.NoticeRemovalUse{Time: &metav1.Time{Time: u.Asked}, Customers: &u.Customers, Unacknowledged: &u.Unacknowledged}
}

// Kept is the schedule that keeps something.
type Kept struct {
	Notice, Schedule string
	Removal          Removal
	RemovalVerdict
}

// Kept are the schedules that have a say in whether the change may serve, by the names of their notices: those that told
// customers of its end and have not taken that back. It does not matter by which notice it would serve otherwise: a
// second one with an earlier date, or one that replaces the first, does not take away what the first left to customers.
func (l *Ledger) Kept(c Change, now time.Time) []Kept {
	c.Operation = Operation(c.Operation)
	var all []Kept
	for _, r := range l.keepers {
		if r.keeps(&c) {
			all = append(all, r.keeping(now))
		}
	}
	return all
}

// KeptOver are the schedules that have a say in what the notice of that name lists: in the removal of a version or of an
// operation, as far as it says which.
func (l *Ledger) KeptOver(name string, now time.Time) []Kept {
	var all []Kept
	for _, r := range l.records {
		if r.notice.Name != name || aside(&r.notice.Spec) {
			continue
		}
		for _, e := range r.entries {
			if e.Class == v1alpha1.ClassDeprecation { // which takes nothing away
				continue
			}
			c := Change{Version: string(e.Version), Operation: e.Operation, Rule: e.Rule, Class: e.Class, Fingerprint: e.Fingerprint}
			if e.Operation == "" && e.Rule == "" {
				c.Rule = RuleVersionRemoved
			}
			all = append(all, l.Kept(c, now)...)
		}
	}
	slices.SortStableFunc(all, func(a, b Kept) int { return cmp.Compare(a.Notice, b.Notice) })
	return slices.CompactFunc(all, func(a, b Kept) bool { return a.Notice == b.Notice })
}

// keeps says that an entry of the notice of an end is about the change, or about an operation of a version that goes as a
// whole.
func keeps(entry *v1alpha1.CoveredChange, c *Change) bool {
	return covers(entry, c) || c.Rule == RuleVersionRemoved && string(entry.Version) == c.Version && entry.Operation != ""
}

// keeps says that the change is of what the notice lists.
func (r *record) keeps(c *Change) bool {
	return slices.ContainsFunc(r.entries, func(e v1alpha1.CoveredChange) bool { return keeps(&e, c) })
}

func (r *record) keeping(now time.Time) Kept {
	return Kept{
		Notice: r.notice.Name, Schedule: string(r.notice.Status.Removal.Schedule),
		Removal: *r.removal, RemovalVerdict: r.removal.At(now),
	}
}

// readRemoval reads what the removal needs, and gives the date of it.
func (r *record) readRemoval() time.Time {
	removal, needs := RemovalOf(r.notice)
	if !needs {
		return time.Time{}
	}
	r.removal = &removal
	if date, err := removal.Date(); err == nil {
		r.removable = date
	}
	return r.removable
}

// uncountable says that nobody knows from when on what the notice tells of may be removed.
func (r *record) uncountable() bool { return r.removal != nil && r.removable.IsZero() }

// keptUntil is the moment before which no notice lets the change serve, by the dates of the schedules that keep it.
func (l *Ledger) keptUntil(c Change) time.Time {
	var until time.Time
	for _, r := range l.keepers {
		if r.keeps(&c) {
			until = later(until, r.removable)
		}
	}
	return until
}

// UTC is the time zone where nobody names another.
const UTC = "UTC"

// Zones are the time zones in which the policies, and the contracts of customers, count days; UTC where there are none.
func (ps Policies) Zones() []string {
	var zones []string
	for _, p := range ps {
		if p.Validity.Zone != "" { // a contract has none
			zones = append(zones, p.Validity.Zone)
		}
		for _, t := range p.Terms {
			zones = append(zones, zoneOf(t.Period.Zone))
		}
	}
	if len(zones) == 0 {
		return []string{UTC}
	}
	slices.Sort(zones)
	return slices.Compact(zones)
}
