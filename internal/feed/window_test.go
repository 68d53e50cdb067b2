package feed

import (
	"strings"
	"testing"
	"time"
)

// downtime is an API with one planned downtime, from 2 o'clock of a Sunday in Berlin for half an hour.
func downtime(t *testing.T, state State) API {
	t.Helper()
	api := shop(t).APIs[1]
	until := time.Date(2027, time.March, 7, 1, 30, 0, 0, time.UTC)
	api.Notices = []Notice{{
		ID: "0c1f6f9e-5d0b-4b0e-9a58-0d8f3c7a1b06", Name: "orders-moves", State: state,
		Title: "Orders are down on 7 March 2027", Versions: []string{"v1"}, Published: date(2026, time.November, 22, 9),
		Effective: date(2027, time.March, 7, 1), Until: &until,
	}}
	return api
}

func TestDowntimeSaysUntilWhen(t *testing.T) {
	const from, until = "Sunday 7 March 2027, 02:00 Berlin time (01:00 UTC)", "Sunday 7 March 2027, 02:30 Berlin time (01:30 UTC)"
	for state, sentence := range map[State]string{
		Upcoming: "Comes on ", InForce: "In force since ", Over: "Is over. It was announced for ", Withdrawn: "Does not come. It was announced for ",
	} {
		t.Run(string(state), func(t *testing.T) {
			address, _ := serve(t, Site{APIs: []API{downtime(t, state)}})
			_, events := parseCalendar(t, body(t, address+"/shop/orders/calendar.ics"))
			if len(events) != 1 || events[0]["DTSTART"] != "20270307T010000Z" || events[0]["DTEND"] != "20270307T013000Z" {
				t.Errorf("the calendar has %v", events)
			}
			if got := text(t, events[0]["DESCRIPTION"]); !strings.HasPrefix(got, sentence+from+", until "+until+".") {
				t.Errorf("the calendar says %q", got)
			}
			want := sentence + `<time datetime="2027-03-07T01:00:00Z">` + from + `</time>, until <time datetime="2027-03-07T01:30:00Z">` + until + "</time>."
			if page := string(body(t, address+"/shop/orders/")); !strings.Contains(page, want) {
				t.Errorf("want %q on the page:\n%s", want, page)
			}
			if atom := string(body(t, address+"/shop/orders/feed.atom")); !strings.Contains(atom, until) {
				t.Errorf("the news feed does not say until when:\n%s", atom)
			}
			json := string(body(t, address+"/shop/orders/notices.json"))
			if !strings.Contains(json, `"until": "2027-03-07T01:30:00Z"`) || !strings.Contains(json, `"state": "`+string(state)+`"`) {
				t.Errorf("JSON has\n%s", json)
			}
		})
	}
}

// One that is over stands below what is in force, and above what does not come.
func TestDowntimeIsOver(t *testing.T) {
	api := downtime(t, Over)
	api.Notices = append(api.Notices, ordersNotices()...)
	clean, err := api.clean()
	if err != nil {
		t.Fatal(err)
	}
	var states []string
	for _, n := range clean.Notices {
		states = append(states, string(n.State))
	}
	if got := strings.Join(states, " "); got != "Upcoming Upcoming InForce Over Superseded Withdrawn" {
		t.Errorf("they stand as %s", got)
	}
}

func TestDowntimeIsNotOverBeforeItBegins(t *testing.T) {
	for _, long := range []time.Duration{0, time.Second} {
		api := downtime(t, Upcoming)
		until := api.Notices[0].Effective.Add(long)
		api.Notices[0].Until = &until
		if _, err := api.clean(); (err == nil) != (long > 0) {
			t.Errorf("%s long: %v", long, err)
		}
	}
}
