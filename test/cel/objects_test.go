//go:build unix

package cel

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/yaml"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// plurals leads from each kind to the name of its resource.
var plurals = map[string]string{
	"APIRevision":         "apirevisions",
	"Audience":            "audiences",
	"ChangeNotice":        "changenotices",
	"CustomerAPI":         "customerapis",
	"DeliveryRecord":      "deliveryrecords",
	"DeprecationSchedule": "deprecationschedules",
	"DowntimeBudget":      "downtimebudgets",
	"KeptContract":        "keptcontracts",
	"NoticeChannel":       "noticechannels",
	"NoticePolicy":        "noticepolicies",
	"Waiver":              "waivers",
}

// sample is the object of testdata that has every field of its kind set. What
// no object can have besides is in another: see kindOf.
func sample(t *testing.T, name string) *unstructured.Unstructured {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", strings.ToLower(name)+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, text)
}

// kindOf is the kind of a sample, which is also its name, or begins it:
// NoticeChannel, NoticeChannel-webhook.
func kindOf(sample string) string {
	kind, _, _ := strings.Cut(sample, "-")
	return kind
}

func parse(t *testing.T, text []byte) *unstructured.Unstructured {
	t.Helper()
	asJSON, err := yaml.YAMLToJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	u := &unstructured.Unstructured{}
	if err := u.UnmarshalJSON(asJSON); err != nil {
		t.Fatal(err)
	}
	return u
}

// newNamespace makes a namespace for the objects of one test.
func newNamespace(t *testing.T) string {
	t.Helper()
	ns := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"generateName": "cel-"},
	}}
	made, err := client.Resource(corev1.SchemeGroupVersion.WithResource("namespaces")).Create(t.Context(), ns, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return made.GetName()
}

// resource is where the object is, or would be.
func resource(u *unstructured.Unstructured) dynamic.ResourceInterface {
	all := client.Resource(v1alpha1.GroupVersion.WithResource(plurals[u.GetKind()]))
	if u.GetNamespace() == "" {
		return all
	}
	return all.Namespace(u.GetNamespace())
}

// place puts the object into the namespace, where its kind has one.
func place(u *unstructured.Unstructured, namespace string) {
	if u.GetKind() != "NoticePolicy" {
		u.SetNamespace(namespace)
	}
}

// tryCreate is what the API server answers to the object, which it does not keep.
func tryCreate(t *testing.T, u *unstructured.Unstructured) error {
	t.Helper()
	_, err := resource(u).Create(t.Context(), u, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	return err
}

// tryPart is what the API server answers to the part that the path is in: the
// spec of another object, or the status of the one that is stored.
func tryPart(t *testing.T, u, stored *unstructured.Unstructured, path string) error {
	t.Helper()
	if !strings.HasPrefix(path, "status") {
		u.SetName("another")
		return tryCreate(t, u)
	}
	u.SetResourceVersion(stored.GetResourceVersion())
	_, err := resource(u).UpdateStatus(t.Context(), u, metav1.UpdateOptions{DryRun: []string{metav1.DryRunAll}})
	return err
}

// create makes the object, which goes with the test.
func create(t *testing.T, u *unstructured.Unstructured) *unstructured.Unstructured {
	t.Helper()
	made, err := resource(u).Create(t.Context(), u, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := resource(made).Delete(context.WithoutCancel(t.Context()), made.GetName(), metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
	return made
}

// read is the object as the API server has it.
func read(t *testing.T, u *unstructured.Unstructured) *unstructured.Unstructured {
	t.Helper()
	found, err := resource(u).Get(t.Context(), u.GetName(), metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
