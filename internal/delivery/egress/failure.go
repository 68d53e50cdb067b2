package egress

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"syscall"

	"forewarn.dev/forewarn/internal/delivery"
)

// Failure is an error of the network in words of ours: the error itself names addresses. None is permanent,
// since all of them can be mended. ctx is the caller's, which tells whether it was us who broke off.
func Failure(ctx context.Context, err error) *delivery.Failure {
	reason, text := delivery.ReasonConnectionLost, "the connection broke before there was an answer that could be read"
	var (
		lookup   *net.DNSError
		insecure *TLSError
	)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		reason, text = delivery.ReasonInterrupted, "broken off by us before there was an answer"
	case errors.Is(err, ErrRefused):
		reason = delivery.ReasonEgressRefused
		text = "the host has an address that is not a public one, and the channel's policy does not allow its range"
	case errors.As(err, &lookup):
		reason, text = delivery.ReasonUnreachable, "the name of the host does not resolve"
	case errors.Is(err, syscall.ECONNREFUSED):
		reason, text = delivery.ReasonUnreachable, "the host refuses the connection"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		reason, text = delivery.ReasonUnreachable, "there is no way to the host"
	case dialling(err):
		reason, text = delivery.ReasonUnreachable, "the host does not answer"
	case timedOut(err), ctx.Err() != nil:
		reason, text = delivery.ReasonTimeout, "no answer in time"
	case errors.As(err, &insecure):
		reason, text = delivery.ReasonTLSFailed, insecurity(insecure.Err)
	}
	return &delivery.Failure{Reason: reason, Text: text}
}

// insecurity says why a connection is not safe.
func insecurity(err error) string {
	var (
		name        x509.HostnameError
		authority   x509.UnknownAuthorityError
		invalid     x509.CertificateInvalidError
		certificate *tls.CertificateVerificationError
		record      tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "the certificate of the host has expired, or does not hold yet"
	case errors.As(err, &name):
		return "the certificate of the host is for another name"
	case errors.As(err, &authority):
		return "the certificate of the host is not signed by an authority that is trusted"
	case errors.As(err, &certificate):
		return "the certificate of the host does not hold"
	case errors.As(err, &record):
		return "the host does not speak TLS"
	}
	return "TLS with the host did not come about"
}

func timedOut(err error) bool {
	var timeout net.Error
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) ||
		errors.As(err, &timeout) && timeout.Timeout()
}

func dialling(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}
