package gate

import (
	"cmp"
	"slices"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/downtime"
)

// long are the workloads whose own history says that a rollout takes the API down for longer than is left: outside of a
// planned downtime than what is left of a budget, inside of one than the rest of it and what is left then. A workload
// without a history is not held to any.
func (s *spending) long() []LongRollout {
	window := s.window()
	var long []LongRollout
	for _, workload := range s.workloads() {
		var over []budget
		var needs []time.Duration
		for _, b := range s.budgets {
			need, ok := s.need(b, workload)
			left, known := b.left(s.Now)
			if !ok || !known || !b.refuses() || b.spentAt(s.Now) {
				continue
			}
			s.turns(b, need, left, window)
			if need > left+s.rest(window) {
				over, needs = append(over, b), append(needs, need)
			}
		}
		if len(over) == 0 {
			continue
		}
		o := Overspent{Fixes: fixesOf(over)}
		o.Message = s.longText(over[0], workload, needs[0], window, &o)
		long = append(long, LongRollout{Workload: workload, Overspent: o})
	}
	return long
}

// window is the planned downtime under way; nil for none.
func (s *spending) window() *downtime.Window {
	for i := range s.Windows {
		if !s.Windows[i].Partial && s.Windows[i].Contains(s.Now) {
			return &s.Windows[i]
		}
	}
	return nil
}

// rest is how much of a planned downtime is left.
func (s *spending) rest(window *downtime.Window) time.Duration {
	if window == nil {
		return 0
	}
	return window.End.Sub(s.Now)
}

// turns enters the moments at which a rollout that takes so long comes to take longer than is left, or no longer does.
func (s *spending) turns(b budget, need, left time.Duration, window *downtime.Window) {
	if need == 0 {
		return
	}
	for _, w := range s.Windows {
		s.moments[w.Start.UTC()], s.moments[w.End.UTC()] = true, true
	}
	// The last moment at which it is not too long yet: what is left and the planned downtime both run out.
	ends := b.goes()
	if window != nil {
		s.turn(window.End.Add(left - need))
	}
	switch {
	case ends != nil && window != nil:
		s.turn(ends.Add((window.End.Sub(*ends) - need) / 2))
	case ends != nil:
		s.turn(ends.Add(-need))
	}
}

// turn enters the first whole second after t.
func (s *spending) turn(t time.Time) {
	s.moments[t.UTC().Truncate(time.Second).Add(time.Second)] = true
}

// need is how long a rollout of a workload takes the API down, and false where nobody knows: as long as the longest of
// its last ones did, and all of the time that one takes where all pods go down for it.
func (s *spending) need(b budget, workload v1alpha1.WorkloadRef) (time.Duration, bool) {
	var own []v1alpha1.PastRollout
	for _, r := range b.Status.Rollouts {
		if r.Workload == workload && r.CompletedTime != nil && r.Seconds != nil && r.DownSeconds != nil {
			own = append(own, r)
		}
	}
	if len(own) == 0 {
		return 0, false
	}
	slices.SortStableFunc(own, func(x, y v1alpha1.PastRollout) int { return y.CompletedTime.Compare(x.CompletedTime.Time) })
	var longest int64
	for _, r := range own[:min(len(own), pastRollouts)] {
		longest = max(longest, *r.DownSeconds)
		if s.AllDown[workload] {
			longest = max(longest, *r.Seconds)
		}
	}
	return time.Duration(longest) * time.Second, true
}

// workloads are those with a history, by kind and name.
func (s *spending) workloads() []v1alpha1.WorkloadRef {
	var all []v1alpha1.WorkloadRef
	for _, b := range s.budgets {
		for _, r := range b.Status.Rollouts {
			all = append(all, r.Workload)
		}
	}
	slices.SortFunc(all, func(a, b v1alpha1.WorkloadRef) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
	return slices.Compact(all)
}
