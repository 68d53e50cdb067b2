package answer

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var (
	noon    = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	oldKey  = bytes.Repeat([]byte("o"), MinKey)
	newKey  = bytes.Repeat([]byte("n"), MinKey)
	ofJuly  = Ticket{Namespace: "shop", Name: "orders-no-delete", UID: "0c1f6f9e-5d0b-4b0e-9a58-0d8f3c7a1b02", Customer: "c-17", Expires: noon.Add(time.Hour)}
	longest = Ticket{
		Namespace: strings.Repeat("n", 63), Name: strings.Repeat("m", 63), UID: strings.Repeat("u", 64), Customer: strings.Repeat("c", 63), Expires: noon.Add(1),
	}
)

func seal(t testing.TB, key []byte, ticket Ticket) string {
	t.Helper()
	token, err := Keys{Current: key}.Seal(ticket)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestTokenIsTheSameForTheSameTicket(t *testing.T) {
	const want = "AQRzaG9wEG9yZGVycy1uby1kZWxldGUkMGMxZjZmOWUtNWQwYi00YjBlLTlhNTgtMGQ4ZjNjN2ExYjAyBGMtMTcAAAAAawLnULfsUIFsxqiw07P5YupZnwA"
	if got := seal(t, newKey, ofJuly); got != want {
		t.Errorf("the token is %s, want %s: links that were sent are worth nothing any more", got, want)
	}
}

func TestTokenOpens(t *testing.T) {
	both := Keys{Current: newKey, Previous: oldKey}
	long := bytes.Repeat([]byte("n"), 99)
	for name, tc := range map[string]struct {
		keys Keys
		key  []byte
		want error
	}{
		"of the current key":                      {both, newKey, nil},
		"of the previous key":                     {both, oldKey, nil},
		"of a key that is gone":                   {Keys{Current: newKey}, oldKey, ErrForged},
		"of a key that is gone and one that came": {Keys{Previous: oldKey}, newKey, ErrForged},
		"of another key":                          {both, bytes.Repeat([]byte("x"), MinKey), ErrForged},
		"without keys":                            {Keys{}, newKey, ErrForged},
		"of a key longer than a block of SHA-256": {Keys{Current: long}, long, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := tc.keys.Open(seal(t, tc.key, ofJuly))
			want := ofJuly
			if tc.want != nil {
				want = Ticket{}
			}
			if diff := cmp.Diff(want, got); !errors.Is(err, tc.want) || diff != "" {
				t.Errorf("got the error %v, want %v\n%s", err, tc.want, diff)
			}
		})
	}
}

func TestTicketExpires(t *testing.T) {
	for at, want := range map[time.Time]bool{
		noon: false, ofJuly.Expires.Add(-time.Second): false, ofJuly.Expires.Add(-1): false, ofJuly.Expires: true, ofJuly.Expires.AddDate(1, 0, 0): true,
	} {
		if got := ofJuly.ExpiredBy(at); got != want {
			t.Errorf("expired by %v: %t", at, got)
		}
	}
}

func TestLongestTicket(t *testing.T) {
	longest.Expires = longest.Expires.Truncate(time.Second).Add(time.Second)
	token := seal(t, newKey, longest)
	if got, err := (Keys{Current: newKey}).Open(token); err != nil || got != longest {
		t.Errorf("got %v and the error %v", got, err)
	}
	for name, change := range map[string]func(*Ticket){
		"no namespace": func(t *Ticket) { t.Namespace = "" }, "no name": func(t *Ticket) { t.Name = "" },
		"no UID": func(t *Ticket) { t.UID = "" }, "no customer": func(t *Ticket) { t.Customer = "" },
		"a UID too long": func(t *Ticket) { t.UID += "u" },
	} {
		ticket := longest
		change(&ticket)
		if token, err := (Keys{Current: newKey}).Seal(ticket); err == nil {
			t.Errorf("%s: sealed as %s", name, token)
		}
	}
}

