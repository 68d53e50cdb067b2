package webhook

import (
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"forewarn.dev/forewarn/internal/delivery"
)

// Bounds of a key in bytes (Standard Webhooks, "Signature scheme"), and how many sign at once.
const (
	minKey  = 24
	maxKey  = 64
	maxKeys = 2
)

// keyPrefix is what the text of a key may begin with.
const keyPrefix = "whsec_"

// ParseKey reads a key as people hand it on: base64 of 24 to 64 bytes, "whsec_" before it or not. The error
// does not repeat the key.
func ParseKey(text string) ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(strings.TrimSpace(text), keyPrefix))
	if err != nil {
		return nil, errors.New("the key is not base64")
	}
	if !fits(key) {
		return nil, errors.New("the key must have 24 to 64 bytes")
	}
	return key, nil
}

func fits(key []byte) bool { return len(key) >= minKey && len(key) <= maxKey }

// sign makes the three headers. Each key makes a signature of "<id>.<seconds>.<body>" by HMAC-SHA256; a
// receiver is content with any of them.
func sign(keys [][]byte, id string, at time.Time, body []byte) (http.Header, *delivery.Failure) {
	if len(keys) == 0 || len(keys) > maxKeys {
		return nil, invalid("a webhook is signed with one key, or with two while one is replaced")
	}
	signatures := make([]string, 0, len(keys))
	for _, key := range keys {
		if !fits(key) {
			return nil, invalid("a key to sign with must have 24 to 64 bytes")
		}
		signer, err := standardwebhooks.NewWebhookRaw(key)
		if err != nil {
			return nil, invalid("a key to sign with cannot be used")
		}
		signature, err := signer.Sign(id, at, body)
		if err != nil {
			return nil, invalid("a key to sign with cannot be used")
		}
		signatures = append(signatures, signature)
	}
	header := http.Header{}
	header.Set(standardwebhooks.HeaderWebhookID, id)
	header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	header.Set(standardwebhooks.HeaderWebhookSignature, strings.Join(signatures, " "))
	return header, nil
}
