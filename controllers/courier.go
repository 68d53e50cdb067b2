package controllers

import (
	"context"
	"crypto/x509"
	"net/netip"
	"slices"
	"time"

	"k8s.io/utils/clock"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/delivery"
	"forewarn.dev/forewarn/internal/delivery/egress"
	"forewarn.dev/forewarn/internal/delivery/mail"
	"forewarn.dev/forewarn/internal/delivery/webhook"
	"forewarn.dev/forewarn/internal/snapshot"
)

const (
	// mailTimeout is less than what RFC 5321 gives a server for an answer, so that one that hangs does not hold up the
	// notices of others for long. Whoever is told twice for that can tell by the Message-ID.
	mailTimeout = 2 * time.Minute
	// webhooksAtOnce is how many receivers are spoken to side by side: one that is slow leaves the others a way.
	webhooksAtOnce = 8
)

// Types of channels, as metrics name them.
const (
	channelMail    = "Mail"
	channelWebhook = "Webhook"
)

// courier takes messages to customers by one channel, for one batch.
type courier struct {
	channelType string
	// atOnce is how many messages may be under way side by side.
	atOnce int
	send   func(ctx context.Context, address string, m delivery.Message) (delivery.Receipt, error)
	close  func()
}

// dispatch is what all couriers share.
type dispatch struct {
	own clock.PassiveClock
	// inside are the ranges of the network inside that a channel may open for itself. Whoever may edit a channel could
	// otherwise have the manager connect to anything that it can reach.
	inside []netip.Prefix
}

// newCourier says, where there is none to be had, what has to be put right. It connects to nobody.
func (p dispatch) newCourier(channel *v1alpha1.NoticeChannel, secrets snapshot.ChannelSecrets) (*courier, *delivery.Failure) {
	if secrets.Problem != nil {
		return nil, channelFailure(secrets.Problem.Reason, secrets.Problem.Message)
	}
	dialer, authorities, failure := p.wayOut(channel.Spec.AllowedRanges, secrets.Authorities)
	if failure != nil {
		return nil, failure
	}
	if channel.Spec.Mail.Host != "" {
		return newMailCourier(&channel.Spec.Mail, secrets, &mail.Sender{Dialer: dialer, RootCAs: authorities, Clock: p.own})
	}
	return newWebhookCourier(&channel.Spec.Webhook, secrets, &webhook.Sender{Client: egress.Client(dialer, authorities), Clock: p.own})
}

// wayOut is how something that names these ranges goes out, and whom it trusts.
func (p dispatch) wayOut(ranges []string, pem []byte) (dialer egress.Dialer, authorities *x509.CertPool, failure *delivery.Failure) {
	for _, text := range ranges {
		allowed, err := netip.ParsePrefix(text)
		if err != nil {
			return dialer, nil, channelFailure(v1alpha1.ReasonChannelInvalid, "allowedRanges: "+oneLine(text)+" is no range of addresses such as 10.1.2.3/32")
		}
		if !p.opens(allowed) {
			return dialer, nil, channelFailure(v1alpha1.ReasonChannelInvalid,
				"allowedRanges: the manager may not connect to "+allowed.String()+": whoever runs it permits a range that holds this one with --egress-ranges")
		}
		dialer.Allowed = append(dialer.Allowed, allowed.Masked())
	}
	if pem != nil {
		authorities = x509.NewCertPool()
		if !authorities.AppendCertsFromPEM(pem) {
			return dialer, nil, channelFailure(v1alpha1.ReasonChannelInvalid, "authoritiesFrom: the Secret holds no certificate as PEM")
		}
	}
	return dialer, authorities, nil
}

// opens says that one of the ranges that a channel may open holds all of this one.
func (p dispatch) opens(wanted netip.Prefix) bool {
	return slices.ContainsFunc(p.inside, func(inside netip.Prefix) bool {
		return inside.Bits() <= wanted.Bits() && inside.Contains(wanted.Addr())
	})
}

func newMailCourier(spec *v1alpha1.MailChannel, secrets snapshot.ChannelSecrets, sender *mail.Sender) (*courier, *delivery.Failure) {
	sender.Host, sender.Port, sender.Security = spec.Host, int(spec.Port), mail.Security(spec.Security)
	sender.Username, sender.Password = secrets.Username, secrets.Password
	sender.From, sender.ReplyTo, sender.ReturnTo = spec.From, spec.ReplyTo, spec.Bounces.Address
	sender.Timeout = mailTimeout
	if failure := sender.Check(); failure != nil {
		return nil, failure
	}
	session := sender.Session()
	return &courier{channelType: channelMail, atOnce: 1, send: session.Send, close: session.Close}, nil
}

func newWebhookCourier(spec *v1alpha1.WebhookChannel, secrets snapshot.ChannelSecrets, sender *webhook.Sender) (*courier, *delivery.Failure) {
	sender.AllowHTTP = spec.Scheme == v1alpha1.WebhookAny
	for _, text := range secrets.Keys {
		key, err := webhook.ParseKey(text)
		if err != nil {
			return nil, channelFailure(v1alpha1.ReasonChannelInvalid, "keysFrom: "+err.Error())
		}
		sender.Keys = append(sender.Keys, key)
	}
	return &courier{channelType: channelWebhook, atOnce: webhooksAtOnce, send: sender.Send, close: func() {}}, nil
}

// channelFailure is one that no customer can help.
func channelFailure(reason, text string) *delivery.Failure {
	return &delivery.Failure{Reason: reason, Text: text, Channel: true}
}
