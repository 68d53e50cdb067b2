//go:build unix

package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/cli"
	"forewarn.dev/forewarn/test/controlplane"
)

// TestCluster runs the command line against a real API server, as a user who
// may read and no more: whatever tried to write would fail. All that is in the
// cluster happens in 2099, so that what is printed is the same on any day.
func TestCluster(t *testing.T) {
	c := startCluster(t)
	admin := newClient(t, c.AdminConfig())
	installCRDs(t, admin)
	w := newWorld(t, admin)
	w.build()
	reader := readerKubeconfig(t, c, admin)

	folders, err := filepath.Glob("testdata/cluster/*/cmd")
	if err != nil || len(folders) == 0 {
		t.Fatal("there are no golden folders", err)
	}
	for _, file := range folders {
		folder := filepath.Dir(file)
		t.Run(filepath.Base(folder), func(t *testing.T) { runFolder(t, folder, reader, w.expand) })
	}
	t.Run("check says what explain says of a revision with these contents", func(t *testing.T) {
		sameVerdicts(t, reader, w)
	})
	t.Run("the API server takes a draft as it is printed", func(t *testing.T) { takesDraft(t, admin, reader, w) })
	t.Run("a waiver lets its revision pass until it expires", func(t *testing.T) { waived(t, admin, reader, w) })
	t.Run("without the right to read policies there is no verdict", func(t *testing.T) {
		missingRight(t, c, admin)
	})
	t.Run("what contracts with customers promise counts", func(t *testing.T) { contractsCount(t, admin, reader, w) })
	t.Run("customers own their data", func(t *testing.T) { customersOwnTheirData(t, c, admin) })
	t.Run("what does not fit its kind is named", func(t *testing.T) { namesMisfits(t, admin, reader) })
}

