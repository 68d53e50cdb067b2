package feed

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var paths = map[string]string{
	"/":                         "text/html; charset=utf-8",
	"/shop/orders/":             "text/html; charset=utf-8",
	"/shop/orders/feed.atom":    "application/atom+xml; charset=utf-8",
	"/shop/orders/calendar.ics": "text/calendar; charset=utf-8",
	"/shop/orders/notices.json": "application/json",
}

func TestHeaders(t *testing.T) {
	address, _ := serve(t, shop(t))
	tags := map[string]bool{}
	for path, contentType := range paths {
		response, content := ask(t, http.MethodGet, address+path, nil)
		tag := response.Header.Get("ETag")
		if !strings.HasPrefix(tag, `"`) || len(tag) != 34 || tags[tag] {
			t.Errorf("%s: the tag %s is weak, or that of another", path, tag)
		}
		tags[tag] = true
		got := response.Header.Clone()
		for _, varies := range []string{"Date", "ETag", "Content-Length"} {
			got.Del(varies)
		}
		want := http.Header{
			"Accept-Ranges":           {"bytes"},
			"Cache-Control":           {"public, max-age=300"},
			"Content-Security-Policy": {contentPolicy},
			"Content-Type":            {contentType},
			"Last-Modified":           {"Sun, 22 Nov 2026 11:00:00 GMT"},
			"Referrer-Policy":         {"no-referrer"},
			"Vary":                    {"Accept-Encoding"},
			"X-Content-Type-Options":  {"nosniff"},
		}
		if diff := cmp.Diff(want, got); diff != "" || response.StatusCode != http.StatusOK {
			t.Errorf("%s: %s, headers (-want +got):\n%s", path, response.Status, diff)
		}
		head, nothing := ask(t, http.MethodHead, address+path, nil)
		if len(nothing) != 0 || head.Header.Get("ETag") != tag || head.ContentLength != int64(len(content)) {
			t.Errorf("%s: HEAD says %v and %d bytes", path, head.Header, len(nothing))
		}
	}
	if !strings.HasPrefix(contentPolicy, "default-src 'none'; style-src 'sha256-") || strings.Contains(contentPolicy, "unsafe") {
		t.Errorf("the policy is %q", contentPolicy)
	}
}

func TestCompression(t *testing.T) {
	address, _ := serve(t, shop(t))
	for accepts, want := range map[string]bool{
		"gzip":                       true,
		"GZIP":                       true,
		"x-gzip":                     true,
		"br, gzip;q=0.5, deflate":    true,
		"*":                          true,
		"*;q=0.001":                  true,
		"gzip;q=1.000":               true,
		"gzip ; q = 0.1":             true,
		"":                           false,
		"identity":                   false,
		"br":                         false,
		"gzip;q=0":                   false,
		"gzip;q=0.000":               false,
		"*;q=0":                      false,
		"*, gzip;q=0":                false,
		"gzip;q=0, *":                false,
		"gzip;q=x":                   false,
		"gzip;q=-1":                  false,
		"gzip;q=1.1":                 false,
		"gzip;q=NaN":                 false,
		"gzipx":                      false,
		strings.Repeat("a,", 1000):   false,
		"identity;q=0.5, gzip;q=1.0": true,
	} {
		_, plain := ask(t, http.MethodGet, address+"/shop/orders/", nil)
		response, content := ask(t, http.MethodGet, address+"/shop/orders/", http.Header{"Accept-Encoding": {accepts}})
		zipped := response.Header.Get("Content-Encoding") == "gzip"
		if zipped {
			z, err := gzip.NewReader(bytes.NewReader(content))
			if err != nil {
				t.Fatal(err)
			}
			if content, err = io.ReadAll(z); err != nil {
				t.Fatal(err)
			}
		}
		if zipped != want || !bytes.Equal(content, plain) || response.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("Accept-Encoding %q: compressed %t, want %t; the same content: %t", accepts, zipped, want, bytes.Equal(content, plain))
		}
	}
	response, _ := ask(t, http.MethodGet, address+"/", http.Header{"Accept-Encoding": {"br", "gzip"}})
	if response.Header.Get("Content-Encoding") != "gzip" {
		t.Error("the second of two headers counts for nothing")
	}
}

// checker asks for an address on conditions.
func checker(t *testing.T, url string) func(when string, want int, header http.Header) {
	return func(when string, want int, header http.Header) {
		t.Helper()
		response, content := ask(t, http.MethodGet, url, header)
		if response.StatusCode != want {
			t.Errorf("%s: %d, want %d", when, response.StatusCode, want)
		}
		if response.StatusCode != http.StatusNotModified {
			return
		}
		if len(content) != 0 || response.Header.Get("Cache-Control") != cacheFor || response.Header.Get("ETag") == "" || response.Header.Get("Vary") == "" {
			t.Errorf("a 304 with %d bytes and %v", len(content), response.Header)
		}
	}
}

