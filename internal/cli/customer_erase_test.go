package cli

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/audience"
)

// changed is a cluster in which somebody else changes everything between the reading and the writing.
type changed struct {
	client.Client
	written []string
}

func (c *changed) Update(_ context.Context, object client.Object, _ ...client.UpdateOption) error {
	c.written = append(c.written, "update of "+object.GetName()+" as of "+object.GetResourceVersion())
	return apierrors.NewConflict(schema.GroupResource{Resource: "secrets"}, object.GetName(), nil)
}

func (c *changed) Patch(_ context.Context, object client.Object, patch client.Patch, _ ...client.PatchOption) error {
	data, err := patch.Data(object)
	if err != nil {
		return err
	}
	c.written = append(c.written, string(patch.Type())+" "+string(data))
	return apierrors.NewConflict(schema.GroupResource{Resource: "audiences"}, object.GetName(), nil)
}

// What somebody else changed meanwhile is left alone, and said to be left.
func TestEraseWhileOthersWrite(t *testing.T) {
	const list = "id\nc-1\nc-2\n"
	found, err := audience.Find([]byte(list), "c-1")
	if err != nil {
		t.Fatal(err)
	}
	secret := &corev1.Secret{Data: map[string][]byte{"list": []byte(list)}}
	secret.Name, secret.ResourceVersion = "customers", "7"
	named := func(name string, others int, annotations map[string]string) *v1alpha1.Audience {
		a := &v1alpha1.Audience{Spec: v1alpha1.AudienceSpec{Customers: []v1alpha1.Customer{{ID: "c-1"}}}}
		a.Name, a.ResourceVersion, a.Annotations = name, "8", annotations
		for range others {
			a.Spec.Customers = append([]v1alpha1.Customer{{ID: "c-2"}}, a.Spec.Customers...)
		}
		return a
	}
	e := &erasure{
		secrets: map[string]*secretEdit{"customers": {secret: secret, rows: map[string][]audience.Row{"list": found.Rows}}},
		entries: []*entryEdit{{audience: named("many", 2, nil), entry: 2}, {audience: named("one", 0, nil), copied: true}},
	}
	cluster := &changed{}
	r := &registry{cluster: nil, writer: cluster, id: "c-1"}
	p := newPage(Streams{})
	left := r.erase(t.Context(), p, e, true)
	want := []string{
		"secret/customers, line 2 of the key list: somebody else changed it meanwhile",
		"audience/many, the entry in spec.customers: somebody else changed it meanwhile",
		"audience/one, the entry in spec.customers, the annotation kubectl.kubernetes.io/last-applied-configuration, which holds it once more: " +
			"somebody else changed it meanwhile",
	}
	if diff := cmp.Diff(want, left); diff != "" {
		t.Error(diff)
	}
	written := []string{
		"update of customers as of 7",
		`application/json-patch+json [{"op":"replace","path":"/metadata/resourceVersion","value":"8"},{"op":"remove","path":"/spec/customers/2"}]`,
		`application/json-patch+json [{"op":"replace","path":"/metadata/resourceVersion","value":"8"},` +
			`{"op":"remove","path":"/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration"},{"op":"remove","path":"/spec/customers"}]`,
	}
	if diff := cmp.Diff(written, cluster.written); diff != "" {
		t.Error(diff)
	}
	if text := p.b.String(); !strings.Contains(text, "Removed\n  Nothing\n") {
		t.Errorf("it says: %s", text)
	}
	if string(secret.Data["list"]) != list {
		t.Error("what was read is changed")
	}
}

// What kubectl apply kept is looked for as it was applied: as text, or encoded. What cannot be read may hold anything.
func TestCopied(t *testing.T) {
	for text, want := range map[string]bool{
		`{"stringData":{"list":"id\nc-1\n"}}`:     true,
		`{"stringData":{"list":"id\nc-11\n"}}`:    false,
		`{"data":{"list":"aWQKYy0xCg=="}}`:        true,
		`{"data":{"key":"YQ=="}}`:                 true,
		`{"data":{"key":""}}`:                     false,
		`{"stringData":{"list":"no \"list c-1"}}`: true,
		`{"stringData":{"list":"no \"list c-2"}}`: false,
		`{}`:   false,
		`none`: true,
	} {
		secret := &corev1.Secret{}
		secret.Annotations = map[string]string{corev1.LastAppliedConfigAnnotation: text}
		if got := (&registry{id: "c-1"}).copied(secret, []string{"list"}, []string{"key"}); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
	if (&registry{id: "c-1"}).copied(&corev1.Secret{}, []string{"list"}, nil) {
		t.Error("it was never applied")
	}
}
