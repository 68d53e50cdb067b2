package downtime

import (
	"math"
	"strings"
	"testing"
	"time"
)

func TestSamplesAreSights(t *testing.T) {
	const step = 30 * time.Second
	for name, c := range map[string]struct {
		values string // one for each step, and - for none
		want   string
	}{
		"up":                  {"1 1 1", "0s Up"},
		"down, and up again":  {"1 0 0 1", "0s Up, 30s Down, 1m30s Up"},
		"below 0":             {"-1", "0s Down"},
		"a little":            {"0.001", "0s Up"},
		"without a sample":    {"1 - - 1", "0s Up, 30s Unobserved, 1m30s Up"},
		"not a number":        {"1 NaN 1", "0s Up, 30s Unobserved, 1m0s Up"},
		"without end":         {"+Inf -Inf", "0s Up, 30s Down"},
		"nothing":             {"- -", "0s Unobserved"},
		"the last is missing": {"1 -", "0s Up, 30s Unobserved"},
	} {
		t.Run(name, func(t *testing.T) {
			values := strings.Fields(c.values)
			samples := []Sample{{At: noon.Add(-step), Value: 1}} // before what was asked for
			for i, text := range values {
				if value, ok := map[string]float64{"1": 1, "0": 0, "-1": -1, "0.001": 0.001, "NaN": math.NaN(), "+Inf": math.Inf(1), "-Inf": math.Inf(-1)}[text]; ok {
					samples = append(samples, Sample{At: noon.Add(time.Duration(i) * step), Value: value})
				}
			}
			var got []string
			for _, s := range OfSamples(samples, noon, noon.Add(time.Duration(len(values)-1)*step), step) {
				got = append(got, s.At.Sub(noon).String()+" "+string(s.State))
			}
			if strings.Join(got, ", ") != c.want {
				t.Errorf("%s, want %s", strings.Join(got, ", "), c.want)
			}
		})
	}
}
