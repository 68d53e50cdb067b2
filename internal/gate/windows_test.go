package gate_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/downtime"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/test/builders"
)

// plannedDowntime is a notice of so many minutes of downtime, told so long ago.
func plannedDowntime(name string, ago time.Duration, from time.Time, minutes int32) *v1alpha1.ChangeNotice {
	n := builders.Notice(name, "orders").Effective(from).Published(now.Add(-ago)).
		Covers(v1alpha1.CoveredChange{Version: "v1", Class: v1alpha1.ClassDowntime}).Downtime(minutes)
	return n.Obj()
}

func TestWindowsOfAnAPI(t *testing.T) {
	at := now.Add(time.Hour).Truncate(time.Second)
	in := gate.Input{
		Now: now, API: servingOrders().Obj(),
		Policies: []v1alpha1.NoticePolicy{*builders.Policy("p").Owes("Removal", 180).Owes("Downtime", 10).Zone("UTC").Obj()},
		Notices: []v1alpha1.ChangeNotice{
			*plannedDowntime("too-late", 3*day, at, 30), // a policy asks for ten days
			*plannedDowntime("in-time", 12*day, at.Add(time.Minute), 30),
			*builders.Notice("a-change", "orders").CoversVersion("v1").Published(now.Add(-300 * day)).Effective(at).Obj(),
		},
	}
	want := []downtime.Window{{Notice: "in-time", Start: at.Add(time.Minute), End: at.Add(31 * time.Minute)}}
	if diff := cmp.Diff(want, gate.Windows(in)); diff != "" {
		t.Errorf("(-want +got) %s", diff)
	}
	in.API = nil
	if got := gate.Windows(in); got != nil {
		t.Errorf("of no API: %v", got)
	}
}

// A notice of downtime is no notice of a removal, however it is worded (R15).
func TestDowntimeDeletesNothing(t *testing.T) {
	blanket := builders.Notice("n", "orders").CoversVersion("v1").Downtime(30).Published(now.Add(-300 * day)).Effective(now.Add(-time.Minute)).Obj()
	held, _, _ := gate.Deletion(gate.Input{
		Now: now, API: servingOrders().Obj(), Policies: []v1alpha1.NoticePolicy{*publicAPIs().Obj()},
		Notices: []v1alpha1.ChangeNotice{*blanket},
	})
	if !held {
		t.Error("a planned downtime lets the API be deleted")
	}
}
