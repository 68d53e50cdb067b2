//go:build unix

package cli

import (
	"bytes"
	"context"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/cli"
	"forewarn.dev/forewarn/test/controlplane"
)

// namesMisfits asks a cluster in which objects were stored while a schema was looser.
func namesMisfits(t *testing.T, admin client.Client, kubeconfig string) {
	for _, misfit := range []struct {
		kind, resource, name, field string
		spec                        map[string]any
		check, explain              int
		says                        string
	}{
		{
			kind: "ChangeNotice", resource: "changenotices", name: "misfit", field: "spec.title",
			spec:  map[string]any{"title": int64(42), "apiRef": map[string]any{"name": "orders"}},
			check: cli.ExitAdmissible, explain: cli.ExitAdmissible,
		},
		{
			kind: "CustomerAPI", resource: "customerapis", name: "misfit", field: "spec.title",
			spec:  map[string]any{"title": int64(42)},
			check: cli.ExitAdmissible, explain: cli.ExitAdmissible,
		},
		{
			kind: "NoticePolicy", resource: "noticepolicies", name: "misfit", field: "spec.owed.days",
			spec:  map[string]any{"owed": []any{map[string]any{"class": "Breaking", "days": "90d"}}},
			check: cli.ExitUndecided, explain: cli.ExitAdmissible, says: "PolicyInvalid",
		},
		{
			kind: "DeprecationSchedule", resource: "deprecationschedules", name: "misfit", field: "spec.removeAfterDays",
			spec:  map[string]any{"removeAfterDays": "90d", "version": "v1", "apiRef": map[string]any{"name": "orders"}},
			check: cli.ExitAdmissible, explain: cli.ExitAdmissible,
		},
	} {
		t.Run(misfit.kind, func(t *testing.T) {
			g := NewWithT(t)
			object := &unstructured.Unstructured{Object: map[string]any{"spec": misfit.spec}}
			object.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(misfit.kind))
			object.SetName(misfit.name)
			if misfit.kind != "NoticePolicy" {
				object.SetNamespace(namespace)
			}
			g.Expect(controlplane.WhileLoose(t.Context(), admin, misfit.resource+".forewarn.dev", func(ctx context.Context) error {
				return client.IgnoreAlreadyExists(admin.Create(ctx, object))
			})).To(Succeed())
			defer func() { g.Expect(admin.Delete(t.Context(), object)).To(Succeed()) }()
			runNow := func(want int, args ...string) string {
				t.Helper()
				var out, diagnostics bytes.Buffer
				streams := cli.Streams{In: strings.NewReader(""), Out: &out, Err: &diagnostics, Now: clock}
				got := cli.Run(append(args, "--kubeconfig", kubeconfig, "-n", namespace), streams)
				g.Expect(got).To(Equal(want), "%s%s", out.String(), diagnostics.String())
				g.Expect(diagnostics.String()).To(And(
					ContainSubstring(misfit.kind), ContainSubstring("misfit cannot be read"), ContainSubstring(misfit.field), Not(ContainSubstring("90d"))))
				g.Expect(diagnostics.String()).NotTo(ContainSubstring("there is no"))
				return out.String()
			}
			run := func(want int, args ...string) string {
				t.Helper()
				return runNow(want, append(args, "--at", "2099-02-01T00:00:00Z")...)
			}
			g.Expect(run(misfit.check, "check", "--api", "orders", "--head", "testdata/shared/compatible.yaml")).To(ContainSubstring(misfit.says))
			run(misfit.explain, "explain", "customerapi/orders")
			if misfit.kind != "NoticePolicy" {
				run(cli.ExitUndecided, "explain", strings.ToLower(misfit.kind)+"/misfit")
			}
			switch misfit.kind {
			case "CustomerAPI":
				run(cli.ExitUndecided, "check", "--api", "misfit", "--head", "testdata/shared/released.yaml")
			case "DeprecationSchedule":
				runNow(cli.ExitUndecided, "headers", "deprecationschedule/misfit")
				// Another may say something in the same rules.
				runNow(cli.ExitUndecided, "headers", "deprecationschedule/cart-v1")
			}
		})
	}
}
