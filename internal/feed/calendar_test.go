package feed

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	ics "github.com/arran4/golang-ical"
	"github.com/google/go-cmp/cmp"
)

// event are the properties of an event, by name with parameters.
type event map[string]string

// unfolded are the lines of a calendar, as they were before they were folded.
func unfolded(t *testing.T, content []byte) []string {
	t.Helper()
	if !bytes.HasSuffix(content, []byte("\r\n")) {
		t.Fatal("the last line has no end")
	}
	var logical []string
	for line := range strings.SplitSeq(strings.TrimSuffix(string(content), "\r\n"), "\r\n") {
		if len(line) > 75 || line == "" || !utf8.ValidString(line) || strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			t.Errorf("a line of %d octets: %q", len(line), line)
		}
		if rest, folded := strings.CutPrefix(line, " "); folded {
			logical[len(logical)-1] += rest
			continue
		}
		logical = append(logical, line)
	}
	return logical
}

// parseCalendar reads a calendar by the letter of RFC 5545, and once more with the library.
func parseCalendar(t *testing.T, content []byte) (calendar event, events []event) {
	t.Helper()
	calendar = event{}
	open := []string{}
	current, components := calendar, 0
	for _, line := range unfolded(t, content) {
		name, value, found := strings.Cut(line, ":")
		if !found {
			t.Fatalf("no property: %q", line)
		}
		switch name {
		case "BEGIN":
			if open = append(open, value); len(open) == 2 {
				components++
			}
			if value == "VEVENT" {
				current = event{}
				events = append(events, current)
			}
			continue
		case "END":
			if len(open) == 0 || open[len(open)-1] != value {
				t.Fatalf("END:%s ends %v", value, open)
			}
			if open = open[:len(open)-1]; value == "VEVENT" {
				current = calendar
			}
			continue
		}
		if len(open) == 0 {
			t.Fatalf("outside of the calendar: %q", line)
		}
		if _, twice := current[name]; twice {
			t.Errorf("%s stands twice in one component", name)
		}
		current[name] = value
	}
	if len(open) > 0 || components == 0 {
		t.Fatalf("%v not ended, %d components", open, components)
	}
	if calendar["VERSION"] != "2.0" || calendar["PRODID"] == "" {
		t.Errorf("VERSION %q, PRODID %q", calendar["VERSION"], calendar["PRODID"])
	}
	uids := map[string]bool{}
	for _, e := range events {
		if e["UID"] == "" || e["DTSTAMP"] == "" || e["DTSTART"] == "" || uids[e["UID"]] {
			t.Errorf("UID %q, DTSTAMP %q, DTSTART %q, or a UID twice", e["UID"], e["DTSTAMP"], e["DTSTART"])
		}
		uids[e["UID"]] = true
	}
	parsed, err := ics.ParseCalendar(bytes.NewReader(content))
	if err != nil || len(parsed.Events()) != len(events) {
		t.Errorf("the library reads %d events instead of %d: %v", len(parsed.Events()), len(events), err)
	}
	return calendar, events
}

// text is a TEXT value without its escapes (RFC 5545, 3.3.11).
func text(t *testing.T, value string) string {
	t.Helper()
	var b strings.Builder
	for i := 0; i < len(value); i++ {
		switch value[i] {
		case ';', ',':
			t.Errorf("%q is not escaped at %d", value, i)
		case '\\':
			if i++; i == len(value) || !strings.ContainsRune(`\;,nN`, rune(value[i])) {
				t.Fatalf("a stray escape in %q", value)
			}
			if value[i] == 'n' || value[i] == 'N' {
				b.WriteByte('\n')
				continue
			}
		}
		b.WriteByte(value[i])
	}
	return b.String()
}

