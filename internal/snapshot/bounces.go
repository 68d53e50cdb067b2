package snapshot

import (
	"context"

	corev1 "k8s.io/api/core/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// BounceKeys reads the keys that mails are signed with which came back to a channel, the newest first. None without a
// problem: the channel takes none in. They are apart from what it sends with: without them it sends all the same.
func (s *Snapshot) BounceKeys(ctx context.Context, channel *v1alpha1.NoticeChannel) ([]string, *ListProblem, error) {
	name := channel.Spec.Mail.Bounces.KeysFrom.Name
	if name == "" {
		return nil, nil, nil
	}
	r := &channelReader{secretReader: &secretReader{
		documents: s.documents, namespace: channel.Namespace, read: map[string]*corev1.Secret{},
	}}
	keys := r.keys(ctx, name)
	if r.err != nil || r.problem != nil {
		return nil, r.problem, r.err
	}
	return keys, nil, nil
}

// keys are the one to sign with and, while it is replaced, the one before.
func (r *channelReader) keys(ctx context.Context, name string) []string {
	keys := []string{string(r.key(ctx, name, keyCurrent, true))}
	if previous := r.key(ctx, name, keyPrevious, false); len(previous) > 0 {
		keys = append(keys, string(previous))
	}
	return keys
}
