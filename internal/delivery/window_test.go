package delivery

import (
	"strings"
	"testing"
	"time"
)

// A planned downtime says from when until when, in the customer's time and in their language.
func TestLetterOfADowntime(t *testing.T) {
	for _, c := range []struct {
		locale string
		stage  Stage
		want   string
	}{
		{"en", Published, "When: Sunday, 28 March 2027, 01:30:00 (Europe/Berlin), which is Sunday, 28 March 2027, 00:30:00 UTC\n" +
			"Until: Sunday, 28 March 2027, 03:30:00 (Europe/Berlin), which is Sunday, 28 March 2027, 01:30:00 UTC\n"},
		{"de", ReminderStage(1), "Wann: Sonntag, 28. März 2027, 01:30:00 (Europe/Berlin), das ist Sonntag, 28. März 2027, 00:30:00 UTC\n" +
			"Bis: Sonntag, 28. März 2027, 03:30:00 (Europe/Berlin), das ist Sonntag, 28. März 2027, 01:30:00 UTC\n"},
		{"fr", Withdrawn, "Était prévu pour : dimanche 28 mars 2027, 01:30:00 (Europe/Berlin), soit dimanche 28 mars 2027, 00:30:00 UTC\n" +
			"Jusqu'à : dimanche 28 mars 2027, 03:30:00 (Europe/Berlin), soit dimanche 28 mars 2027, 01:30:00 UTC\n"},
		{"es", PostponedStage(1), "Cuándo: domingo, 28 de marzo de 2027, 01:30:00 (Europe/Berlin), es decir, domingo, 28 de marzo de 2027, 00:30:00 UTC\n" +
			"Hasta: domingo, 28 de marzo de 2027, 03:30:00 (Europe/Berlin), es decir, domingo, 28 de marzo de 2027, 01:30:00 UTC\nAntes: "},
		{"en", Superseded, "Was planned for: Sunday, 28 March 2027, 01:30:00 (Europe/Berlin), which is Sunday, 28 March 2027, 00:30:00 UTC\nUntil: "},
	} {
		m := message(c.stage)
		m.Notice.Locale = c.locale
		m.Notice.Effective = time.Date(2027, time.March, 28, 0, 30, 0, 0, time.UTC) // the clocks go forward at 1 o'clock
		m.Notice.Until = m.Notice.Effective.Add(time.Hour)
		m.Notice.Previous = m.Notice.Effective.AddDate(0, 0, -7)
		if _, body := Letter(m); !strings.Contains(body, "\n"+c.want) {
			t.Errorf("%s, %s: want %q in\n%s", c.locale, c.stage, c.want, body)
		}
	}
}
