//go:build unix

package admission

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/test/controlplane"
)

// benchRounds is how often each case is tried in one run; p99 wants hundreds.
const benchRounds = 400

// benchCase is a Deployment to which dry-run patches are sent.
type benchCase struct {
	name       string
	client     client.Client
	deployment *appsv1.Deployment
	took       []time.Duration
}

// BenchmarkAdmission is what a rollout pays: dry-run patches of a Deployment by
// one client, where there are no policies at all, where the namespace is not
// governed, and where the gate holds 1, 50 and 1,000 APIs. Of 1,000 there are
// variants: an API that the Deployment does not carry is out of downtime; its
// images are listed, so that they are compared; a label changes with them, so
// that everything is looked at. The cases take turns, so that what else the
// machine does falls on all of them alike. Run it with -run='^$': no controllers
// work beside it then.
func BenchmarkAdmission(b *testing.B) {
	cases := []*benchCase{
		newBenchCase(b, "off", newBenchSpace(b, withoutPolicies(b))),
		newBenchCase(b, "ungoverned", newSpace(b)),
		newBenchCase(b, "1", governed(b, benchGate(1, "app=api-%d", digested))),
		newBenchCase(b, "50", governed(b, benchGate(50, "app=api-%d", digested))),
		newBenchCase(b, "1000", governed(b, benchGate(1000, "app=api-%d", digested))),
		newBenchCase(b, "1000-one-label", governed(b, benchGate(1000, "app=api-%d,part-of=shop", digested))),
		newBenchCase(b, "1000-one-value", governed(b, benchGate(1000, "serves-api-%d=true", digested))),
		newBenchCase(b, "1000-one-spent", governed(b, benchGate(1000, "app=api-%d", digested).
			spent("api-999", "api-999-slo", strings.Repeat("z", 200), "shop/api-999:1").set("budgets", "1"))),
		newBenchCase(b, "1000-images", governed(b, listed(benchGate(1000, "app=api-%d", digested)))),
		newBenchCase(b, "1000-labels", governed(b, benchGate(1000, "app=api-%d", digested))),
		newBenchCase(b, "1000-one-ending", governed(b, benchGate(1000, "app=api-%d", numbered))),
	}
	for b.Loop() {
		for range benchRounds {
			for _, c := range cases {
				c.patch(b)
			}
			slices.Reverse(cases)
		}
	}
	b.ReportMetric(0, "ns/op") // of no use: one operation is a whole run
	slices.SortFunc(cases, func(x, y *benchCase) int { return strings.Compare(x.name, y.name) })
	off := cases[slices.IndexFunc(cases, func(c *benchCase) bool { return c.name == "off" })].quantile(0.5)
	var table strings.Builder // of a log ten lines are shown
	for _, c := range cases {
		p50 := c.quantile(0.5)
		b.ReportMetric(p50, c.name+"-p50-ms")
		fmt.Fprintf(&table, "\n%-15s p50 %6.2f ms  p99 %6.2f ms  added at p50 %+5.2f ms  ratio %.2f", c.name, p50, c.quantile(0.99), p50-off, p50/off)
	}
	fmt.Fprintln(os.Stderr, table.String())
}

// benchGate governs n APIs, of which the first is that of the Deployment. Each
// has a revision that is admitted, one that is refused, a Service, and pods that
// run, and is kept.
func benchGate(n int, selector string, revision func(api string, n int) string) *gate {
	g := newGate()
	for i := range n {
		api := fmt.Sprintf("api-%d", i)
		g.api(api, fmt.Sprintf(selector, i)).
			admit(revision(api, 1), api).refuse(revision(api, 2), api, strings.Repeat("x", 300)).
			keep(api, strings.Repeat("y", 200), "deployments/"+api, "services/"+api, "customerapis/"+api).
			outage(api, strings.Repeat("w", 100)).carries(api, "services/"+api).
			runs(api, "r+"+revision(api, 1)+fmt.Sprintf(",app=api-%d,pod-template-hash=5d9c7b6f4", i))
	}
	return g
}

// listed requires the images of the Deployment, and of the patches.
func listed(g *gate) *gate {
	return g.images(digested("api-0", 1), "shop/orders:1", "shop/orders:2", "shop/orders:3")
}

// digested is how revisions are named by forewarn revision, kustomize and Helm.
func digested(api string, n int) string {
	return fmt.Sprintf("%s-%.8x", api, sha256.Sum256(fmt.Append(nil, api, n)))
}

// numbered names revisions so that all stand under one key of a table: the
// names of those that are admitted end in the same character.
func numbered(api string, n int) string { return fmt.Sprintf("%s-%d", api, n) }

func newBenchSpace(b *testing.B, c *controlplane.Cluster) *space {
	b.Helper()
	if err := controlplane.GrantDeveloper(b.Context(), c.AdminConfig(), "bench"); err != nil {
		b.Fatal(err)
	}
	return &space{TB: b, name: "bench", tenant: newUser(b, c.DeveloperConfig())}
}

// newBenchCase makes the Deployment in a space, as any developer.
func newBenchCase(b *testing.B, name string, s *space) *benchCase {
	b.Helper()
	if len(s.gates) > 0 {
		for _, label := range []string{v1alpha1.ExpiringLabel, v1alpha1.WarningLabel, v1alpha1.AuditingLabel} {
			s.label(label, "false") // as the controller does where nothing ends, and nothing is in those gates
		}
	}
	d := deployment("", "d", digested("api-0", 1), "app", "api-0", "part-of", "shop", "serves-api-0", "true", "version", "v1")
	if name == "1000-one-ending" {
		d.Spec.Template.Annotations[v1alpha1.RevisionAnnotation] = numbered("api-0", 1)
	}
	d.Spec.Replicas = ptr.To[int32](3)
	s.create(d)
	return &benchCase{name: name, client: s.tenant, deployment: d}
}

func (c *benchCase) patch(b *testing.B) {
	labels := ""
	if c.name == "1000-labels" {
		labels = `"metadata":{"labels":{"version":"v2"}},`
	}
	change := fmt.Sprintf(`{"spec":{"template":{%s"spec":{"containers":[{"name":"main","image":"shop/orders:%d"}]}}}}`, labels, 2+len(c.took)%2)
	began := time.Now()
	err := c.client.Patch(b.Context(), c.deployment.DeepCopy(), client.RawPatch(types.StrategicMergePatchType, []byte(change)), client.DryRunAll)
	c.took = append(c.took, time.Since(began))
	if err != nil {
		b.Fatal(err)
	}
}

// quantile is in milliseconds.
func (c *benchCase) quantile(q float64) float64 {
	sorted := slices.Sorted(slices.Values(c.took))
	return sorted[int(q*float64(len(sorted)-1))].Seconds() * 1000
}

// withoutPolicies is a second control plane like that of the suite, into which
// nothing is installed.
func withoutPolicies(b *testing.B) *controlplane.Cluster {
	b.Helper()
	c, err := controlplane.Start(b.Context(), controlplane.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := c.Stop(context.WithoutCancel(b.Context())); err != nil {
			b.Error(err)
		}
	})
	return c
}
