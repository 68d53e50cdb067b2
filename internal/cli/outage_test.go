package cli

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/test/builders"
)

// gateReader reads the gate of a namespace, or fails to.
type gateReader struct {
	client.Reader
	data map[string]string
	err  error
}

func (r gateReader) Get(_ context.Context, _ client.ObjectKey, out client.Object, _ ...client.GetOption) error {
	out.(*corev1.ConfigMap).Data = r.data
	return r.err
}

// The gate says which workload customers need. Without one nothing is refused; where it cannot be read, each may be.
func TestWhoNeedsAWorkload(t *testing.T) {
	api := builders.API("orders").Obj()
	api.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionGoverned, Status: metav1.ConditionTrue}}
	api.Status.Enforcement = v1alpha1.EnforcementDeny
	live := manifestOf(t, "{kind: Deployment, metadata: {name: orders}, spec: {strategy: {type: Recreate}}, status: {readyReplicas: 1}}")
	name := corev1.Resource("configmaps")
	for name, c := range map[string]struct {
		reader  gateReader
		refused bool
		note    string
	}{
		"it":                {reader: gateReader{data: map[string]string{"keep.s": "\ndeployments/orders cart orders\ncustomerapis/orders orders\n"}}, refused: true},
		"it, of another":    {reader: gateReader{data: map[string]string{"keep.s": "\ndeployments/orders cart\ncustomerapis/orders orders\nservices/orders orders\n"}}},
		"there is no gate":  {reader: gateReader{err: apierrors.NewNotFound(name, "forewarn-gate-deny-v1")}},
		"it cannot be read": {reader: gateReader{err: apierrors.NewForbidden(name, "forewarn-gate-deny-v1", nil)}, refused: true, note: "Whether customers of orders need deployment/orders is not known, so they may"},
	} {
		t.Run(name, func(t *testing.T) {
			var notes bytes.Buffer
			about, err := readTarget("deployment/orders")
			if err != nil {
				t.Fatal(err)
			}
			e := &explainer{cluster: &cluster{namespace: "shop", now: noon, reader: c.reader, apis: []v1alpha1.CustomerAPI{*api}}, streams: Streams{Err: &notes}, about: about}
			got := e.outages(t.Context(), live).refused(api, gate.Outage{Text: "none is planned"})
			if (got != "") != c.refused {
				t.Errorf("refused: %q", got)
			}
			if !strings.Contains(notes.String(), c.note) || c.note == "" && notes.Len() > 0 {
				t.Errorf("notes: %q", notes.String())
			}
		})
	}
}

func manifestOf(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	data, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	u := &unstructured.Unstructured{}
	if err := u.UnmarshalJSON(data); err != nil {
		t.Fatal(err)
	}
	return u
}

// What a manifest leaves out the API server has a default for, but for labels and annotations of the pods.
func TestAManifestOverWhatIsThere(t *testing.T) {
	const live = `{kind: Deployment, spec: {replicas: 3, strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 1}}, template: {
		metadata: {labels: {app: orders, tier: front}, annotations: {a: b}},
		spec: {restartPolicy: Always, containers: [{name: a, image: "a:1", imagePullPolicy: Always}, {name: b, image: "b:1"}]}}}, status: {readyReplicas: 3}}`
	for name, c := range map[string]struct{ manifest, want string }{
		"nothing said": {`{kind: Deployment}`, `{kind: Deployment, spec: {replicas: 3, strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 1}}, template: {
			metadata: {}, spec: {restartPolicy: Always, containers: [{name: a, image: "a:1", imagePullPolicy: Always}, {name: b, image: "b:1"}]}}}, status: {readyReplicas: 3}}`},
		"other labels, and another image": {`{kind: Deployment, spec: {template: {metadata: {labels: {app: orders}}, spec: {containers: [{name: a, image: "a:2"}, {name: b, image: "b:1"}]}}}}`,
			`{kind: Deployment, spec: {replicas: 3, strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 1}}, template: {
			metadata: {labels: {app: orders}}, spec: {restartPolicy: Always, containers: [{name: a, image: "a:2", imagePullPolicy: Always}, {name: b, image: "b:1"}]}}}, status: {readyReplicas: 3}}`},
		"a container less, and no replicas": {`{kind: Deployment, spec: {replicas: 0, strategy: {type: Recreate}, template: {metadata: {annotations: {c: d}}, spec: {containers: [{name: b, image: "b:1"}]}}}, status: {readyReplicas: 0}}`,
			`{kind: Deployment, spec: {replicas: 0, strategy: {type: Recreate, rollingUpdate: {maxSurge: 1}}, template: {
			metadata: {annotations: {c: d}}, spec: {restartPolicy: Always, containers: [{name: b, image: "b:1"}]}}}, status: {readyReplicas: 3}}`},
	} {
		e := &explainer{manifest: manifestOf(t, c.manifest)}
		if diff := cmp.Diff(manifestOf(t, c.want).Object, e.written(manifestOf(t, live)).Object); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
		if diff := cmp.Diff(e.manifest, e.written(nil)); diff != "" {
			t.Errorf("%s, where nothing is there:\n%s", name, diff)
		}
	}
	if there := manifestOf(t, live); (&explainer{}).written(there) != there {
		t.Error("without a manifest it is as it is")
	}
}
