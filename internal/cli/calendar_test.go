package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/test/builders"
)

var calendarNow = time.Date(2026, time.November, 22, 11, 0, 0, 0, time.UTC)

const calendarDay = 24 * time.Hour

func eventsOf(schedules []v1alpha1.DeprecationSchedule, notices ...v1alpha1.ChangeNotice) []CalendarEvent {
	return (&plans{now: calendarNow, schedules: schedules, notices: notices}).events()
}

func titles(events []CalendarEvent) string {
	var all []string
	for i := range events {
		e := &events[i]
		line := e.Time.UTC().Format("2006-01-02T15:04:05Z ") + e.Kind + " " + e.Title
		if e.EndTime != nil {
			line += " until " + e.EndTime.UTC().Format(time.TimeOnly)
		}
		if e.Draft {
			line += " draft"
		}
		if e.Cancelled {
			line += " cancelled"
		}
		all = append(all, line)
	}
	return strings.Join(all, "\n")
}

func TestEventsOfASchedule(t *testing.T) {
	deprecate, sunset := calendarNow.Add(10*calendarDay), calendarNow.Add(40*calendarDay)
	out := func() *builders.ScheduleBuilder {
		return builders.Schedule("orders-v1", "orders", "v1").Dates(deprecate, sunset).Published(calendarNow)
	}
	made := builders.Notice("orders-v1-sunset", "orders").Covers(v1alpha1.CoveredChange{Version: "v1", Class: v1alpha1.ClassRemoval}).
		Published(calendarNow).Effective(sunset).Removes("orders-v1", "UTC", 0, v1alpha1.RemovalAtDate)
	const plain = "2026-12-02T11:00:00Z Deprecation deprecation of v1\n2027-01-01T11:00:00Z Sunset end of v1; from then on it may be removed"
	for name, c := range map[string]struct {
		schedule *builders.ScheduleBuilder
		notices  []v1alpha1.ChangeNotice
		want     string
	}{
		"removable at its end": {out(), nil, plain},
		"removable later": {out().Requires(1, v1alpha1.RemovalUnused), nil, "2026-12-02T11:00:00Z Deprecation deprecation of v1\n" +
			"2027-01-01T11:00:00Z Sunset end of v1\n2027-01-03T00:00:00Z Removal v1 may be removed, if no customer uses it"},
		"with a brownout, of two operations": {out().Operations("GET /a", "GET /b").Brownout("first", deprecate.Add(calendarDay), 1), nil,
			"2026-12-02T11:00:00Z Deprecation deprecation of GET /a and 1 more of v1\n" +
				"2026-12-03T11:00:00Z Brownout brownout of GET /a and 1 more of v1 for 1 minute (first) until 11:01:00\n" +
				"2027-01-01T11:00:00Z Sunset end of GET /a and 1 more of v1; from then on it may be removed"},
		"its own notice says nothing more": {out().Lists("orders-v1-sunset", v1alpha1.StepSunset), []v1alpha1.ChangeNotice{*made.Obj()}, plain},
		"another one does":                 {out(), []v1alpha1.ChangeNotice{*made.Obj()}, strings.Replace(plain, "\n", "\n2027-01-01T11:00:00Z Change What orders-v1-sunset announces\n", 1)},
		"a draft":                          {out().Edit(func(s *v1alpha1.DeprecationSchedule) { s.Status.PublishedTime = nil }), nil, strings.ReplaceAll(plain, "\n", " draft\n") + " draft"},
		"withdrawn":                        {out().Edit(func(s *v1alpha1.DeprecationSchedule) { s.Spec.State = v1alpha1.NoticeWithdrawn }), nil, strings.ReplaceAll(plain, "\n", " cancelled\n") + " cancelled"},
		"withdrawn before anybody was told": {out().Edit(func(s *v1alpha1.DeprecationSchedule) {
			s.Spec.State, s.Status.PublishedTime = v1alpha1.NoticeWithdrawn, nil
		}), nil, ""},
		"removed": {out().Edit(func(s *v1alpha1.DeprecationSchedule) { s.Status.RemovedTime = &metav1.Time{Time: calendarNow} }), nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, titles(eventsOf([]v1alpha1.DeprecationSchedule{*c.schedule.Obj()}, c.notices...))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEventsOfANotice(t *testing.T) {
	at := calendarNow.Add(10 * calendarDay)
	told := func() *builders.NoticeBuilder {
		return builders.Notice("n", "orders").CoversOperation("v1", "GET /orders").Published(calendarNow).Effective(at)
	}
	down := func(minutes int32, matures time.Time) *v1alpha1.ChangeNotice {
		n := told().Obj()
		n.Spec.DowntimeMinutes, n.Status.MaturesTime = minutes, &metav1.Time{Time: matures}
		return n
	}
	edited := func(change func(*v1alpha1.ChangeNotice)) *v1alpha1.ChangeNotice {
		n := told().Obj()
		change(n)
		return n
	}
	for name, c := range map[string]struct {
		notice *v1alpha1.ChangeNotice
		want   string
	}{
		"at its date":                      {told().Obj(), "2026-12-02T11:00:00Z Change What n announces"},
		"delivered late":                   {edited(func(n *v1alpha1.ChangeNotice) { n.Status.MaturesTime = &metav1.Time{Time: at.Add(time.Hour)} }), "2026-12-02T12:00:00Z Change What n announces"},
		"a downtime":                       {down(30, at), "2026-12-02T11:00:00Z Downtime What n announces until 11:30:00"},
		"one that opens late":              {down(30, at.Add(30*time.Minute-time.Second)), "2026-12-02T11:29:59Z Downtime What n announces until 11:30:00"},
		"one that is over before it opens": {down(30, at.Add(30*time.Minute)), ""},
		"a draft":                          {edited(func(n *v1alpha1.ChangeNotice) { n.Status.PublishedTime = nil }), "2026-12-02T11:00:00Z Change What n announces draft"},
		"withdrawn":                        {told().Withdrawn(calendarNow).Obj(), "2026-12-02T11:00:00Z Change What n announces cancelled"},
		"a withdrawn draft":                {edited(func(n *v1alpha1.ChangeNotice) { n.Spec.State, n.Status.PublishedTime = v1alpha1.NoticeWithdrawn, nil }), ""},
		"replaced":                         {edited(func(n *v1alpha1.ChangeNotice) { n.Status.SupersededTime = n.Status.PublishedTime }), "2026-12-02T11:00:00Z Change What n announces cancelled"},
		"lapsed":                           {edited(func(n *v1alpha1.ChangeNotice) { n.Status.LapsedTime = n.Status.PublishedTime }), ""},
		"an apology":                       {edited(func(n *v1alpha1.ChangeNotice) { n.Spec.ApologyFor = "slo" }), ""},
		"without a date":                   {edited(func(n *v1alpha1.ChangeNotice) { n.Spec.EffectiveTime = nil }), ""},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, titles(eventsOf(nil, *c.notice))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhatComes(t *testing.T) {
	from, until := calendarNow, calendarNow.AddDate(1, 0, 0)
	event := func(start time.Time, minutes int) *CalendarEvent {
		e := &CalendarEvent{Time: metav1.NewTime(start)}
		if minutes > 0 {
			e.EndTime = &metav1.Time{Time: start.Add(time.Duration(minutes) * time.Minute)}
		}
		return e
	}
	for name, c := range map[string]struct {
		event *CalendarEvent
		want  bool
	}{
		"in this second":                      {event(from, 0), true},
		"a second ago":                        {event(from.Add(-time.Second), 0), false},
		"in the last second":                  {event(until.Add(-time.Second), 0), true},
		"a second later":                      {event(until, 0), false},
		"under way for its last second":       {event(from.Add(time.Second-5*time.Minute), 5), true},
		"over in this second":                 {event(from.Add(-5*time.Minute), 5), false},
		"what begins in the last second, too": {event(until.Add(-time.Second), 5), true},
	} {
		if got := c.event.comes(from, until); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestTheCalendarThatProgramsRead(t *testing.T) {
	s := builders.Schedule("orders-v1", "orders", "v1").Dates(calendarNow.Add(calendarDay), calendarNow.Add(40*calendarDay)).
		Brownout("first", calendarNow.Add(2*calendarDay), 5).Published(calendarNow).Obj()
	s.UID, s.Generation = "0b1c", 3
	draft := builders.Notice("prices", "orders").CoversOperation("v1", "GET /orders").Effective(calendarNow.Add(3 * calendarDay)).Obj()
	draft.Spec.Title = "Prices; more, \\ and\r\nBEGIN:VEVENT"
	off := builders.Notice("off", "orders").CoversOperation("v1", "GET /orders").Effective(calendarNow.Add(4 * calendarDay)).Published(calendarNow).Withdrawn(calendarNow).Obj()
	off.UID, off.Generation = "77", 4
	var b bytes.Buffer
	if err := writeCalendar(&b, eventsOf([]v1alpha1.DeprecationSchedule{*s}, *draft, *off)[:4], calendarNow); err != nil {
		t.Fatal(err)
	}
	const want = `BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//forewarn.dev//forewarn//EN
CALSCALE:GREGORIAN
NAME:forewarn
X-WR-CALNAME:forewarn
BEGIN:VEVENT
UID:0b1c-deprecation@forewarn.dev
SEQUENCE:3
DTSTAMP:20261122T110000Z
DTSTART:20261123T110000Z
STATUS:CONFIRMED
TRANSP:TRANSPARENT
SUMMARY:orders: deprecation of v1
CATEGORIES:Deprecation
DESCRIPTION:deprecationschedule/orders-v1 in namespace shop
END:VEVENT
BEGIN:VEVENT
UID:0b1c-brownout-first@forewarn.dev
SEQUENCE:3
DTSTAMP:20261122T110000Z
DTSTART:20261124T110000Z
DTEND:20261124T110500Z
STATUS:CONFIRMED
TRANSP:TRANSPARENT
SUMMARY:orders: brownout of v1 for 5 minutes (first)
CATEGORIES:Brownout
DESCRIPTION:deprecationschedule/orders-v1 in namespace shop
END:VEVENT
BEGIN:VEVENT
UID:notice.shop.prices@forewarn.dev
SEQUENCE:0
DTSTAMP:20261122T110000Z
DTSTART:20261125T110000Z
STATUS:TENTATIVE
TRANSP:TRANSPARENT
SUMMARY:orders: Prices\; more\, \\ and\\r\\nBEGIN:VEVENT (draft)
CATEGORIES:Change
DESCRIPTION:changenotice/prices in namespace shop
END:VEVENT
BEGIN:VEVENT
UID:77@forewarn.dev
SEQUENCE:4
DTSTAMP:20261122T110000Z
DTSTART:20261126T110000Z
STATUS:CANCELLED
TRANSP:TRANSPARENT
SUMMARY:Cancelled: orders: What off announces
CATEGORIES:Change
DESCRIPTION:changenotice/off in namespace shop
END:VEVENT
END:VCALENDAR
`
	if diff := cmp.Diff(want, strings.ReplaceAll(b.String(), "\r\n", "\n")); diff != "" {
		t.Error(diff)
	}
	if strings.Count(b.String(), "\n") != strings.Count(b.String(), "\r\n") {
		t.Error("a line does not end as RFC 5545 has it")
	}
}

func TestTheCalendarThatPeopleRead(t *testing.T) {
	s := builders.Schedule("orders-v1", "orders", "v1").Dates(calendarNow, calendarNow.Add(40*calendarDay)).Published(calendarNow).Obj()
	found := &CalendarResult{FromTime: metav1.NewTime(calendarNow), UntilTime: metav1.NewTime(calendarNow.AddDate(1, 0, 0)), Events: eventsOf([]v1alpha1.DeprecationSchedule{*s})}
	for name, c := range map[string]struct {
		streams Streams
		colours bool
	}{
		"on a terminal": {Streams{Color: true, Width: 60}, true},
		"elsewhere":     {Streams{}, false},
	} {
		p := newPage(c.streams)
		p.calendar(found, &plans{namespace: "shop", zone: utc})
		var b bytes.Buffer
		if err := p.writeTo(&b); err != nil {
			t.Fatal(err)
		}
		if coloured := strings.Contains(b.String(), "\x1b[31m"); coloured != c.colours || strings.Contains(b.String(), "\x1b") != c.colours {
			t.Errorf("%s: %q", name, b.String())
		}
	}
}

// Where nothing is shown, it is said whether there is nothing, or nothing yet.
func TestACalendarThatShowsNothing(t *testing.T) {
	s := *builders.Schedule("orders-v1", "orders", "v1").Dates(calendarNow, calendarNow.Add(calendarDay)).Published(calendarNow).Obj()
	comes := eventsOf([]v1alpha1.DeprecationSchedule{s})
	for name, c := range map[string]struct {
		plans plans
		want  string
	}{
		"a namespace without any":   {plans{namespace: "shpo"}, "\nThere is no DeprecationSchedule and no ChangeNotice in namespace shpo.\n"},
		"all namespaces":            {plans{all: true}, "\nThere is no DeprecationSchedule and no ChangeNotice in all namespaces.\n"},
		"all that there is is over": {plans{namespace: "shop", schedules: []v1alpha1.DeprecationSchedule{s}}, "\nNothing is planned.\n"},
		"it comes later": {plans{namespace: "shop", schedules: []v1alpha1.DeprecationSchedule{s}, later: comes},
			"\nNothing is planned in these months.\n\nAfter that: 2 events. The first is deprecation of v1 (deprecationschedule/orders-v1), on 2026-11-22 11:00. To\n" +
				"see it: --at 2026-11-22T11:00:00Z\n"},
	} {
		t.Run(name, func(t *testing.T) {
			c.plans.zone = utc
			p := newPage(Streams{})
			p.calendar(&CalendarResult{}, &c.plans)
			if !strings.HasSuffix(p.b.String(), c.want) {
				t.Errorf("%q", p.b.String())
			}
		})
	}
}
