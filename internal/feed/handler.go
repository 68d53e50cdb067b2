package feed

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"sync"
	"sync/atomic"
	"time"
)

// Handler serves the site it was given last. Its zero value serves none yet and says so.
type Handler struct {
	swapping sync.Mutex
	current  atomic.Pointer[snapshot]
}

// snapshot is all that is served at one time. It does not change.
type snapshot struct {
	base string
	// apis are what the documents were rendered from, by path.
	apis map[string]*API
	// documents are all that can be asked for, by the path as it stands in a request.
	documents map[string]*document
}

// formats are the documents of each API.
var formats = []struct {
	name, contentType string
	render            func(base string, a *API) ([]byte, error)
}{
	{"", "text/html; charset=utf-8", renderPage},
	{"feed.atom", "application/atom+xml; charset=utf-8", renderAtom},
	{"calendar.ics", "text/calendar; charset=utf-8", renderCalendar},
	{"notices.json", "application/json", renderJSON},
}

// Swap makes site what is served from now on: whoever asks gets all of the old one or all of the new one. What
// cannot be shown is left out and named by the error; the rest is served.
func (h *Handler) Swap(site Site, now time.Time) error {
	h.swapping.Lock()
	defer h.swapping.Unlock()
	site, err := site.clean()
	errs := []error{err}
	old := h.current.Load()
	if old == nil {
		old = &snapshot{}
	}
	next := &snapshot{base: site.URL, apis: map[string]*API{}, documents: map[string]*document{}}
	for i := range site.APIs {
		a := &site.APIs[i]
		next.apis[a.path()] = a
		errs = append(errs, next.add(a, old, now))
	}
	index, err := renderIndex(&site)
	if err == nil {
		next.documents["/"], err = old.documents["/"].replacedBy(index, "text/html; charset=utf-8", now)
	}
	h.current.Store(next)
	return errors.Join(append(errs, err)...)
}

// add renders the documents of one API. What did not change is taken over: there may be a thousand others.
func (s *snapshot) add(a *API, old *snapshot, now time.Time) error {
	same := s.base == old.base && reflect.DeepEqual(a, old.apis[a.path()])
	var errs []error
	for _, f := range formats {
		path := "/" + a.path() + f.name
		before := old.documents[path]
		if same && before != nil {
			s.documents[path] = before
			continue
		}
		content, err := f.render(s.base, a)
		if err == nil {
			s.documents[path], err = before.replacedBy(content, f.contentType, now)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("leaving out %s: %w", path, err))
		}
	}
	return errors.Join(errs...)
}

// ServeHTTP answers GET and HEAD of the paths there are.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Security-Policy", contentPolicy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		header.Set("Allow", "GET, HEAD")
		refuse(w, http.StatusMethodNotAllowed, problem{"Nothing can be sent here", "This page can only be read."})
		return
	}
	s := h.current.Load()
	if s == nil {
		// Not an empty page: programs would take every notice for gone.
		header.Set("Retry-After", "10")
		refuse(w, http.StatusServiceUnavailable, problem{"Not ready yet", "Please try again in a few seconds."})
		return
	}
	path := r.URL.EscapedPath()
	if d := s.documents[path]; d != nil {
		d.serve(w, r)
		return
	}
	if a := s.withoutSlash(path); a != nil {
		header.Set("Location", a.Name+"/") // relative, so that it is right behind a proxy's prefix
		header.Set("Cache-Control", cacheFor)
		w.WriteHeader(http.StatusPermanentRedirect)
		return
	}
	refuse(w, http.StatusNotFound, problem{"Not found", "There is no such page. It may have been moved or taken away."})
}

// withoutSlash is the API whose page is meant by a path that lacks its last slash.
func (s *snapshot) withoutSlash(path string) *API {
	if path == "" || path[0] != '/' {
		return nil
	}
	return s.apis[path[1:]+"/"]
}

// refuse answers with a small page.
func refuse(w http.ResponseWriter, code int, p problem) {
	page, err := execute("problem", p)
	if err != nil {
		page = []byte(p.Title)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_, _ = bytes.NewReader(page).WriteTo(w) // whoever asked is gone
}
