//go:build unix

package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/cli"
	"forewarn.dev/forewarn/test/controlplane"
)

const customersCSV = "id,locale,time_zone,owed,served_by,contacts\r\nc-1,de-AT,Europe/Vienna,Removal=365d,,Operations:mail=jane.doe@customer.example\r\n" +
	"c-2,,,,p-7,\r\n\r\np-7,,,,,\"Operations:mail=ops@partner.example\"\r\nc-3,,,,p-7,"

const withoutC1 = "id,locale,time_zone,owed,served_by,contacts\r\nc-2,,,,p-7,\r\n\r\np-7,,,,,\"Operations:mail=ops@partner.example\"\r\nc-3,,,,p-7,"

// customersOwnTheirData runs the golden folders of customer export and erase, each in a namespace of its own, and looks at
// what is left there.
func customersOwnTheirData(t *testing.T, c *controlplane.Cluster, admin client.Client) {
	kubeconfig := keeperKubeconfig(t, c, admin)
	for folder, left := range map[string]func(*WithT, *corev1.Secret, *corev1.Secret, *v1alpha1.Audience){
		"export":        untouched,
		"export-denied": untouched,
		"erase-refused": untouched,
		"erase":         erased,
		"erase-in-part": erased,
	} {
		t.Run(folder, func(t *testing.T) {
			namespace := "customer-" + folder
			w := newWorld(t, admin)
			uid := w.buildCustomers(namespace)
			runFolder(t, filepath.Join("testdata", "customer", folder), kubeconfig, func(string) string { return namespace })
			g := NewWithT(t)
			customers, contacts, billing := &corev1.Secret{}, &corev1.Secret{}, &v1alpha1.Audience{}
			for name, object := range map[string]client.Object{"customers": customers, "contacts": contacts, "billing-customers": billing} {
				g.Expect(admin.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: name}, object)).To(Succeed())
			}
			g.Expect(customers.Annotations).To(HaveKeyWithValue(v1alpha1.ListedAtAnnotation, "2026-11-01T00:00:00Z"), "the list is as old as it was")
			g.Expect(contacts.Annotations).To(HaveKeyWithValue("of", "the team"))
			left(g, customers, contacts, billing)
			record := &v1alpha1.DeliveryRecord{}
			g.Expect(admin.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: "published-mail-0"}, record)).To(Succeed())
			g.Expect(record.Spec.NoticeRef.UID).To(Equal(uid))
			g.Expect(record.Status.Deliveries).To(HaveLen(2), "the evidence stands")
		})
	}
	t.Run("what does not fit its kind is named", func(t *testing.T) { customerMisfits(t, admin, kubeconfig) })
}

// customerMisfits asks where objects were stored while a schema was looser: who knows what they hold.
func customerMisfits(t *testing.T, admin client.Client, kubeconfig string) {
	const namespace = "customer-misfits"
	g := NewWithT(t)
	newWorld(t, admin).buildCustomers(namespace)
	for resource, misfit := range map[string]*unstructured.Unstructured{
		"audiences":       {Object: map[string]any{"kind": "Audience", "spec": map[string]any{"staleAfterDays": "soon"}}},
		"deliveryrecords": {Object: map[string]any{"kind": "DeliveryRecord", "spec": map[string]any{"stage": int64(42)}}},
	} {
		misfit.SetAPIVersion(v1alpha1.GroupVersion.String())
		misfit.SetNamespace(namespace)
		misfit.SetName("misfit-" + resource)
		g.Expect(controlplane.WhileLoose(t.Context(), admin, resource+".forewarn.dev", func(ctx context.Context) error {
			return client.IgnoreAlreadyExists(admin.Create(ctx, misfit))
		})).To(Succeed())
		defer func() { g.Expect(admin.Delete(t.Context(), misfit)).To(Succeed()) }()
	}
	run := func(id string, args ...string) string {
		t.Helper()
		var out, diagnostics bytes.Buffer
		streams := cli.Streams{In: strings.NewReader(""), Out: &out, Err: &diagnostics, Now: clock}
		g.Expect(cli.Run(append(args, id, "-n", namespace, "--kubeconfig", kubeconfig), streams)).To(Equal(cli.ExitUndecided))
		return out.String() + diagnostics.String()
	}
	g.Expect(run("c-2", "customer", "export")).To(And(
		ContainSubstring("Line 3 of the key customers.csv"), ContainSubstring("misfit-audiences cannot be read"), ContainSubstring("misfit-deliveryrecords cannot be read")))
	g.Expect(run("c-2", "customer", "erase", "--yes")).To(And(
		ContainSubstring("secret/customers: line 3"), ContainSubstring("misfit-audiences cannot be read"), Not(ContainSubstring("misfit-deliveryrecords"))))

	// A list that is none is left alone, and all else is done.
	const broken = "id,contacts\nc-10,\"a\"b\nc-1,\n"
	customers, billing := &corev1.Secret{}, &v1alpha1.Audience{}
	g.Expect(admin.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: "customers"}, customers)).To(Succeed())
	customers.Data["customers.csv"] = []byte(broken)
	g.Expect(admin.Update(t.Context(), customers)).To(Succeed())
	g.Expect(run("c-1", "customer", "export")).To(ContainSubstring("secret/customers, key customers.csv: line 2: it is no CSV"))
	g.Expect(run("c-1", "customer", "erase", "--yes")).To(And(
		ContainSubstring("secret/customers, key customers.csv: line 2: it is no CSV"), ContainSubstring("audience/billing-customers: the entry in spec.customers")))
	g.Expect(admin.Get(t.Context(), client.ObjectKeyFromObject(customers), customers)).To(Succeed())
	g.Expect(string(customers.Data["customers.csv"])).To(Equal(broken))
	g.Expect(admin.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: "billing-customers"}, billing)).To(Succeed())
	g.Expect(billing.Spec.Customers).To(HaveLen(2))
}

