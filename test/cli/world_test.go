//go:build unix

package cli

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/cli"
	"forewarn.dev/forewarn/internal/contract"
	"forewarn.dev/forewarn/internal/notice"
)

const namespace = "shop"

const (
	// byHand is a revision that nobody named after what it holds.
	byHand = "by-hand"
	// unjudged is the file whose revision has no verdict yet.
	unjudged = "worse"
)

func newClient(t *testing.T, config *rest.Config) client.Client {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		clientgoscheme.AddToScheme, apiextensionsv1.AddToScheme, v1alpha1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	c, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func installCRDs(t *testing.T, admin client.Client) {
	t.Helper()
	g := NewWithT(t)
	files, err := filepath.Glob("../../config/crd/bases/*.yaml")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(files).NotTo(BeEmpty())
	for _, file := range files {
		crd := &apiextensionsv1.CustomResourceDefinition{}
		g.Expect(yaml.Unmarshal(read(t, file), crd)).To(Succeed())
		g.Expect(admin.Create(t.Context(), crd)).To(Succeed())
		g.Eventually(func(g Gomega) {
			g.Expect(admin.Get(t.Context(), client.ObjectKeyFromObject(crd), crd)).To(Succeed())
			g.Expect(crd.Status.Conditions).To(ContainElement(And(
				HaveField("Type", apiextensionsv1.Established), HaveField("Status", apiextensionsv1.ConditionTrue))))
		}, "30s", "50ms").Should(Succeed())
	}
	// Established comes a moment before the first request for a kind is served.
	g.Eventually(func() error {
		return admin.List(t.Context(), &v1alpha1.WaiverList{})
	}, "30s", "50ms").Should(Succeed())
}

// world is what is in the cluster.
type world struct {
	t     *testing.T
	admin client.Client
	// revisions are the names of those that there are, by the file of testdata/shared that they hold.
	revisions map[string]string
	youngest  time.Time
}

func newWorld(t *testing.T, admin client.Client) *world {
	return &world{t: t, admin: admin, revisions: map[string]string{}}
}

// build fills the cluster: the revisions by the command line itself, which says how they are proposed, and all
// else from world.yaml.
func (w *world) build() {
	w.t.Helper()
	w.create(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace, Labels: map[string]string{"env": "production"}}})
	for _, name := range []string{"older", "released", "no-delete", unjudged} {
		w.propose(name)
	}
	w.proposeByHand("waived")
	decoder := serializer.NewCodecFactory(w.admin.Scheme(), serializer.EnableStrict).UniversalDeserializer()
	text := os.Expand(string(read(w.t, "testdata/cluster/world.yaml")), w.expand)
	for documents := utilyaml.NewYAMLReader(bufio.NewReader(strings.NewReader(text))); ; {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			w.t.Fatal(err)
		}
		// What an object was called by the server is known once it is there.
		document = uidOf.ReplaceAllFunc(document, func(name []byte) []byte { return w.uid(string(uidOf.FindSubmatch(name)[1])) })
		object, _, err := decoder.Decode(document, nil, nil)
		if err != nil {
			w.t.Fatal(err)
		}
		if _, ok := object.(*corev1.Namespace); !ok {
			w.create(object.(client.Object))
		}
	}
}

var uidOf = regexp.MustCompile(`\$\{uid:([a-z0-9-]+)\}`)

// uid is that of a ChangeNotice.
func (w *world) uid(name string) []byte {
	w.t.Helper()
	n := &v1alpha1.ChangeNotice{}
	w.get(name, n)
	return []byte(n.UID)
}

// expand is what a name in world.yaml stands for.
func (w *world) expand(name string) string {
	kind, file, ok := strings.Cut(name, ":")
	if kind == "uid" {
		return "${" + name + "}" // later
	}
	if !ok {
		return w.revisions[name+".yaml"]
	}
	digest := v1alpha1.Digest(contract.Digest(contract.OpenAPI, shared(w.t, file)))
	if kind == "kept" {
		return string(v1alpha1.KeptContractName(digest))
	}
	revision := &v1alpha1.APIRevision{}
	w.get(w.revisions[file+".yaml"], revision)
	return revision.Annotations[v1alpha1.DigestAnnotation]
}

func shared(t *testing.T, name string) []byte {
	t.Helper()
	return read(t, filepath.Join("testdata", "shared", name+".yaml"))
}

// create creates an object with its status, as the controllers would have written it.
func (w *world) create(object client.Object) {
	w.t.Helper()
	if n, ok := object.(*v1alpha1.ChangeNotice); ok && n.Status.PublishedTime != nil {
		n.Status.PublishedDigest = notice.Digest(&n.Spec)
	}
	wanted := object.DeepCopyObject().(client.Object)
	if revision, ok := object.(*v1alpha1.APIRevision); ok {
		w.awaitNextSecond(revision)
	}
	if err := w.admin.Create(w.t.Context(), object); err != nil {
		w.t.Fatal(err)
	}
	wanted.SetResourceVersion(object.GetResourceVersion())
	wanted.SetUID(object.GetUID())
	switch object.(type) {
	case *v1alpha1.CustomerAPI, *v1alpha1.ChangeNotice, *v1alpha1.NoticePolicy, *v1alpha1.APIRevision, *v1alpha1.Audience, *v1alpha1.DeliveryRecord,
		*v1alpha1.DeprecationSchedule, *v1alpha1.DowntimeBudget, *appsv1.Deployment:
		if err := w.admin.Status().Update(w.t.Context(), wanted); err != nil {
			w.t.Fatal(err)
		}
	}
}

