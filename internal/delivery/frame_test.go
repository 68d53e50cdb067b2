package delivery

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestLetterInGerman(t *testing.T) {
	m := message(PostponedStage(1))
	n := &m.Notice
	n.Locale, n.Title, n.WhatChanges = "de-AT", "Ab 1. Juli 2027 lassen sich orders nicht mehr löschen", "DELETE /orders/{id} antwortet mit 404."
	n.WhatToDo, n.Updates = "POST /orders/{id}/cancel benutzen.", []string{"Stornieren kostet nichts."}
	n.Previous = time.Date(2026, 12, 31, 23, 0, 0, 0, time.UTC)
	subject, body := Letter(m)
	if want := "Verschoben auf den 1. Juli 2027: Orders API: Ab 1. Juli 2027 lassen sich orders nicht mehr löschen"; subject != want {
		t.Errorf("the subject is %q", subject)
	}
	const want = `Orders API: Ab 1. Juli 2027 lassen sich orders nicht mehr löschen
Wann: Donnerstag, 1. Juli 2027, 00:00:00 (Europe/Berlin), das ist Mittwoch, 30. Juni 2027, 22:00:00 UTC
Vorher: Freitag, 1. Januar 2027, 00:00:00 (Europe/Berlin), das ist Donnerstag, 31. Dezember 2026, 23:00:00 UTC

Die Änderung wurde vom 1. Januar 2027 auf den 1. Juli 2027 verschoben.

Was sich ändert
  DELETE /orders/{id} antwortet mit 404.

Was zu tun ist
  POST /orders/{id}/cancel benutzen.

Versionen
  v1, v2

Operationen
  - DELETE /orders/{id}

Ergänzungen
  - Stornieren kostet nichts.

Hilfe
  https://help.acme.example/orders

Ihre Antwort
  Haben Sie verstanden, oder brauchen Sie mehr Zeit? Antworten Sie hier:
  https://answers.acme.example/a/AQRzaG9w
  Wer diesen Link hat, kann an Ihrer Stelle antworten.

Alle Nachrichten zu dieser API
  https://changes.acme.example/orders

Nachricht shop/orders-no-delete, veröffentlicht 2026-11-22T10:00:00Z
Kennung 0123456789abcdef0123456789abcdef
`
	if diff := cmp.Diff(want, body); diff != "" {
		t.Error(diff)
	}
}

func TestLetterByLanguage(t *testing.T) {
	for locale, want := range map[string]struct{ reminder, when string }{
		"":      {"Reminder, 30 days left: ", "When: Thursday, 1 July 2027, 00:00:00 (Europe/Berlin), which is Wednesday, 30 June 2027, 22:00:00 UTC\n"},
		"en-GB": {"Reminder, 30 days left: ", "When: Thursday, 1 July 2027, 00:00:00 (Europe/Berlin), which is Wednesday, 30 June 2027, 22:00:00 UTC\n"},
		"DE":    {"Erinnerung, noch 30 Tage: ", "Wann: Donnerstag, 1. Juli 2027, 00:00:00 (Europe/Berlin), das ist Mittwoch, 30. Juni 2027, 22:00:00 UTC\n"},
		"fr-CH": {"Rappel, il reste 30 jours : ", "Quand : jeudi 1er juillet 2027, 00:00:00 (Europe/Berlin), soit mercredi 30 juin 2027, 22:00:00 UTC\n"},
		"es":    {"Recordatorio, quedan 30 días: ", "Cuándo: jueves, 1 de julio de 2027, 00:00:00 (Europe/Berlin), es decir, miércoles, 30 de junio de 2027, 22:00:00 UTC\n"},
		"pl":    {"Reminder, 30 days left: ", "When: Thursday, 1 July 2027, 00:00:00 (Europe/Berlin), which is Wednesday, 30 June 2027, 22:00:00 UTC\n"},
	} {
		m := message(ReminderStage(30))
		m.Notice.Locale = locale
		subject, body := Letter(m)
		if !strings.HasPrefix(subject, want.reminder+"Orders API: ") || !strings.Contains(body, "\n"+want.when) {
			t.Errorf("%q: %s\n%s", locale, subject, body)
		}
	}
}

// No language lacks a word, and none puts a date or a name where another does not.
func TestFramesAreComplete(t *testing.T) {
	english := reflect.ValueOf(*frames[frameLanguage])
	for language, f := range frames {
		v := reflect.ValueOf(*f)
		for i := range v.NumField() {
			name := v.Type().Field(i).Name
			if v.Field(i).Kind() != reflect.String {
				continue
			}
			words, model := v.Field(i).String(), english.Field(i).String()
			if words == "" || strings.Count(words, "%s") != strings.Count(model, "%s") || strings.Count(words, "%d") != strings.Count(model, "%d") {
				t.Errorf("%s: %s is %q", language, name, words)
			}
			if strings.HasSuffix(model, " ") != strings.HasSuffix(words, " ") || strings.ContainsAny(words, "\n\r") {
				t.Errorf("%s: %s ends otherwise: %q", language, name, words)
			}
		}
		if len(f.months) != 12 || len(f.weekdays) != 7 || f.date == nil {
			t.Errorf("%s: %d months, %d days", language, len(f.months), len(f.weekdays))
		}
		for _, stage := range []Stage{Published, ReminderStage(1), PostponedStage(1), UpdatedStage(1), Withdrawn, Superseded, InForce} {
			m := message(stage)
			m.Notice.Locale, m.Notice.SupersededBy = language, "orders-later"
			if subject, body := Letter(m); strings.Contains(subject+body, "%!") {
				t.Errorf("%s, %s: %s\n%s", language, stage, subject, body)
			}
		}
	}
}

// Each date is that day, in each language: the names are in their order.
func TestFramesNameTheRightDay(t *testing.T) {
	day := time.Date(2027, 3, 7, 9, 5, 6, 0, time.UTC) // a Sunday
	for language, want := range map[string]string{
		"en": "Sunday, 7 March 2027, 09:05:06", "de": "Sonntag, 7. März 2027, 09:05:06",
		"fr": "dimanche 7 mars 2027, 09:05:06", "es": "domingo, 7 de marzo de 2027, 09:05:06",
	} {
		if got := frames[language].moment(day); got != want {
			t.Errorf("%s: %s", language, got)
		}
	}
	for days, want := range map[int]string{0: "noch weniger als ein Tag", 1: "noch 1 Tag", 2: "noch 2 Tage"} {
		if got := frames["de"].left(days); got != want {
			t.Errorf("%d days: %s", days, got)
		}
	}
}

func TestLanguages(t *testing.T) {
	for locale, want := range map[string]string{
		"": "en", "en": "en", "de-AT": "de-AT", "FR": "FR", "pl": "pl, en", "zh-Hant-TW": "zh-Hant-TW, en",
		"de\r\nBcc: x": "en", "de, fr": "en", "de-" + strings.Repeat("a", 40): "en",
	} {
		if got := Languages(Message{Notice: Notice{Locale: locale}}); got != want {
			t.Errorf("%q: %q", locale, got)
		}
	}
}
