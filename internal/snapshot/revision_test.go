package snapshot

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/contract"
	"forewarn.dev/forewarn/internal/gate"
)

// paths makes a document with these operations, such as "GET /orders".
func paths(operations ...string) string {
	byPath := map[string]map[string]any{}
	for _, operation := range operations {
		method, path, _ := strings.Cut(operation, " ")
		if byPath[path] == nil {
			byPath[path] = map[string]any{}
		}
		byPath[path][strings.ToLower(method)] = map[string]any{"responses": map[string]any{"200": map[string]any{"description": "Done"}}}
	}
	document, err := json.Marshal(map[string]any{
		"openapi": "3.0.3", "info": map[string]any{"title": "Orders", "version": "v1"}, "paths": byPath,
	})
	if err != nil {
		panic(err)
	}
	return string(document)
}

func keptContract(t *testing.T, document string) *v1alpha1.KeptContract {
	t.Helper()
	packed, err := contract.Zip([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	digest := v1alpha1.Digest(contract.Digest(contract.OpenAPI, []byte(document)))
	kept := &v1alpha1.KeptContract{Spec: v1alpha1.KeptContractSpec{
		Format: v1alpha1.FormatOpenAPI, Digest: digest, Size: int64(len(document)), Document: packed,
	}}
	kept.Namespace, kept.Name = "shop", string(v1alpha1.KeptContractName(digest))
	return kept
}

// promising is an API that promises these documents for v1.
func promising(name string, kept ...*v1alpha1.KeptContract) *v1alpha1.CustomerAPI {
	api := &v1alpha1.CustomerAPI{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name}}
	api.Spec.Versions = []v1alpha1.APIVersion{{Name: "v1", Stability: v1alpha1.StabilityStable}}
	for _, k := range kept {
		api.Status.Promised = append(api.Status.Promised, v1alpha1.PromisedContract{
			Version: "v1", Stability: v1alpha1.StabilityStable, Revision: "before", Contract: v1alpha1.ObjectName(k.Name),
		})
	}
	return api
}

func revisionOf(contracts ...v1alpha1.Contract) *v1alpha1.APIRevision {
	revision := &v1alpha1.APIRevision{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "orders-2"}}
	revision.Spec.APIRef.Name = "orders"
	revision.Spec.Contracts = contracts
	return revision
}

func inConfigMap(version, name, key string) v1alpha1.Contract {
	return v1alpha1.Contract{Version: v1alpha1.VersionName(version), ConfigMapKeyRef: v1alpha1.ConfigMapKeyRef{Name: name, Key: key}}
}

func operations(changes []contract.Change) []string {
	var list []string
	for _, c := range changes {
		list = append(list, string(c.Class)+" "+c.Operation)
	}
	return list
}