// awaitNextSecond waits until a revision would be younger than the one before: the newest come first in lists.
func (w *world) awaitNextSecond(revision *v1alpha1.APIRevision) {
	w.t.Helper()
	NewWithT(w.t).Eventually(func(g Gomega) {
		rehearsed := revision.DeepCopy()
		g.Expect(w.admin.Create(w.t.Context(), rehearsed, client.DryRunAll)).To(Succeed())
		g.Expect(rehearsed.CreationTimestamp.Time).To(BeTemporally(">", w.youngest))
		w.youngest = rehearsed.CreationTimestamp.Time
	}, "10s", "50ms").Should(Succeed())
}

func (w *world) get(name string, object client.Object) {
	w.t.Helper()
	if err := w.admin.Get(w.t.Context(), client.ObjectKey{Namespace: namespace, Name: name}, object); err != nil {
		w.t.Fatal(err)
	}
}

// printed is what "forewarn revision" prints for a file.
func (w *world) printed(name string) (*corev1.ConfigMap, *v1alpha1.APIRevision) {
	w.t.Helper()
	var out bytes.Buffer
	streams := cli.Streams{In: strings.NewReader(""), Out: &out, Err: io.Discard, Now: clock}
	file := filepath.Join("testdata", "shared", name+".yaml")
	if code := cli.Run([]string{"revision", "--api", "orders", "v1=" + file, "-n", namespace}, streams); code != cli.ExitAdmissible {
		w.t.Fatalf("revision %s: exit code %d", name, code)
	}
	source, proposed, _ := strings.Cut(out.String(), "---\n")
	configMap, revision := &corev1.ConfigMap{}, &v1alpha1.APIRevision{}
	for text, object := range map[string]client.Object{source: configMap, proposed: revision} {
		if err := yaml.UnmarshalStrict([]byte(text), object); err != nil {
			w.t.Fatal(err)
		}
	}
	return configMap, revision
}

// propose proposes a file as a pipeline does.
func (w *world) propose(name string) {
	w.t.Helper()
	source, revision := w.printed(name)
	w.revisions[name+".yaml"] = revision.Name
	w.create(source)
	if name != unjudged {
		w.keep(name)
		w.judge(revision, name, revision.Annotations[v1alpha1.DigestAnnotation])
	}
	w.create(revision)
}

// proposeByHand creates a revision with the contents of a file under a name of its own.
func (w *world) proposeByHand(name string) {
	w.t.Helper()
	_, printed := w.printed(name)
	revision := &v1alpha1.APIRevision{ObjectMeta: metav1.ObjectMeta{Name: byHand, Namespace: namespace}}
	revision.Spec.APIRef.Name = "orders"
	revision.Spec.Contracts = []v1alpha1.Contract{{Version: "v1", Inline: string(shared(w.t, name))}}
	w.keep(name)
	w.judge(revision, name, printed.Annotations[v1alpha1.DigestAnnotation])
	w.create(revision)
	w.revisions[name+".yaml"] = byHand
}

func (w *world) keep(name string) {
	w.t.Helper()
	data := shared(w.t, name)
	packed, err := contract.Zip(data)
	if err != nil {
		w.t.Fatal(err)
	}
	digest := v1alpha1.Digest(contract.Digest(contract.OpenAPI, data))
	kept := &v1alpha1.KeptContract{Spec: v1alpha1.KeptContractSpec{
		Format: v1alpha1.FormatOpenAPI, Digest: digest, Size: int64(len(data)), Document: packed,
	}}
	kept.Namespace, kept.Name = namespace, string(v1alpha1.KeptContractName(digest))
	w.create(kept)
}

// judge writes the status of a revision as of February 2099: what the contract takes away customers were told
// of, and may not ship yet.
func (w *world) judge(revision *v1alpha1.APIRevision, name, digest string) {
	w.t.Helper()
	document := v1alpha1.Digest(contract.Digest(contract.OpenAPI, shared(w.t, name)))
	status := &revision.Status
	status.Digest = v1alpha1.Digest(digest)
	status.Contracts = []v1alpha1.JudgedContract{{
		Version: "v1", Digest: document, Contract: v1alpha1.KeptContractName(document), Operations: ptr.To(int32(3)),
	}}
	admissible := metav1.Condition{Type: v1alpha1.ConditionAdmissible, Status: metav1.ConditionTrue, Message: "as it was judged"}
	switch name {
	case "older":
		admissible.Reason = v1alpha1.ReasonWayBack
	case "waived":
		admissible.Reason = v1alpha1.ReasonServing
	case "no-delete":
		admissible.Status, admissible.Reason = metav1.ConditionFalse, v1alpha1.ReasonNoticeRunning
		status.Breaking, status.Uncovered = ptr.To(int32(1)), ptr.To(int32(0))
		status.Changes = []v1alpha1.JudgedChange{{
			Fingerprint: "0123456789ab", Rule: "api-removed-without-deprecation", Class: v1alpha1.ClassRemoval, Version: "v1",
			Operation: "DELETE /orders/{id}", Text: "the operation is removed",
		}}
	default:
		admissible.Reason = v1alpha1.ReasonCompatible
	}
	judged := metav1.Condition{Type: v1alpha1.ConditionJudged, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonJudged, Message: "judged"}
	for _, c := range []metav1.Condition{judged, admissible} {
		apimeta.SetStatusCondition(&status.Conditions, c)
	}
}
