package webhook

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"forewarn.dev/forewarn/internal/delivery"
)

// The vector that the libraries of Standard Webhooks are tested with in every language.
func TestSignIsWhatIsPublished(t *testing.T) {
	key, err := ParseKey("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	const id, body = "msg_p5jXN8AQM9LWM0D4loKWxJek", `{"test": 2432232314}`
	header, failure := sign([][]byte{key}, id, time.Unix(1614265330, 999), []byte(body))
	if failure != nil {
		t.Fatal(failure)
	}
	want := map[string][]string{
		"Webhook-Id": {id}, "Webhook-Timestamp": {"1614265330"},
		"Webhook-Signature": {"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
	}
	if diff := cmp.Diff(want, map[string][]string(header)); diff != "" {
		t.Error(diff)
	}
	if err := verify(key, request{header: header, body: body}); err != nil {
		t.Errorf("the way that these tests verify does not take the vector: %v", err)
	}
	if verify(key, request{header: header, body: body + " "}) == nil || verify(newKey, request{header: header, body: body}) == nil {
		t.Error("the way that these tests verify takes anything")
	}
}

// While a key is replaced, a receiver may know either.
func TestSendWhileAKeyIsReplaced(t *testing.T) {
	r := receive(t, nil)
	sender := r.sender()
	sender.Keys = [][]byte{newKey, oldKey}
	if _, err := sender.Send(t.Context(), r.url(t), message()); err != nil {
		t.Fatal(err)
	}
	got := r.requests()[0]
	for name, key := range map[string][]byte{"newer": newKey, "older": oldKey} {
		if err := verify(key, got); err != nil {
			t.Errorf("the %s key: %v", name, err)
		}
	}
	signatures := strings.Split(got.header.Get("webhook-signature"), " ")
	if len(signatures) != 2 {
		t.Fatalf("%d signatures", len(signatures))
	}
	got.header.Set("webhook-signature", signatures[0])
	if verify(newKey, got) != nil || verify(oldKey, got) == nil {
		t.Error("the first signature is not that of the newer key")
	}
}

func TestSendRefusesKeys(t *testing.T) {
	key := func(length int) []byte { return bytes.Repeat([]byte("k"), length) }
	cases := map[string]struct {
		keys [][]byte
		want bool
	}{
		"none":             {nil, false},
		"one":              {[][]byte{key(32)}, true},
		"two":              {[][]byte{key(32), key(33)}, true},
		"three":            {[][]byte{key(32), key(33), key(34)}, false},
		"24 bytes":         {[][]byte{key(24)}, true},
		"23 bytes":         {[][]byte{key(23)}, false},
		"64 bytes":         {[][]byte{key(64)}, true},
		"65 bytes":         {[][]byte{key(65)}, false},
		"the second short": {[][]byte{key(32), key(5)}, false},
		"the second empty": {[][]byte{key(32), nil}, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r := receive(t, nil)
			sender := r.sender()
			sender.Keys = c.keys
			_, err := sender.Send(t.Context(), r.url(t), message())
			if c.want {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if got := failure(t, err); got.Reason != delivery.ReasonChannelInvalid || !got.Channel || got.Permanent {
				t.Errorf("%+v", got)
			}
			if len(r.requests()) > 0 {
				t.Error("it was sent")
			}
		})
	}
}

func TestParseKey(t *testing.T) {
	encoded := func(length int) string { return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{0xfb}, length)) }
	for text, want := range map[string]int{
		encoded(24): 24, "whsec_" + encoded(24): 24, " whsec_" + encoded(64) + "\n": 64,
		encoded(23): 0, encoded(65): 0, "": 0, "whsec_": 0, "not base64, and " + secret: 0, "whsec_whsec_" + encoded(24): 0,
		strings.TrimRight(encoded(32), "="): 0, strings.ReplaceAll(encoded(24), "+", "-"): 0,
	} {
		key, err := ParseKey(text)
		if len(key) != want || (err == nil) != (want > 0) {
			t.Errorf("%q: %d bytes, %v", text, len(key), err)
		}
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("%q tells the key", err)
		}
	}
}