func TestReadingWhatIsProposed(t *testing.T) {
	promised := keptContract(t, paths("GET /orders", "DELETE /orders"))
	zipped, err := contract.Zip([]byte(paths("GET /orders")))
	if err != nil {
		t.Fatal(err)
	}
	big, err := contract.Zip([]byte(paths() + strings.Repeat(" ", 17<<20)))
	if err != nil {
		t.Fatal(err)
	}
	source := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "source"},
		Data:       map[string]string{"v1.yaml": paths("GET /orders"), "empty": "", "broken": "{"},
		BinaryData: map[string][]byte{"v1.gz": zipped, "plain": []byte(paths("GET /orders")), "big": big, "cut": zipped[:20]},
	}
	tests := map[string]struct {
		contract v1alpha1.Contract
		want     []string // operations that change
		problem  string
		says     string
	}{
		"inline":                        {contract: v1alpha1.Contract{Version: "v1", Inline: paths("GET /orders")}, want: []string{"Removal DELETE /orders"}},
		"a key of a ConfigMap":          {contract: inConfigMap("v1", "source", "v1.yaml"), want: []string{"Removal DELETE /orders"}},
		"compressed":                    {contract: inConfigMap("v1", "source", "v1.gz"), want: []string{"Removal DELETE /orders"}},
		"binary and not compressed":     {contract: inConfigMap("v1", "source", "plain"), want: []string{"Removal DELETE /orders"}},
		"the same as is promised":       {contract: v1alpha1.Contract{Version: "v1", Inline: paths("GET /orders", "DELETE /orders")}},
		"a version that is new":         {contract: v1alpha1.Contract{Version: "v2", Inline: paths("GET /orders")}},
		"no ConfigMap":                  {contract: inConfigMap("v1", "nowhere", "v1.yaml"), problem: v1alpha1.ReasonContractNotFound, says: "configmap/nowhere"},
		"no such key":                   {contract: inConfigMap("v1", "source", "v9.yaml"), problem: v1alpha1.ReasonContractNotFound, says: "v9.yaml"},
		"neither of the two":            {contract: v1alpha1.Contract{Version: "v1"}, problem: v1alpha1.ReasonContractNotFound, says: "inline"},
		"empty":                         {contract: inConfigMap("v1", "source", "empty"), problem: v1alpha1.ReasonContractEmpty},
		"broken":                        {contract: inConfigMap("v1", "source", "broken"), problem: v1alpha1.ReasonContractUnreadable},
		"cut off":                       {contract: inConfigMap("v1", "source", "cut"), problem: v1alpha1.ReasonContractUnreadable, says: "gzip"},
		"17 MiB behind a few kilobytes": {contract: inConfigMap("v1", "source", "big"), problem: v1alpha1.ReasonContractTooLarge},
		"a format that is not known":    {contract: v1alpha1.Contract{Version: "v1", Format: "GraphQL", Inline: "type Query"}, problem: v1alpha1.ReasonContractUnreadable, says: "GraphQL"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			reader := FromManifests([]client.Object{promising("orders", promised), promised, source})
			input, unkept, err := New(reader, reader).Propose(t.Context(), noon, revisionOf(test.contract))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, operations(input.Proposal.Changes)); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
			if test.problem == "" {
				if len(input.Proposal.Problems) > 0 || len(unkept) != 1 || input.Proposal.Digest == "" {
					t.Errorf("problems %v, %d to be kept, digest %q", input.Proposal.Problems, len(unkept), input.Proposal.Digest)
				}
				return
			}
			problems := input.Proposal.Problems
			if len(problems) != 1 || problems[0].Reason != test.problem || !strings.Contains(problems[0].Message, test.says) {
				t.Errorf("got problems %+v, want %s that says %q", problems, test.problem, test.says)
			}
			if len(unkept) != 0 || input.Proposal.Digest != "" {
				t.Errorf("%d to be kept, digest %q: nothing could be judged", len(unkept), input.Proposal.Digest)
			}
		})
	}
}

func TestWhatWasJudgedIsJudgedAgain(t *testing.T) {
	promised := keptContract(t, paths("GET /orders", "DELETE /orders"))
	judged := keptContract(t, paths("GET /orders", "DELETE /orders", "POST /orders"))
	changed := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "source"}, Data: map[string]string{"v1.yaml": paths()},
	}
	revision := revisionOf(inConfigMap("v1", "source", "v1.yaml"))
	revision.Status.Contracts = []v1alpha1.JudgedContract{{
		Version: "v1", Digest: judged.Spec.Digest, Contract: v1alpha1.ObjectName(judged.Name), Operations: new(int32),
	}}
	damaged := judged.DeepCopy()
	damaged.Spec.Document = promised.Spec.Document

	tests := map[string]struct {
		objects []client.Object
		want    []string
		problem string
	}{
		"whatever became of the ConfigMap":   {objects: []client.Object{promised, judged, changed}, want: []string{"Addition POST /orders"}},
		"also when the ConfigMap is gone":    {objects: []client.Object{promised, judged}, want: []string{"Addition POST /orders"}},
		"not when its kept contract is gone": {objects: []client.Object{promised, changed}, problem: v1alpha1.ReasonContractUnreadable},
		"not when it holds something else":   {objects: []client.Object{promised, damaged, changed}, problem: v1alpha1.ReasonContractUnreadable},
		"not when the promise is gone":       {objects: []client.Object{judged, changed}, problem: v1alpha1.ReasonPromiseUnreadable},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			reader := FromManifests(append(test.objects, promising("orders", promised)))
			input, unkept, err := New(reader, reader).Propose(t.Context(), noon, revision)
			if err != nil || len(unkept) > 0 {
				t.Fatalf("%d to be kept, %v", len(unkept), err)
			}
			if diff := cmp.Diff(test.want, operations(input.Proposal.Changes)); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
			var got string
			for _, problem := range input.Proposal.Problems {
				got += problem.Reason
			}
			if got != test.problem {
				t.Errorf("problems %+v, want %q", input.Proposal.Problems, test.problem)
			}
		})
	}
}

