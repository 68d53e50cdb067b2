package cli

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"forewarn.dev/forewarn/internal/delivery/bounce"
	"forewarn.dev/forewarn/internal/delivery/webhook"
)

const bounceKey = "whsec_bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3"

// keyFile writes one as people do, with the end of a line.
func keyFile(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "bounces")
	if err := os.WriteFile(file, []byte(text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// hand runs the command with a mail, and returns the exit code and what it said.
func hand(mail string, args ...string) (code int, said string) {
	var out, errs bytes.Buffer
	code = Run(append([]string{"bounce"}, args...), Streams{
		In: strings.NewReader(mail), Out: &out, Err: &errs, Now: func() time.Time { return noon },
	})
	return code, out.String() + errs.String()
}

// The manager gets the mail as it is, signed; and a mail server knows what the exit code means.
func TestBounceHandsTheMailIn(t *testing.T) {
	const mail = "Subject: Undelivered Mail\r\n\r\nhello\r\n"
	key, err := webhook.ParseKey(bounceKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		status int
		answer string
		want   int
		said   string
	}{
		"taken":                    {200, "taken: the message counts as delivered no more\n", 0, "taken: the message counts as delivered no more\n"},
		"not to be taken":          {422, "no such message\n", 1, "Refused: no such message\n"},
		"too large":                {413, "it is too large\n", 1, "Refused: it is too large\n"},
		"under way":                {503, "try again\n", 75, "answered 503: try again\n"},
		"signed with another":      {401, "the signature does not hold\n", 75, "answered 401: the signature does not hold\n"},
		"something else there":     {404, "404 page not found\n", 75, "answered 404: 404 page not found\n"},
		"elsewhere":                {307, "", 75, "answered 307: \n"},
		"nothing to read":          {204, "", 75, "answered 204: \n"},
		"of a terminal":            {200, "\x1b[2Jtaken\nand more\n", 0, "\\x1b[2Jtaken and more\n"},
		"more than is listened to": {422, strings.Repeat("x", 9999), 1, "Refused: " + strings.Repeat("x", mostAnswer) + "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked++
				body, err := io.ReadAll(r.Body)
				if err != nil || string(body) != mail || r.Method != http.MethodPost || r.URL.Path != "/behind/bounces/shop/mail" {
					t.Errorf("%s %s with %q, %v", r.Method, r.URL, body, err)
				}
				if err := webhook.Verify([][]byte{key}, r.Header, body, noon); err != nil {
					t.Error(err)
				}
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(tc.status)
				_, _ = io.WriteString(w, tc.answer) // the command may have heard enough
			}))
			defer server.Close()
			code, said := hand(mail, "--url", server.URL+"/behind/", "-n", "shop", "--channel", "mail", "--key-file", keyFile(t, bounceKey))
			if code != tc.want || !strings.HasSuffix(said, tc.said) || asked != 1 {
				t.Errorf("%d, asked %d times: %s", code, asked, said)
			}
		})
	}
}

// Whatever has to be put right here first, the mail server is to keep the mail.
func TestBounceKeepsTheMail(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	good := keyFile(t, bounceKey)
	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"no URL":                  {[]string{"-n", "shop", "--channel", "mail", "--key-file", good}, "--url URL"},
		"no namespace":            {[]string{"--url", gone.URL, "--channel", "mail", "--key-file", good}, "--namespace NAMESPACE"},
		"a path for a namespace":  {[]string{"--url", gone.URL, "-n", "../shop", "--channel", "mail", "--key-file", good}, "--namespace NAMESPACE"},
		"no channel":              {[]string{"--url", gone.URL, "-n", "shop", "--key-file", good}, "--channel NAME"},
		"no key":                  {[]string{"--url", gone.URL, "-n", "shop", "--channel", "mail"}, "--key-file FILE"},
		"a key that is not there": {[]string{"--url", gone.URL, "-n", "shop", "--channel", "mail", "--key-file", good + "?"}, "no such file"},
		"a key that is none":      {[]string{"--url", gone.URL, "-n", "shop", "--channel", "mail", "--key-file", keyFile(t, "whsec_short")}, "base64"},
		"nobody there":            {[]string{"--url", gone.URL, "-n", "shop", "--channel", "mail", "--key-file", good}, "refused"},
		"a URL without TLS":       {[]string{"--url", "http://answers.acme.example", "-n", "shop", "--channel", "mail", "--key-file", good}, "without TLS"},
		"a URL with a password":   {[]string{"--url", "https://a:b@answers.acme.example", "-n", "shop", "--channel", "mail", "--key-file", good}, "none of a manager"},
		"no URL of HTTP":          {[]string{"--url", "ftp://answers.acme.example", "-n", "shop", "--channel", "mail", "--key-file", good}, "without TLS"},
		"a name alone":            {[]string{"--url", "answers.acme.example", "-n", "shop", "--channel", "mail", "--key-file", good}, "none of a manager"},
		"a flag that is none":     {[]string{"--urls", gone.URL}, "unknown flag"},
		"an argument too many":    {[]string{"mail.eml"}, "one argument too many"},
	} {
		t.Run(name, func(t *testing.T) {
			if code, said := hand("x", tc.args...); code != ExitTryLater || !strings.Contains(said, tc.want) || strings.Count(said, "\n") != 1 {
				t.Errorf("%d: %s", code, said)
			}
		})
	}
}

// What is no notification by its size alone is asked about nowhere.
func TestBounceOfAMailThatIsTooLarge(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	defer server.Close()
	args := []string{"--url", server.URL, "-n", "shop", "--channel", "mail", "--key-file", keyFile(t, bounceKey)}
	if code, said := hand(strings.Repeat("x", bounce.MaxSize), args...); code != ExitAdmissible || asked != 1 {
		t.Errorf("256 KiB: %d, asked %d times: %s", code, asked, said)
	}
	if code, said := hand(strings.Repeat("x", bounce.MaxSize+1), args...); code != ExitBlocked || asked != 1 || !strings.HasPrefix(said, "Refused: ") {
		t.Errorf("a byte more: %d, asked %d times: %s", code, asked, said)
	}
}

// A name leads to this machine only if it is a name of this machine.
func TestLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "127.0.0.1": true, "127.8.8.8": true, "::1": true, "::ffff:127.0.0.1": true,
		"10.0.0.1": false, "localhost.acme.example": false, "127.0.0.1.acme.example": false, "": false,
	} {
		if got := loopback(host); got != want {
			t.Errorf("%q: %t", host, got)
		}
	}
}
