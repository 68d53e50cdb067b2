package gate_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/internal/notice"
	"forewarn.dev/forewarn/test/builders"
)

func TestDowntimeIsOpenToTheSecond(t *testing.T) {
	const long = 300 * day
	from := now.Add(time.Hour)
	one := plannedDowntime("one", long, from, 30)
	cases := map[string]struct {
		notices []*v1alpha1.ChangeNotice
		now     time.Time
		open    string // the end, empty for none
		text    string
		next    string
	}{
		"none is planned": {nil, now, "", "none is planned, and customers are owed 10 days (policy public-apis)", ""},
		"a second before": {[]*v1alpha1.ChangeNotice{one}, from.Add(-time.Second), "",
			"the next is planned from 2026-11-22T11:00:00Z until 2026-11-22T11:30:00Z (notice one)", "2026-11-22T11:00:00Z"},
		"as it opens": {[]*v1alpha1.ChangeNotice{one}, from, "2026-11-22T11:30:00Z",
			"none is planned, and customers are owed 10 days (policy public-apis)", "2026-11-22T11:30:00Z"},
		"a second before it closes": {[]*v1alpha1.ChangeNotice{one}, from.Add(30*time.Minute - time.Second), "2026-11-22T11:30:00Z",
			"none is planned, and customers are owed 10 days (policy public-apis)", "2026-11-22T11:30:00Z"},
		"as it closes": {[]*v1alpha1.ChangeNotice{one}, from.Add(30 * time.Minute), "",
			"none is planned, and customers are owed 10 days (policy public-apis)", ""},
		"two that overlap": {[]*v1alpha1.ChangeNotice{one, plannedDowntime("two", long, from.Add(-time.Minute), 60)}, from, "2026-11-22T11:59:00Z",
			"none is planned, and customers are owed 10 days (policy public-apis)", "2026-11-22T11:30:00Z"},
		"and one after": {[]*v1alpha1.ChangeNotice{one, plannedDowntime("two", long, from.Add(30*time.Minute), 60)}, from, "2026-11-22T11:30:00Z",
			"the next is planned from 2026-11-22T11:30:00Z until 2026-11-22T12:30:00Z (notice two)", "2026-11-22T11:30:00Z"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			in := gate.Input{Now: c.now, API: servingOrders().Obj(), Policies: []v1alpha1.NoticePolicy{*downtimePolicy().Obj()}}
			for _, n := range c.notices {
				in.Notices = append(in.Notices, *n)
			}
			got := gate.Downtime(in)
			if diff := cmp.Diff([]string{c.open, c.text, c.next}, []string{momentText(got.Open), got.Text, momentText(got.NextChange)}); diff != "" {
				t.Errorf("(-want +got) %s", diff)
			}
		})
	}
	some := plannedDowntime("some", long, from, 30)
	some.Spec.Covers = []v1alpha1.CoveredChange{{Version: "v1", Operation: "GET /orders", Class: v1alpha1.ClassDowntime}}
	some.Status.PublishedDigest = notice.Digest(&some.Spec)
	in := gate.Input{Now: from, API: servingOrders().Obj(), Policies: []v1alpha1.NoticePolicy{*downtimePolicy().Obj()}, Notices: []v1alpha1.ChangeNotice{*some}}
	if got := gate.Downtime(in); got.Open != nil || len(gate.Windows(in)) != 1 {
		t.Errorf("while an operation may be away, all may be down until %s", momentText(got.Open))
	}
	in = gate.Input{Now: now, API: servingOrders().Obj(), Policies: []v1alpha1.NoticePolicy{*builders.Policy("p").Owes("Removal", 1).Obj()}}
	if got := gate.Downtime(in).Text; got != "none is planned, and customers must be told before (policy p)" {
		t.Errorf("where no days are owed: %q", got)
	}
}

// planning is an API that customers need, by three kinds of objects.
func planning(open string) gate.PublishedAPI {
	a := governed("orders", nil, map[string]string{"app": "orders"})
	a.API.Spec.CarriedBy.Services = []string{"orders"}
	a.API.Spec.CarriedBy.HTTPRoutes = []string{"orders.example", "orders", "no route"}
	a.Keepers = []v1alpha1.WorkloadRef{deployment("orders"), {Kind: "StatefulSet", Name: "reports"}}
	a.Led.Listeners = []gate.Listener{{Gateway: "public", Section: "https"}, {Gateway: "public", Port: 80}, {Gateway: "no gateway"}}
	a.Held, a.Hold, a.Outage, a.WindowOpen = true, "orders is held", "none is planned", open
	return a
}

