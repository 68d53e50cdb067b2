package gate_test

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/internal/notice"
	"forewarn.dev/forewarn/test/builders"
)

// What is of a version as a whole can be told: that it goes, that it is deprecated, and that it is down by plan.
func TestANoticeOfAWholeVersionR5(t *testing.T) {
	for name, c := range map[string]struct {
		class   v1alpha1.ChangeClass
		minutes int32
		want    string
	}{
		"it goes":                {"", 0, ""},
		"it is deprecated":       {v1alpha1.ClassDeprecation, 0, ""},
		"it is down by plan":     {v1alpha1.ClassDowntime, 30, ""},
		"it is down some time":   {v1alpha1.ClassDowntime, 0, "names no more than version v1 and class Downtime"},
		"something of it breaks": {v1alpha1.ClassBreaking, 0, "names no more than version v1 and class Breaking"},
	} {
		t.Run(name, func(t *testing.T) {
			b := builders.Notice("n", "orders").State(v1alpha1.NoticePublished).Effective(when(t, "2028-06-01T00:00:00Z")).
				Covers(v1alpha1.CoveredChange{Version: "v1", Class: c.class})
			in := noticing(b)
			in.Notice.Spec.DowntimeMinutes = c.minutes
			v := gate.EvaluateNotice(in)
			if v.Publishable != (c.want == "") || !strings.Contains(v.Message, c.want) {
				t.Errorf("%s: %s", v.Reason, v.Message)
			}
		})
	}
}

// A schedule keeps what it takes away. What it tells of besides, that it is deprecated and when it is down, comes on its
// day.
func TestAScheduleDoesNotKeepItsOwnAnnouncement(t *testing.T) {
	for name, c := range map[string]struct {
		entry   v1alpha1.CoveredChange
		minutes int32
		kept    bool
	}{
		"a version is deprecated":    {v1alpha1.CoveredChange{Version: "v1", Class: v1alpha1.ClassDeprecation}, 0, false},
		"an operation is deprecated": {v1alpha1.CoveredChange{Version: "v1", Operation: "DELETE /orders/{id}", Class: v1alpha1.ClassDeprecation}, 0, false},
		"a version is down":          {v1alpha1.CoveredChange{Version: "v1", Class: v1alpha1.ClassDowntime}, 30, false},
		"a version goes":             {v1alpha1.CoveredChange{Version: "v1", Class: v1alpha1.ClassRemoval}, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			in := noticing(builders.Notice("n", "orders").Effective(june).Covers(c.entry), sunset(30, unused))
			in.Notice.Spec.DowntimeMinutes = c.minutes
			in.Notice.Spec.State, in.Notice.Status.PublishedTime = v1alpha1.NoticePublished, &metav1.Time{Time: now}
			in.Notice.Status.PublishedDigest = notice.Digest(&in.Notice.Spec)
			in.Now = june
			v := gate.EvaluateNotice(in)
			if v.Matured == c.kept || (v.MaturedReason == v1alpha1.ReasonKept) != c.kept {
				t.Errorf("%s: %s", v.MaturedReason, v.MaturedMessage)
			}
		})
	}
}
