// Package browser shows pages to a real browser, and says what somebody sees there.
package browser

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Chromium is a real browser without a window, spoken to through a pipe in the DevTools protocol.
type Chromium struct {
	// Complaints are what the browser said on its console, and what it would not load, since a page was opened.
	Complaints []string
	// Requests are what it asked for since then.
	Requests []string

	t       *testing.T
	to      *os.File
	from    *bufio.Reader
	session string
	calls   int
	loads   int
}

// message is what the browser sends: an answer, or an event.
type message struct {
	ID     int             `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Message string `json:"message"`
	} `json:"error"`
}

// Start starts the browser that is on PATH and opens a page in it. It ends with the test.
func Start(t *testing.T) *Chromium {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no 'chromium' on PATH: the pages are not looked at in a browser (Debian package chromium)")
	}
	theirs, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	from, their, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	// Without its sandbox: in containers there is none to be had, and it opens nothing but our pages.
	browser := exec.Command(path, "--headless", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu",
		"--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking", "--disable-component-update",
		"--hide-scrollbars", "--user-data-dir="+t.TempDir())
	browser.ExtraFiles = []*os.File{theirs, their} // descriptors 3 and 4
	if err := browser.Start(); err != nil {
		t.Fatal(err)
	}
	_, _ = theirs.Close(), their.Close()
	c := &Chromium{t: t, to: to, from: bufio.NewReader(from)}
	t.Cleanup(func() {
		_ = to.Close() // which ends the browser
		_, _ = browser.Wait(), from.Close()
	})
	var target struct {
		ID string `json:"targetId"`
	}
	c.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct {
		Session string `json:"sessionId"`
	}
	c.call("Target.attachToTarget", map[string]any{"targetId": target.ID, "flatten": true}, &attached)
	c.session = attached.Session
	for _, domain := range []string{"Page", "Log", "Runtime", "Network"} {
		c.call(domain+".enable", nil, nil)
	}
	return c
}

// call calls a method and waits for its answer.
func (c *Chromium) call(method string, params map[string]any, result any) {
	c.t.Helper()
	c.calls++
	request := map[string]any{"id": c.calls, "method": method}
	if params != nil {
		request["params"] = params
	}
	if c.session != "" {
		request["sessionId"] = c.session
	}
	content, err := json.Marshal(request)
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.to.Write(append(content, 0)); err != nil {
		c.t.Fatal(err)
	}
	for {
		m := c.read()
		if m.ID != c.calls {
			continue
		}
		if m.Error != nil {
			c.t.Fatalf("%s: %s", method, m.Error.Message)
		}
		if result == nil {
			return
		}
		if err := json.Unmarshal(m.Result, result); err != nil {
			c.t.Fatal(err)
		}
		return
	}
}

// read is the next message. Events are noted.
func (c *Chromium) read() message {
	c.t.Helper()
	content, err := c.from.ReadBytes(0)
	if err != nil {
		c.t.Fatalf("the browser is gone: %v", err)
	}
	var m message
	if err := json.Unmarshal(content[:len(content)-1], &m); err != nil {
		c.t.Fatal(err)
	}
	switch m.Method {
	case "Page.loadEventFired":
		c.loads++
	case "Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Network.loadingFailed":
		c.Complaints = append(c.Complaints, fmt.Sprintf("%s %s", m.Method, m.Params))
	case "Network.requestWillBeSent":
		var sent struct {
			Request struct {
				URL string `json:"url"`
			} `json:"request"`
		}
		if err := json.Unmarshal(m.Params, &sent); err != nil {
			c.t.Fatal(err)
		}
		if !strings.HasPrefix(sent.Request.URL, "data:") { // a picture of its own, such as that of a calendar
			c.Requests = append(c.Requests, sent.Request.URL)
		}
	}
	return m
}

// Open shows a page on a screen of that size, in that colour scheme, and waits until it is loaded.
func (c *Chromium) Open(url string, s Screen) {
	c.t.Helper()
	c.call("Emulation.setDeviceMetricsOverride", map[string]any{
		"width": s.Width, "height": s.Height, "deviceScaleFactor": 2, "mobile": s.Width < 600,
	}, nil)
	c.call("Emulation.setEmulatedMedia", map[string]any{
		"media": s.Media, "features": []map[string]any{{"name": "prefers-color-scheme", "value": s.Scheme}},
	}, nil)
	c.load(func() {
		var opened struct {
			Error string `json:"errorText"`
		}
		c.call("Page.navigate", map[string]any{"url": url}, &opened)
		if opened.Error != "" {
			c.t.Fatalf("%s: %s", url, opened.Error)
		}
	})
}

// Click clicks on what a selector finds, and waits until the page that it leads to is loaded.
func (c *Chromium) Click(selector string) {
	c.t.Helper()
	c.load(func() {
		c.Evaluate(fmt.Sprintf("document.querySelector(%q).click() === undefined", selector), new(bool))
	})
}

// load waits until a page is loaded that something leads to.
func (c *Chromium) load(lead func()) {
	c.t.Helper()
	c.Complaints, c.Requests = nil, nil
	before := c.loads
	lead()
	for c.loads == before {
		c.read()
	}
}

// Evaluate runs a script in the page and reads its value.
func (c *Chromium) Evaluate(script string, value any) {
	c.t.Helper()
	var evaluated struct {
		Result struct {
			Value json.RawMessage `json:"value"`
		} `json:"result"`
		Exception json.RawMessage `json:"exceptionDetails"`
	}
	c.call("Runtime.evaluate", map[string]any{"expression": script, "returnByValue": true}, &evaluated)
	if evaluated.Exception != nil {
		c.t.Fatalf("the script fails: %s", evaluated.Exception)
	}
	if err := json.Unmarshal(evaluated.Result.Value, value); err != nil {
		c.t.Fatal(err)
	}
}

// Screenshot is what is on the screen as PNG, or the whole page.
func (c *Chromium) Screenshot(whole bool) []byte {
	c.t.Helper()
	var shot struct {
		Data []byte `json:"data"`
	}
	c.call("Page.captureScreenshot", map[string]any{"format": "png", "captureBeyondViewport": whole}, &shot)
	return shot.Data
}
