package downtime

import (
	"strings"
	"time"
)

// Lasts is a length of time as people say it: 12m30s, and 43m.
func Lasts(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
