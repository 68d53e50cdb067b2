package builders

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// WaiverBuilder makes a Waiver.
type WaiverBuilder struct{ waiver v1alpha1.Waiver }

// Waiver begins a waiver that lets a revision pass for an hour after it was created.
func Waiver(name, revision string, created time.Time) *WaiverBuilder {
	return &WaiverBuilder{waiver: v1alpha1.Waiver{
		TypeMeta:   typeMeta("Waiver"),
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: Namespace, CreationTimestamp: metav1.NewTime(created)},
		Spec: v1alpha1.WaiverSpec{
			Revision: v1alpha1.ObjectName(revision), Reason: "Customers are cut off", Ticket: "INC-1",
			RequestedBy: "somebody", ExpireTime: instant(created.Add(time.Hour)),
		},
	}}
}

// Namespace moves it to another namespace.
func (b *WaiverBuilder) Namespace(namespace string) *WaiverBuilder {
	b.waiver.Namespace = namespace
	return b
}

// Until is the moment at which it ends.
func (b *WaiverBuilder) Until(t time.Time) *WaiverBuilder {
	b.waiver.Spec.ExpireTime = instant(t)
	return b
}

// Obj is the object.
func (b *WaiverBuilder) Obj() *v1alpha1.Waiver { return b.waiver.DeepCopy() }
