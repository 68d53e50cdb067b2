package delivery

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// idBytes is the length of an ID before it is written in hex: among 2^40 messages, two have the same one with a
// probability of 2^-49.
const idBytes = 16

// ID is the one id of (notice, customer, channel, stage): 32 hex digits, the same over retries, restarts and
// replicas, so that whoever gets a message twice can tell. It is the head of a SHA-256 over the parts, each with
// its length in 8 bytes before it: no two lists of parts run into the same bytes.
func ID(noticeUID, customer, channel string, stage Stage) string {
	digest := sha256.New()
	for _, part := range []string{noticeUID, customer, channel, string(stage)} {
		digest.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		digest.Write([]byte(part))
	}
	return hex.EncodeToString(digest.Sum(nil)[:idBytes])
}
