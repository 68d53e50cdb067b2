package snapshot

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// UsageSecrets are what the Secrets of a usage query hold. They stay in memory for as long as it takes to ask.
type UsageSecrets struct {
	Token string
	// Authorities are certificates as PEM. Nil: those of the system.
	Authorities []byte
	// Problem is why the query cannot be asked; nothing else is then set.
	Problem *ListProblem
}

// UsageSecrets reads the Secrets that the usage query of an Audience names, in its own namespace.
func (s *Snapshot) UsageSecrets(ctx context.Context, a *v1alpha1.Audience) (UsageSecrets, error) {
	r := &secretReader{documents: s.documents, namespace: a.Namespace, read: map[string]*corev1.Secret{}}
	var values [2][]byte
	for i, from := range []v1alpha1.SecretKeyRef{a.Spec.Usage.TokenFrom, a.Spec.Usage.AuthoritiesFrom} {
		if from.Name == "" {
			continue
		}
		secret, err := r.secret(ctx, from.Name)
		if err != nil || r.denied != nil {
			return UsageSecrets{Problem: r.denied}, err
		}
		if secret == nil || len(secret.Data[from.Key]) == 0 {
			return UsageSecrets{Problem: &ListProblem{Reason: v1alpha1.ReasonSecretNotFound, Message: fmt.Sprintf(
				"there is no secret/%s with the key %s: create it, or name another in spec.usage", from.Name, from.Key)}}, nil
		}
		values[i] = secret.Data[from.Key]
	}
	return UsageSecrets{Token: string(values[0]), Authorities: values[1]}, nil
}
