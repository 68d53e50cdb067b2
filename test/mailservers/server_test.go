//go:build linux

// Package mailservers sends by mail servers that other people run: Postfix and OpenSMTPD as Debian has them. A server
// that is not installed is skipped, and so are all of them without root, which they need to start.
package mailservers

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/utils/clock"

	"forewarn.dev/forewarn/internal/delivery"
	"forewarn.dev/forewarn/internal/delivery/egress"
	channel "forewarn.dev/forewarn/internal/delivery/mail"
	"forewarn.dev/forewarn/test/internet"
)

const (
	known = "known@customer.example"
	later = "later@customer.example"
	// maxSize is the largest mail that the servers take.
	maxSize = 8192
	// nobody owns the mailboxes: no server delivers as root.
	nobody = 65534
)

// server is a mail server in a process of its own, at 127.0.0.1, and the mailbox of the one recipient that it knows.
type server struct {
	*WithT
	t         *testing.T
	authority *internet.Authority
	dir       string
	port      int
	mailbox   string
	// safe: it speaks STARTTLS, and nothing else.
	safe bool
}

// newServer prepares one. It does not run yet.
func newServer(t *testing.T, binary string) *server {
	t.Helper()
	if _, err := exec.LookPath(binary); err != nil {
		t.Skipf("%s is not installed", binary)
	}
	if os.Getuid() != 0 {
		t.Skipf("%s needs root to start", binary)
	}
	s := &server{WithT: NewWithT(t), t: t, authority: internet.NewAuthority(t), dir: t.TempDir()}
	s.SetDefaultEventuallyTimeout(30 * time.Second)
	for _, dir := range []string{s.dir, filepath.Dir(s.dir)} {
		s.Expect(os.Chmod(dir, 0o755)).To(Succeed())
	}
	mails := filepath.Join(s.dir, "mails")
	s.Expect(os.Mkdir(mails, 0o755)).To(Succeed())
	s.Expect(os.Chown(mails, nobody, nobody)).To(Succeed())
	s.mailbox = filepath.Join(mails, "known")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	s.Expect(err).NotTo(HaveOccurred())
	s.port = listener.Addr().(*net.TCPAddr).Port
	s.Expect(listener.Close()).To(Succeed())
	return s
}

