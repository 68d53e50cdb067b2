package webhook

import (
	"errors"
	"net/http"
	"strconv"
	"testing"
	"time"
)

func TestVerify(t *testing.T) {
	const body = "what came back"
	signedBy := func(key []byte, at time.Time) http.Header {
		header, err := Sign(key, "0123456789abcdef", at, []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		return header
	}
	with := func(name, value string) http.Header {
		header := signedBy(newKey, now)
		header.Set(name, value)
		return header
	}
	both := with("webhook-signature", "v1,c29tZWJvZHkgZWxzZQ== v1a,x nothing "+signedBy(newKey, now).Get("webhook-signature"))
	dotted, err := Sign(newKey, "0123456789abcdef.1", now, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		header http.Header
		keys   [][]byte
		body   string
		want   error
	}{
		"by the newer key":                {signedBy(newKey, now), [][]byte{newKey, oldKey}, body, nil},
		"by the older key":                {signedBy(oldKey, now), [][]byte{newKey, oldKey}, body, nil},
		"by one of several signatures":    {both, [][]byte{newKey}, body, nil},
		"five minutes ago":                {signedBy(newKey, now.Add(-5*time.Minute)), [][]byte{newKey}, body, nil},
		"five minutes and a second ago":   {signedBy(newKey, now.Add(-5*time.Minute-time.Second)), [][]byte{newKey}, body, ErrNotSigned},
		"five minutes ahead":              {signedBy(newKey, now.Add(5*time.Minute)), [][]byte{newKey}, body, nil},
		"five minutes and a second ahead": {signedBy(newKey, now.Add(5*time.Minute+time.Second)), [][]byte{newKey}, body, ErrNotSigned},
		"by a key that is no more":        {signedBy(oldKey, now), [][]byte{newKey}, body, ErrNotSigned},
		"no key":                          {signedBy(newKey, now), nil, body, ErrNotSigned},
		"a key that is too short":         {signedBy(newKey, now), [][]byte{newKey[:minKey-1], {}}, body, ErrNotSigned},
		"another body":                    {signedBy(newKey, now), [][]byte{newKey}, body + "\n", ErrNotSigned},
		"no body":                         {signedBy(newKey, now), [][]byte{newKey}, "", ErrNotSigned},
		"no headers":                      {http.Header{}, [][]byte{newKey}, body, ErrNotSigned},
		"another id":                      {with("webhook-id", "1123456789abcdef"), [][]byte{newKey}, body, ErrNotSigned},
		"no id":                           {with("webhook-id", ""), [][]byte{newKey}, body, ErrNotSigned},
		"an id with a dot":                {dotted, [][]byte{newKey}, body, ErrNotSigned},
		"another time":                    {with("webhook-timestamp", strconv.FormatInt(now.Unix()+1, 10)), [][]byte{newKey}, body, ErrNotSigned},
		"a time that is none":             {with("webhook-timestamp", "noon"), [][]byte{newKey}, body, ErrNotSigned},
		"the end of time":                 {with("webhook-timestamp", "9223372036854775807"), [][]byte{newKey}, body, ErrNotSigned},
		"no signature":                    {with("webhook-signature", ""), [][]byte{newKey}, body, ErrNotSigned},
		"an empty signature":              {with("webhook-signature", "v1,"), [][]byte{newKey}, body, ErrNotSigned},
		"a signature of another version":  {with("webhook-signature", "v2,x"), [][]byte{newKey}, body, ErrNotSigned},
	} {
		t.Run(name, func(t *testing.T) {
			if err := Verify(tc.keys, tc.header, []byte(tc.body), now); !errors.Is(err, tc.want) {
				t.Errorf("got %v, want %v", err, tc.want)
			}
		})
	}
	if _, err := Sign(newKey[:minKey-1], "0123456789abcdef", now, []byte(body)); err == nil {
		t.Error("a key that is too short signed")
	}
}
