package gate

import (
	"cmp"
	"slices"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/downtime"
)

// pastRollouts is how many of the last rollouts of a workload say how long the next one takes.
const pastRollouts = 5

// SpentInput is all that depends on the downtime budgets of an API.
type SpentInput struct {
	Now time.Time
	API *v1alpha1.CustomerAPI
	// Budgets are those of the API, and may be of others. Of one that cannot be read there is its name and, where that can
	// be told, its API.
	Budgets []v1alpha1.DowntimeBudget
	// Windows are its planned downtimes, by start.
	Windows []downtime.Window
	// AllDown are the workloads that take all their pods down to roll out.
	AllDown map[v1alpha1.WorkloadRef]bool
	// Rollback is how long what ran may be rolled back to.
	Rollback time.Duration
	// Running are the images of the pods that carry the API now.
	Running []string
}

// SpentVerdict is what is refused because of downtime. What is refused are rollouts of something new: what serves is
// restarted, created anew and scaled, and what ran lately comes back, whatever it says (R11).
type SpentVerdict struct {
	// Spent refuses all rollouts of the API. Nil: none.
	Spent *Overspent
	// Long refuses rollouts of single workloads, by kind and name, which take longer than is left.
	Long []LongRollout
	// Serving are the images that serve, or that a revision with a way back served with, and Past the others that ran lately,
	// the latest first.
	Serving, Past []string
	// Notes say what each budget is that refuses nothing although it might.
	Notes []string
	// NextChange is the moment at which this changes by itself.
	NextChange *time.Time
}

// Overspent is why rollouts are refused, and what passes all the same.
type Overspent struct {
	// Message is one line.
	Message string
	// Fixes are the budgets that a rollout has to name to pass as a fix. None: no fix passes.
	Fixes []string
	// Frees is the moment at which it is over by itself. Nil: nobody knows.
	Frees *time.Time
}

// LongRollout is a workload that takes longer to roll out than is left.
type LongRollout struct {
	Workload v1alpha1.WorkloadRef
	Overspent
}

// Refuses says that it refuses anything.
func (v *SpentVerdict) Refuses() bool { return v.Spent != nil || len(v.Long) > 0 }

// Of is what is refused of a workload; nil for nothing.
func (v *SpentVerdict) Of(workload v1alpha1.WorkloadRef) *Overspent {
	if v.Spent != nil {
		return v.Spent
	}
	for i := range v.Long {
		if v.Long[i].Workload == workload {
			return &v.Long[i].Overspent
		}
	}
	return nil
}

// Spent judges by what the budgets of an API say of themselves. Each of them counts. One that is not measured yet refuses
// nothing: nobody could roll out while forewarn is being installed, and no promise was found broken. It is shown. One that
// cannot be read refuses like one that is spent: it may be (R12). Where it does not even say of which API it is, it may be
// of each in its namespace.
func Spent(in SpentInput) SpentVerdict {
	in.Now = in.Now.UTC().Round(0)
	s := &spending{SpentInput: in, moments: map[time.Time]bool{}}
	for i := range in.Budgets {
		if b := (budget{&in.Budgets[i]}); BudgetOf(b.DowntimeBudget, in.API.Name) {
			s.budgets = append(s.budgets, b)
		}
	}
	slices.SortFunc(s.budgets, strictestFirst)
	v := SpentVerdict{Notes: s.notes(), Spent: s.spent(), Long: s.long()}
	v.Serving, v.Past = s.images()
	v.NextChange = firstOf(momentsAfter(in.Now, s.moments))
	return v
}

// spending is a SpentInput with what is worked out once.
type spending struct {
	SpentInput
	budgets []budget // the strictest first
	// moments are those at which the answer may change by itself.
	moments map[time.Time]bool
}

type budget struct{ *v1alpha1.DowntimeBudget }

// BudgetOf says that a budget is of an API, or may be.
func BudgetOf(b *v1alpha1.DowntimeBudget, api string) bool {
	if b.Spec.APIRef.Name != "" {
		return string(b.Spec.APIRef.Name) == api
	}
	_, unread := v1alpha1.Unreadable(b)
	return unread
}

// unread is why it cannot be read.
func (b budget) unread() (why string, is bool) { return v1alpha1.Unreadable(b.DowntimeBudget) }

func strictestFirst(a, b budget) int {
	return cmp.Or(cmp.Compare(a.strictness(), b.strictness()), cmp.Compare(a.Name, b.Name))
}

// rule is what happens when it is spent. What is no rule at all counts as the strictest.
func (b budget) rule() v1alpha1.SpentRule {
	switch rule := cmp.Or(b.Spec.WhenSpent, v1alpha1.SpentRefuseUnlessFix); rule {
	case v1alpha1.SpentRefuseUnlessFix, v1alpha1.SpentReport:
		return rule
	}
	return v1alpha1.SpentRefuseAll
}

func (b budget) strictness() int {
	return slices.Index([]v1alpha1.SpentRule{v1alpha1.SpentRefuseAll, v1alpha1.SpentRefuseUnlessFix, v1alpha1.SpentReport}, b.rule())
}

func (b budget) refuses() bool { return b.rule() != v1alpha1.SpentReport }

