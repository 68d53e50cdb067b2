// Package answer is how a customer answers a notice: by a link that nobody else can make, and with one of two
// answers. It is pure: keys, the time and what was asked are handed in.
package answer

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

const (
	// MinKey is how long a key is at least, in bytes.
	MinKey = 32
	// maxPart is the longest of a ticket's texts: names are DNS labels, and so are ids of customers.
	maxPart = 64
	// version is the first byte of all that is signed, so that another layout can tell itself from this one.
	version = 1
	parts   = 4
	// macBytes is half of what the function gives, and as hard to guess as a key of 128 bits.
	macBytes   = 16
	timeBytes  = 8
	maxPayload = 1 + parts*(1+maxPart) + timeBytes
)

// purpose keeps what is signed here from being taken for anything else that is signed with the key.
const purpose = "forewarn: answer to a notice\x00"

// ErrForged says that a token is none of ours, or that its key is gone, and nothing of what was in it.
var ErrForged = errors.New("it is no token of ours")

// encoding takes no bits that mean nothing.
var encoding = base64.RawURLEncoding.Strict()

// maxToken is the length of the longest token.
var maxToken = encoding.EncodedLen(maxPayload + macBytes)

// Ticket says who may answer which notice, and until when. Whoever holds its token may.
type Ticket struct {
	// Namespace, Name and UID are those of the notice. Another notice under the name has another UID.
	Namespace, Name, UID string
	// Customer is the opaque id of the customer.
	Customer string
	// Expires is the second from which it counts for nothing.
	Expires time.Time
}

// Keys sign tokens: the current one those that are made, the previous one those that were made before it. Either may
// be empty, and signs nothing then.
type Keys struct{ Current, Previous []byte }

// Seal is the token of a ticket: the same for the same ticket and key.
func (k Keys) Seal(t Ticket) (string, error) {
	if len(k.Current) < MinKey {
		return "", fmt.Errorf("the key has %d bytes, and needs %d", len(k.Current), MinKey)
	}
	payload := []byte{version}
	for _, part := range []string{t.Namespace, t.Name, t.UID, t.Customer} {
		if part == "" || len(part) > maxPart {
			return "", fmt.Errorf("a part of the ticket has %d bytes, and may have 1 to %d", len(part), maxPart)
		}
		payload = append(append(payload, byte(len(part))), part...)
	}
	payload = binary.BigEndian.AppendUint64(payload, uint64(t.Expires.Unix()))
	return encoding.EncodeToString(append(payload, mac(k.Current, payload)...)), nil
}

// Open is the ticket of a token, also of one that has expired. Nothing in a token counts before its signature holds.
func (k Keys) Open(token string) (Ticket, error) {
	if len(token) > maxToken {
		return Ticket{}, ErrForged
	}
	sealed, err := encoding.DecodeString(token)
	if err != nil || len(sealed) < macBytes || encoding.EncodeToString(sealed) != token { // it passes over line ends
		return Ticket{}, ErrForged
	}
	payload, signature := sealed[:len(sealed)-macBytes], sealed[len(sealed)-macBytes:]
	if !signed(k.Current, payload, signature) && !signed(k.Previous, payload, signature) {
		return Ticket{}, ErrForged
	}
	ticket, ok := read(payload)
	if !ok {
		return Ticket{}, ErrForged
	}
	return ticket, nil
}

// ExpiredBy says that it counts for nothing any more.
func (t Ticket) ExpiredBy(now time.Time) bool { return !now.Before(t.Expires) }

// read takes a payload apart.
func read(payload []byte) (t Ticket, ok bool) {
	if len(payload) == 0 || payload[0] != version {
		return t, false
	}
	rest := payload[1:]
	for _, part := range []*string{&t.Namespace, &t.Name, &t.UID, &t.Customer} {
		if len(rest) == 0 {
			return t, false
		}
		length := int(rest[0])
		if length == 0 || length > maxPart || len(rest) < 1+length {
			return t, false
		}
		*part, rest = string(rest[1:1+length]), rest[1+length:]
	}
	if len(rest) != timeBytes {
		return t, false
	}
	t.Expires = time.Unix(int64(binary.BigEndian.Uint64(rest)), 0).UTC()
	return t, true
}

func mac(key, payload []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(purpose))
	h.Write(payload)
	return h.Sum(nil)[:macBytes]
}

func signed(key, payload, signature []byte) bool {
	return len(key) >= MinKey && hmac.Equal(mac(key, payload), signature)
}
