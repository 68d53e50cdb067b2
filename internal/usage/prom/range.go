package prom

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/usage"
)

const (
	// MaxSteps is how many samples one question may be about. The server gives 11,000 at most.
	MaxSteps = 5000
	// MaxRangeBytes is how long the answer to it may be.
	MaxRangeBytes = 1 << 20
)

// errNoSeries is the error for an answer that is not one series of numbers.
var errNoSeries = errors.New("the answer is not one series of numbers")

// Point is a sample of a range.
type Point struct {
	At    time.Time
	Value float64
}

// Range asks for the samples of a query at every step from one moment to another, which are whole seconds. A step that
// has none is left out.
func (s Server) Range(ctx context.Context, query string, from, until time.Time, step time.Duration) ([]Point, *usage.Problem) {
	form := url.Values{
		"query": {query}, "timeout": {Deadline.String()}, "step": {strconv.FormatInt(int64(step/time.Second), 10)},
		"start": {strconv.FormatInt(from.Unix(), 10)}, "end": {strconv.FormatInt(until.Unix(), 10)},
	}
	read := reading{series: &series{}}
	if problem := s.post(ctx, rangePath, form, read.answer); problem != nil {
		if problem.Reason == v1alpha1.ReasonUsageTooLarge {
			problem.Text = "the answer is far longer than one series is: let the query answer with one sample, for example min(...)"
		}
		return nil, problem
	}
	if read.resultType != "matrix" {
		return nil, s.unread(ctx, errNoSeries)
	}
	if len(read.warnings) > 0 {
		return nil, &usage.Problem{Reason: v1alpha1.ReasonUsagePartial, Text: fmt.Sprintf(
			"the server warns of %d things, so that something may be missing: try the query on it, and see to what it warns of", len(read.warnings))}
	}
	return read.series.points, nil
}

// series is the one of an answer.
type series struct {
	any    bool
	points []Point
}

func (s *series) read(decoder *json.Decoder) error {
	if s.any { // which of them is the API nobody can tell
		return errNoSeries
	}
	s.any = true
	return object(decoder, func(key string) error {
		switch key {
		case "values":
			return array(decoder, func() error { return s.point(decoder) })
		case "histograms":
			return errNoSeries
		}
		return decoder.Decode(&json.RawMessage{})
	})
}

func (s *series) point(decoder *json.Decoder) error {
	var pair [2]json.RawMessage
	if err := decoder.Decode(&pair); err != nil {
		return err
	}
	var at float64
	var text string
	if json.Unmarshal(pair[0], &at) != nil || json.Unmarshal(pair[1], &text) != nil {
		return errNotAsPrometheus
	}
	value, err := strconv.ParseFloat(text, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return errNotAsPrometheus
	}
	if len(s.points) > MaxSteps {
		return errNotAsPrometheus // more than was asked for
	}
	s.points = append(s.points, Point{At: time.UnixMilli(int64(at * 1000)).UTC(), Value: value})
	return nil
}
