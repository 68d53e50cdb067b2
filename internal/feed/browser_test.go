package feed

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"forewarn.dev/forewarn/test/browser"
)

// TestPagesInChromium looks at the pages as customers do: on a phone, on a desk, by day and by night.
func TestPagesInChromium(t *testing.T) {
	c := browser.Start(t)
	site := shop(t)
	long := API{Namespace: "shop", Name: "long", Title: strings.Repeat("Unbreakable", 20)}
	for i, s := range hostile {
		long.Notices = append(long.Notices, hostileNotice(i, s))
	}
	site.APIs = append(site.APIs, long)
	address, _ := serve(t, site)
	for path, wants := range map[string][]string{
		"/":               {"Announced changes", "Orders API", "2 changes are coming"},
		"/shop/orders/":   {"Orders API", "Coming", "Postponed", "Thursday 1 July 2027, 00:00 Berlin time", "What to do", "Withdrawn or replaced"},
		"/shop/payments/": {"payments", "No change is announced."},
		"/shop/long/":     {"<script>alert(1)</script>"},
		"/nowhere":        {"Not found"},
	} {
		for _, s := range browser.Screens {
			name := strings.ReplaceAll(strings.Trim(path, "/"), "/", "-") + "-" + s.Name
			t.Run(name, func(t *testing.T) {
				c.Open(address+path, s)
				got := c.Look(s)
				for _, want := range wants {
					if !strings.Contains(got.Text, want) {
						t.Errorf("%q is not to be seen: %s", want, got.Text)
					}
				}
				got.Text = ""
				if diff := cmp.Diff(browser.Seen{Out: []string{}, Faint: []string{}, Small: []string{}}, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				complaints := c.Complaints
				if path == "/nowhere" { // the 404 itself
					complaints = complaints[1:]
				}
				if len(complaints) > 0 || len(c.Requests) != 1 {
					t.Errorf("the browser asked for %v and said %v", c.Requests, complaints)
				}
				c.Keep(t, name, s)
			})
		}
	}
}

// The test above must see what it looks for.
func TestChromiumSeesWhatIsWrong(t *testing.T) {
	c := browser.Start(t)
	_, h := serve(t, shop(t))
	address := listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r)
		_, _ = w.Write([]byte(`<div style="color: red">x</div><script>alert(1)</script><img src="/x.png">`))
	}))
	// The length of a page is that of its content, so the rest goes behind one that has no length of its own: a 404.
	c.Open(address+"/nowhere", browser.Screens[0])
	for _, want := range []string{"inline style", "inline script", "loading the image"} {
		if !strings.Contains(strings.ToLower(strings.Join(c.Complaints, "\n")), want) {
			t.Errorf("nothing is said of an %s: %s", want, c.Complaints)
		}
	}
	bad := listen(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(`<!DOCTYPE html><meta name="viewport" content="width=device-width"><body style="color: #999">` +
			`<nav><a href="/">faint</a></nav><p style="width: 500px; font-size: 10px">wide</p>`))
	}))
	s := browser.Screens[0]
	c.Open(bad, s)
	if got := c.Look(s); !got.Sideways || len(got.Out) == 0 || len(got.Faint) == 0 || len(got.Small) != 2 {
		t.Errorf("%+v", got)
	}
}
