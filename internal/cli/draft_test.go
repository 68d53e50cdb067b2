package cli

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/test/builders"
)

// A draft may list a change that a notice covers already: the comment on the entry says why.
func TestCoveredTextsSayWhatWasToldBefore(t *testing.T) {
	effective := noon.Add(200 * 24 * time.Hour)
	told := builders.Notice("told", "orders").CoversOperation("v1", "GET /told").Published(noon).Effective(noon).Obj()
	a := &answer{zone: utc}
	a.input = gate.Input{Now: noon, API: builders.API("orders").Version("v1", "Stable").Obj(), Notices: []v1alpha1.ChangeNotice{*told}}
	a.verdict.Changes = []v1alpha1.JudgedChange{
		{Version: "v1", Operation: "GET /told", Rule: "rule", Class: "Breaking", Fingerprint: "0123456789ab", Text: "a field is gone", CoveredBy: "told"},
		{Version: "v1", Operation: "GET /told", Rule: "rule", Class: "Breaking", Fingerprint: "ba9876543210", Text: "another is gone"},
	}
	lapses := *a.lapseOf("told")
	exact := v1alpha1.CoveredChange{Version: "v1", Operation: "GET /told", Fingerprint: "0123456789ab"}
	for name, test := range map[string]struct {
		entry     v1alpha1.CoveredChange
		effective time.Time
		want      []string
	}{
		"a wide entry takes it in": {v1alpha1.CoveredChange{Version: "v1", Operation: "GET /told"}, effective, []string{
			"a field is gone - told before by notice told, which this entry takes in", "another is gone",
		}},
		"the notice lapses at the date": {exact, lapses, []string{
			"a field is gone - told before by notice told, which covers it until " + utc.day(lapses) + " and no longer on the date above",
		}},
		"the notice lapses a second after it": {exact, lapses.Add(-time.Second), []string{
			"a field is gone - told before by notice told, which does not hold at the same time as the others",
		}},
		"nobody was told": {v1alpha1.CoveredChange{Version: "v1", Fingerprint: "ba9876543210"}, effective, []string{"another is gone"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, coveredTexts(test.entry, test.effective, a)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
