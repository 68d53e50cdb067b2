package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/smtp"
	"os"
	"path/filepath"
	"testing"
	"time"
)

const letter = "From: shop@acme.example\r\nTo: c@customer.example\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n" +
	"Message-ID: <1@acme.example>\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nF=C3=BCr alle: 1 =\r\nSatz\r\n"

const asRead = "From: shop@acme.example\nTo: c@customer.example\nSubject: Grüße\nMessage-ID: <1@acme.example>\n\nFür alle: 1 Satz\n"

func TestKeepsMailsAsPeopleReadThem(t *testing.T) {
	dir := t.TempDir()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, []string{dir}) }()
	port := read(t, dir, "port")
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(read(t, dir, "ca.crt"))) {
		t.Fatal("ca.crt holds no certificate")
	}

	client, err := smtp.Dial(net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	if err := client.StartTLS(&tls.Config{RootCAs: pool, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12}); err != nil {
		t.Fatal("the certificate does not verify:", err)
	}
	for _, name := range []string{"1.txt", "2.txt"} {
		send(t, client)
		if got := read(t, dir, name); got != asRead {
			t.Errorf("%s is\n%q\nand not\n%q", name, got, asRead)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("it ended with %v", err)
	}
}

func TestWantsAFolder(t *testing.T) {
	if run(t.Context(), nil) == nil {
		t.Error("without a folder it starts")
	}
}

func send(t *testing.T, client *smtp.Client) {
	t.Helper()
	for _, step := range []func() error{
		func() error { return client.Mail("shop@acme.example") },
		func() error { return client.Rcpt("c@customer.example") },
		func() error {
			w, err := client.Data()
			if err != nil {
				return err
			}
			if _, err := w.Write([]byte(letter)); err != nil {
				return err
			}
			return w.Close()
		},
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
}

// read waits for a file of the mailbox.
func read(t *testing.T, dir, name string) string {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil {
			return string(content)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal(err)
		}
	}
}