func untouched(g *WithT, customers, contacts *corev1.Secret, billing *v1alpha1.Audience) {
	g.Expect(string(customers.Data["customers.csv"])).To(Equal(customersCSV))
	g.Expect(contacts.Data).To(HaveLen(3))
	g.Expect(contacts.Annotations).To(HaveKey(corev1.LastAppliedConfigAnnotation))
	g.Expect(billing.Spec.Customers).To(HaveLen(3))
}

func erased(g *WithT, customers, contacts *corev1.Secret, billing *v1alpha1.Audience) {
	g.Expect(string(customers.Data["customers.csv"])).To(Equal(withoutC1))
	g.Expect(contacts.Data).To(And(HaveLen(2), HaveKey("c-10"), HaveKey("shared")))
	g.Expect(contacts.Annotations).NotTo(HaveKey(corev1.LastAppliedConfigAnnotation))
	g.Expect(billing.Spec.Customers).To(HaveExactElements(HaveField("ID", BeEquivalentTo("c-10")), HaveField("ID", BeEquivalentTo("c-11"))))
}

// buildCustomers fills a namespace with testdata/customer/world.yaml, and returns the UID of its notice.
func (w *world) buildCustomers(namespace string) (uid string) {
	w.t.Helper()
	w.create(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}})
	decoder := serializer.NewCodecFactory(w.admin.Scheme(), serializer.EnableStrict).UniversalDeserializer()
	text := string(read(w.t, "testdata/customer/world.yaml"))
	for documents := utilyaml.NewYAMLReader(bufio.NewReader(strings.NewReader(text))); ; {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return uid
		}
		if err != nil {
			w.t.Fatal(err)
		}
		expanded := os.Expand(string(document), func(name string) string {
			return map[string]string{"namespace": namespace, "uid": uid}[name]
		})
		object, _, err := decoder.Decode([]byte(expanded), nil, nil)
		if err != nil {
			w.t.Fatal(err)
		}
		w.create(object.(client.Object))
		if n, ok := object.(*v1alpha1.ChangeNotice); ok {
			uid = string(n.UID)
		}
	}
}

// keeperKubeconfig is that of a user who may do what export and erase take, and no more; and act as three others: a viewer
// may read no Secrets, a clerk may change one of them, a stranger may do nothing.
func keeperKubeconfig(t *testing.T, c *controlplane.Cluster, admin client.Client) string {
	t.Helper()
	look := rbacv1.PolicyRule{
		APIGroups: []string{"forewarn.dev"}, Verbs: []string{"get", "list"},
		Resources: []string{"audiences", "customerapis", "noticechannels", "changenotices", "deliveryrecords", "apirevisions"},
	}
	change := rbacv1.PolicyRule{APIGroups: []string{"forewarn.dev"}, Verbs: []string{"patch"}, Resources: []string{"audiences"}}
	secrets := func(verb string, names ...string) rbacv1.PolicyRule {
		return rbacv1.PolicyRule{APIGroups: []string{""}, Verbs: []string{verb}, Resources: []string{"secrets"}, ResourceNames: names}
	}
	others := rbacv1.PolicyRule{
		APIGroups: []string{""}, Verbs: []string{"impersonate"}, Resources: []string{"users"}, ResourceNames: []string{"viewer", "clerk", "stranger"},
	}
	for user, rules := range map[string][]rbacv1.PolicyRule{
		"keeper": {look, change, secrets("get"), secrets("update"), others},
		"clerk":  {look, change, secrets("get"), secrets("update", "customers")},
		"viewer": {look, change},
	} {
		role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: user}, Rules: rules}
		for _, object := range []client.Object{role, binding(user, user)} {
			if err := admin.Create(t.Context(), object); err != nil {
				t.Fatal(err)
			}
		}
	}
	return kubeconfigFor(t, c, "keeper")
}
