//go:build unix

package cel

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

func discover(t *testing.T) []*metav1.APIResourceList {
	t.Helper()
	d, err := discovery.NewDiscoveryClientForConfig(cluster.AdminConfig())
	if err != nil {
		t.Fatal(err)
	}
	_, lists, err := d.ServerGroupsAndResources()
	if err != nil {
		t.Fatal(err)
	}
	return lists
}

func TestDiscovery(t *testing.T) {
	type names struct {
		Kind       string
		Namespaced bool
		Short      []string
		Categories []string
	}
	promises := []string{"promises"}
	wanted := map[string]names{
		"apirevisions":         {"APIRevision", true, []string{"arev"}, promises},
		"audiences":            {"Audience", true, []string{"audience"}, promises},
		"changenotices":        {"ChangeNotice", true, []string{"notice"}, promises},
		"customerapis":         {"CustomerAPI", true, []string{"cusapi"}, promises},
		"deliveryrecords":      {"DeliveryRecord", true, []string{"drec"}, nil},
		"deprecationschedules": {"DeprecationSchedule", true, []string{"dsched"}, promises},
		"downtimebudgets":      {"DowntimeBudget", true, []string{"dtb"}, promises},
		"keptcontracts":        {"KeptContract", true, []string{"kcon"}, nil},
		"noticechannels":       {"NoticeChannel", true, []string{"nchan"}, nil},
		"noticepolicies":       {"NoticePolicy", false, []string{"npol"}, promises},
		"waivers":              {"Waiver", true, nil, promises},
	}
	found := map[string]names{}
	statuses := []string{}
	for _, list := range discover(t) {
		if list.GroupVersion != v1alpha1.GroupVersion.String() {
			continue
		}
		for _, r := range list.APIResources {
			if resource, ok := strings.CutSuffix(r.Name, "/status"); ok {
				statuses = append(statuses, resource)
				continue
			}
			found[r.Name] = names{r.Kind, r.Namespaced, r.ShortNames, r.Categories}
		}
	}
	if diff := cmp.Diff(wanted, found); diff != "" {
		t.Errorf("resources (-want +got):\n%s", diff)
	}
	slices.Sort(statuses)
	withStatus := []string{
		"apirevisions", "audiences", "changenotices", "customerapis", "deliveryrecords",
		"deprecationschedules", "downtimebudgets", "noticechannels", "noticepolicies", "waivers",
	}
	if diff := cmp.Diff(withStatus, statuses); diff != "" {
		t.Errorf("with status (-want +got):\n%s", diff)
	}
}

// TestNamesAreNobodyElses holds that kubectl understands each name of ours, as
// long as nobody else comes with it.
func TestNamesAreNobodyElses(t *testing.T) {
	owner := map[string]string{}
	for _, list := range discover(t) {
		for _, r := range list.APIResources {
			if strings.Contains(r.Name, "/") {
				continue
			}
			resource := r.Name + " of " + strings.Split(list.GroupVersion, "/")[0]
			for _, name := range append(r.ShortNames, r.Name, r.SingularName) {
				before, known := owner[name]
				ours := strings.HasSuffix(resource, v1alpha1.GroupVersion.Group) || strings.HasSuffix(before, v1alpha1.GroupVersion.Group)
				if known && before != resource && ours {
					t.Errorf("%s is %s and %s", name, before, resource)
				}
				owner[name] = resource
			}
		}
	}
}

// TestKubectl asks as people do.
func TestKubectl(t *testing.T) {
	namespace := newNamespace(t)
	for kind := range plurals {
		u := sample(t, kind)
		place(u, namespace)
		create(t, u)
	}
	others := []string{
		"deliveryrecord.forewarn.dev/orders-no-delete-reminder-30-mail-0",
		"keptcontract.forewarn.dev/sha256-5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a",
		"noticechannel.forewarn.dev/mail",
	}
	promises := []string{
		"apirevision.forewarn.dev/orders-9f31c2aa",
		"audience.forewarn.dev/orders-customers",
		"changenotice.forewarn.dev/orders-no-delete",
		"customerapi.forewarn.dev/orders",
		"deprecationschedule.forewarn.dev/orders-v1",
		"downtimebudget.forewarn.dev/orders-slo",
		"noticepolicy.forewarn.dev/public-apis",
		"waiver.forewarn.dev/inc-4711",
	}
	for asked, wanted := range map[string][]string{
		"promises": promises,
		"arev,audience,notice,cusapi,drec,dsched,dtb,kcon,nchan,npol,waiver": slices.Concat(promises, others),
	} {
		t.Run(asked, func(t *testing.T) {
			kubectl := exec.CommandContext(t.Context(), filepath.Join(cluster.BinDir(), "kubectl"),
				"--kubeconfig", cluster.Kubeconfig(), "--context=admin", "get", asked, "--namespace", namespace, "--output=name")
			kubectl.Stderr = t.Output()
			answer, err := kubectl.Output()
			if err != nil {
				t.Fatal(err)
			}
			names := strings.Fields(string(answer))
			slices.Sort(names)
			slices.Sort(wanted)
			if diff := cmp.Diff(wanted, names); diff != "" {
				t.Errorf("kubectl get %s (-want +got):\n%s", asked, diff)
			}
		})
	}
}
