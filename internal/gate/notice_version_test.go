package gate_test

import (
	"strings"
	"testing"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
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
