package openapi

import (
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/oasdiff/oasdiff/diff"
)

// The bounds of a comparison.
const (
	MaxSteps   = maxSteps
	MaxChanged = maxChanged
)

// Work is what comparing two documents takes, as counted beforehand.
func Work(base, head *Document) (stepsTaken, changes int, err error) {
	pairs, _ := pairUp(base, head)
	c := newComparison(base, head, pairs)
	was := c.side(base, func(p pair) *openapi3.Operation { return p.base })
	is := c.side(head, func(p pair) *openapi3.Operation { return p.head })
	if stepsTaken = steps(was, is); stepsTaken > maxSteps {
		return stepsTaken, 0, nil
	}
	d, err := diff.Get(diffConfig, was, is)
	if err != nil || d == nil {
		return stepsTaken, 0, err
	}
	return stepsTaken, changedIn(d), nil
}