func TestKeysNeedTheirLength(t *testing.T) {
	if _, err := (Keys{Current: newKey[:MinKey-1]}).Seal(ofJuly); err == nil {
		t.Error("a key of 31 bytes signs")
	}
	short := newKey[:MinKey-1]
	payload := []byte{version}
	token := encoding.EncodeToString(append(payload, mac(short, payload)...))
	if _, err := (Keys{Current: short, Previous: short}).Open(token); !errors.Is(err, ErrForged) {
		t.Errorf("a key of 31 bytes opens: %v", err)
	}
}

// Whatever is changed in a token, it opens nothing: another notice, another customer, another second.
func TestEachByteCounts(t *testing.T) {
	keys, token := Keys{Current: newKey, Previous: oldKey}, seal(t, newKey, ofJuly)
	sealed, err := encoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	for i := range sealed {
		for bit := range 8 {
			forged := bytes.Clone(sealed)
			forged[i] ^= 1 << bit
			if _, err := keys.Open(encoding.EncodeToString(forged)); !errors.Is(err, ErrForged) {
				t.Fatalf("bit %d of byte %d: %v", bit, i, err)
			}
		}
		if _, err := keys.Open(encoding.EncodeToString(sealed[:i])); !errors.Is(err, ErrForged) {
			t.Fatalf("cut at %d: %v", i, err)
		}
	}
}

// There is one way of writing a token.
func TestTokenIsWrittenInOneWay(t *testing.T) {
	keys, token := Keys{Current: newKey}, seal(t, newKey, ofJuly)
	sealed, err := encoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	last := "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	loose := token[:len(token)-1] + string(last[strings.IndexByte(last, token[len(token)-1])+1])
	for name, other := range map[string]string{
		"empty": "", "padded": base64.URLEncoding.EncodeToString(sealed), "a blank": token + " ", "a line end": token[:9] + "\n" + token[9:],
		"bits that mean nothing": loose, "something behind it": token + "AAAA", "another alphabet": strings.Repeat("+/", 40),
		"much too long": strings.Repeat("A", 1<<20), "zero": strings.Repeat("A", 64),
	} {
		if other == token {
			t.Fatalf("%s is the same", name)
		}
		if _, err := keys.Open(other); !errors.Is(err, ErrForged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is signed and makes no sense opens nothing either: an older or newer version may have signed it.
func TestPayloadIsReadInFull(t *testing.T) {
	keys := Keys{Current: newKey}
	sealed, err := encoding.DecodeString(seal(t, newKey, ofJuly))
	if err != nil {
		t.Fatal(err)
	}
	whole := sealed[:len(sealed)-macBytes]
	other := append([]byte{version + 1}, whole[1:]...)
	payloads := [][]byte{nil, other, append(bytes.Clone(whole), 0), {version, 0}, {version, maxPart + 1}, append([]byte{version, 255}, bytes.Repeat([]byte("a"), 255)...)}
	for i := range whole {
		payloads = append(payloads, whole[:i])
	}
	for _, payload := range payloads {
		token := encoding.EncodeToString(append(bytes.Clone(payload), mac(newKey, payload)...))
		if got, err := keys.Open(token); !errors.Is(err, ErrForged) {
			t.Errorf("%x: %v, %v", payload, got, err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	keys := Keys{Current: newKey, Previous: oldKey}
	f.Add(seal(f, newKey, ofJuly))
	f.Add(seal(f, oldKey, longest))
	f.Add("")
	f.Add(strings.Repeat("A", maxToken))
	f.Fuzz(func(t *testing.T, token string) {
		ticket, err := keys.Open(token)
		if err != nil {
			return
		}
		again, err := keys.Seal(ticket)
		previous, errPrevious := Keys{Current: oldKey}.Seal(ticket)
		if err != nil || errPrevious != nil || again != token && previous != token {
			t.Errorf("%q opens as %v, which is sealed as %q", token, ticket, again)
		}
	})
}
