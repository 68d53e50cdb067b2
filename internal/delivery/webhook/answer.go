package webhook

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"forewarn.dev/forewarn/internal/delivery"
)

// maxRetryAfter bounds how long a receiver can put us off: longer, and the customer is not told.
const maxRetryAfter = 24 * time.Hour

// answered is what an answer says other than yes. Nil: it says yes.
func answered(response *http.Response, now time.Time) *delivery.Failure {
	status := response.StatusCode
	text := "the receiver answered " + strconv.Itoa(status)
	switch {
	case status >= 200 && status < 300:
		return nil
	case status >= 300 && status < 400:
		return &delivery.Failure{
			Reason: delivery.ReasonRedirectRefused, Text: text + ", which points elsewhere: redirects are not followed",
		}
	case status == http.StatusGone:
		return &delivery.Failure{
			Reason: delivery.ReasonWebhookGone, Text: text + ": it wants no more", Permanent: true, Disable: true,
		}
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable:
		return &delivery.Failure{
			Reason: delivery.ReasonWebhookDeferred, Text: text,
			RetryAfter: retryAfter(response.Header.Get("Retry-After"), now),
		}
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly, status < 400, status >= 500:
		return &delivery.Failure{Reason: delivery.ReasonWebhookDeferred, Text: text}
	}
	return &delivery.Failure{Reason: delivery.ReasonWebhookRefused, Text: text, Permanent: true}
}

// retryAfter reads a Retry-After (RFC 9110, section 10.2.3): seconds, or a date. Zero: it says nothing.
func retryAfter(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	if value != "" && strings.Trim(value, "0123456789") == "" {
		seconds, err := strconv.ParseInt(value, 10, 64)
		if err != nil || seconds > int64(maxRetryAfter/time.Second) {
			return maxRetryAfter
		}
		return time.Duration(seconds) * time.Second
	}
	date, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return min(max(date.Sub(now), 0), maxRetryAfter)
}