func TestCalendar(t *testing.T) {
	address, _ := serve(t, shop(t))
	calendar, events := parseCalendar(t, body(t, address+"/shop/orders/calendar.ics"))
	if calendar["NAME"] != "Orders API" || calendar["REFRESH-INTERVAL;VALUE=DURATION"] != "PT1H" {
		t.Errorf("%v", calendar)
	}
	for _, name := range []string{"METHOD", "ORGANIZER"} {
		if value, found := calendar[name]; found {
			t.Errorf("a snapshot has no %s, this one says %s", name, value)
		}
	}
	want := []string{
		"20270315T110000Z CONFIRMED 0 Orders API: From 15 March 2027 totals round half to even",
		"20270630T220000Z CONFIRMED 2 Orders API: Postponed: From 1 June 2027 orders can no longer be deleted",
		"20260930T220000Z CONFIRMED 0 Orders API: From 1 October 2026 lists of orders hold at most 100 entries",
		"20270131T230000Z CANCELLED 1 Orders API: Replaced: From 1 February 2027 orders can be deleted only once an hour",
		"20261231T230000Z CANCELLED 3 Orders API: Withdrawn: From 1 January 2027 version v1 is switched off",
	}
	var got []string
	for _, e := range events {
		got = append(got, fmt.Sprintf("%s %s %s %s", e["DTSTART"], e["STATUS"], e["SEQUENCE"], text(t, e["SUMMARY"])))
		if e["DTSTAMP"] != e["LAST-MODIFIED"] {
			t.Errorf("without a METHOD, DTSTAMP is when the event was last changed: %v", e)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := text(t, events[1]["DESCRIPTION"]); !strings.Contains(got, "which is available today.\n\n1. Replace the call.\n2. Expect") {
		t.Errorf("the description lost its lines: %q", got)
	}
}

// A calendar that a program holds is changed only by a higher SEQUENCE.
func TestCalendarSequenceRises(t *testing.T) {
	n := Notice{
		ID: "1", Name: "n", Title: "t", State: Upcoming,
		Published: now, Updated: now, Effective: now.AddDate(0, 6, 0),
	}
	previous := n.Effective
	steps := []struct {
		name   string
		change func()
		rises  bool
	}{
		{"published", func() {}, true},
		{"postponed", func() { n.Previous, n.Effective, n.Sequence = &previous, n.Effective.AddDate(0, 1, 0), 1 }, true},
		{"postponed again", func() { n.Effective, n.Sequence = n.Effective.AddDate(0, 1, 0), 2 }, true},
		{"updated", func() { n.Updates, n.Sequence = []Update{{Time: now, Text: "x"}}, 3 }, true},
		{"in force", func() { n.State = InForce }, false},
		{"replaced", func() { n.State, n.SupersededBy = Superseded, "m" }, true},
		{"withdrawn", func() { n.State = Withdrawn }, true},
	}
	h := &Handler{}
	address := listen(t, h)
	last, uid := -1, ""
	for i, step := range steps {
		step.change()
		n.Updated = now.Add(time.Duration(i) * time.Hour)
		if err := h.Swap(Site{APIs: []API{{Namespace: "shop", Name: "orders", Notices: []Notice{n}}}}, now); err != nil {
			t.Fatal(err)
		}
		_, events := parseCalendar(t, body(t, address+"/shop/orders/calendar.ics"))
		sequence := -1
		if _, err := fmt.Sscan(events[0]["SEQUENCE"], &sequence); err != nil {
			t.Fatal(err)
		}
		if step.rises && sequence <= last || sequence < last {
			t.Errorf("%s: SEQUENCE is %d after %d", step.name, sequence, last)
		}
		if uid != "" && uid != events[0]["UID"] {
			t.Errorf("%s: the UID changed", step.name)
		}
		if want := n.Effective.Format("20060102T150405Z"); events[0]["DTSTART"] != want {
			t.Errorf("%s: DTSTART %s, want %s", step.name, events[0]["DTSTART"], want)
		}
		last, uid = sequence, events[0]["UID"]
	}
}

func TestCalendarWithoutNotices(t *testing.T) {
	address, _ := serve(t, shop(t))
	if _, events := parseCalendar(t, body(t, address+"/shop/payments/calendar.ics")); len(events) != 0 {
		t.Errorf("%d events", len(events))
	}
}

// Every length of a title meets the end of a line elsewhere: one, two, three and four octets a character.
func TestCalendarFolding(t *testing.T) {
	for _, letter := range []string{"x", "é", "語", "🎉", `\`, ",", "e\u0301"} {
		notices := make([]Notice, 160)
		for i := range notices {
			notices[i] = Notice{
				ID: fmt.Sprint(i), Name: fmt.Sprintf("n-%03d", i), State: Upcoming,
				Title: strings.Repeat(letter, i+1), WhatChanges: strings.Repeat(letter+"\n", i) + letter,
				Published: now, Updated: now, Effective: now,
			}
		}
		address, _ := serve(t, Site{APIs: []API{{Namespace: "shop", Name: "a", Notices: notices}}})
		_, events := parseCalendar(t, body(t, address+"/shop/a/calendar.ics"))
		for i, e := range events {
			if got := text(t, e["SUMMARY"]); got != "a: "+notices[i].Title {
				t.Errorf("%d times %q comes back as %q", i+1, letter, got)
			}
			if got := text(t, e["DESCRIPTION"]); !strings.HasSuffix(got, "What changes: "+notices[i].WhatChanges) {
				t.Errorf("%d lines of %q come back as %q", i+1, letter, got)
			}
		}
	}
}
