package browser

import (
	"bytes"
	"flag"
	"fmt"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"
)

var screenshots = flag.String("screenshots", "", "a folder to keep what the browser showed, to look at it")

// Screen is what a page is read on.
type Screen struct {
	Name          string
	Width, Height int
	Scheme, Media string
}

// Screens are what every page is looked at on: a phone by day and by night, a very small one, a desk, and paper.
var Screens = []Screen{
	{"phone-light", 360, 740, "light", "screen"},
	{"phone-dark", 360, 740, "dark", "screen"},
	{"tiny", 240, 320, "light", "screen"},
	{"desk", 1280, 800, "light", "screen"},
	{"print", 794, 1123, "dark", "print"},
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
    if (!e.getClientRects().length || !e.textContent.trim()) continue;
    if (box.left < 0 || box.right > width + 0.5) found.out.push(name);
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) continue;
    const a = light(css.color), b = light(paper(e));
    if ((Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 4.5) found.faint.push(name);
    if (parseFloat(css.fontSize) < 14) found.small.push(name);
    if ((e.closest("nav") && e.tagName === "A" || e.tagName === "BUTTON") && box.height < 44) found.small.push(name);
  }
  return found;
})`

// Seen is what somebody sees of a page.
type Seen struct {
	Sideways          bool
	Out, Faint, Small []string
	Text              string
}

// Look asks the page that is open what is to be seen of it.
func (c *Chromium) Look(s Screen) Seen {
	c.t.Helper()
	var seen Seen
	c.Evaluate(fmt.Sprintf("%s(%d)", look, s.Width), &seen)
	return seen
}

// Keep checks that a screenshot is one of that screen, not of a single colour, and keeps it where that is asked for.
func (c *Chromium) Keep(t *testing.T, name string, s Screen) {
	t.Helper()
	content := c.Screenshot(*screenshots != "")
	picture, err := png.Decode(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	size, colours := picture.Bounds(), map[color.Color]bool{}
	for x := size.Min.X; x < size.Max.X; x++ {
		for y := size.Min.Y; y < min(size.Max.Y, s.Height); y++ {
			colours[picture.At(x, y)] = true
		}
	}
	if size.Dx() != 2*s.Width || len(colours) < 10 {
		t.Errorf("the picture is %d points wide and has %d colours", size.Dx(), len(colours))
	}
	if *screenshots != "" {
		if err := os.WriteFile(filepath.Join(*screenshots, name+".png"), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
