package downtime

import (
	"testing"
	"time"
)

func TestLasts(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 30 * time.Second: "30s", 43 * time.Minute: "43m", 12*time.Minute + 30*time.Second: "12m30s", time.Hour: "1h",
		10 * time.Minute: "10m", 26*time.Hour + 3*time.Minute: "26h3m", time.Hour + time.Second: "1h0m1s", 100 * time.Millisecond: "100ms",
	} {
		if got := Lasts(d); got != want {
			t.Errorf("%s: %s", want, got)
		}
	}
}
