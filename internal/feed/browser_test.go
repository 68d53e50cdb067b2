package feed

import (
	"bytes"
	"flag"
	"fmt"
	"image/color"
	"image/png"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var screenshots = flag.String("screenshots", "", "a folder to keep what the browser showed, to look at it")

// screen is what a page is read on.
type screen struct {
	name          string
	width, height int
	scheme, media string
}

// look asks the page what somebody sees on a screen so many points wide: whether it scrolls sideways, what sticks out of the screen, which text is
// too faint (WCAG 2, 4.5:1) or too small, which of the buttons is too small for a thumb, and all text that is shown.
const look = `((width) => {
  const rgb = c => c.match(/[\d.]+/g).map(Number);
  const light = c => { const [r, g, b] = rgb(c).map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const paper = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > 0) return getComputedStyle(e).backgroundColor; } return "rgb(255, 255, 255)"; };
  const found = {sideways: document.documentElement.scrollWidth > width, out: [], faint: [], small: [], text: document.body.innerText};
  for (const e of document.body.querySelectorAll("*")) {
    const box = e.getBoundingClientRect(), css = getComputedStyle(e), name = e.tagName + " " + e.textContent.slice(0, 40);
    if (css.display === "none" || !e.textContent.trim()) continue;
    if (box.left < 0 || box.right > width + 0.5) found.out.push(name);
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) continue;
    const a = light(css.color), b = light(paper(e));
    if ((Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 4.5) found.faint.push(name);
    if (parseFloat(css.fontSize) < 14) found.small.push(name);
    if (e.closest("nav") && e.tagName === "A" && box.height < 44) found.small.push(name);
  }
  return found;
})`

type seen struct {
	Sideways          bool
	Out, Faint, Small []string
	Text              string
}

// TestPagesInChromium looks at the pages as customers do: on a phone, on a desk, by day and by night.
func TestPagesInChromium(t *testing.T) {
	c := startChromium(t)
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
		for _, s := range []screen{
			{"phone-light", 360, 740, "light", "screen"},
			{"phone-dark", 360, 740, "dark", "screen"},
			{"tiny", 240, 320, "light", "screen"},
			{"desk", 1280, 800, "light", "screen"},
			{"print", 794, 1123, "dark", "print"},
		} {
			name := strings.ReplaceAll(strings.Trim(path, "/"), "/", "-") + "-" + s.name
			t.Run(name, func(t *testing.T) {
				c.open(address+path, s)
				var got seen
				c.evaluate(fmt.Sprintf("%s(%d)", look, s.width), &got)
				for _, want := range wants {
					if !strings.Contains(got.Text, want) {
						t.Errorf("%q is not to be seen: %s", want, got.Text)
					}
				}
				got.Text = ""
				if diff := cmp.Diff(seen{Out: []string{}, Faint: []string{}, Small: []string{}}, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				complaints := c.complaints
				if path == "/nowhere" { // the 404 itself
					complaints = complaints[1:]
				}
				if len(complaints) > 0 || len(c.requests) != 1 {
					t.Errorf("the browser asked for %v and said %v", c.requests, complaints)
				}
				keep(t, name, c.screenshot(*screenshots != ""), s)
			})
		}
	}
}

// keep checks that a screenshot is one of that screen, not of a single colour, and keeps it where that is asked for.
func keep(t *testing.T, name string, content []byte, s screen) {
	t.Helper()
	picture, err := png.Decode(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	size, colours := picture.Bounds(), map[color.Color]bool{}
	for x := size.Min.X; x < size.Max.X; x++ {
		for y := size.Min.Y; y < min(size.Max.Y, s.height); y++ {
			colours[picture.At(x, y)] = true
		}
	}
	if size.Dx() != 2*s.width || len(colours) < 10 {
		t.Errorf("the picture is %d points wide and has %d colours", size.Dx(), len(colours))
	}
	if *screenshots != "" {
		if err := os.WriteFile(filepath.Join(*screenshots, name+".png"), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// The test above must see what it looks for.
func TestChromiumSeesWhatIsWrong(t *testing.T) {
	c := startChromium(t)
	_, h := serve(t, shop(t))
	address := listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r)
		_, _ = w.Write([]byte(`<div style="color: red">x</div><script>alert(1)</script><img src="/x.png">`))
	}))
	// The length of a page is that of its content, so the rest goes behind one that has no length of its own: a 404.
	c.open(address+"/nowhere", screen{"phone", 360, 740, "light", "screen"})
	for _, want := range []string{"inline style", "inline script", "loading the image"} {
		if !strings.Contains(strings.ToLower(strings.Join(c.complaints, "\n")), want) {
			t.Errorf("nothing is said of an %s: %s", want, c.complaints)
		}
	}
	bad := listen(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(`<!DOCTYPE html><meta name="viewport" content="width=device-width"><body style="color: #999">` +
			`<nav><a href="/">faint</a></nav><p style="width: 500px; font-size: 10px">wide</p>`))
	}))
	s := screen{"phone", 360, 740, "light", "screen"}
	c.open(bad, s)
	var got seen
	c.evaluate(fmt.Sprintf("%s(%d)", look, s.width), &got)
	if !got.Sideways || len(got.Out) == 0 || len(got.Faint) == 0 || len(got.Small) != 2 {
		t.Errorf("%+v", got)
	}
}
