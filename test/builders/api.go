// Package builders makes objects for tests: builders.API("orders").Version("v1", v1alpha1.StabilityStable).Obj().
// What a test does not say has a value that is legal and that no test should rely on.
package builders

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// Namespace is the namespace of all objects that are not told another.
const Namespace = "shop"

// APIBuilder makes a CustomerAPI.
type APIBuilder struct{ api v1alpha1.CustomerAPI }

// API begins a CustomerAPI that the Service of the same name carries.
func API(name string) *APIBuilder {
	return &APIBuilder{api: v1alpha1.CustomerAPI{
		TypeMeta:   typeMeta("CustomerAPI"),
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: Namespace},
		Spec: v1alpha1.CustomerAPISpec{
			Title:     name + " API",
			CarriedBy: v1alpha1.Carrier{Services: []string{name}},
		},
	}}
}

// Namespace moves it to another namespace.
func (b *APIBuilder) Namespace(namespace string) *APIBuilder {
	b.api.Namespace = namespace
	return b
}

// Title is what customers call it.
func (b *APIBuilder) Title(title string) *APIBuilder {
	b.api.Spec.Title = title
	return b
}

// Label sets a label.
func (b *APIBuilder) Label(key, value string) *APIBuilder {
	if b.api.Labels == nil {
		b.api.Labels = map[string]string{}
	}
	b.api.Labels[key] = value
	return b
}

// Product groups it with other APIs.
func (b *APIBuilder) Product(product string) *APIBuilder {
	b.api.Spec.Product = product
	return b
}

// CarriedBy replaces what carries it.
func (b *APIBuilder) CarriedBy(carrier v1alpha1.Carrier) *APIBuilder {
	b.api.Spec.CarriedBy = carrier
	return b
}

// Version declares a version.
func (b *APIBuilder) Version(name string, stability v1alpha1.Stability) *APIBuilder {
	b.api.Spec.Versions = append(b.api.Spec.Versions, v1alpha1.APIVersion{
		Name: v1alpha1.VersionName(name), Stability: stability,
	})
	return b
}

// Promised makes customers rely on a version as a document describes it.
func (b *APIBuilder) Promised(version, revision, document string, stability v1alpha1.Stability, since time.Time) *APIBuilder {
	b.api.Status.Promised = append(b.api.Status.Promised, v1alpha1.PromisedContract{
		Version: v1alpha1.VersionName(version), Stability: stability, Revision: v1alpha1.ObjectName(revision),
		Contract: v1alpha1.KeptContractName(DigestOf(document)), Since: instant(since),
	})
	return b
}

// Serving has a Deployment serve a revision, and its rollout be complete. An empty revision is one that the
// pods do not name.
func (b *APIBuilder) Serving(deployment, revision string, since time.Time, images ...string) *APIBuilder {
	b.api.Status.Serving = append(b.api.Status.Serving, v1alpha1.ServingRevision{
		Workload: v1alpha1.WorkloadRef{Kind: "Deployment", Name: deployment}, Revision: v1alpha1.ObjectName(revision),
		Since: instant(since), CompletedTime: instant(since), Images: images,
	})
	return b
}

// As records what serves, in the entry that was added last.
func (b *APIBuilder) As(digest v1alpha1.Digest) *APIBuilder {
	b.api.Status.Serving[len(b.api.Status.Serving)-1].Digest = digest
	return b
}

// WayBack lets a revision be rolled back to.
func (b *APIBuilder) WayBack(revision string, digest v1alpha1.Digest, until time.Time) *APIBuilder {
	b.api.Status.WayBack = append(b.api.Status.WayBack, v1alpha1.PastRevision{
		Revision: v1alpha1.ObjectName(revision), Digest: digest, UntilTime: instant(until),
	})
	return b
}

// Selector makes pods part of it.
func (b *APIBuilder) Selector(labels map[string]string) *APIBuilder {
	b.api.Status.Selectors = append(b.api.Status.Selectors, v1alpha1.PodSelector{MatchLabels: labels})
	return b
}

// Obj is the object.
func (b *APIBuilder) Obj() *v1alpha1.CustomerAPI { return b.api.DeepCopy() }

// DigestOf is the digest of a document.
func DigestOf(document string) v1alpha1.Digest {
	sum := sha256.Sum256([]byte(document))
	return v1alpha1.Digest(hex.EncodeToString(sum[:]))
}

func typeMeta(kind string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: kind}
}

func instant(t time.Time) *metav1.Time { return &metav1.Time{Time: t} }
