package builders

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// RevisionBuilder makes an APIRevision.
type RevisionBuilder struct{ revision v1alpha1.APIRevision }

// Revision begins a revision of an API.
func Revision(name, api string) *RevisionBuilder {
	return &RevisionBuilder{revision: v1alpha1.APIRevision{
		TypeMeta:   typeMeta("APIRevision"),
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: Namespace},
		Spec:       v1alpha1.APIRevisionSpec{APIRef: v1alpha1.APIRef{Name: v1alpha1.ObjectName(api)}},
	}}
}

// Namespace moves it to another namespace.
func (b *RevisionBuilder) Namespace(namespace string) *RevisionBuilder {
	b.revision.Namespace = namespace
	return b
}

// Created is the moment the API server says it was created.
func (b *RevisionBuilder) Created(t time.Time) *RevisionBuilder {
	b.revision.CreationTimestamp = metav1.NewTime(t)
	return b
}

// Contract serves a version as a document describes it.
func (b *RevisionBuilder) Contract(version, document string) *RevisionBuilder {
	b.revision.Spec.Contracts = append(b.revision.Spec.Contracts, v1alpha1.Contract{
		Version: v1alpha1.VersionName(version), Inline: document,
	})
	return b
}

// Declares adds a change that no contract shows.
func (b *RevisionBuilder) Declares(id string, class v1alpha1.ChangeClass, version, operation, text string) *RevisionBuilder {
	b.revision.Spec.DeclaredChanges = append(b.revision.Spec.DeclaredChanges, v1alpha1.DeclaredChange{
		ID: v1alpha1.ObjectName(id), Class: class, Version: v1alpha1.VersionName(version), Operation: operation, Text: text,
	})
	return b
}

// Image adds an image that its pods may run.
func (b *RevisionBuilder) Image(image string) *RevisionBuilder {
	b.revision.Spec.Images = append(b.revision.Spec.Images, image)
	return b
}

// Annotation sets an annotation.
func (b *RevisionBuilder) Annotation(key, value string) *RevisionBuilder {
	if b.revision.Annotations == nil {
		b.revision.Annotations = map[string]string{}
	}
	b.revision.Annotations[key] = value
	return b
}

// Obj is the object.
func (b *RevisionBuilder) Obj() *v1alpha1.APIRevision { return b.revision.DeepCopy() }

// Judged are the inline contracts of a revision as though they had been read.
func Judged(revision *v1alpha1.APIRevision) []v1alpha1.JudgedContract {
	var judged []v1alpha1.JudgedContract
	for _, c := range revision.Spec.Contracts {
		operations := int32(1)
		digest := DigestOf(c.Inline)
		judged = append(judged, v1alpha1.JudgedContract{
			Version: c.Version, Digest: digest, Contract: v1alpha1.KeptContractName(digest), Operations: &operations,
		})
	}
	return judged
}
