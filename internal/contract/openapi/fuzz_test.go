package openapi_test

import (
	"errors"
	"strings"
	"testing"

	"forewarn.dev/forewarn/internal/contract"
)

// FuzzParse reads anything: it is refused with a reason in one line, or compares with itself to
// nothing and with another contract to something that is the same each time.
func FuzzParse(f *testing.F) {
	for _, p := range pairs(f) {
		f.Add(p.base)
		f.Add(p.head)
	}
	for _, tangle := range tangles {
		if document := tangle("string"); len(document) < 4<<10 {
			f.Add(document)
		}
	}
	f.Add([]byte(head30 + "x: &a [1]\npaths: {<<: {/a: *a}}"))
	other := read(f, []byte(head30+"paths: {/a: {get: {responses: {'200': {description: ok}}}}, /orders: {get: {responses: {}}}}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		document, err := contract.Parse(contract.OpenAPI, data)
		if err != nil {
			wantRefused(t, err)
			return
		}
		again, err := contract.Parse(contract.OpenAPI, append(data, '\n'))
		if err != nil {
			// A last line may end differently with a line end: a block scalar, a comment cut short.
			return
		}
		changes, err := contract.Compare("v1", document, again)
		if err != nil {
			wantRefused(t, err)
			return
		}
		for _, c := range changes {
			if !strings.Contains(string(data), "|") { // a block scalar may keep the line end
				t.Errorf("from a document to itself: %v", c)
			}
		}
		first, err1 := contract.Compare("v1", other, document)
		second, err2 := contract.Compare("v1", other, again)
		if len(changes) == 0 && (len(first) != len(second) || (err1 == nil) != (err2 == nil)) {
			t.Errorf("%v, %v the first time and %v, %v the second", first, err1, second, err2)
		}
	})
}

func wantRefused(t *testing.T, err error) {
	t.Helper()
	var refused *contract.Error
	if !errors.As(err, &refused) || refused.Reason == "" || strings.ContainsAny(err.Error(), "\r\n\x1b") {
		t.Errorf("got %q, want an *Error in one line", err)
	}
}
