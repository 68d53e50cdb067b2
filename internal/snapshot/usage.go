package snapshot

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// UsageSecrets are what the Secrets of a query hold. They stay in memory for as long as it takes to ask.
type UsageSecrets struct {
	Token string
	// Authorities are certificates as PEM. Nil: those of the system.
	Authorities []byte
	// Problem is why the query cannot be asked; nothing else is then set.
	Problem *ListProblem
}

// UsageSecrets reads the Secrets that the usage query of an Audience names, in its own namespace.
func (s *Snapshot) UsageSecrets(ctx context.Context, a *v1alpha1.Audience) (UsageSecrets, error) {
	return s.querySecrets(ctx, a.Namespace, "spec.usage", a.Spec.Usage.TokenFrom, a.Spec.Usage.AuthoritiesFrom)
}

// AvailabilitySecrets reads the Secrets that the query of a DowntimeBudget names, in its own namespace.
func (s *Snapshot) AvailabilitySecrets(ctx context.Context, b *v1alpha1.DowntimeBudget) (UsageSecrets, error) {
	return s.querySecrets(ctx, b.Namespace, "spec.availability", b.Spec.Availability.TokenFrom, b.Spec.Availability.AuthoritiesFrom)
}

func (s *Snapshot) querySecrets(ctx context.Context, namespace, field string, token, authorities v1alpha1.SecretKeyRef) (UsageSecrets, error) {
	r := &secretReader{documents: s.documents, namespace: namespace, read: map[string]*corev1.Secret{}}
	var values [2][]byte
	for i, from := range []v1alpha1.SecretKeyRef{token, authorities} {
		if from.Name == "" {
			continue
		}
		secret, err := r.secret(ctx, from.Name)
		if err != nil || r.denied != nil {
			return UsageSecrets{Problem: r.denied}, err
		}
		if secret == nil || len(secret.Data[from.Key]) == 0 {
			return UsageSecrets{Problem: &ListProblem{Reason: v1alpha1.ReasonSecretNotFound, Message: fmt.Sprintf(
				"there is no secret/%s with the key %s: create it, or name another in %s", from.Name, from.Key, field)}}, nil
		}
		values[i] = secret.Data[from.Key]
	}
	return UsageSecrets{Token: string(values[0]), Authorities: values[1]}, nil
}
