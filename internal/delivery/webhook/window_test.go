package webhook

import (
	"bytes"
	"testing"
	"time"
)

// A planned downtime says until when; a change has no such field.
func TestEnvelopeOfADowntime(t *testing.T) {
	m := message()
	m.Notice.Until = time.Date(2027, 7, 1, 2, 30, 0, 0, time.FixedZone("", 3600))
	for name, want := range map[string]bool{"a downtime": true, "a change": false} {
		if !want {
			m.Notice.Until = time.Time{}
		}
		body, err := envelope(m)
		if err != nil {
			t.Fatal(err)
		}
		if got := bytes.Contains(body, []byte(`"effectiveTime":"2027-07-01T00:00:00Z","untilTime":"2027-07-01T01:30:00Z",`)); want && !got {
			t.Errorf("%s: %s", name, body)
		}
		if !want && bytes.Contains(body, []byte("untilTime")) {
			t.Errorf("%s: %s", name, body)
		}
	}
}
