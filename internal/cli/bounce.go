package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"forewarn.dev/forewarn/internal/delivery/bounce"
	"forewarn.dev/forewarn/internal/delivery/webhook"
)

const (
	bounceCommand = "bounce"
	// bounceTimeout is less than mail servers give a program.
	bounceTimeout = 30 * time.Second
	// mostAnswer is how much is read of what the manager says, in bytes.
	mostAnswer = 512
)

type bounceOptions struct {
	url     string
	channel string
	keyFile string
}

func newBounce(streams Streams, config *genericclioptions.ConfigFlags) *cobra.Command {
	var o bounceOptions
	cmd := &cobra.Command{
		Use:   bounceCommand + " --url URL --namespace NAMESPACE --channel NAME --key-file FILE",
		Short: "Hand a mail that came back to the manager",
		Long: `Read a mail that came back from standard input, sign it, and hand it to the
manager: what it was evidence of is taken back (docs/tasks/bounces.md). It is
made to be called by a mail server and needs no cluster.

Exit codes, as mail servers know them: 0 taken, or nothing to change; 1 refused
for good; 75 (EX_TEMPFAIL) not now, and whatever has to be put right here first:
keep the mail, and try again.`,
		Example: example(streams, `
forewarn bounce --url https://answers.acme.example -n shop --channel mail --key-file /etc/forewarn/bounces < mail.eml`),
		Args: arguments(0, 0, "--url URL --namespace NAMESPACE --channel NAME --key-file FILE"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.run(cmd.Context(), streams, *config.Namespace)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.url, "url", "", "where the manager takes answers, as its --answers-url says")
	flags.StringVar(&o.channel, "channel", "", "the NoticeChannel that the mail was sent by")
	flags.StringVar(&o.keyFile, "key-file", "", "a file with the key that the channel's bounces.keysFrom holds (whsec_...)")
	return cmd
}

func (o *bounceOptions) run(ctx context.Context, streams Streams, namespace string) error {
	target, err := o.target(namespace)
	if err != nil {
		return err
	}
	key, err := o.key()
	if err != nil {
		return err
	}
	mail, err := io.ReadAll(io.LimitReader(streams.In, bounce.MaxSize+1))
	if err != nil {
		return fmt.Errorf("reading the mail: %w", err)
	}
	if len(mail) > bounce.MaxSize {
		streams.note("Refused: the mail is larger than %d KiB, as no notification is.", bounce.MaxSize>>10)
		return errBlocked
	}
	code, answer, err := postBounce(ctx, target, key, mail, streams.Now())
	switch {
	case err != nil:
		return fmt.Errorf("handing the mail in: %w", err)
	case code == http.StatusOK:
		streams.note("%s", answer)
		return nil
	case code == http.StatusRequestEntityTooLarge, code == http.StatusUnprocessableEntity:
		streams.note("Refused: %s", answer)
		return errBlocked
	}
	return fmt.Errorf("handing the mail in: %s answered %d: %s", target.Host, code, answer)
}

// target is where what came back to the channel is handed in. A mail holds addresses: it goes by TLS, or stays on this
// machine.
func (o *bounceOptions) target(namespace string) (*url.URL, error) {
	switch {
	case o.url == "":
		return nil, errors.New("say where the manager is: --url URL, as its --answers-url says")
	case !objectName.MatchString(namespace):
		return nil, errors.New("say which namespace the channel is in: --namespace NAMESPACE")
	case !objectName.MatchString(o.channel):
		return nil, errors.New("say which NoticeChannel the mail was sent by: --channel NAME")
	case o.keyFile == "":
		return nil, errors.New("say where the key is: --key-file FILE")
	}
	parsed, err := url.Parse(o.url)
	if err != nil || parsed.Hostname() == "" || parsed.User != nil || parsed.RawQuery != "" || parsed.Fragment != "" {
		return nil, errors.New("--url is none of a manager: write it as https://answers.acme.example")
	}
	if parsed.Scheme != "https" && (parsed.Scheme != "http" || !loopback(parsed.Hostname())) {
		return nil, errors.New("--url is without TLS, and the mail holds addresses: write https://")
	}
	return parsed.JoinPath("bounces", namespace, o.channel), nil
}

func loopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// key is read each time: whoever replaces the file is done.
func (o *bounceOptions) key() ([]byte, error) {
	text, err := os.ReadFile(o.keyFile)
	if err != nil {
		return nil, fmt.Errorf("reading the key: %w", err)
	}
	key, err := webhook.ParseKey(string(text))
	if err != nil {
		return nil, fmt.Errorf("reading the key of %s: %w", o.keyFile, err)
	}
	return key, nil
}

// postBounce signs and sends a mail, by the same id however often the mail server tries.
func postBounce(ctx context.Context, target *url.URL, key, mail []byte, now time.Time) (code int, answer string, err error) {
	sum := sha256.Sum256(mail)
	signature, err := webhook.Sign(key, hex.EncodeToString(sum[:16]), now, mail)
	if err != nil {
		return 0, "", err
	}
	ctx, cancel := context.WithTimeout(ctx, bounceTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), bytes.NewReader(mail))
	if err != nil {
		return 0, "", err
	}
	request.Header = signature
	request.Header.Set("Content-Type", "message/rfc822")
	request.Header.Set("User-Agent", "forewarn")
	client := &http.Client{
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{}).DialContext, ForceAttemptHTTP2: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	defer client.CloseIdleConnections()
	response, err := client.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close() //nolint:errcheck // it was only read
	text, err := io.ReadAll(io.LimitReader(response.Body, mostAnswer))
	if err != nil {
		return 0, "", err
	}
	return response.StatusCode, strings.ToValidUTF8(oneLine(strings.TrimSpace(string(text))), ""), nil
}
