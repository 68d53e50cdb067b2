package webhook

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// Tolerance is how far the time of a signature may be from ours (Standard Webhooks, "Verifying webhook authenticity").
const Tolerance = 5 * time.Minute

// ErrNotSigned says that no key that we know signed it just now.
var ErrNotSigned = errors.New("the signature does not hold")

// Sign makes the headers by which whoever has the key can tell that it was signed by another who has.
func Sign(key []byte, id string, at time.Time, body []byte) (http.Header, error) {
	header, failure := sign([][]byte{key}, id, at, body)
	if failure != nil {
		return nil, failure
	}
	return header, nil
}

// Signed says that headers are such as Sign makes, at a time that is ours but for Tolerance. It does not look at
// the signature.
func Signed(header http.Header, now time.Time) error {
	id := header.Get(standardwebhooks.HeaderWebhookID)
	// A dot in the id could be that before the time: the same signature would hold for two messages.
	if id == "" || strings.Contains(id, ".") || header.Get(standardwebhooks.HeaderWebhookSignature) == "" {
		return ErrNotSigned
	}
	seconds, err := strconv.ParseInt(header.Get(standardwebhooks.HeaderWebhookTimestamp), 10, 64)
	if err != nil {
		return ErrNotSigned
	}
	ours := now.Unix()
	if seconds < ours-int64(Tolerance/time.Second) || seconds > ours+int64(Tolerance/time.Second) {
		return ErrNotSigned
	}
	return nil
}

// Verify says that one of the keys signed the body within Tolerance.
func Verify(keys [][]byte, header http.Header, body []byte, now time.Time) error {
	if err := Signed(header, now); err != nil {
		return err
	}
	for _, key := range keys {
		signer, err := standardwebhooks.NewWebhookRaw(key)
		if err == nil && fits(key) && signer.VerifyIgnoringTimestamp(body, header) == nil {
			return nil
		}
	}
	return ErrNotSigned
}
