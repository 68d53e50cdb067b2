//go:build unix

package admission

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// workloads is one of each kind that the policies judge, with that template.
func workloads(namespace, name string, template corev1.PodTemplateSpec) []client.Object {
	d, none := deployment(namespace, name, ""), int32(0)
	template.Labels["test-selector"] = name
	meta, selector := d.ObjectMeta, d.Spec.Selector
	d.Spec.Template = template
	return []client.Object{
		d,
		&appsv1.StatefulSet{ObjectMeta: meta, Spec: appsv1.StatefulSetSpec{Replicas: &none, Selector: selector, Template: template}},
		// No node has the label: no pods.
		&appsv1.DaemonSet{ObjectMeta: meta, Spec: appsv1.DaemonSetSpec{Selector: selector, Template: nowhere(template)}},
		&appsv1.ReplicaSet{ObjectMeta: meta, Spec: appsv1.ReplicaSetSpec{Replicas: &none, Selector: selector, Template: template}},
		argo(namespace, name, map[string]any{"replicas": int64(0), "template": plain(&template)}),
	}
}

func nowhere(template corev1.PodTemplateSpec) corev1.PodTemplateSpec {
	template = *template.DeepCopy()
	template.Spec.NodeSelector = map[string]string{"nowhere": "true"}
	return template
}

// argo is an Argo Rollout, of which nothing is known here but the schema.
func argo(namespace, name string, spec map[string]any) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
	u.SetAPIVersion("argoproj.io/v1alpha1")
	u.SetKind("Rollout")
	u.SetNamespace(namespace)
	u.SetName(name)
	return u
}

// plain is a typed value as JSON has it.
func plain(value any) map[string]any {
	m, err := runtime.DefaultUnstructuredConverter.ToUnstructured(value)
	if err != nil {
		panic(err)
	}
	return m
}

func retryConflicts(try func() error) error { return retry.RetryOnConflict(retry.DefaultBackoff, try) }

func toJSON(t testing.TB, value any) string {
	t.Helper()
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// lastLine is the last that kubectl printed: what is before it are warnings.
func lastLine(err error) error {
	if err == nil {
		return nil
	}
	lines := strings.Split(strings.TrimSpace(err.Error()), "\n")
	return errors.New(lines[len(lines)-1])
}
