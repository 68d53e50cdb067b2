package snapshot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// Keys in the Secrets of a NoticeChannel.
const (
	keyUsername = "username"
	keyPassword = "password"
	keyCurrent  = "current"
	keyPrevious = "previous"
)

// ChannelSecrets are what the Secrets of a NoticeChannel hold. They stay in memory for as long as it takes to use them.
type ChannelSecrets struct {
	Username, Password string
	// Keys sign webhooks, the newest first.
	Keys []string
	// Authorities are certificates as PEM. Nil: those of the system.
	Authorities []byte
	// Digest tells whether anything of the channel is another than before. It holds nothing that leads back to a secret:
	// it is never kept outside of the process.
	Digest string
	// Problem is why the channel cannot be used; of the rest only Digest is then set.
	Problem *ListProblem
}

// ChannelSecrets reads the Secrets that a channel names, in its own namespace.
func (s *Snapshot) ChannelSecrets(ctx context.Context, channel *v1alpha1.NoticeChannel) (ChannelSecrets, error) {
	r := &channelReader{secretReader: s.secretReader(channel.Namespace)}
	var found ChannelSecrets
	spec := &channel.Spec
	if name := spec.Mail.CredentialsFrom.Name; name != "" {
		found.Username = string(r.key(ctx, name, keyUsername, true))
		found.Password = string(r.key(ctx, name, keyPassword, true))
	}
	if name := spec.Webhook.KeysFrom.Name; name != "" {
		found.Keys = r.keys(ctx, name)
	}
	for _, from := range []v1alpha1.SecretKeyRef{spec.Mail.AuthoritiesFrom, spec.Webhook.AuthoritiesFrom} {
		if from.Name != "" {
			found.Authorities = r.key(ctx, from.Name, from.Key, true)
		}
	}
	if r.err != nil {
		return ChannelSecrets{}, r.err
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %q %q", channel.Generation, r.seen, r.problem))
	digest := hex.EncodeToString(sum[:])
	if r.problem != nil {
		return ChannelSecrets{Digest: digest, Problem: r.problem}, nil
	}
	found.Digest = digest
	return found, nil
}

// channelReader goes on until something is missing.
type channelReader struct {
	*secretReader
	seen    []string
	problem *ListProblem
	err     error
}

func (r *channelReader) key(ctx context.Context, name, key string, required bool) []byte {
	if r.err != nil || r.problem != nil {
		return nil
	}
	secret, err := r.secret(ctx, name)
	if err != nil || r.denied != nil {
		r.err, r.problem = err, r.denied
		return nil
	}
	var value []byte
	if secret != nil {
		value = secret.Data[key]
	}
	if len(value) == 0 && required {
		r.problem = &ListProblem{Reason: v1alpha1.ReasonSecretNotFound, Message: fmt.Sprintf(
			"there is no secret/%s with the key %s: create it, or name another in the channel", name, key)}
		return nil
	}
	r.seen = append(r.seen, string(value))
	return value
}