func TestWhatSeveralPromisesLose(t *testing.T) {
	blue := keptContract(t, paths("GET /orders", "DELETE /orders"))
	green := keptContract(t, paths("GET /orders", "POST /orders"))
	reader := FromManifests([]client.Object{promising("orders", blue, green), blue, green})
	input, err := New(reader, reader).Revision(t.Context(), noon, revisionOf(v1alpha1.Contract{Version: "v1", Inline: paths("GET /orders")}))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"Removal DELETE /orders", "Removal POST /orders"}
	if diff := cmp.Diff(want, operations(input.Proposal.Changes)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMovedWithinAProduct(t *testing.T) {
	promised := keptContract(t, paths("GET /orders", "GET /invoices"))
	same := keptContract(t, paths("GET /invoices", "GET /receipts"))
	other := keptContract(t, strings.Replace(paths("GET /invoices"), `"200"`, `"410"`, 1))
	tests := map[string]struct {
		product string
		serves  *v1alpha1.KeptContract
		want    string
	}{
		"a sibling serves it unchanged":  {product: "shop", serves: same, want: "billing"},
		"a sibling serves it changed":    {product: "shop", serves: other},
		"an API of another product does": {product: "elsewhere", serves: same},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			orders, billing := promising("orders", promised), promising("billing", test.serves)
			orders.Spec.Product, billing.Spec.Product = "shop", test.product
			reader := FromManifests([]client.Object{orders, billing, promised, test.serves})
			input, err := New(reader, reader).Revision(t.Context(), noon, revisionOf(v1alpha1.Contract{Version: "v1", Inline: paths("GET /orders")}))
			if err != nil {
				t.Fatal(err)
			}
			if got := operations(input.Proposal.Changes); len(got) != 1 || got[0] != "Removal GET /invoices" {
				t.Fatalf("changes: %v", got)
			}
			if got := input.Proposal.Moved[input.Proposal.Changes[0].Fingerprint]; got != test.want {
				t.Errorf("moved to %q, want %q", got, test.want)
			}
		})
	}
}

// counting counts what is read.
type counting struct {
	client.Reader
	reads int
}

func (c *counting) Get(ctx context.Context, key client.ObjectKey, out client.Object, opts ...client.GetOption) error {
	c.reads++
	return c.Reader.Get(ctx, key, out, opts...)
}

func TestAVerdictThatIsDueAgainReadsNothingAgain(t *testing.T) {
	promised := keptContract(t, paths("GET /orders", "DELETE /orders"))
	judged := keptContract(t, paths("GET /orders"))
	revision := revisionOf(inConfigMap("v1", "source", "v1.yaml"))
	revision.Status.Contracts = []v1alpha1.JudgedContract{{
		Version: "v1", Digest: judged.Spec.Digest, Contract: v1alpha1.ObjectName(judged.Name), Operations: new(int32),
	}}
	objects := FromManifests([]client.Object{promising("orders", promised)})
	documents := &counting{Reader: FromManifests([]client.Object{promised, judged})}
	s := New(objects, documents)
	for range 3 {
		input, err := s.Revision(t.Context(), noon, revision)
		if err != nil || len(input.Proposal.Changes) != 1 {
			t.Fatalf("%v, %v", input.Proposal.Changes, err)
		}
	}
	if documents.reads != 2 {
		t.Errorf("documents were read %d times, want 2", documents.reads)
	}
}

// failing is an API server that does not answer.
type failing struct{ client.Reader }

func (failing) Get(context.Context, client.ObjectKey, client.Object, ...client.GetOption) error {
	return apierrors.NewServiceUnavailable("no answer")
}

func TestAnAPIServerThatDoesNotAnswerIsNoVerdict(t *testing.T) {
	promised := keptContract(t, paths("GET /orders"))
	s := New(FromManifests([]client.Object{promising("orders", promised)}), failing{})
	for name, c := range map[string]v1alpha1.Contract{
		"the promise":  {Version: "v1", Inline: paths()},
		"the proposal": inConfigMap("v1", "source", "v1.yaml"),
	} {
		if _, err := s.Revision(t.Context(), noon, revisionOf(c)); !apierrors.IsServiceUnavailable(err) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestARevisionOfNoAPI(t *testing.T) {
	reader := FromManifests(nil)
	input, err := New(reader, reader).Revision(t.Context(), noon, revisionOf(v1alpha1.Contract{Version: "v1", Inline: paths()}))
	if err != nil || input.API != nil {
		t.Fatalf("%v, %v", input.API, err)
	}
	if verdict := gate.Evaluate(input); verdict.Reason != v1alpha1.ReasonAPINotFound {
		t.Errorf("got %s", verdict.Reason)
	}
}
