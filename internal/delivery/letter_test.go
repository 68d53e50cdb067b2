package delivery

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the zones, wherever the tests run
	"unicode"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestLetterInFull(t *testing.T) {
	subject, body := Letter(message(Published))
	if want := "Orders API: From 1 July 2027 orders can no longer be deleted"; subject != want {
		t.Errorf("the subject is %q, want %q", subject, want)
	}
	const want = `Orders API: From 1 July 2027 orders can no longer be deleted
When: Thursday, 1 July 2027, 00:00:00 (Europe/Berlin), which is Wednesday, 30 June 2027, 22:00:00 UTC

This is the first notice of this change.

What changes
  DELETE /orders/{id} answers 404.

  It is not coming back.

What to do
  Use POST /orders/{id}/cancel, available today.

Versions
  v1, v2

Operations
  - DELETE /orders/{id}

Updates
  - Cancelling is free.
    So is asking.

Help
  https://help.acme.example/orders

Tell us
  Have you understood, or do you need more time? Answer here:
  https://answers.acme.example/a/AQRzaG9w
  Whoever has this link can answer in your place.

All notices of this API
  https://changes.acme.example/orders

Notice shop/orders-no-delete, published 2026-11-22T10:00:00Z
Reference 0123456789abcdef0123456789abcdef
`
	if diff := cmp.Diff(want, body); diff != "" {
		t.Error(diff)
	}
}

func TestLetterSaysWhyItIsSent(t *testing.T) {
	cases := map[string]struct {
		stage       Stage
		wantSubject string // before the name of the API
		wantBody    []string
		notInBody   string
	}{
		"published": {Published, "", []string{"This is the first notice of this change.", "What to do\n"}, "Before:"},
		"a reminder": {ReminderStage(30), "Reminder, 30 days left: ",
			[]string{"This is a reminder: 30 days left.\n", "What to do\n"}, "Before:"},
		"postponed": {PostponedStage(1), "Postponed to 1 July 2027: ", []string{
			"When: Thursday, 1 July 2027, 00:00:00 (Europe/Berlin), which is Wednesday, 30 June 2027, 22:00:00 UTC\n",
			"Before: Friday, 1 January 2027, 00:00:00 (Europe/Berlin), which is Thursday, 31 December 2026, 23:00:00 UTC\n",
			"The change was postponed from 1 January 2027 to 1 July 2027.\n",
		}, "first notice"},
		"updated": {UpdatedStage(2), "Updated: ",
			[]string{"Something was added to what you were told.\n", "  - Cancelling is free.\n"}, "Before:"},
		"withdrawn": {Withdrawn, "Withdrawn: ", []string{
			"Was planned for: Thursday, 1 July 2027", "This change was withdrawn. It does not come.\n", "What would have changed\n",
		}, "What to do"},
		"superseded": {Superseded, "Replaced: ",
			[]string{"Was planned for: ", "The notice orders-later replaces this one. What holds is what that one says.\n"}, "When:"},
		"in force": {InForce, "Now in force: ", []string{"Announced for: ", "This change is in force now.\n"}, "When:"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			m := message(c.stage)
			m.Notice.Previous = time.Date(2026, 12, 31, 23, 0, 0, 0, time.UTC)
			m.Notice.SupersededBy = "orders-later"
			subject, body := Letter(m)
			if want := c.wantSubject + "Orders API: From 1 July 2027 orders can no longer be deleted"; subject != want {
				t.Errorf("the subject is %q, want %q", subject, want)
			}
			for _, want := range c.wantBody {
				if !strings.Contains(body, want) {
					t.Errorf("not in the body: %q\n%s", want, body)
				}
			}
			if strings.Contains(body, c.notInBody) {
				t.Errorf("in the body: %q\n%s", c.notInBody, body)
			}
		})
	}
}

func TestLetterWithoutWhatIsNotKnown(t *testing.T) {
	_, body := Letter(Message{ID: "f", Stage: Superseded, Notice: Notice{
		Namespace: "shop", Name: "n", API: "orders", Title: "T", Effective: time.Date(2027, 7, 1, 0, 0, 0, 0, time.UTC),
	}})
	const want = `orders: T
Was planned for: Thursday, 1 July 2027, 00:00:00 UTC

Another notice replaces this one. What holds is what that one says.

Notice shop/n
Reference f
`
	if diff := cmp.Diff(want, body); diff != "" {
		t.Error(diff)
	}
}

// Days left are full days of the customer's calendar, and never more than there are.
func TestLetterCountsDaysLeft(t *testing.T) {
	day := time.Date(2027, 4, 1, 0, 0, 0, 0, berlin) // the clocks go forward on 28 March
	cases := map[string]struct {
		sent time.Time
		want string
	}{
		"30 days to the second": {day.AddDate(0, 0, -30), "30 days left"},
		"a second less":         {day.AddDate(0, 0, -30).Add(time.Second), "29 days left"},
		"a second more":         {day.AddDate(0, 0, -30).Add(-time.Second), "30 days left"},
		"1 day":                 {day.AddDate(0, 0, -1), "1 day left"},
		"a day less a second":   {day.AddDate(0, 0, -1).Add(time.Second), "less than a day left"},
		"a second":              {day.Add(-time.Second), "less than a day left"},
		"none":                  {day, "the day has come"},
		"too late":              {day.AddDate(0, 0, 1), "the day has come"},
		"two years":             {day.AddDate(-2, 0, 0), "730 days left"}, // no leap day between
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			m := message(ReminderStage(30))
			m.Sent, m.Notice.Effective = c.sent.UTC(), day.UTC()
			if subject, _ := Letter(m); !strings.HasPrefix(subject, "Reminder, "+c.want+": ") {
				t.Errorf("the subject is %q, want %s", subject, c.want)
			}
		})
	}
}

