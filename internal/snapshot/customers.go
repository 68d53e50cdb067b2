package snapshot

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/audience"
)

// Customers are those of an Audience, with their addresses. They stay in memory for as long as it takes to use
// them: nothing of them goes into a status, an event, a metric or a log.
type Customers struct {
	All []audience.Customer
	// Unreachable counts those that no address leads to, and no partner either.
	Unreachable int
	// Written is the moment that the list itself says it was written at, nil where it says nothing.
	Written *time.Time
	// SecretsWritten is when one of the Secrets with addresses was last written. Nil: nobody knows.
	SecretsWritten *time.Time
	// Digest is that of the list of the Secret, empty where there is none.
	Digest v1alpha1.Digest
	// Problem is why the list cannot be believed; nothing else is then set.
	Problem *ListProblem
}

// ListProblem is why a list of customers cannot be believed.
type ListProblem struct {
	Reason  string // a reason of Ready
	Message string
}

// Customers reads who the customers are, from the Audience and from the Secrets that it names.
func (s *Snapshot) Customers(ctx context.Context, a *v1alpha1.Audience) (Customers, error) {
	r := s.secretReader(a.Namespace)
	found := Customers{All: audience.Named(&a.Spec)}
	if a.Spec.CustomersFrom.Name != "" {
		listed, err := r.list(ctx, a.Spec.CustomersFrom, &found)
		if err != nil || found.Problem != nil {
			return Customers{Problem: found.Problem}, err
		}
		found.All = append(found.All, listed...)
	}
	if problems := audience.Check(found.All); len(problems) > 0 {
		return Customers{Problem: invalid(problems)}, nil
	}
	addressed := make(map[v1alpha1.CustomerID]bool, len(found.All))
	for i := range found.All {
		reached, err := r.address(ctx, &found.All[i])
		if err != nil {
			return Customers{}, err
		}
		if r.denied != nil {
			return Customers{Problem: r.denied}, nil
		}
		addressed[found.All[i].ID] = reached
	}
	for i := range found.All {
		if c := &found.All[i]; !addressed[c.ID] && (len(c.Contacts) > 0 || !addressed[c.ServedBy]) {
			found.Unreachable++
		}
	}
	found.SecretsWritten = r.written()
	return found, nil
}

// written is when one of those that were read was last written.
func (r *secretReader) written() *time.Time {
	var last *time.Time
	for _, secret := range r.read {
		if secret == nil {
			continue
		}
		at := written(secret)
		if at == nil {
			return nil
		}
		last = later(last, at)
	}
	return last
}

// secretReader reads each Secret once.
type secretReader struct {
	documents client.Reader
	account   types.NamespacedName
	namespace string
	read      map[string]*corev1.Secret // nil for one that is not there
	denied    *ListProblem
}

func (s *Snapshot) secretReader(namespace string) *secretReader {
	return &secretReader{documents: s.documents, account: s.account, namespace: namespace, read: map[string]*corev1.Secret{}}
}

// list reads the customers that a Secret lists, and when it was written.
func (r *secretReader) list(ctx context.Context, ref v1alpha1.SecretKeyRef, found *Customers) ([]audience.Customer, error) {
	secret, err := r.secret(ctx, ref.Name)
	if err != nil || r.denied != nil {
		found.Problem = r.denied
		return nil, err
	}
	var data []byte
	if secret != nil {
		data = secret.Data[ref.Key]
	}
	if len(data) == 0 {
		found.Problem = &ListProblem{Reason: v1alpha1.ReasonSecretNotFound, Message: fmt.Sprintf(
			"there is no secret/%s with the key %s: create it, or name another in customersFrom", ref.Name, ref.Key)}
		return nil, nil
	}
	listed, problems := audience.ReadCSV(bytes.NewReader(data))
	if len(problems) > 0 {
		found.Problem = invalid(problems)
		return nil, nil
	}
	if written, err := time.Parse(time.RFC3339, secret.Annotations[v1alpha1.ListedAtAnnotation]); err == nil {
		written = written.UTC()
		found.Written = &written
	}
	sum := sha256.Sum256(data)
	found.Digest = v1alpha1.Digest(hex.EncodeToString(sum[:]))
	return listed, nil
}

// address fills in the addresses of one customer and says whether there is any.
func (r *secretReader) address(ctx context.Context, c *audience.Customer) (reached bool, err error) {
	for i := range c.Contacts {
		contact := &c.Contacts[i]
		if contact.From != nil {
			secret, err := r.secret(ctx, contact.From.Name)
			if err != nil || r.denied != nil {
				return false, err
			}
			if secret != nil {
				contact.Address = strings.TrimSpace(string(secret.Data[contact.From.Key]))
			}
		}
		reached = reached || contact.Address != ""
	}
	return reached, nil
}

func (r *secretReader) secret(ctx context.Context, name string) (*corev1.Secret, error) {
	if secret, known := r.read[name]; known {
		return secret, nil
	}
	secret := &corev1.Secret{}
	key := client.ObjectKey{Namespace: r.namespace, Name: name}
	err := r.documents.Get(ctx, key, secret)
	switch {
	case apierrors.IsNotFound(err):
		secret = nil
	case apierrors.IsForbidden(err):
		r.denied = &ListProblem{Reason: v1alpha1.ReasonSecretDenied, Message: fmt.Sprintf(
			"forewarn may not read the Secrets of this namespace: bind the ClusterRole forewarn-secret-reader to its ServiceAccount here "+
				"(kubectl create rolebinding forewarn-secret-reader -n %s --clusterrole=forewarn-secret-reader "+
				"--serviceaccount=%s:%s)", r.namespace, r.account.Namespace, r.account.Name)}
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("reading secret %s: %w", key, err)
	}
	r.read[name] = secret
	return secret, nil
}

// invalid says the first of what is wrong with a list.
func invalid(problems []audience.Problem) *ListProblem {
	const most = 3
	var texts []string
	for _, p := range problems[:min(len(problems), most)] {
		texts = append(texts, p.Error())
	}
	if more := len(problems) - most; more > 0 {
		texts = append(texts, fmt.Sprintf("and %d more", more))
	}
	return &ListProblem{Reason: v1alpha1.ReasonListInvalid, Message: strings.Join(slices.Compact(texts), "; ") + "; the last list that could be read stays in force"}
}
