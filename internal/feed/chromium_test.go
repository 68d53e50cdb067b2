package feed

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// chromium is a real browser without a window, spoken to through a pipe in the DevTools protocol.
type chromium struct {
	t       *testing.T
	to      *os.File
	from    *bufio.Reader
	session string
	calls   int
	// complaints are what the browser said on its console, and what it would not load.
	complaints []string
	// requests are what it asked for.
	requests []string
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

// startChromium starts the browser that is on PATH and opens a page in it. It ends with the test.
func startChromium(t *testing.T) *chromium {
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
	c := &chromium{t: t, to: to, from: bufio.NewReader(from)}
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
func (c *chromium) call(method string, params map[string]any, result any) {
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
func (c *chromium) read() message {
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
	case "Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Network.loadingFailed":
		c.complaints = append(c.complaints, fmt.Sprintf("%s %s", m.Method, m.Params))
	case "Network.requestWillBeSent":
		var sent struct {
			Request struct {
				URL string `json:"url"`
			} `json:"request"`
		}
		if err := json.Unmarshal(m.Params, &sent); err != nil {
			c.t.Fatal(err)
		}
		c.requests = append(c.requests, sent.Request.URL)
	}
	return m
}

// open shows a page on a screen of that size, in that colour scheme, and waits until it is loaded.
func (c *chromium) open(url string, s screen) {
	c.t.Helper()
	c.call("Emulation.setDeviceMetricsOverride", map[string]any{
		"width": s.width, "height": s.height, "deviceScaleFactor": 2, "mobile": s.width < 600,
	}, nil)
	c.call("Emulation.setEmulatedMedia", map[string]any{
		"media": s.media, "features": []map[string]any{{"name": "prefers-color-scheme", "value": s.scheme}},
	}, nil)
	c.complaints, c.requests = nil, nil
	var opened struct {
		Error string `json:"errorText"`
	}
	c.call("Page.navigate", map[string]any{"url": url}, &opened)
	if opened.Error != "" {
		c.t.Fatalf("%s: %s", url, opened.Error)
	}
	for loaded := false; !loaded; {
		loaded = c.read().Method == "Page.loadEventFired"
	}
}

// evaluate runs a script in the page and reads its value.
func (c *chromium) evaluate(script string, value any) {
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

// screenshot is what is on the screen as PNG, or the whole page.
func (c *chromium) screenshot(whole bool) []byte {
	c.t.Helper()
	var shot struct {
		Data []byte `json:"data"`
	}
	c.call("Page.captureScreenshot", map[string]any{"format": "png", "captureBeyondViewport": whole}, &shot)
	return shot.Data
}
