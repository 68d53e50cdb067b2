package feed

import (
	"errors"
	"html/template"
	"time"
)

// Part is a notice as the page of its API shows it, for a page that somebody else serves. All of it is harmless.
type Part struct {
	// API is what customers know the API as.
	API string
	// Title is that of the notice, and Standing a word before it, which may be empty.
	Title, Standing string
	// Facts are all below: the date, what changes, what to do, updates.
	Facts template.HTML
}

// PartOf is the notice of an API that has no other here.
func PartOf(a API) (Part, error) {
	a, err := a.clean()
	if err != nil {
		return Part{}, err
	}
	if len(a.Notices) != 1 {
		return Part{}, errors.New("one notice makes a part")
	}
	v := view(&a, &a.Notices[0])
	facts, err := execute("facts", v)
	if err != nil {
		return Part{}, err
	}
	return Part{API: a.Title, Title: v.Title, Standing: v.Standing, Facts: template.HTML(facts)}, nil
}

// Style is what our pages look like.
func Style() string { return style }

// InWords is a moment as people read it, in a zone and in UTC. No zone is UTC.
func InWords(t time.Time, zone *time.Location) string {
	if zone == nil {
		zone = time.UTC
	}
	return inWords(t, zone)
}
