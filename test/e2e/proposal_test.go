//go:build unix

package e2e

import (
	"bytes"
	"compress/gzip"
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// proposal is a ConfigMap that proposes a revision.
func (e *env) proposal(name, api string, data map[string]string) *corev1.ConfigMap {
	return &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: e.namespace, Name: name, Labels: map[string]string{v1alpha1.APILabel: api}},
		Data:       data,
	}
}

func gzipped(t *testing.T, document string) []byte {
	t.Helper()
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	if _, err := writer.Write([]byte(document)); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

// A labelled ConfigMap becomes a revision, and from then on each goes its own way: what becomes of the ConfigMap
// changes no verdict (bypass 31).
func TestBypass31AProposalAndWhatBecomesOfIt(t *testing.T) {
	e := adopted(t)
	proposal := e.proposal("orders-2", "orders", map[string]string{"v1.yaml": openAPI(listOrders, deleteOrder, cancelOrder), "README.md": "no document"})
	e.Expect(e.developer.Create(e.ctx, proposal)).To(Succeed())
	e.judged("orders-2", "True Compatible")
	before := &v1alpha1.APIRevision{}
	e.get(before, "orders-2")
	e.Expect(before.OwnerReferences).To(BeEmpty())
	e.Expect(before.Status.Contracts).To(HaveLen(1))
	e.Expect(*before.Status.Contracts[0].Operations).To(BeEquivalentTo(3))

	proposal.Data["v1.yaml"] = openAPI(cancelOrder)
	e.Expect(e.developer.Update(e.ctx, proposal)).To(Succeed())
	e.restartManager(0) // it reads everything anew
	e.judged("orders-2", "True Compatible")
	e.Expect(e.developer.Delete(e.ctx, proposal)).To(Succeed())
	e.restartManager(0)
	e.judged("orders-2", "True Compatible")
	after := &v1alpha1.APIRevision{}
	e.get(after, "orders-2")
	e.Expect(after.Status.Digest).To(Equal(before.Status.Digest))
	e.Expect(after.Status.Contracts).To(Equal(before.Status.Contracts))

	// What is compared with it later is compared with what was judged.
	e.Expect(e.release("orders", "orders-2", "orders:2")).To(Succeed())
	e.serves("orders", "orders-2")
	e.promises("orders", "orders-2")
	e.revision("orders-3", "orders", openAPI(cancelOrder))
	e.judged("orders-3", "False NoticeMissing")
}

// A compressed document is read like any other.
func TestACompressedProposal(t *testing.T) {
	e := adopted(t)
	proposal := e.proposal("orders-2", "orders", nil)
	proposal.BinaryData = map[string][]byte{"v1.json.gz": gzipped(t, openAPI(listOrders, deleteOrder, cancelOrder))}
	e.Expect(e.developer.Create(e.ctx, proposal)).To(Succeed())
	e.judged("orders-2", "True Compatible")
}

// What cannot be a revision is said where the author looks.
func TestProposalsThatCannotBeRevisions(t *testing.T) {
	e := newEnv(t)
	e.policy()
	e.api("orders")
	e.revision("taken", "orders", openAPI(listOrders))
	for name, proposal := range map[string]*corev1.ConfigMap{
		"dotted.name":   e.proposal("dotted.name", "orders", map[string]string{"v1.yaml": openAPI(listOrders)}),
		"no-document":   e.proposal("no-document", "orders", map[string]string{"README": "none"}),
		"twice":         e.proposal("twice", "orders", map[string]string{"v1.yaml": openAPI(listOrders), "v1.json": "{}"}),
		"taken":         e.proposal("taken", "orders", map[string]string{"v2.yaml": openAPI(listOrders)}),
		"upper-version": e.proposal("upper-version", "orders", map[string]string{"V1.yaml": openAPI(listOrders)}),
	} {
		e.Expect(e.developer.Create(e.ctx, proposal)).To(Succeed())
		e.Eventually(func() []string { return e.events(name) }).Should(ContainElement(v1alpha1.ReasonProposalInvalid), name)
		if name != "taken" {
			e.Expect(client.IgnoreNotFound(e.admin.Get(e.ctx, client.ObjectKeyFromObject(proposal), &v1alpha1.APIRevision{}))).To(Succeed())
		}
	}
}

// A name is only a claim: made anew for other contents, it is not what served.
func TestANameThatIsUsedAgain(t *testing.T) {
	e := adopted(t)
	e.revision("orders-2", "orders", openAPI(listOrders, deleteOrder, cancelOrder))
	e.judged("orders-2", "True Compatible")
	e.Expect(e.release("orders", "orders-2", "orders:2")).To(Succeed())
	e.rolledOut("orders", "orders:2")
	e.serves("orders", "orders-2")
	e.promises("orders", "orders-2")

	first := &v1alpha1.APIRevision{}
	e.get(first, "orders-1")
	e.Expect(e.developer.Delete(e.ctx, first)).To(Succeed())
	e.Eventually(func(g Gomega) { // its object is gone, and the way back is open
		g.Expect(e.try("orders-1", "orders:1")).To(Succeed())
		api := &v1alpha1.CustomerAPI{}
		e.get(api, "orders")
		g.Expect(api.Status.WayBack).To(HaveLen(1))
	}).Should(Succeed())
	e.revision("orders-1", "orders", openAPI(cancelOrder))
	e.judged("orders-1", "False NameReused")
}

// Nor is it what serves: the object that took its name is refused, the gate keeps the images of what serves, and the
// promise does not move.
func TestANameThatServesIsUsedAgain(t *testing.T) {
	e := newEnv(t)
	e.policy(func(spec *v1alpha1.NoticePolicySpec) { spec.Images = v1alpha1.ImagesRequired })
	e.api("orders")
	listing := func(name, image string) *v1alpha1.APIRevision {
		revision := e.revisionObject(name, "orders", openAPI(listOrders))
		revision.Spec.Images = []string{image}
		return revision
	}
	first := listing("orders-1", "orders:1")
	e.Expect(e.developer.Create(e.ctx, first)).To(Succeed())
	e.judged("orders-1", "True Baseline")
	e.Expect(e.release("orders", "orders-1", "orders:1")).To(Succeed())
	e.rolledOut("orders", "orders:1")
	e.serves("orders", "orders-1")
	e.promises("orders", "orders-1")
	e.bites()
	before := &v1alpha1.CustomerAPI{}
	e.get(before, "orders")
	e.get(first, "orders-1")
	e.Expect(before.Status.Serving).To(HaveLen(1))
	e.Expect(before.Status.Serving[0].Digest).To(Equal(first.Status.Digest))
	e.Expect(before.Status.Serving[0].Images).To(Equal([]string{"orders:1"}))

	e.Expect(e.developer.Delete(e.ctx, first)).To(Succeed())
	e.Expect(e.developer.Create(e.ctx, listing("orders-1", "orders:evil"))).To(Succeed())
	for range 2 {
		e.judged("orders-1", "False NameReused")
		e.Expect(e.try("orders-1", "orders:1")).To(Succeed(), "what serves may be made again (R11)")
		e.Expect(e.try("orders-1", "orders:evil")).To(MatchError(ContainSubstring("orders-1 does not list the image orders:evil")))
		after := &v1alpha1.CustomerAPI{}
		e.get(after, "orders")
		e.Expect(after.Status.Serving).To(Equal(before.Status.Serving))
		e.Expect(after.Status.Promised).To(Equal(before.Status.Promised))
		e.restartManager(0) // it knows what serves from the status alone
	}
}

// The digest that a name was made from holds whoever made the object to it.
func TestA9ADigestThatDiffers(t *testing.T) {
	e := adopted(t)
	revision := &v1alpha1.APIRevision{ObjectMeta: metav1.ObjectMeta{
		Namespace: e.namespace, Name: "orders-2", Annotations: map[string]string{v1alpha1.DigestAnnotation: "0123456789"},
	}}
	revision.Spec.APIRef.Name = "orders"
	revision.Spec.Contracts = []v1alpha1.Contract{{Version: "v1", Inline: openAPI(listOrders, deleteOrder)}}
	e.Expect(e.developer.Create(e.ctx, revision)).To(Succeed())
	e.judged("orders-2", "False DigestMismatch")
}
