package telling

import (
	"slices"
	"strconv"
	"strings"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/delivery"
)

// told is what the records say of one notice.
type told struct {
	DueInput
	stages map[v1alpha1.NoticeStage]*toldStage
	// records are those of the notice that hold customers.
	records []*v1alpha1.DeliveryRecord
}

// toldStage is one stage as it was planned.
type toldStage struct {
	stage v1alpha1.NoticeStage
	// records are those that hold customers, and wanted is how many the plan has that was made last.
	records, wanted int32
	// planned is the moment of that plan, and begun that of the first.
	planned, begun time.Time
	// updates are those that all of them were told of.
	updates int
	// effective is the earliest date that anybody was told with it; zero where that is not known.
	effective time.Time
}

func (s *toldStage) complete() bool { return s != nil && s.records >= s.wanted }

func toldOf(in DueInput) *told {
	t := &told{DueInput: in, stages: map[v1alpha1.NoticeStage]*toldStage{}}
	for i := range in.Told {
		r := &in.Told[i]
		if r.Spec.NoticeRef.UID != string(in.Notice.UID) || string(r.Spec.NoticeRef.Name) != in.Notice.Name || !filled(r) {
			continue
		}
		s := t.stages[r.Spec.Stage]
		if s == nil {
			s = &toldStage{stage: r.Spec.Stage}
			t.stages[r.Spec.Stage] = s
		}
		s.add(r)
		t.records = append(t.records, r)
	}
	return t
}

// filled says that a record holds customers: without, it was created, and whoever did it came no further.
func filled(r *v1alpha1.DeliveryRecord) bool { return len(r.Status.Deliveries) > 0 }

func (s *toldStage) add(r *v1alpha1.DeliveryRecord) {
	s.records++
	wanted, planned := max(r.Spec.Records, 1), plannedAt(r)
	if s.records == 1 || planned.Before(s.begun) {
		s.begun = planned
	}
	if updates := int(r.Spec.Updates); s.records == 1 || updates < s.updates {
		s.updates = updates
	}
	switch {
	case planned.After(s.planned):
		s.planned, s.wanted = planned, wanted
	case planned.Equal(s.planned):
		s.wanted = max(s.wanted, wanted)
	}
	if at := r.Spec.EffectiveTime; at != nil && (s.effective.IsZero() || at.Time.Before(s.effective)) {
		s.effective = at.UTC()
	}
}

func plannedAt(r *v1alpha1.DeliveryRecord) time.Time {
	var planned time.Time
	for i := range r.Status.Deliveries {
		if at := r.Status.Deliveries[i].PlannedTime; at != nil && at.After(planned) {
			planned = at.UTC()
		}
	}
	return planned
}

// over says that customers were told that the notice is over.
func (t *told) over() bool {
	return t.stages[v1alpha1.NoticeStage(delivery.Withdrawn)].complete() ||
		t.stages[v1alpha1.NoticeStage(delivery.Superseded)].complete()
}

// postponement is the stage that tells of a later date than customers know; empty where they know it. A date that a
// stage told in part is told to the rest of them, and one that passed by meanwhile to nobody.
func (t *told) postponement() v1alpha1.NoticeStage {
	number := t.postponed()
	effective, known := t.Notice.Spec.EffectiveTime.UTC(), t.stages[v1alpha1.NoticeStage(delivery.Published)].effective
	for n := 1; n <= number; n++ {
		if s := t.stages[postponed(n)]; s.complete() && s.effective.After(known) {
			known = s.effective
		}
	}
	if known.IsZero() || !effective.After(known) {
		return ""
	}
	if begun := t.stages[postponed(number)]; begun != nil && !begun.complete() && begun.effective.Equal(effective) {
		return begun.stage
	}
	return postponed(number + 1)
}

// since is the moment at which customers were told the date last.
func (t *told) since() time.Time {
	since := t.Notice.Status.PublishedTime.UTC()
	for stage, s := range t.stages {
		kind := delivery.Stage(stage).Kind()
		if (kind == delivery.Published || kind == delivery.Postponed) && s.begun.After(since) {
			since = s.begun
		}
	}
	return since
}

// reminder is the one that is due by now, and next the moment of the one after. Its moment is after since, when
// customers were told the date. Of what serves nobody is reminded.
func (t *told) reminder(since time.Time) (stage v1alpha1.NoticeStage, next *time.Time) {
	effective := t.Notice.Spec.EffectiveTime.UTC()
	switch {
	case t.Notice.Status.InForceTime != nil:
		return "", nil
	case !t.Now.Before(effective):
		return t.late(), nil
	}
	last := 0
	for _, days := range t.reminderDays() {
		if days < 1 || days > maxReminderDays {
			continue
		}
		at := effective.Add(-time.Duration(days) * reminderDay)
		switch {
		case at.After(t.Now):
			if next == nil || at.Before(*next) {
				next = &at
			}
		case at.After(since) && (last == 0 || int(days) < last):
			last = int(days)
		}
	}
	if last == 0 {
		return "", next
	}
	if stage = reminder(last, t.postponed()); t.stages[stage].complete() {
		return "", next
	}
	return stage, next
}

// reminderDays are those that the policies ask for now, and those that they asked for when the notice was published.
func (t *told) reminderDays() []int32 {
	all := slices.Clone(t.ReminderDays)
	for _, owed := range t.Notice.Status.Reminders {
		all = append(all, owed.Days)
	}
	return all
}

// postponed is the number of the last postponement that customers were told of, 0 for none.
func (t *told) postponed() int {
	last := 0
	for stage := range t.stages {
		last = max(last, numberOf(stage, delivery.Postponed))
	}
	return last
}

// numberOf is the number of a stage of that kind, 0 for another.
func numberOf(stage v1alpha1.NoticeStage, kind delivery.Stage) int {
	number, found := strings.CutPrefix(string(stage), string(kind)+"-")
	if n, err := strconv.Atoi(number); found && err == nil {
		return n
	}
	return 0
}

func postponed(n int) v1alpha1.NoticeStage { return v1alpha1.NoticeStage(delivery.PostponedStage(n)) }

// reminder is that of so many days before the date of the n-th postponement, which is another than that of as many
// days before the date before: customers get both.
func reminder(days, n int) v1alpha1.NoticeStage {
	stage := v1alpha1.NoticeStage(delivery.ReminderStage(days))
	if n > 0 {
		stage += v1alpha1.NoticeStage("-" + strconv.Itoa(n))
	}
	return stage
}
