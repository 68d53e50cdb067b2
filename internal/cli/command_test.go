package cli

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

func TestCommandsCanBePasted(t *testing.T) {
	for arg, want := range map[string]string{
		"orders-3f2a9c1b10":       "orders-3f2a9c1b10",
		"v1=api/openapi.yaml":     "v1=api/openapi.yaml",
		"my contract.yaml":        "'my contract.yaml'",
		"it's; rm -rf ~":          `'it'\''s; rm -rf ~'`,
		"$(reboot)":               "'$(reboot)'",
		"":                        "''",
		"shop.example/a@sha256:1": "shop.example/a@sha256:1",
	} {
		if got := typed(arg); got != want {
			t.Errorf("typed(%q) = %s, want %s", arg, got, want)
		}
	}
}

func TestFreeName(t *testing.T) {
	notice := func(name string, published bool) v1alpha1.ChangeNotice {
		n := v1alpha1.ChangeNotice{ObjectMeta: metav1.ObjectMeta{Name: name}}
		if published {
			n.Status.PublishedTime = &metav1.Time{Time: noon}
		}
		return n
	}
	long := "a-name-as-long-as-a-name-can-be-which-is-sixty-three-characters"
	for name, tt := range map[string]struct {
		wanted  string
		notices []v1alpha1.ChangeNotice
		want    string
	}{
		"nobody has it":           {"orders-1", nil, "orders-1"},
		"a draft is written over": {"orders-1", []v1alpha1.ChangeNotice{notice("orders-1", false)}, "orders-1"},
		"a published one is not":  {"orders-1", []v1alpha1.ChangeNotice{notice("orders-1", true)}, "orders-1-2"},
		"nor is the next":         {"orders-1", []v1alpha1.ChangeNotice{notice("orders-1", true), notice("orders-1-2", true)}, "orders-1-3"},
		"it stays a legal name":   {long, []v1alpha1.ChangeNotice{notice(long, true)}, long[:61] + "-2"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := freeName(tt.wanted, tt.notices); got != tt.want || !objectName.MatchString(got) {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestRevisionNamesAreLegal(t *testing.T) {
	const digest = v1alpha1.Digest("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")
	for _, api := range []string{"a", "orders", "an-api-with-a-name-as-long-as-a-name-can-be-in-this-cluster-63x"[:63]} {
		if name := revisionName(api, digest); !objectName.MatchString(name) {
			t.Errorf("%s is no DNS label", name)
		}
	}
}

func TestClusterFlagsLeadToTheSameCluster(t *testing.T) {
	config := genericclioptions.NewConfigFlags(true)
	*config.Context, *config.Impersonate, *config.ImpersonateGroup = "production", "jo", []string{"on-call", "ops team"}
	h := hints{program: "forewarn", flags: clusterFlags(config, "shop")}
	want := "forewarn explain deployment/orders --context production --as jo --as-group on-call --as-group 'ops team' -n shop"
	if got := h.command("explain", "deployment/orders"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
