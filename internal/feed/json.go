package feed

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// The names and meanings below are promised in docs/feed.md: what is not compatible gets a new format.
const jsonFormat = "dev.forewarn.notices.v1"

type jsonDocument struct {
	Format  string       `json:"format"`
	API     jsonAPI      `json:"api"`
	Notices []jsonNotice `json:"notices"`
}

type jsonAPI struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Title     string `json:"title"`
}

type jsonNotice struct {
	ID                string       `json:"id"`
	Name              string       `json:"name"`
	State             State        `json:"state"`
	Sequence          int          `json:"sequence"`
	Title             string       `json:"title"`
	WhatChanges       string       `json:"whatChanges,omitempty"`
	WhatToDo          string       `json:"whatToDo,omitempty"`
	Help              string       `json:"help,omitempty"`
	Versions          []string     `json:"versions"`
	Operations        []string     `json:"operations"`
	Effective         string       `json:"effective"`
	Until             string       `json:"until,omitempty"`
	Apology           bool         `json:"apology,omitempty"`
	PreviousEffective string       `json:"previousEffective,omitempty"`
	Published         string       `json:"published"`
	Updated           string       `json:"updated"`
	Updates           []jsonUpdate `json:"updates"`
	SupersededBy      string       `json:"supersededBy,omitempty"`
}

type jsonUpdate struct {
	Time string `json:"time"`
	Text string `json:"text"`
}

// renderJSON is notices.json.
func renderJSON(_ string, a *API) ([]byte, error) {
	document := jsonDocument{
		Format:  jsonFormat,
		API:     jsonAPI{Namespace: a.Namespace, Name: a.Name, Title: a.Title},
		Notices: make([]jsonNotice, 0, len(a.Notices)),
	}
	for i := range a.Notices {
		n := &a.Notices[i]
		shown := jsonNotice{
			ID: n.ID, Name: n.Name, State: n.State, Sequence: n.Sequence,
			Title: n.Title, WhatChanges: n.WhatChanges, WhatToDo: n.WhatToDo, Help: n.Help,
			Versions: n.Versions, Operations: n.Operations,
			Effective: stamp(n.Effective), Published: stamp(n.Published), Updated: stamp(n.Updated),
			Updates: make([]jsonUpdate, 0, len(n.Updates)), SupersededBy: n.SupersededBy, Apology: n.Apology,
		}
		if n.Until != nil {
			shown.Until = stamp(*n.Until)
		}
		if n.Previous != nil {
			shown.PreviousEffective = stamp(*n.Previous)
		}
		for _, u := range n.Updates {
			shown.Updates = append(shown.Updates, jsonUpdate{Time: stamp(u.Time), Text: u.Text})
		}
		document.Notices = append(document.Notices, shown)
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(document); err != nil {
		return nil, fmt.Errorf("encoding JSON: %w", err)
	}
	return b.Bytes(), nil
}