func TestLetterDisarmsWhatPeopleWrote(t *testing.T) {
	cases := map[string]struct{ title, want string }{
		"CR and LF":               {"a\r\nBcc: all@example.org", "a Bcc: all@example.org"},
		"a line separator":        {"a\u2028b\u2029c", "a b c"},
		"a next line":             {"a\u0085b", "a b"},
		"a colour":                {"\x1b[31mred", `\x1b[31mred`},
		"a terminal's title":      {"\x1b]0;x\aend", `\x1b]0;x\aend`},
		"an escape of one byte":   {"\u009b31mred", `\u009b31mred`},
		"text put in reverse":     {"a\u202edcb", `a\u202edcb`},
		"what is not UTF-8":       {"a\xffb", `a\xffb`},
		"a NUL":                   {"a\x00b", `a\x00b`},
		"a blank that is not one": {"a\u00a0b\u3000c\td", "a b c d"},
		"Persian stays":           {"می\u200cخواهم", "می\u200cخواهم"},
		"pictures stay":           {"👩\u200d🚀 ok", "👩\u200d🚀 ok"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			m := message(Published)
			m.Notice.Title = c.title
			subject, body := Letter(m)
			if subject != "Orders API: "+c.want {
				t.Errorf("the subject is %q, want %q", subject, c.want)
			}
			if first, _, _ := strings.Cut(body, "\n"); first != "Orders API: "+c.want {
				t.Errorf("the first line is %q, want %q", first, c.want)
			}
		})
	}
}

func TestLetterBoundsTheSubject(t *testing.T) {
	m := message(Published)
	for length, want := range map[int]string{288: "xxx", 289: "..."} { // after "Orders API: ", 300 characters in all
		m.Notice.Title = strings.Repeat("x", length)
		if subject, _ := Letter(m); len(subject) != 300 || !strings.HasSuffix(subject, want) {
			t.Errorf("a title of %d makes a subject of %d that ends in %q", length, len(subject), subject[len(subject)-3:])
		}
	}
}

// Whatever goes in, the subject is one line and no line holds what a mail program or a terminal acts on.
func TestLetterIsPlain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		wild := rapid.OneOf(
			rapid.String(),
			rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
			rapid.StringOf(rapid.RuneFrom([]rune("a \t\r\n\v\f\x00\x1b\x7f\u0085\u009b\u00a0\u2028\u2029\u202e\u2066\ufeff"))),
		)
		words := func(name string) string { return wild.Draw(t, name) }
		m := message(Stage(rapid.SampledFrom([]string{
			"Published", "Reminder-7", "Postponed-1", "Updated-3", "Withdrawn", "Superseded", "InForce", words("stage"),
		}).Draw(t, "stage")))
		m.ID = words("id")
		n := &m.Notice
		n.Namespace, n.Name, n.API, n.APITitle = words("namespace"), words("name"), words("api"), words("apiTitle")
		n.Title, n.WhatChanges, n.WhatToDo, n.Help = words("title"), words("whatChanges"), words("whatToDo"), words("help")
		n.Updates, n.Versions, n.Operations = []string{words("update")}, []string{words("version")}, []string{words("operation")}
		n.SupersededBy, n.FeedURL, m.AnswerURL = words("supersededBy"), words("feed"), words("answer")
		subject, body := Letter(m)
		for _, r := range subject {
			if acts(r) {
				t.Fatalf("%U in the subject %q", r, subject)
			}
		}
		for _, r := range body {
			if r != '\n' && acts(r) {
				t.Fatalf("%U in the body %q", r, body)
			}
		}
	})
}

func acts(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp) || unicode.In(r, unicode.Cf) && !joins(r)
}

var berlin = mustLoad("Europe/Berlin")

func mustLoad(zone string) *time.Location {
	location, err := time.LoadLocation(zone)
	if err != nil {
		panic(err)
	}
	return location
}

func message(stage Stage) Message {
	return Message{
		ID: "0123456789abcdef0123456789abcdef", Stage: stage, Customer: "c-17", Zone: berlin,
		Sent: time.Date(2027, 5, 31, 22, 0, 0, 0, time.UTC), AnswerURL: "https://answers.acme.example/a/AQRzaG9w",
		Notice: Notice{
			Namespace: "shop", Name: "orders-no-delete", UID: "u", API: "orders", APITitle: "Orders API",
			Title:       "From 1 July 2027 orders can no longer be deleted",
			WhatChanges: "DELETE /orders/{id} answers 404.\r\n\r\nIt is not coming back.\n",
			WhatToDo:    "Use POST /orders/{id}/cancel, available today.", Help: "https://help.acme.example/orders",
			Updates: []string{"Cancelling is free.\nSo is asking."}, Versions: []string{"v1", "v2"},
			Operations: []string{"DELETE /orders/{id}"},
			Effective:  time.Date(2027, 6, 30, 22, 0, 0, 0, time.UTC), Published: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC),
			FeedURL: "https://changes.acme.example/orders",
		},
	}
}