func startCluster(t *testing.T) *controlplane.Cluster {
	t.Helper()
	c, err := controlplane.Start(t.Context(), controlplane.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return c
}

// sameVerdicts holds check, which knows the contents alone, to explain, which
// knows the APIRevision, for everything that was proposed.
func sameVerdicts(t *testing.T, kubeconfig string, w *world) {
	for _, at := range []string{"2099-02-01T00:00:00Z", "2099-08-31T21:59:59Z", "2099-08-31T22:00:00Z", "2100-06-01T00:00:00Z"} {
		for file, name := range w.revisions {
			t.Run(file+" at "+at, func(t *testing.T) {
				g := NewWithT(t)
				checked := verdictOf(t, kubeconfig, "check", "--api", "orders", "--head", filepath.Join("testdata", "shared", file), "--at", at)
				explained := verdictOf(t, kubeconfig, "explain", "apirevision/"+name, "--at", at)
				g.Expect(checked.Verdict).NotTo(BeNil())
				g.Expect(explained.Revision).NotTo(BeNil())
				g.Expect(*checked.Verdict).To(Equal(explained.Revision.Verdict))
				g.Expect(checked.Verdict.Revision).To(Equal(name))
			})
		}
	}
}

func verdictOf(t *testing.T, kubeconfig string, args ...string) cli.Result {
	t.Helper()
	var out, diagnostics bytes.Buffer
	streams := cli.Streams{In: strings.NewReader(""), Out: &out, Err: &diagnostics, Now: clock}
	code := cli.Run(append(args, "--kubeconfig", kubeconfig, "-n", namespace, "-o", "json"), streams)
	if code == cli.ExitUndecided {
		t.Fatalf("%v: %s", args, diagnostics.String())
	}
	var result cli.Result
	if err := json.Unmarshal(out.Bytes(), &result); err != nil {
		t.Fatal(err)
	}
	return result
}

// takesDraft applies a draft: as it is, and filled in and published.
func takesDraft(t *testing.T, admin client.Client, kubeconfig string, w *world) {
	g := NewWithT(t)
	var out bytes.Buffer
	streams := cli.Streams{In: strings.NewReader(""), Out: &out, Err: io.Discard, Now: clock}
	args := []string{"notice", "draft", "apirevision/" + w.revisions["worse.yaml"], "--at", "2099-02-01T00:00:00Z", "--kubeconfig", kubeconfig}
	g.Expect(cli.Run(args, streams)).To(Equal(cli.ExitAdmissible))
	filled := strings.NewReplacer(
		"state: Draft", "state: Published",
		"# whatToDo:", "whatToDo: Stop reading quantity",
		"# help:", "help: https://help.example.com/orders",
	).Replace(out.String())
	for text, state := range map[string]v1alpha1.NoticeState{out.String(): v1alpha1.NoticeDraft, filled: v1alpha1.NoticePublished} {
		notice := &unstructured.Unstructured{}
		g.Expect(yaml.Unmarshal([]byte(text), &notice.Object)).To(Succeed())
		g.Expect(notice.Object["spec"]).To(HaveKeyWithValue("state", string(state)))
		g.Expect(admin.Create(t.Context(), notice, client.DryRunAll, client.FieldValidation(metav1.FieldValidationStrict))).To(Succeed())
	}
	g.Expect(filled).To(ContainSubstring("\n  whatToDo: Stop reading quantity\n"))
}

// waived drafts a waiver and creates it as it is printed, today: what a waiver was created at is for the API server alone to say.
func waived(t *testing.T, admin client.Client, kubeconfig string, w *world) {
	g := NewWithT(t)
	name := w.revisions["no-delete.yaml"]
	var out bytes.Buffer
	streams := cli.Streams{In: strings.NewReader(""), Out: &out, Err: io.Discard, Now: time.Now}
	args := []string{
		"waiver", "draft", "apirevision/" + name, "--reason", "The endpoint leaks other customers' orders", "--ticket", "INC-4711", "--for", "1h",
		"--kubeconfig", kubeconfig, "-n", namespace,
	}
	g.Expect(cli.Run(args, streams)).To(Equal(cli.ExitAdmissible))
	waiver := &v1alpha1.Waiver{}
	g.Expect(yaml.UnmarshalStrict(out.Bytes(), waiver)).To(Succeed())
	g.Expect(waiver.Spec.RequestedBy).To(Equal("reader"))
	g.Expect(admin.Create(t.Context(), waiver)).To(Succeed())
	defer func() { g.Expect(admin.Delete(t.Context(), waiver)).To(Succeed()) }()
	at := func(t time.Time) string { return t.UTC().Format(time.RFC3339) }
	expires := waiver.Spec.ExpireTime.Time

	last := verdictOf(t, kubeconfig, "check", "--api", "orders", "--head", "testdata/shared/no-delete.yaml", "--at", at(expires.Add(-time.Second))).Verdict
	g.Expect(last.Answer).To(Equal(cli.AnswerAdmissible))
	g.Expect(last.Reason).To(Equal(v1alpha1.ReasonWaived))
	g.Expect(last.Waiver).To(Equal(waiver.Name))
	g.Expect(last.OnMerit).To(BeFalse())
	g.Expect(last.AdmissibleUntilTime.Time).To(BeTemporally("==", expires))

	over := verdictOf(t, kubeconfig, "check", "--api", "orders", "--head", "testdata/shared/no-delete.yaml", "--at", at(expires)).Verdict
	g.Expect(over.Answer).To(Equal(cli.AnswerBlocked))
	g.Expect(over.Waiver).To(BeEmpty())
}

// contractsCount names the customers of the API, with one who was promised more than the policy owes.
func contractsCount(t *testing.T, admin client.Client, kubeconfig string, w *world) {
	g := NewWithT(t)
	audience := &v1alpha1.Audience{ObjectMeta: metav1.ObjectMeta{Name: "orders-customers", Namespace: namespace}}
	audience.Spec.Customers = []v1alpha1.Customer{{ID: "c-1"}}
	g.Expect(admin.Create(t.Context(), audience)).To(Succeed())
	audience.Status = v1alpha1.AudienceStatus{
		ObservedGeneration: ptr.To(audience.Generation), Customers: ptr.To[int32](1),
		Terms: []v1alpha1.ContractTerm{{
			Customer: "c-1", Customers: 1, Owed: v1alpha1.OwedTerm{Class: v1alpha1.ClassBreaking, Days: ptr.To[int32](2000)},
		}, {
			Customer: "c-1", Customers: 1, Owed: v1alpha1.OwedTerm{Class: v1alpha1.ClassRemoval, Days: ptr.To[int32](3000)},
		}},
	}
	g.Expect(admin.Status().Update(t.Context(), audience)).To(Succeed())
	api := &v1alpha1.CustomerAPI{}
	w.get("orders", api)
	before := api.DeepCopy()
	api.Spec.AudienceRef.Name = v1alpha1.ObjectName(audience.Name)
	g.Expect(admin.Update(t.Context(), api)).To(Succeed())
	defer func() {
		before.ResourceVersion = api.ResourceVersion
		g.Expect(admin.Update(t.Context(), before)).To(Succeed())
		g.Expect(admin.Delete(t.Context(), audience)).To(Succeed())
	}()

	checked := verdictOf(t, kubeconfig, "check", "--api", "orders", "--head", "testdata/shared/worse.yaml", "--at", "2099-02-01T00:00:00Z").Verdict
	g.Expect(checked.Answer).To(Equal(cli.AnswerBlocked))
	g.Expect(checked.Message).To(ContainSubstring("customers are owed 3000 days (contract with customer c-1)"))
	explained := verdictOf(t, kubeconfig, "explain", "customerapi/orders", "--at", "2099-02-01T00:00:00Z").CustomerAPI
	g.Expect(explained.Deletable.Message).To(ContainSubstring("customers are owed 3000 days (contract with customer c-1)"))
}

// missingRight asks as somebody who may read what is in the namespace alone.
func missingRight(t *testing.T, c *controlplane.Cluster, admin client.Client) {
	g := NewWithT(t)
	const user = "tenant"
	role := readingRole("tenant-reads")
	role.Rules = role.Rules[1:]
	g.Expect(admin.Create(t.Context(), role)).To(Succeed())
	g.Expect(admin.Create(t.Context(), binding(role.Name, user))).To(Succeed())
	var out, diagnostics bytes.Buffer
	streams := cli.Streams{In: strings.NewReader(""), Out: &out, Err: &diagnostics, Now: clock}
	args := []string{"check", "--api", "orders", "--head", "testdata/shared/released.yaml", "-n", namespace, "--kubeconfig", kubeconfigFor(t, c, user)}
	g.Expect(cli.Run(args, streams)).To(Equal(cli.ExitUndecided))
	g.Expect(out.String()).To(BeEmpty())
	g.Expect(diagnostics.String()).To(And(
		ContainSubstring("listing NoticePolicyList"), ContainSubstring("a verdict depends on it, ask for the right to read it")))
}

// readerKubeconfig is that of a user who may read all that a verdict depends
// on, and write nothing.
func readerKubeconfig(t *testing.T, c *controlplane.Cluster, admin client.Client) string {
	t.Helper()
	const user = "reader"
	role := readingRole("reads")
	for _, object := range []client.Object{role, binding(role.Name, user)} {
		if err := admin.Create(t.Context(), object); err != nil {
			t.Fatal(err)
		}
	}
	return kubeconfigFor(t, c, user)
}

// readingRole allows the reading of policies first, then of all else.
func readingRole(name string) *rbacv1.ClusterRole {
	read := []string{"get", "list"}
	return &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Rules: []rbacv1.PolicyRule{
			{APIGroups: []string{"forewarn.dev"}, Resources: []string{"noticepolicies"}, Verbs: read},
			{
				APIGroups: []string{"forewarn.dev"}, Verbs: read,
				Resources: []string{"customerapis", "apirevisions", "audiences", "changenotices", "deprecationschedules", "downtimebudgets", "keptcontracts", "waivers", "deliveryrecords"},
			},
			{APIGroups: []string{""}, Resources: []string{"namespaces", "configmaps", "services", "pods"}, Verbs: read},
			{APIGroups: []string{"apps"}, Resources: []string{"*"}, Verbs: read},
		},
	}
}

func binding(role, user string) *rbacv1.ClusterRoleBinding {
	return &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: role},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}},
	}
}

func kubeconfigFor(t *testing.T, c *controlplane.Cluster, user string) string {
	t.Helper()
	config, err := c.ConfigFor(user)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(kubeconfigOf(config, user), path); err != nil {
		t.Fatal(err)
	}
	return path
}

func kubeconfigOf(config *rest.Config, user string) clientcmdapi.Config {
	file := clientcmdapi.NewConfig()
	file.Clusters["local"] = &clientcmdapi.Cluster{Server: config.Host, CertificateAuthorityData: config.CAData}
	file.AuthInfos[user] = &clientcmdapi.AuthInfo{ClientCertificateData: config.CertData, ClientKeyData: config.KeyData}
	file.Contexts[user] = &clientcmdapi.Context{Cluster: "local", AuthInfo: user, Namespace: namespace}
	file.CurrentContext = user
	return *file
}
