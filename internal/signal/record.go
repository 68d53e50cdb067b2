package signal

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	utiljson "k8s.io/apimachinery/pkg/util/json"
)

// RecordAnnotation of an HTTPRoute is what forewarn wrote into it, so that any manager takes exactly that back.
const RecordAnnotation = "forewarn.dev/written"

// maxRecord is a quarter of what the annotations of an object may hold.
const maxRecord = 64 << 10

type record struct {
	Rules []ruleRecord `json:"rules"`
}

type ruleRecord struct {
	Rule    string   `json:"rule"`
	Headers []Header `json:"headers,omitempty"`
	// Made says that the rule had no filter for headers of responses.
	Made  bool   `json:"made,omitempty"`
	Taken *taken `json:"taken,omitempty"`
}

// taken is what a brownout took out of a rule.
type taken struct {
	Schedule string    `json:"schedule"`
	Name     string    `json:"brownout"`
	Mark     string    `json:"mark"`
	Since    time.Time `json:"since"`
	// Left says that the owner of the route gave it other backends in the middle: it is not taken away again.
	Left        bool  `json:"left,omitempty"`
	Filters     []any `json:"filters,omitempty"`
	BackendRefs []any `json:"backendRefs,omitempty"`
}

func readRecord(text string) (record, error) {
	var r record
	if text == "" {
		return r, nil
	}
	if err := utiljson.Unmarshal([]byte(text), &r); err != nil { // numbers as the API server has them
		return record{}, fmt.Errorf("reading the annotation %s: %w", RecordAnnotation, err)
	}
	return r, nil
}

func (r record) of(key string) (ruleRecord, bool) {
	i := slices.IndexFunc(r.Rules, func(of ruleRecord) bool { return of.Rule == key })
	if i < 0 {
		return ruleRecord{}, false
	}
	return r.Rules[i], true
}

// text is empty where nothing was written.
func (r record) text() (string, error) {
	if len(r.Rules) == 0 {
		return "", nil
	}
	text, err := json.Marshal(r)
	return string(text), err
}

// LeadsAway says that a route with that record may lead away. What cannot be read may.
func LeadsAway(text string) bool {
	r, err := readRecord(text)
	return err != nil || slices.ContainsFunc(r.Rules, func(of ruleRecord) bool { return of.Taken != nil && !of.Taken.Left })
}