// writeKeys writes the server's certificate and its key.
func (s *server) writeKeys() {
	s.t.Helper()
	pair := s.authority.Server(s.t, "127.0.0.1").Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	s.Expect(err).NotTo(HaveOccurred())
	s.write("cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]})))
	s.write("key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})))
}

// write writes a file that only root reads, and returns its path.
func (s *server) write(name, text string) string {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	s.Expect(os.WriteFile(path, []byte(text), 0o600)).To(Succeed())
	return path
}

// start runs it until the test ends, and waits until it greets.
func (s *server) start(name string, args ...string) {
	s.t.Helper()
	var log bytes.Buffer
	process := exec.Command(name, args...)
	process.Stdout, process.Stderr = &log, &log
	process.WaitDelay = 10 * time.Second
	process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	s.Expect(process.Start()).To(Succeed())
	s.t.Cleanup(func() {
		_ = process.Process.Signal(syscall.SIGTERM)
		_ = process.Wait()
		if s.t.Failed() {
			more, _ := os.ReadFile(filepath.Join(s.dir, "log"))
			s.t.Log(log.String(), string(more))
		}
	})
	s.Eventually(func(g Gomega) {
		conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", fmt.Sprint(s.port)))
		g.Expect(err).NotTo(HaveOccurred())
		defer func() { _ = conn.Close() }()
		greeting := make([]byte, 4)
		_, err = io.ReadFull(conn, greeting)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(string(greeting)).To(Equal("220 "))
	}).Should(Succeed())
}

// sender trusts the server, and speaks as it does.
func (s *server) sender() *channel.Sender {
	sender := &channel.Sender{
		Host: "127.0.0.1", Port: s.port, From: "Acme APIs <notices@acme.example>", RootCAs: s.authority.Pool(),
		Dialer: egress.Dialer{Allowed: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}},
		Clock:  clock.RealClock{}, Timeout: time.Minute,
	}
	if !s.safe {
		sender.Security = channel.None
	}
	return sender
}

var published = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// message has a subject and lines that do not fit into ASCII or a line of a mail.
func message(n int) delivery.Message {
	return delivery.Message{
		ID: delivery.ID("u", fmt.Sprint(n), "mail", delivery.Published), Stage: delivery.Published, Customer: "c-17",
		Sent: published,
		Notice: delivery.Notice{
			Namespace: "shop", Name: "orders-no-delete", UID: "u", API: "orders", APITitle: "Bestellungen — 注文",
			Title:       "Ab 1. Juli 2027 können Bestellungen nicht mehr gelöscht werden, weder einzeln noch gesammelt – bitte stornieren",
			WhatChanges: strings.Repeat("x", 2000) + "\n.\n..\nFrom here on: " + strings.Repeat("ü", 200),
			Effective:   time.Date(2027, 7, 1, 0, 0, 0, 0, time.UTC), Published: published,
		},
	}
}

// large is more than the servers take.
func large(n int) delivery.Message {
	m := message(n)
	m.Notice.WhatChanges = strings.Repeat("x", 2*maxSize)
	return m
}

// refusals are what a server answers, in our words. Each has codes of its own.
type refusals struct {
	unknown, later, large string
}

// sends goes through one conversation, in which refusals stand between mails that are taken over.
func (s *server) sends(sender *channel.Sender, want refusals) {
	s.t.Helper()
	session := sender.Session()
	defer session.Close()
	send := func(to string, m delivery.Message) *delivery.Failure {
		receipt, err := session.Send(s.t.Context(), to, m)
		var failure *delivery.Failure
		if errors.As(err, &failure) {
			return failure
		}
		s.Expect(err).NotTo(HaveOccurred())
		s.Expect(receipt.Reference).To(Equal("<" + m.ID + "@acme.example>"))
		return nil
	}
	s.Expect(send(known, message(1))).To(Succeed())
	s.Expect(send("unknown@customer.example", message(2))).To(HaveValue(Equal(delivery.Failure{
		Reason: delivery.ReasonMailRefused, Text: want.unknown, Permanent: true,
	})))
	s.Expect(send(later, message(3))).To(HaveValue(Equal(delivery.Failure{Reason: delivery.ReasonMailDeferred, Text: want.later})))
	s.Expect(send(known, large(4))).To(HaveValue(Equal(delivery.Failure{
		Reason: delivery.ReasonMailRefused, Text: want.large, Permanent: true,
	})))
	s.Expect(send(known, message(5))).To(Succeed())
	s.arrive(message(1), message(5))
}

// refused is what became of a mail that was not taken over.
func (s *server) refused(sender *channel.Sender, to string, m delivery.Message) *delivery.Failure {
	s.t.Helper()
	_, err := sender.Send(s.t.Context(), to, m)
	var failure *delivery.Failure
	s.Expect(errors.As(err, &failure)).To(BeTrue())
	return failure
}

// arrive waits until these are in the mailbox, and nothing else, as they were written.
func (s *server) arrive(messages ...delivery.Message) {
	s.t.Helper()
	var files []string
	s.Eventually(func() []string {
		files, _ = filepath.Glob(filepath.Join(s.mailbox, "new", "*"))
		return files
	}).Should(HaveLen(len(messages)))
	arrived := map[string]*mail.Message{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		s.Expect(err).NotTo(HaveOccurred())
		_, ours, _ := strings.Cut(string(content), "\nAuto-Submitted: ") // below what the server wrote
		s.Expect(ours).NotTo(BeEmpty())
		for line := range strings.Lines(ours) {
			s.Expect(len(strings.TrimRight(line, "\r\n"))).To(BeNumerically("<=", 78), line)
		}
		parsed, err := mail.ReadMessage(bytes.NewReader(content))
		s.Expect(err).NotTo(HaveOccurred())
		arrived[parsed.Header.Get("Message-ID")] = parsed
	}
	for _, m := range messages {
		parsed := arrived["<"+m.ID+"@acme.example>"]
		s.Expect(parsed).NotTo(BeNil())
		wantSubject, wantBody := delivery.Letter(m)
		subject, err := new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject"))
		s.Expect(err).NotTo(HaveOccurred())
		s.Expect(subject).To(Equal(wantSubject))
		body, err := io.ReadAll(quotedprintable.NewReader(parsed.Body))
		s.Expect(err).NotTo(HaveOccurred())
		lines := func(text string) string { return strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n")) }
		s.Expect(lines(string(body))).To(Equal(lines(wantBody)))
		if s.safe {
			s.Expect(parsed.Header.Get("Received")).To(ContainSubstring("using TLSv1.3"))
		}
	}
}
