package controllers

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

// The status lists what there is room for, and the counts are of all.
func TestChangesAreCutByNumberAndBytes(t *testing.T) {
	change := func(text string) v1alpha1.JudgedChange {
		return v1alpha1.JudgedChange{Fingerprint: "0123456789ab", Rule: "r", Class: "Breaking", Version: "v1", Text: text}
	}
	changes := func(n int, text string) []v1alpha1.JudgedChange {
		all := make([]v1alpha1.JudgedChange, n)
		for i := range all {
			all[i] = change(text)
		}
		return all
	}
	written, err := json.Marshal(change("a"))
	if err != nil {
		t.Fatal(err)
	}
	// 256 changes of 1024 bytes with the comma are 256 KiB.
	kibibyte := strings.Repeat("a", 1024-len(written))
	cases := map[string]struct {
		changes []v1alpha1.JudgedChange
		shown   int
		left    string
	}{
		"none":                      {nil, 0, ""},
		"as many as there may be":   {changes(500, "a"), 500, ""},
		"one more":                  {changes(501, "a"), 500, "; changes lists 500 of 501 changes"},
		"as large as there is room": {changes(256, kibibyte), 256, ""},
		"a byte more":               {append(changes(255, kibibyte), change(kibibyte+"a")), 255, "; changes lists 255 of 256 changes"},
		"what etcd writes longer":   {changes(256, kibibyte[6:]+"<<"), 254, "; changes lists 254 of 256 changes"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			for _, decided := range []bool{true, false} {
				revision := &v1alpha1.APIRevision{}
				setRevisionStatus(revision, gate.Input{}, gate.Verdict{Decided: decided, Changes: c.changes, Breaking: len(c.changes)}, time.Unix(0, 0))
				s := revision.Status
				if len(s.Changes) != c.shown || int(*s.ChangesTotal) != len(c.changes) || int(*s.Breaking) != len(c.changes) {
					t.Errorf("%d shown of %d, %d breaking", len(s.Changes), *s.ChangesTotal, *s.Breaking)
				}
				for _, condition := range s.Conditions {
					if condition.Type == v1alpha1.ConditionReady && (c.left == "") == strings.Contains(condition.Message, "changes lists") ||
						condition.Type == v1alpha1.ConditionReady && !strings.Contains(condition.Message, c.left) {
						t.Errorf("decided %v: %s", decided, condition.Message)
					}
				}
			}
		})
	}
}
