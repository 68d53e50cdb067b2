package notice

import (
	"cmp"
	"errors"
	"slices"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// Ledger holds the notices of one API, and which of them replaces which.
type Ledger struct {
	policies Policies
	records  []*record              // by name
	versions []v1alpha1.VersionName // those that customers rely on
	keepers  []*record              // those of them that tell of an end which needs more than its date
	answers  map[owedKey]owedAnswer
}

// endOfTime is the last second that RFC 3339 has four digits for: a later one could not be shown to anybody.
var endOfTime = time.Date(9999, time.December, 31, 23, 59, 59, 0, time.UTC)

// record is a notice with what is worked out of it once.
type record struct {
	notice  *v1alpha1.ChangeNotice
	entries []v1alpha1.CoveredChange // with operations as they are compared
	// stamped is the moment at which it was published, and start the one at which its clock started; zero where
	// that has not come.
	stamped   time.Time
	start     time.Time
	effective time.Time
	validity  Validity
	lapses    time.Time
	// held says that customers need more time, and nobody has answered them.
	held bool
	// intact says that the notice is what was published, and has a date: without, nobody was told anything.
	intact bool
	// sound is intact, but for what was withdrawn since.
	sound bool
	// silence is the missed reminder that delays it, if it is delayed by one.
	silence Silence
	delayed bool
	// removal is what the removal needs that it tells of; nil where that is nothing. removable is the date of it, and
	// zero where that cannot be counted.
	removal   *Removal
	removable time.Time
	// by names the published notice that replaces it, replaced is when one first did.
	by       string
	replaced time.Time
}

// reliedOn are the versions that are promised or, before anything is, those that are declared.
func reliedOn(api *v1alpha1.CustomerAPI) []v1alpha1.VersionName {
	var versions []v1alpha1.VersionName
	for i := range api.Status.Promised {
		versions = append(versions, api.Status.Promised[i].Version)
	}
	if len(versions) == 0 {
		for i := range api.Spec.Versions {
			versions = append(versions, api.Spec.Versions[i].Name)
		}
	}
	return versions
}

// NewLedger reads the notices of an API; those of others do not count.
func NewLedger(api *v1alpha1.CustomerAPI, notices []v1alpha1.ChangeNotice, policies Policies) *Ledger {
	l := &Ledger{policies: policies, versions: reliedOn(api), answers: map[owedKey]owedAnswer{}}
	for i := range notices {
		n := &notices[i]
		elsewhere := n.Namespace != "" && api.Namespace != "" && n.Namespace != api.Namespace
		if string(n.Spec.APIRef.Name) == api.Name && !elsewhere {
			l.records = append(l.records, newRecord(n, policies))
		}
	}
	slices.SortStableFunc(l.records, func(a, b *record) int {
		return cmp.Or(cmp.Compare(a.notice.Name, b.notice.Name), a.stamped.Compare(b.stamped),
			cmp.Compare(Digest(&a.notice.Spec), Digest(&b.notice.Spec)))
	})
	for _, r := range l.records {
		if r.removal != nil && !r.withdrawn() {
			l.keepers = append(l.keepers, r)
		}
		for _, other := range l.records {
			// Also one that was withdrawn since: customers were told that the older one is off.
			if !other.published() || string(other.notice.Spec.Supersedes) != r.notice.Name {
				continue
			}
			if r.by == "" || other.stamped.Before(r.replaced) {
				r.replaced = other.stamped
			}
			r.by = cmp.Or(r.by, other.notice.Name)
		}
	}
	return l
}

func newRecord(n *v1alpha1.ChangeNotice, policies Policies) *record {
	r := &record{notice: n, held: Held(n)}
	for _, entry := range n.Spec.Covers {
		entry.Operation = Operation(entry.Operation)
		r.entries = append(r.entries, entry)
	}
	if n.Status.PublishedTime != nil {
		r.stamped = stampedAt(n)
		r.start, _ = StartOf(n)
		r.silence, r.delayed = SilenceOf(n)
	}
	if n.Spec.EffectiveTime != nil {
		r.effective = n.Spec.EffectiveTime.UTC()
		r.validity = validityOf(n, r.effective, policies)
		r.lapses = r.validity.Lapse(later(r.effective, r.readRemoval()))
		if minutes := n.Spec.DowntimeMinutes; minutes > 0 { // and is over with its window
			r.lapses = earlier(r.lapses, r.effective.Add(time.Duration(minutes)*time.Minute))
		}
	}
	r.sound = r.published() && n.Spec.State != v1alpha1.NoticeDraft && n.Spec.EffectiveTime != nil &&
		n.Status.PublishedDigest == Digest(&n.Spec)
	r.intact = r.sound && n.Spec.State == v1alpha1.NoticePublished
	return r
}

// lists says that one of the entries of a notice covers the change.
func (r *record) lists(c *Change) bool {
	return !aside(&r.notice.Spec) && slices.ContainsFunc(r.entries, func(e v1alpha1.CoveredChange) bool { return covers(&e, c) })
}

func (r *record) published() bool { return r.notice.Status.PublishedTime != nil }

func (r *record) withdrawn() bool {
	return r.notice.Spec.State == v1alpha1.NoticeWithdrawn || r.notice.Status.WithdrawnTime != nil
}

// lapsedAt says that the notice was over at t. A later date does not bring it back.
func (r *record) lapsedAt(t time.Time) bool {
	at, lapsed := LapsedBy(r.notice, t)
	return lapsed && !t.Before(at) || !t.Before(r.lapses)
}

// standing is ReasonPublished for a notice that covers what it lists, and else why it covers nothing.
func (r *record) standing(now time.Time) string {
	switch {
	case !r.published() && r.notice.Spec.State == v1alpha1.NoticeDraft:
		return v1alpha1.ReasonDraft
	case r.withdrawn():
		return v1alpha1.ReasonWithdrawn
	case !r.published():
		return v1alpha1.ReasonNotPublished
	case r.by != "":
		return v1alpha1.ReasonSuperseded
	case !r.intact:
		return v1alpha1.ReasonDigestMismatch
	case r.lapsedAt(now):
		return v1alpha1.ReasonLapsed
	}
	return v1alpha1.ReasonPublished
}

// replacedBy is the notice whose clock r keeps for what stands in both: one whose clock ran when r was published, and
// that had not lapsed when the clock of r started. One that was withdrawn or had lapsed was over for customers, and so
// is its clock; one that is held lends none, or whoever replaces it would answer nobody.
//
// A window keeps no older clock, and lends none: it is owed its own days.
func (l *Ledger) replacedBy(r *record) *record {
	if r.notice.Spec.Supersedes == "" || aside(&r.notice.Spec) {
		return nil
	}
	for _, older := range l.records {
		// Strictly older: notices that name each other in a circle would keep each other's clocks for ever.
		if older.notice.Name == string(r.notice.Spec.Supersedes) && older.published() && !older.withdrawn() && !older.held &&
			older.intact && !aside(&older.notice.Spec) && !older.start.IsZero() && older.start.Before(r.stamped) && !older.lapsedAt(r.start) {
			return older
		}
	}
	return nil
}

// Standing says whether the notice of that name covers what it lists: ReasonPublished, and else the reason why
// it covers nothing. by names the notice that replaces it.
func (l *Ledger) Standing(name string, now time.Time) (reason, by string) {
	for _, r := range l.records {
		if r.notice.Name == name {
			return r.standing(now), r.by
		}
	}
	return v1alpha1.ReasonNotPublished, ""
}

// Idle is why a notice does not cover what it lists, and until when that is why; zero: until somebody acts.
type Idle struct {
	Reason string
	Until  time.Time
}

// Idle are the notices that list the change and yet do not cover it at now. One that will lapse before it matures has
// lapsed already for all that it is worth, and one whose clock has not started, or that is held, lapses all the same.
func (l *Ledger) Idle(c Change, now time.Time) map[string]Idle {
	idle := map[string]Idle{}
	c.Operation = Operation(c.Operation)
	for _, r := range l.records {
		if !r.lists(&c) {
			continue
		}
		why := Idle{Reason: r.standing(now)}
		switch {
		case why.Reason == v1alpha1.ReasonPublished && r.start.IsZero():
			why = Idle{Reason: r.awaiting(), Until: r.lapses}
		case why.Reason == v1alpha1.ReasonPublished && r.held:
			why = Idle{Reason: v1alpha1.ReasonHeld, Until: r.lapses}
		case why.Reason == v1alpha1.ReasonPublished && r.unreached():
			why = Idle{Reason: v1alpha1.ReasonRadioSilence, Until: r.lapses}
		case why.Reason == v1alpha1.ReasonPublished:
			coverage, ok := l.coverageBy(r, c)
			switch ok = ok && coverage.Matures.Before(coverage.Lapses); {
			case ok && r.unknown(coverage, now):
				why = Idle{Reason: v1alpha1.ReasonRadioSilence, Until: r.lapses}
			case ok:
				continue
			default:
				why.Reason = v1alpha1.ReasonLapsed
			}
		}
		idle[r.notice.Name] = why
	}
	return idle
}

// awaiting is why the clock of a notice has not started.
func (r *record) awaiting() string {
	if r.notice.Status.Clock.StartsAt == v1alpha1.StartsAtAcknowledged {
		return v1alpha1.ReasonAcknowledging
	}
	return v1alpha1.ReasonDelivering
}

// Freeze is how a period is kept in the status of a notice.
func Freeze(version v1alpha1.VersionName, class v1alpha1.ChangeClass, owed Owed) v1alpha1.OwedNotice {
	days := int32(owed.Period.Days)
	frozen := v1alpha1.OwedNotice{
		Version: version, Class: class, Policy: owed.Policy, Customer: v1alpha1.CustomerID(owed.Customer),
		Days: &days, TimeZone: owed.Period.Zone, UnusedForDays: int32(owed.UnusedFor),
	}
	if owed.Period.Business {
		frozen.CountedAs = v1alpha1.CountBusinessDays
		frozen.Holidays = slices.Clone(owed.Period.Holidays)
		frozen.ClosedDates = slices.Clone(owed.Period.Closed)
	}
	return frozen
}

func thaw(frozen *v1alpha1.OwedNotice, start time.Time) (Owed, error) {
	if frozen.Days == nil {
		return Owed{}, errors.New("the days are missing")
	}
	owed := Owed{
		Policy: frozen.Policy, Customer: string(frozen.Customer), UnusedFor: int(frozen.UnusedForDays),
		Period: Period{Days: int(*frozen.Days), Zone: zoneOf(frozen.TimeZone)},
	}
	switch frozen.CountedAs {
	case "", v1alpha1.CountDays:
	case v1alpha1.CountBusinessDays:
		owed.Period.Business = true
		owed.Period.Holidays = frozen.Holidays
		owed.Period.Closed = frozen.ClosedDates
	default:
		return Owed{}, errors.New("it is not known which days count")
	}
	end, err := owed.Period.End(start)
	owed.End = end
	return owed, err
}
