// Package webhook tells a customer by an HTTP POST: a CloudEvents 1.0 envelope in structured mode, signed as
// Standard Webhooks 1.0 says (https://www.standardwebhooks.com).
package webhook

import (
	"bytes"
	"context"
	"net/http"
	"net/url"

	"k8s.io/utils/clock"

	"forewarn.dev/forewarn/internal/delivery"
	"forewarn.dev/forewarn/internal/delivery/egress"
)

// Sender sends webhooks. It may be used by many at once.
type Sender struct {
	// Client is what egress.Client makes: it follows no redirect.
	Client *http.Client
	// Keys are the secrets to sign with, one or, while a key is replaced, two: the newest first. Each has 24 to
	// 64 bytes.
	Keys [][]byte
	// AllowHTTP: the policy of the channel permits a URL without TLS.
	AllowHTTP bool
	// Clock dates the signature and the receipt.
	Clock clock.PassiveClock
}

// Send tells one customer. Only a 2xx is a receipt; its reference is the message's ID. The error is always a
// *delivery.Failure.
func (s *Sender) Send(ctx context.Context, target string, m delivery.Message) (delivery.Receipt, error) {
	if failure := s.checkTarget(target); failure != nil {
		return delivery.Receipt{}, failure
	}
	body, err := envelope(m)
	if err != nil {
		return delivery.Receipt{}, invalid("the notice does not fit into an envelope")
	}
	signature, failure := sign(s.Keys, m.ID, s.Clock.Now(), body)
	if failure != nil {
		return delivery.Receipt{}, failure
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return delivery.Receipt{}, unusable()
	}
	request.Header = signature
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("User-Agent", "forewarn")
	response, err := s.Client.Do(request)
	if err != nil {
		return delivery.Receipt{}, egress.Failure(ctx, err)
	}
	_ = response.Body.Close() // the status is the answer: what else it says is not read
	now := s.Clock.Now()
	if failure := answered(response, now); failure != nil {
		return delivery.Receipt{}, failure
	}
	return delivery.Receipt{Time: now, Reference: m.ID}, nil
}

// checkTarget refuses what is no URL of a receiver. The URL is a secret: it is in no text.
func (s *Sender) checkTarget(target string) *delivery.Failure {
	parsed, err := url.Parse(target)
	switch {
	case err != nil, parsed.Hostname() == "", parsed.User != nil:
		return unusable()
	case parsed.Scheme == "https", parsed.Scheme == "http" && s.AllowHTTP:
		return nil
	case parsed.Scheme == "http":
		return &delivery.Failure{
			Reason: delivery.ReasonAddressInvalid, Permanent: true,
			Text: "the URL is without TLS, and the channel's policy does not allow that",
		}
	}
	return unusable()
}

func unusable() *delivery.Failure {
	return &delivery.Failure{
		Reason: delivery.ReasonAddressInvalid, Permanent: true,
		Text: "the URL is none of a webhook: https, a host, and no user name in it",
	}
}

func invalid(text string) *delivery.Failure {
	return &delivery.Failure{Reason: delivery.ReasonChannelInvalid, Text: text, Channel: true}
}
