//go:build unix

package e2e

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// Of each contract that cannot be judged, the status says why and what to do; all others are judged.
func TestContractsThatCannotBeJudged(t *testing.T) {
	e := adopted(t)
	bad := map[string]struct {
		document string
		want     string
		says     string
	}{
		"unreadable": {document: "openapi: [3.0.3\n  x", want: "Unknown ContractUnreadable"},
		"empty":      {document: "# nothing but this\n", want: "Unknown ContractEmpty"},
		"format":     {document: "asyncapi: 3.0.0\ninfo: {title: Events, version: v1}\n", want: "Unknown ContractUnreadable"},
		"too-large":  {document: openAPI(listOrders) + "x-padding: " + strings.Repeat("a", 17<<20) + "\n", want: "Unknown ContractTooLarge"},
		"external": {
			document: openAPI(strings.Replace(listOrders, `{description: Orders, the latest first}`, `{$ref: "https://elsewhere.example/r.yaml"}`, 1)),
			want:     "Unknown ContractUnreadable", says: "elsewhere.example",
		},
		"circular": {
			document: openAPI(strings.Replace(listOrders, `{description: Orders, the latest first}`, `{$ref: "#/components/responses/A"}`, 1)) +
				"components:\n  responses:\n    A: {$ref: \"#/components/responses/B\"}\n    B: {$ref: \"#/components/responses/A\"}\n",
			want: "Unknown ContractUnreadable",
		},
		"aliases": {document: aliasBomb(), want: "Unknown ContractUnreadable"},
		"deep":    {document: openAPI(listOrders) + "x-deep: " + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + "\n", want: "Unknown ContractUnreadable"},
	}
	for name, b := range bad {
		source := e.proposal(name, "orders", nil)
		source.BinaryData = map[string][]byte{"v1.yaml": gzipped(t, b.document)}
		e.Expect(e.developer.Create(e.ctx, source)).To(Succeed(), name)
	}
	for name, key := range map[string]string{"no-source": "v1.yaml", "deep-key": "v2.yaml"} {
		revision := &v1alpha1.APIRevision{ObjectMeta: metav1.ObjectMeta{Namespace: e.namespace, Name: "of-" + name}}
		revision.Spec.APIRef.Name = "orders"
		revision.Spec.Contracts = []v1alpha1.Contract{{Version: "v1", ConfigMapKeyRef: v1alpha1.ConfigMapKeyRef{Name: strings.TrimSuffix(name, "-key"), Key: key}}}
		e.Expect(e.developer.Create(e.ctx, revision)).To(Succeed())
	}
	undeclared := &v1alpha1.APIRevision{ObjectMeta: metav1.ObjectMeta{Namespace: e.namespace, Name: "undeclared"}}
	undeclared.Spec.APIRef.Name = "orders"
	undeclared.Spec.Contracts = []v1alpha1.Contract{
		{Version: "v1", Inline: openAPI(listOrders, deleteOrder)}, {Version: "v9", Inline: openAPI(listOrders)},
	}
	e.Expect(e.developer.Create(e.ctx, undeclared)).To(Succeed())
	e.revision("good", "orders", openAPI(listOrders, deleteOrder, cancelOrder))
	e.revision("stray", "nowhere", openAPI(listOrders))

	e.judged("good", "True Compatible")
	for name, b := range bad {
		message := e.judged(name, b.want)
		e.Expect(message).To(And(ContainSubstring("v1"), ContainSubstring(b.says)), name)
		e.Expect(len(message)).To(BeNumerically("<", 1024), name)
		e.Expect(message).NotTo(ContainSubstring("\n"), name)
	}
	e.judged("of-no-source", "Unknown ContractNotFound")
	e.judged("of-deep-key", "Unknown ContractNotFound")
	e.judged("undeclared", "False VersionUndeclared")
	e.judged("stray", "Unknown APINotFound")
	e.Expect(e.release("orders", "aliases", "orders:2")).To(MatchError(ContainSubstring("aliases")), "unknown is no")
	e.Expect(e.release("orders", "good", "orders:2")).To(Succeed())

	// What was unreadable is put right: nobody has to propose it again, either.
	source := e.proposal("unreadable", "orders", map[string]string{})
	e.get(source, "unreadable")
	source.BinaryData["v1.yaml"] = gzipped(t, openAPI(listOrders, deleteOrder, cancelOrder))
	e.Expect(e.developer.Update(e.ctx, source)).To(Succeed())
	e.judged("unreadable", "True Compatible")

	// What was missing comes: nobody has to propose it again.
	e.create(e.proposal("no-source", "orders", map[string]string{"v1.yaml": openAPI(listOrders, deleteOrder, cancelOrder)}))
	e.judged("of-no-source", "True Compatible")
}

// aliasBomb is small, and would be 10^9 values if it were written out.
func aliasBomb() string {
	var bomb strings.Builder
	bomb.WriteString("openapi: 3.0.3\ninfo: {title: Bomb, version: v1}\npaths: {}\nx-0: &a0 [a, a, a, a, a, a, a, a, a, a]\n")
	for i := 1; i < 9; i++ {
		level := string(rune('0' + i))
		below := "*a" + string(rune('0'+i-1))
		bomb.WriteString("x-" + level + ": &a" + level + " [" + strings.Repeat(below+", ", 9) + below + "]\n")
	}
	return bomb.String()
}
