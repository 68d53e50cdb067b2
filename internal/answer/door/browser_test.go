package door

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/answer"
	"forewarn.dev/forewarn/internal/feed"
	"forewarn.dev/forewarn/test/browser"
)

// listen serves the door, and says where.
func (h *house) listen(t *testing.T) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := feed.NewServer("", h.mux())
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return "http://" + listener.Addr().String() + "/a/"
}

// TestPagesInChromium looks at the pages as customers do: on a phone, on a desk, by day and by night.
func TestPagesInChromium(t *testing.T) {
	c := browser.Start(t)
	for name, tc := range map[string]struct {
		change func(*house)
		path   string
		want   string
	}{
		"open": {func(*house) {}, tokenOf(t, ticket), "You have not answered yet."},
		"answered": {func(h *house) {
			h.found.Given = answer.Given{Time: noon, Answer: answer.Answer{Kind: v1alpha1.AnswerNeedsTime, NeededUntil: july.AddDate(0, 1, 1)}}
		}, tokenOf(t, ticket), "Answered on Sunday 22 November 2026"},
		"withdrawn": {func(h *house) { h.found.Over, h.found.API.Notices[0].State = true, feed.Withdrawn }, tokenOf(t, ticket), "This change was withdrawn."},
		"long": {func(h *house) {
			h.found.API.Title, h.found.API.Notices[0].Title = strings.Repeat("Unbreakable", 20), strings.Repeat("Donaudampfschiff", 12)
		}, tokenOf(t, ticket), "You have not answered yet."},
		"forged": {func(*house) {}, "x", "Not found"},
	} {
		h := newHouse(t)
		tc.change(h)
		address := h.listen(t)
		for _, s := range browser.Screens {
			t.Run(name+"-"+s.Name, func(t *testing.T) {
				c.Open(address+tc.path, s)
				got := c.Look(s)
				if !strings.Contains(got.Text, tc.want) {
					t.Errorf("%q is not to be seen: %s", tc.want, got.Text)
				}
				got.Text = ""
				if diff := cmp.Diff(browser.Seen{Out: []string{}, Faint: []string{}, Small: []string{}}, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				complaints := c.Complaints
				if name == "forged" { // the 404 itself
					complaints = complaints[1:]
				}
				if len(complaints) > 0 || len(c.Requests) != 1 {
					t.Errorf("the browser asked for %v and said %v", c.Requests, complaints)
				}
				c.Keep(t, "answer-"+name+"-"+s.Name, s)
			})
		}
	}
}

// The buttons work as they are, under the policy that the page has.
func TestAnsweringInChromium(t *testing.T) {
	c := browser.Start(t)
	h := newHouse(t)
	keep := h.Keep
	h.Keep = func(ctx context.Context, asked answer.Ticket, given answer.Answer, now time.Time) error {
		h.found.Given = answer.Given{Answer: given, Time: now}
		return keep(ctx, asked, given, now)
	}
	address := h.listen(t) + tokenOf(t, ticket)
	c.Open(address, browser.Screens[0])
	for _, step := range []struct{ fill, click, want string }{
		{"", `button[value="understood"]`, "You have understood."},
		{"2027-08-01", `button[value="needs-time"]`, "until the end of Sunday 1 August 2027 (UTC)."},
		{"", `button[value="take-back"]`, "You have not answered yet."},
	} {
		if step.fill != "" {
			var filled string
			c.Evaluate(`document.querySelector("#until").value = "`+step.fill+`"`, &filled)
		}
		c.Click(step.click)
		if got := c.Look(browser.Screens[0]); !strings.Contains(got.Text, step.want) || len(c.Complaints) > 0 {
			t.Errorf("after %s: %s, and the browser says %v", step.click, got.Text, c.Complaints)
		}
		if diff := cmp.Diff([]string{address, address}, c.Requests); diff != "" {
			t.Errorf("it is sent, and led back:\n%s", diff)
		}
	}
	if len(h.kept) != 3 {
		t.Errorf("kept %v", h.kept)
	}
}
