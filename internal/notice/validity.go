package notice

import (
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// Validity is how long after its date a notice covers: calendar days of a time zone.
type Validity struct {
	Days int
	Zone string
}

// Lapse is the moment from which a notice with that date covers nothing any more (R7): so many days of the calendar
// later, at the same time of day, whatever clocks did meanwhile. A time that the zone has twice on that day counts when
// it comes first, and one that it skips when it is skipped: nobody meets the change later than the days allow (R13).
func (v Validity) Lapse(effective time.Time) time.Time {
	zone, err := ParseZone(v.Zone)
	if err != nil {
		zone = time.UTC
	}
	local := localDays{zone: zone}
	_, offset := effective.In(zone).Zone()
	lapse := local.reads(effective.Unix() + int64(offset) + int64(v.Days)*secondsPerDay)
	return earlier(time.Unix(lapse, 0).UTC(), endOfTime)
}

// Frozen is how a validity is kept in the status of a notice.
func (v Validity) Frozen() v1alpha1.NoticeValidity {
	return v1alpha1.NoticeValidity{Days: int32(v.Days), TimeZone: v.Zone}
}

// Validity is the one of the policies by which a notice with that date lapses first.
func (ps Policies) Validity(effective time.Time) Validity {
	if len(ps) == 0 {
		return Validity{Days: defaultValidForDays, Zone: zoneOf("")}
	}
	first := ps[0].Validity
	for _, p := range ps[1:] {
		if p.Validity.Lapse(effective).Before(first.Lapse(effective)) {
			first = p.Validity
		}
	}
	return first
}

// validityOf is what was frozen when a notice was published (R8): a policy that is changed afterwards neither lengthens
// nor shortens what customers were told. Where nothing was frozen, today's counts.
func validityOf(n *v1alpha1.ChangeNotice, effective time.Time, policies Policies) Validity {
	if frozen := n.Status.Validity; n.Status.PublishedTime != nil && frozen.Days > 0 {
		return Validity{Days: int(frozen.Days), Zone: zoneOf(frozen.TimeZone)}
	}
	return policies.Validity(effective)
}

// LapsedBy says that a published notice had lapsed by now as far as was known before its date was moved, and when. A
// date that is moved to later in time is known as soon as it was recorded; one that is not recorded by the time at which
// the notice lapses comes too late (R12).
func LapsedBy(n *v1alpha1.ChangeNotice, now time.Time) (at time.Time, lapsed bool) {
	if n.Status.PublishedTime == nil {
		return time.Time{}, false
	}
	if stamp := n.Status.LapsedTime; stamp != nil { // whatever a clock says that was set back since
		return stamp.UTC(), true
	}
	if known := n.Status.LapsesTime; known != nil && !now.Before(known.Time) {
		return known.UTC(), true
	}
	return time.Time{}, false
}
