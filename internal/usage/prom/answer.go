package prom

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/usage"
)

// errNotAsPrometheus is the error for an answer that is none of Prometheus, or breaks off.
var errNotAsPrometheus = errors.New("the answer is not as Prometheus writes them")

// maxSamples is twice as many as those of 5,000 customers who used 50 operations each.
const maxSamples = 500_000

// errTooMany is the error for an answer of more samples than that.
var errTooMany = errors.New("there are too many samples")

// reading reads one answer, a sample at a time.
type reading struct {
	labels  usage.Labels
	samples []usage.Sample
	// texts holds each value of a label once.
	texts map[string]string

	status, resultType string
	warnings           []string
	histograms         bool
	// series is what reads a range, where one is asked for.
	series *series
}

// answer reads {"status":"success","data":{"resultType":"vector","result":[...]},"warnings":[...]}, in any order.
func (r *reading) answer(body io.Reader) error {
	decoder := json.NewDecoder(body)
	err := object(decoder, func(key string) error {
		switch key {
		case "status":
			return decoder.Decode(&r.status)
		case "data":
			return object(decoder, func(key string) error { return r.data(decoder, key) })
		case "warnings":
			return decoder.Decode(&r.warnings)
		}
		return decoder.Decode(&json.RawMessage{})
	})
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax), errors.As(err, &kind), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errNotAsPrometheus
	case err == nil && r.status != "success":
		return errNotAsPrometheus
	}
	return err
}

func (r *reading) data(decoder *json.Decoder, key string) error {
	switch {
	case key == "resultType":
		return decoder.Decode(&r.resultType)
	case key == "result" && r.series != nil:
		return array(decoder, func() error { return r.series.read(decoder) })
	case key == "result" && (r.resultType == "" || r.resultType == "vector"):
		return array(decoder, func() error { return r.sample(decoder) })
	}
	return decoder.Decode(&json.RawMessage{})
}

func (r *reading) sample(decoder *json.Decoder) error {
	var s struct {
		Metric map[string]string  `json:"metric"`
		Value  [2]json.RawMessage `json:"value"`
	}
	if err := decoder.Decode(&s); err != nil {
		return err
	}
	if s.Value[1] == nil {
		r.histograms = true
		return nil
	}
	var text string
	if err := json.Unmarshal(s.Value[1], &text); err != nil {
		return err
	}
	value, err := strconv.ParseFloat(text, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return errNotAsPrometheus
	}
	if len(r.samples) == maxSamples {
		return errTooMany
	}
	r.samples = append(r.samples, usage.Sample{
		Customer: r.text(s.Metric[r.labels.Customer]), Operation: r.text(s.Metric[r.labels.Operation]), Version: r.text(s.Metric[r.labels.Version]),
		Value: value,
	})
	return nil
}

func (r *reading) text(value string) string {
	if known, ok := r.texts[value]; ok {
		return known
	}
	r.texts[value] = value
	return value
}

// problem is why an answer that was read cannot be believed.
func (r *reading) problem() *usage.Problem {
	switch {
	case r.resultType != "vector" || r.histograms:
		r.samples = nil
		return &usage.Problem{Reason: v1alpha1.ReasonUsageInvalid,
			Text: "the answer is no instant vector of numbers: let the query answer with one for each customer and operation, for example sum by (customer, operation) (...)"}
	case len(r.warnings) > 0:
		r.samples = nil
		return &usage.Problem{Reason: v1alpha1.ReasonUsagePartial, Text: fmt.Sprintf(
			"the server warns of %d things, so that something may be missing: try the query on it, and see to what it warns of", len(r.warnings))}
	}
	return nil
}

// errorType is that of an answer that is an error; empty where it does not say.
func errorType(body io.Reader) string {
	var answer struct {
		ErrorType string `json:"errorType"`
	}
	const most = 64 << 10
	if err := json.NewDecoder(io.LimitReader(body, most)).Decode(&answer); err != nil {
		return ""
	}
	return answer.ErrorType
}

// object calls of with each key of an object, to read what stands there.
func object(decoder *json.Decoder, of func(key string) error) error {
	if err := delimiter(decoder, '{'); err != nil {
		return err
	}
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return err
		}
		key, ok := token.(string)
		if !ok {
			return errNotAsPrometheus
		}
		if err := of(key); err != nil {
			return err
		}
	}
	return delimiter(decoder, '}')
}

// array calls of for each element of an array, to read it.
func array(decoder *json.Decoder, of func() error) error {
	if err := delimiter(decoder, '['); err != nil {
		return err
	}
	for decoder.More() {
		if err := of(); err != nil {
			return err
		}
	}
	return delimiter(decoder, ']')
}

func delimiter(decoder *json.Decoder, wanted json.Delim) error {
	token, err := decoder.Token()
	if err == nil && token != wanted {
		return errNotAsPrometheus
	}
	return err
}