// spentAt says that nothing was left of it at t. When it frees up was worked out as though the API stayed up: while it
// is not known to be up, that moment frees nothing by itself.
func (b budget) spentAt(t time.Time) bool {
	if _, unread := b.unread(); unread {
		return true
	}
	if b.Status.SpentTime == nil || t.Before(b.Status.SpentTime.Time) {
		return false
	}
	frees := b.Status.FreesTime
	return frees == nil || b.Status.State != v1alpha1.AvailabilityUp || t.Before(frees.Time)
}

// left is what is left of it at t, and false where that is not known. While the API is down, it becomes less.
func (b budget) left(t time.Time) (left time.Duration, known bool) {
	if b.Status.LeftSeconds == nil {
		return 0, false
	}
	left = time.Duration(*b.Status.LeftSeconds) * time.Second
	if ends := b.goes(); ends != nil {
		left = min(left, max(ends.Sub(t), 0))
	}
	return left, true
}

// goes is the moment at which nothing is left if the API stays down; nil while it is up.
func (b budget) goes() *time.Time {
	down := b.Status.State == v1alpha1.AvailabilityDown || b.Status.State == v1alpha1.AvailabilityDegraded
	if !down || b.Status.ExhaustedTime == nil {
		return nil
	}
	ends := b.Status.ExhaustedTime.UTC()
	return &ends
}

// spent is what refuses all rollouts.
func (s *spending) spent() *Overspent {
	var over []budget
	for _, b := range s.budgets {
		if b.Status.SpentTime != nil {
			s.moments[b.Status.SpentTime.UTC()] = true
		}
		if b.refuses() && b.spentAt(s.Now) {
			over = append(over, b)
		}
	}
	if len(over) == 0 {
		return nil
	}
	o := &Overspent{Fixes: fixesOf(over), Frees: latestFree(over, s.Now)}
	for _, b := range over {
		if b.Status.FreesTime != nil {
			s.moments[b.Status.FreesTime.UTC()] = true
		}
	}
	o.Message = s.spentText(over, o)
	return o
}

// fixesOf are the names of the budgets, and none where one of them lets no fix pass.
func fixesOf(budgets []budget) []string {
	var names []string
	for _, b := range budgets {
		if b.rule() != v1alpha1.SpentRefuseUnlessFix || !legalName(b.Name) {
			return nil
		}
		names = append(names, b.Name)
	}
	return names
}

// latestFree is the moment at which the last of them frees up.
func latestFree(budgets []budget, now time.Time) *time.Time {
	var last *time.Time
	for _, b := range budgets {
		frees := b.Status.FreesTime
		if frees == nil || !frees.After(now) {
			return nil
		}
		if at := frees.UTC(); last == nil || at.After(*last) {
			last = &at
		}
	}
	return last
}

// notes are about what refuses nothing.
func (s *spending) notes() []string {
	var notes []string
	for _, b := range s.budgets {
		if _, unread := b.unread(); unread {
			continue
		}
		switch {
		case b.Status.LeftSeconds == nil && b.Status.SpentTime == nil:
			notes = append(notes, "budget "+short(b.Name)+" is not measured yet, and refuses nothing until it is")
		case !b.refuses() && b.spentAt(s.Now):
			notes = append(notes, "budget "+short(b.Name)+" is spent, and only reports it: "+s.usedText(b))
		}
	}
	return notes
}

// images are those that serve, and those that ran so lately that they may come back.
func (s *spending) images() (serving, past []string) {
	serving = s.protected()
	known := slices.Clone(s.API.Status.Images)
	for _, b := range s.budgets {
		known = append(known, b.Status.Images...)
	}
	var ran []v1alpha1.PastImage
	for _, image := range known {
		switch {
		case image.LastTime == nil:
			serving = append(serving, image.Image)
		case s.Now.Before(image.LastTime.Add(s.Rollback)):
			ran = append(ran, image)
			s.moments[image.LastTime.Add(s.Rollback).UTC()] = true
		}
	}
	serving = distinct(serving, nil)
	slices.SortStableFunc(ran, func(a, b v1alpha1.PastImage) int {
		return cmp.Or(b.LastTime.Compare(a.LastTime.Time), cmp.Compare(a.Image, b.Image))
	})
	for _, image := range ran {
		past = append(past, image.Image)
	}
	return serving, distinct(past, serving)
}

// protected are the images that the API itself is known to serve with, or to have served with lately.
func (s *spending) protected() []string {
	images := slices.Clone(s.Running)
	for _, serving := range s.API.Status.Serving {
		images = append(images, serving.Images...)
	}
	for _, past := range s.API.Status.WayBack {
		if open(past, s.Now) {
			images = append(images, past.Images...)
			s.moments[past.UntilTime.UTC()] = true
		}
	}
	slices.Sort(images)
	return images
}

// distinct leaves out what stands there twice, or among others, and what cannot be an image.
func distinct(images, others []string) []string {
	var out []string
	for _, image := range images {
		if usableImage(image) && image != moreImages && !slices.Contains(out, image) && !slices.Contains(others, image) {
			out = append(out, image)
		}
	}
	return out
}