func modified(at time.Time) http.Header {
	return http.Header{"If-Modified-Since": {at.Format(http.TimeFormat)}}
}

func TestConditionalRequests(t *testing.T) {
	address, _ := serve(t, shop(t))
	url := address + "/shop/orders/"
	plain, _ := ask(t, http.MethodGet, url, nil)
	packed, _ := ask(t, http.MethodGet, url, http.Header{"Accept-Encoding": {"gzip"}})
	tag, packedTag := plain.Header.Get("ETag"), packed.Header.Get("ETag")
	if tag == packedTag {
		t.Errorf("other bytes, the same strong tag: %s", tag)
	}
	check := checker(t, url)
	check("the tag", 304, http.Header{"If-None-Match": {tag}})
	check("one of several tags", 304, http.Header{"If-None-Match": {`"x", W/` + tag}})
	check("any tag", 304, http.Header{"If-None-Match": {"*"}})
	check("another tag", 200, http.Header{"If-None-Match": {`"x"`}})
	check("the tag without quotes", 200, http.Header{"If-None-Match": {strings.Trim(tag, `"`)}})
	check("the tag of the other encoding", 200, http.Header{"If-None-Match": {packedTag}})
	check("the tag of the encoding", 304, http.Header{"If-None-Match": {packedTag}, "Accept-Encoding": {"gzip"}})
	check("the date", 304, modified(now))
	check("a second before", 200, modified(now.Add(-time.Second)))
	check("the date, with another tag", 200, http.Header{"If-None-Match": {`"x"`}, "If-Modified-Since": {now.Format(http.TimeFormat)}})
}

func TestConditionalRequestsAfterASwap(t *testing.T) {
	address, h := serve(t, shop(t))
	url := address + "/shop/orders/"
	plain, _ := ask(t, http.MethodGet, url, nil)
	tag, check := plain.Header.Get("ETag"), checker(t, url)
	if err := h.Swap(shop(t), now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	check("the tag, the same site swapped in", 304, http.Header{"If-None-Match": {tag}})
	check("the date, the same site swapped in", 304, modified(now))
	site := shop(t)
	site.APIs[1].Notices[1].Updates[0].Text += "."
	for i := range 2 { // the clock stands still, and then goes backwards
		if err := h.Swap(site, now.Add(-time.Hour*time.Duration(i))); err != nil {
			t.Fatal(err)
		}
		check("the tag, one character more", 200, http.Header{"If-None-Match": {tag}})
		check("the date, one character more", 200, modified(now.Add(time.Second*time.Duration(i))))
		check("the new date", 304, modified(now.Add(time.Second*time.Duration(i+1))))
		site.APIs[1].Notices[1].Updates[0].Text += "."
	}
	response, _ := ask(t, http.MethodGet, address+"/shop/payments/", nil)
	if got := response.Header.Get("Last-Modified"); got != now.Format(http.TimeFormat) {
		t.Errorf("what did not change was last modified %s", got)
	}
}

func TestOnlyKnownPaths(t *testing.T) {
	address, _ := serve(t, shop(t))
	for _, path := range []string{
		"/shop", "/shop/", "/shop/nothing/", "/orders/", "/shop/orders/index.html", "/shop/orders/feed.atom/", "/shop/orders/FEED.ATOM",
		"//", "//shop/orders/", "/shop//orders/", "/./", "/shop/../shop/orders/", "/shop/orders/../../", "/shop%2Forders/", "/%2e%2e/%2e%2e/etc/passwd",
		"/../../etc/passwd", "/shop/orders/..%5c..%5cfeed.atom", "/shop/orders/%00", "/page.html", "/style.css", "/favicon.ico", "/robots.txt",
	} {
		response, content := ask(t, http.MethodGet, address+path, nil)
		if response.StatusCode != http.StatusNotFound || response.Header.Get("Cache-Control") != "no-store" ||
			response.Header.Get("Content-Type") != "text/html; charset=utf-8" || len(content) > 8<<10 {
			t.Errorf("%s: %s %v", path, response.Status, response.Header)
		}
		if strings.Contains(string(content), "passwd") || response.Header.Get("Content-Security-Policy") != contentPolicy {
			t.Errorf("%s: %s", path, content)
		}
	}
	response, _ := ask(t, http.MethodGet, address+"/shop/orders", nil)
	location, err := response.Location()
	if err != nil || response.StatusCode != http.StatusPermanentRedirect || location.String() != address+"/shop/orders/" || response.Header.Get("Location") != "orders/" {
		t.Errorf("without the slash: %s to %v, %v", response.Status, location, err)
	}
	response, _ = ask(t, http.MethodGet, address+"/shop/orders/?from=mail", nil)
	if response.StatusCode != http.StatusOK {
		t.Errorf("with a query: %s", response.Status)
	}
}

func TestOnlyReading(t *testing.T) {
	address, _ := serve(t, shop(t))
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get"} {
		for _, path := range []string{"/", "/shop/orders/feed.atom", "/nowhere"} {
			response, _ := ask(t, method, address+path, nil)
			if response.StatusCode != http.StatusMethodNotAllowed || response.Header.Get("Allow") != "GET, HEAD" {
				t.Errorf("%s %s: %s, Allow %q", method, path, response.Status, response.Header.Get("Allow"))
			}
		}
	}
}