func TestPublishPlannedDowntime(t *testing.T) {
	const end = "2027-03-07T01:30:00Z"
	all := map[string]string{
		"keep.deployments/orders": "orders", "keep.statefulsets/reports": "orders", "keep.services/orders": "orders", "keep.httproutes/orders": "orders",
		"keep.httproutes/orders.example": "orders", "keep.gateways/public": "orders", "keep.customerapis/orders": "orders",
		"hold.orders": "orders is held", "outage.orders": "none is planned",
	}
	inWindow := map[string]string{"keep.customerapis/orders": "orders", "hold.orders": "orders is held"}
	closes := map[string]string{"window.forewarn.dev/orders": end + " deployments/orders statefulsets/reports services/orders httproutes/orders httproutes/orders.example gateways/public"}
	freed := func(a *gate.PublishedAPI) { a.Held = false }
	warned := func(a *gate.PublishedAPI) { a.Enforcement = v1alpha1.EnforcementWarn }
	cases := map[string]struct {
		open string
		edit func(*gate.PublishedAPI)
		in   v1alpha1.Enforcement
		want map[string]string
		ends map[string]string
	}{
		"none is open":                        {"", nil, deny, all, map[string]string{}},
		"R15 one is: the API stays all along": {end, nil, deny, inWindow, closes},
		"A4 a warning needs no end":           {end, warned, v1alpha1.EnforcementWarn, inWindow, map[string]string{}},
		"R15 what may go may be down":         {"", freed, deny, map[string]string{}, map[string]string{}},
		"R15 and needs no end":                {end, freed, deny, map[string]string{}, map[string]string{}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			a := planning(c.open)
			if c.edit != nil {
				c.edit(&a)
			}
			got := gate.Publish(namespace(a))
			kept := map[string]string{}
			for key, value := range flat(got.Gates[c.in]) {
				if table, _, _ := strings.Cut(key, "."); table == "keep" || table == "hold" || table == "outage" {
					kept[key] = value
				}
			}
			if diff := cmp.Diff(c.want, kept); diff != "" {
				t.Errorf("the gate: %s", diff)
			}
			if diff := cmp.Diff(c.ends, got.Until); diff != "" {
				t.Errorf("the annotations: %s", diff)
			}
		})
	}
}

// A18: a window does not open without its end, and annotations have room for 64 KiB of them.
func TestA18NoPlannedDowntimeWithoutItsEnd(t *testing.T) {
	var apis []gate.PublishedAPI
	size := 0
	for i := 0; ; i++ {
		name := fmt.Sprintf("orders-%03d", i)
		a := governed(name, nil, map[string]string{"app": name})
		for j := range 20 {
			a.API.Spec.CarriedBy.HTTPRoutes = append(a.API.Spec.CarriedBy.HTTPRoutes, fmt.Sprintf("%s.%02d", strings.Repeat("x", 60), j))
		}
		a.Held, a.WindowOpen = true, "2027-03-07T01:30:00Z"
		apis = append(apis, a)
		one := len("window.forewarn.dev/") + len(name) + len("2027-03-07T01:30:00Z") + 20*len(" httproutes/"+strings.Repeat("x", 60)+".00")
		if size += one; size > 64<<10 {
			break
		}
	}
	got := gate.Publish(namespace(apis...))
	last := apis[len(apis)-1].API.Name
	if diff := cmp.Diff([]string{"annotation window.forewarn.dev/" + last}, got.Dropped); diff != "" {
		t.Error(diff)
	}
	kept := flat(got.Gates[deny])["keep.customerapis/"+last]
	if _, open := got.Until["window.forewarn.dev/"+last]; open || len(got.Until) != len(apis)-1 || kept != last {
		t.Errorf("%d ends; the last is open: %v, %q", len(got.Until), open, kept)
	}
	if route := flat(got.Gates[deny])["keep.httproutes/"+strings.Repeat("x", 60)+".00"]; route != last {
		t.Errorf("its routes may go: %q", route)
	}
}
