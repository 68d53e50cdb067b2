// Package prom asks a Prometheus server. It reads an answer as it comes: the client library of Prometheus takes 340 MiB
// for that of 5,000 customers who used 50 operations each, more than a manager has to spare.
package prom

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/delivery/egress"
	"forewarn.dev/forewarn/internal/usage"
)

const (
	// MaxBytes is how long an answer may be. 5,000 customers who used 50 operations each take up to 40 MiB.
	MaxBytes = 64 << 20
	// Deadline is how long one question may take.
	Deadline = 30 * time.Second
)

const (
	path      = "/api/v1/query"
	rangePath = "/api/v1/query_range"
)

// Server is one that can be asked.
type Server struct {
	URL string
	// Client is an egress.BoundedClient.
	Client *http.Client
	// Token is sent along; empty: none is.
	Token string
	// Field is where the query stands, spec.usage where it is empty.
	Field string
}

// Ask asks who of the listed customers used what in the days before a moment, and says what is kept of it. An answer is
// not believed where the server does not remember as many days: a younger memory would not know who used what before.
func (s Server) Ask(ctx context.Context, query *v1alpha1.UsageQuery, listed []v1alpha1.CustomerID, at time.Time) (*usage.Answer, v1alpha1.CustomerUsage, *usage.Problem) {
	var kept v1alpha1.CustomerUsage
	text, labels := usage.Query(query), usage.LabelsOf(query)
	samples, problem := s.samples(ctx, text, at, labels)
	if problem != nil {
		return nil, kept, problem
	}
	answer, problem := usage.Read(samples, labels, listed)
	if problem != nil {
		return nil, kept, problem
	}
	if kept, problem = answer.Status(query, at); problem != nil {
		return nil, kept, problem
	}
	before := at.Add(-time.Duration(query.WindowDays) * 24 * time.Hour)
	remembers, problem := s.remembers(ctx, text, before)
	switch {
	case problem != nil:
		return nil, kept, problem
	case !remembers:
		return nil, kept, &usage.Problem{Reason: v1alpha1.ReasonUsageTooShort, Text: fmt.Sprintf(
			"the server remembers nothing of %s, so that it cannot know who used what since: let it keep its memory for longer, or take fewer windowDays",
			before.UTC().Format(time.RFC3339))}
	}
	return answer, kept, nil
}

// samples are the answer to a query at a moment.
func (s Server) samples(ctx context.Context, query string, at time.Time, labels usage.Labels) ([]usage.Sample, *usage.Problem) {
	return s.ask(ctx, query, at, labels)
}

// remembers says that the query had any answer at a moment. The server counts, so that the answer is short; what the
// query ends with, a comment for instance, does not reach beyond its line.
func (s Server) remembers(ctx context.Context, query string, at time.Time) (bool, *usage.Problem) {
	samples, problem := s.ask(ctx, "count(\n"+query+"\n)", at, usage.Labels{})
	return len(samples) > 0, problem
}

func (s Server) ask(ctx context.Context, query string, at time.Time, labels usage.Labels) ([]usage.Sample, *usage.Problem) {
	form := url.Values{"query": {query}, "time": {strconv.FormatInt(at.Unix(), 10)}, "timeout": {Deadline.String()}}
	read := reading{labels: labels, texts: map[string]string{}}
	if problem := s.post(ctx, path, form, read.answer); problem != nil {
		return nil, problem
	}
	problem := read.problem()
	return read.samples, problem
}

// post asks one question, and reads what is answered.
func (s Server) post(ctx context.Context, path string, form url.Values, read func(io.Reader) error) *usage.Problem {
	ctx, cancel := context.WithTimeout(ctx, Deadline)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimRight(s.URL, "/")+path, strings.NewReader(form.Encode()))
	if err != nil {
		return &usage.Problem{Reason: v1alpha1.ReasonUsageInvalid, Text: s.field() + ".url is no address of a server: correct it"}
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if s.Token != "" {
		request.Header.Set("Authorization", "Bearer "+s.Token)
	}
	response, err := s.Client.Do(request)
	if err != nil {
		return s.unreached(ctx, err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return s.refused(response.StatusCode, errorType(response.Body))
	}
	if err := read(response.Body); err != nil {
		return s.unread(ctx, err)
	}
	return nil
}

func (s Server) field() string { return cmp.Or(s.Field, "spec.usage") }

// unreached says why there is no answer. Like all that is said here, it is in words of ours: those of the server may
// hold anything.
func (s Server) unreached(ctx context.Context, err error) *usage.Problem {
	if errors.Is(err, egress.ErrRefused) {
		return &usage.Problem{Reason: v1alpha1.ReasonUsageUnreachable,
			Text: "the server has an address that is not a public one: name its range in " + s.field() + ".allowedRanges"}
	}
	return &usage.Problem{Reason: v1alpha1.ReasonUsageUnreachable,
		Text: egress.Failure(ctx, err).Text + ": see to the server, or correct " + s.field()}
}

// unread says why an answer could not be read to its end.
func (s Server) unread(ctx context.Context, err error) *usage.Problem {
	var tooLong *http.MaxBytesError
	switch {
	case errors.Is(err, errNoSeries):
		return &usage.Problem{Reason: v1alpha1.ReasonUsageInvalid,
			Text: "the answer is not one series of numbers: let the query answer with one sample, for example min(...), and try it on the server"}
	case errors.As(err, &tooLong):
		return &usage.Problem{Reason: v1alpha1.ReasonUsageTooLarge, Text: fmt.Sprintf(
			"the answer is longer than %d MiB: let the query sum by customer, operation and version alone", tooLong.Limit>>20)}
	case errors.Is(err, errTooMany):
		return &usage.Problem{Reason: v1alpha1.ReasonUsageTooLarge, Text: fmt.Sprintf(
			"the answer holds more than %d samples: let the query sum by customer, operation and version alone", maxSamples)}
	case errors.Is(err, errNotAsPrometheus):
		return s.refused(http.StatusOK, "")
	}
	return s.unreached(ctx, err)
}

func (s Server) refused(status int, kind string) *usage.Problem {
	return &usage.Problem{Reason: v1alpha1.ReasonUsageRefused, Text: refusal(status, kind, s.field())}
}

// refusal says why a server did not answer the query, by the status and the type of the error.
func refusal(status int, kind, field string) string {
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return fmt.Sprintf("the server lets nobody in who comes like this (HTTP %d): correct the token of %s.tokenFrom", status, field)
	case status >= http.StatusMultipleChoices && status < http.StatusBadRequest:
		return fmt.Sprintf("the server sends elsewhere (HTTP %d), which is not followed: write in %s.url where", status, field)
	case kind == "bad_data":
		return "the server cannot read the query: try it there, and correct " + field + ".query"
	case kind == "timeout", kind == "canceled":
		return "the query takes the server too long: let a recording rule work out a part of it"
	case kind == "execution":
		return "the server cannot work the query out: try it there, and correct " + field + ".query"
	}
	return fmt.Sprintf("what answers (HTTP %d) is not as Prometheus answers, or broken off: see to the server, or correct %s.url", status, field)
}