func TestNoAnswerSetsACookie(t *testing.T) {
	address, _ := serve(t, shop(t))
	for _, path := range []string{"/", "/shop/orders", "/shop/orders/", "/nowhere"} {
		response, _ := ask(t, http.MethodGet, address+path, http.Header{"Cookie": {"a=b"}})
		if cookies := response.Header.Values("Set-Cookie"); len(cookies) > 0 {
			t.Errorf("%s: %v", path, cookies)
		}
	}
}

// An empty calendar would take every date away from those who subscribed.
func TestNothingIsServedBeforeTheFirstSite(t *testing.T) {
	h := &Handler{}
	address := listen(t, h)
	for path := range paths {
		response, _ := ask(t, http.MethodGet, address+path, nil)
		if response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") == "" {
			t.Errorf("%s: %s %v", path, response.Status, response.Header)
		}
	}
	if err := h.Swap(Site{}, now); err != nil {
		t.Fatal(err)
	}
	if content := body(t, address+"/"); !strings.Contains(string(content), "There is no API to show yet.") {
		t.Errorf("%s", content)
	}
}

func TestSwap(t *testing.T) {
	site := shop(t)
	address, h := serve(t, site)
	code := func(path string) int {
		response, _ := ask(t, http.MethodGet, address+path, nil)
		return response.StatusCode
	}
	broken := site
	broken.APIs = append([]API{{Namespace: "shop", Name: "a/b"}}, site.APIs[1])
	if err := h.Swap(broken, now); err == nil {
		t.Error("nobody is told what is left out")
	}
	for path, want := range map[string]int{"/shop/orders/": 200, "/shop/orders/calendar.ics": 200, "/shop/payments/": 404, "/shop/payments": 404, "/": 200} {
		if got := code(path); got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
	if strings.Contains(string(body(t, address+"/")), "payments") {
		t.Error("what is gone is still listed")
	}
	site.URL = "https://elsewhere.example/"
	if err := h.Swap(site, now); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(body(t, address+"/shop/orders/feed.atom")), "https://elsewhere.example/shop/orders/") {
		t.Error("the feed keeps the old address of the site")
	}
	site.APIs[1].Zone = time.UTC
	if err := h.Swap(site, now); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(body(t, address+"/shop/orders/")), "Berlin") {
		t.Error("the page keeps the old time zone")
	}
}

// Whoever reads while sites are swapped gets one of them as a whole. The race detector watches, too.
func TestSwapUnderLoad(t *testing.T) {
	generation := func(i int) Site {
		title := fmt.Sprintf("generation %d", i)
		site := Site{APIs: []API{{Namespace: "shop", Name: "orders", Title: title}}}
		for j := range 3 {
			n := hostileNotice(j, title)
			site.APIs[0].Notices = append(site.APIs[0].Notices, n)
		}
		return site
	}
	address, h := serve(t, generation(0))
	var writers, readers sync.WaitGroup
	done := make(chan struct{})
	for w := range 2 {
		writers.Go(func() {
			for i := range 50 {
				if err := h.Swap(generation(i*2+w), now.Add(time.Duration(i)*time.Second)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				for path := range paths {
					response, err := http.Get(address + path)
					if err != nil {
						t.Error(err)
						return
					}
					content, err := io.ReadAll(response.Body)
					_ = response.Body.Close()
					seen := map[string]bool{}
					for _, word := range strings.Split(string(content), "generation ")[1:] {
						digits := strings.IndexFunc(word, func(r rune) bool { return r < '0' || r > '9' })
						seen[word[:digits]] = true
					}
					if err != nil || response.StatusCode != http.StatusOK || len(seen) != 1 {
						t.Errorf("%s: %s, %v, generations %v", path, response.Status, err, seen)
					}
				}
			}
		})
	}
	writers.Wait()
	close(done)
	readers.Wait()
}

// What leads to a page leads to one that is served.
func TestPageURL(t *testing.T) {
	address, _ := serve(t, shop(t))
	for site, want := range map[string]string{
		address: address + "/shop/orders/", address + "/": address + "/shop/orders/", "": "", "ftp://notices.example": "", "https://notices.example/a?b": "",
	} {
		if got := PageURL(site, "shop", "orders"); got != want {
			t.Errorf("%q: %q, want %q", site, got, want)
		}
	}
	if response, _ := ask(t, http.MethodGet, PageURL(address, "shop", "orders"), nil); response.StatusCode != http.StatusOK {
		t.Errorf("it answers %s", response.Status)
	}
}
