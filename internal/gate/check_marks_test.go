package gate_test

import (
	"strings"
	"testing"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/test/builders"
)

// deprecated is the way out of v1, deprecated at that moment.
func deprecated(at time.Time, operations ...string) *builders.ScheduleBuilder {
	return builders.Schedule("orders-v1", "orders", "v1").Dates(at, at.Add(400*day)).Operations(operations...).Published(at.Add(-100 * day))
}

func scheduled(schedules ...*builders.ScheduleBuilder) edit {
	return func(in *gate.Input) {
		for _, s := range schedules {
			in.Schedules = append(in.Schedules, *s.Obj())
		}
	}
}

// unmarked are the operations of v1 that its contract does not mark.
func unmarked(operations ...string) edit {
	return func(in *gate.Input) {
		in.Proposal.NotDeprecated = map[string][]string{"v1": append([]string{}, operations...)}
	}
}

func TestWhatIsDeprecatedIsMarked(t *testing.T) {
	deny := boundBy(publicAPIs().Marks(v1alpha1.MarksDeny))
	changed := func(change func(*v1alpha1.DeprecationSchedule)) edit { return scheduled(deprecated(now).Edit(change)) }
	const all, get, remove = "GET /orders", "GET /orders/{id}", "DELETE /orders/{id}"
	refused := outcome{"False", "DeprecationNotMarked"}
	fine := outcome{"True", "Compatible"}
	cases := map[string]struct {
		edits []edit
		want  outcome
		text  string // in a finding, or in none where it is empty
	}{
		"since a second":              {[]edit{deny, scheduled(deprecated(now.Add(-time.Second))), unmarked(all)}, refused, "schedule orders-v1 deprecated GET /orders of v1 since 2026-11-22T09:59:59Z, and the contract does not say so: mark it with deprecated: true (policy public-apis)"},
		"in this second":              {[]edit{deny, scheduled(deprecated(now)), unmarked(all)}, refused, "since 2026-11-22T10:00:00Z"},
		"in a second":                 {[]edit{deny, scheduled(deprecated(now.Add(time.Second))), unmarked(all)}, fine, ""},
		"all of it is marked":         {[]edit{deny, scheduled(deprecated(now)), unmarked()}, fine, ""},
		"a part of it is not":         {[]edit{deny, scheduled(deprecated(now)), unmarked(all, get)}, refused, "deprecated GET /orders and 1 more of v1 since 2026-11-22T10:00:00Z, and the contract does not say so: mark them"},
		"where a policy says nothing": {[]edit{scheduled(deprecated(now)), unmarked(all)}, fine, "mark it with deprecated: true"},
		"where a policy warns":        {[]edit{boundBy(publicAPIs().Marks(v1alpha1.MarksWarn)), scheduled(deprecated(now)), unmarked(all)}, fine, "mark it with deprecated: true"},
		"where one of two denies":     {[]edit{boundBy(builders.Policy("a").Owes("Removal", 1), builders.Policy("b").Owes("Removal", 1).Marks(v1alpha1.MarksDeny)), scheduled(deprecated(now)), unmarked(all)}, refused, "(policy b)"},
		"where none binds":            {[]edit{boundBy(), scheduled(deprecated(now)), unmarked(all)}, outcome{"True", "NotGoverned"}, ""},
		"an operation of it":          {[]edit{deny, scheduled(deprecated(now, remove)), unmarked(all, get, remove)}, refused, "deprecated DELETE /orders/{id} of v1"},
		"as it is written":            {[]edit{deny, scheduled(deprecated(now, "delete  /orders/{order}")), unmarked(all, remove)}, refused, "deprecated DELETE /orders/{id} of v1"},
		"another operation":           {[]edit{deny, scheduled(deprecated(now, remove)), unmarked(all, get)}, fine, ""},
		"another version":             {[]edit{deny, changed(func(s *v1alpha1.DeprecationSchedule) { s.Spec.Version = "v2" }), unmarked(all)}, fine, ""},
		"another API":                 {[]edit{deny, changed(func(s *v1alpha1.DeprecationSchedule) { s.Spec.APIRef.Name = "other" }), unmarked(all)}, fine, ""},
		"another namespace":           {[]edit{deny, changed(func(s *v1alpha1.DeprecationSchedule) { s.Namespace = "other" }), unmarked(all)}, fine, ""},
		"nobody was told":             {[]edit{deny, changed(func(s *v1alpha1.DeprecationSchedule) { s.Status.PublishedTime = nil }), unmarked(all)}, fine, ""},
		"a draft":                     {[]edit{deny, changed(func(s *v1alpha1.DeprecationSchedule) { s.Spec.State = "Draft" }), unmarked(all)}, fine, ""},
		"withdrawn":                   {[]edit{deny, changed(func(s *v1alpha1.DeprecationSchedule) { s.Spec.State = "Withdrawn" }), unmarked(all)}, fine, ""},
		"removed":                     {[]edit{deny, changed(func(s *v1alpha1.DeprecationSchedule) { s.Status.RemovedTime = s.Status.PublishedTime }), unmarked(all)}, fine, ""},
		"nobody looked":               {[]edit{deny, scheduled(deprecated(now))}, refused, "whether the contract marks that is not known"},
		"the contract is unreadable": {[]edit{deny, scheduled(deprecated(now)), func(in *gate.Input) {
			in.Proposal.Problems = []gate.Problem{{Version: "v1", Reason: v1alpha1.ReasonContractUnreadable, Message: "it is none"}}
		}}, outcome{"Unknown", "ContractUnreadable"}, ""},
		"R11 what serves": {[]edit{deny, scheduled(deprecated(now)), unmarked(all), against(servingOrders().Serving("orders", "orders-9f31c2aa", now.Add(-day)))},
			outcome{"True", "Serving"}, "mark it with deprecated: true"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			v := gate.Evaluate(proposing(c.edits...))
			if outcomeOf(v) != c.want {
				t.Errorf("%s: %s, want %s", v.Reason, v.Message, c.want)
			}
			said := ""
			for _, f := range v.Findings {
				if f.Reason == v1alpha1.ReasonDeprecationNotMarked {
					said = f.Message
				}
			}
			if (said != "") != (c.text != "") || !strings.Contains(said, c.text) {
				t.Errorf("found %q, want %q", said, c.text)
			}
		})
	}
}

func TestTheMomentOfADeprecation(t *testing.T) {
	later := now.Add(3 * time.Hour)
	v := gate.Evaluate(proposing(scheduled(deprecated(later))))
	if v.NextChange == nil || !v.NextChange.Equal(later) {
		t.Errorf("next %v, want %s", v.NextChange, later)
	}
	v = gate.Evaluate(proposing(scheduled(deprecated(later)), boundBy()))
	if v.NextChange != nil {
		t.Errorf("where no policy binds: next %v", v.NextChange)
	}
}

// No notice helps against a mark that is missing.
func TestNoDateHelpsWhereAMarkIsMissing(t *testing.T) {
	v := gate.Evaluate(proposing(boundBy(publicAPIs().Marks(v1alpha1.MarksDeny)), scheduled(deprecated(now)), unmarked("GET /orders"), changing(deleteOrders)))
	if v.Earliest != nil || !strings.Contains(v.Message, "besides: NoticeMissing") {
		t.Errorf("%v: %s", v.Earliest, v.Message)
	}
}
