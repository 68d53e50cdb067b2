package notice

import (
	"fmt"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// usageBelieved is how long what was found out about who uses something counts.
const usageBelieved = 24 * time.Hour

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
	until := r.Use.Asked.Add(usageBelieved).UTC()
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
