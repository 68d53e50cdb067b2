//go:build unix

package cel

import (
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	ctrlclient "sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// How a moment is refused: by the format, or by our rule.
const (
	noMoment  = "must be of type date-time"
	badMoment = "write the moment in whole seconds, for example 2027-07-01T00:00:00Z"
)

// moments are tried where people write a moment; no complaint, no refusal.
var moments = map[string]struct{ when, complaint string }{
	"in UTC":                              {"2027-07-01T00:00:00Z", ""},
	"east of Greenwich":                   {"2027-07-01T00:00:00+02:00", ""},
	"west of Greenwich, at the far end":   {"2027-07-01T00:00:00-23:59", ""},
	"the last second of a day":            {"2027-07-01T23:59:59Z", ""},
	"a leap day":                          {"2028-02-29T00:00:00Z", ""},
	"no leap day":                         {"2027-02-29T00:00:00Z", noMoment},
	"a leap second":                       {"2027-06-30T23:59:60Z", noMoment},
	"the end of a day, which is the next": {"2027-06-30T24:00:00Z", noMoment},
	"no zone":                             {"2027-07-01T00:00:00", noMoment},
	"a name for a zone":                   {"2027-07-01T00:00:00CST", noMoment},
	"a date":                              {"2027-07-01", noMoment},
	"lower case, which the format allows": {"2027-07-01t00:00:00z", badMoment},
	"something after the zone":            {"2027-07-01T00:00:00ZT", badMoment},
	"something before the zone":           {"2027-07-01T00:00:00x5Z", badMoment},
	"a zone 25 hours away":                {"2027-07-01T00:00:00+25:00", badMoment},
	"a zone of too many minutes":          {"2027-07-01T00:00:00+02:61", badMoment},
	"a fraction of nothing":               {"2027-07-01T00:00:00.000Z", ""},
	"a tenth of a second":                 {"2027-07-01T00:00:00.1Z", badMoment},
	"a billionth of a second":             {"2027-07-01T00:00:00.000000001Z", badMoment},
	"the first second there is":           {"2000-01-01T00:00:00Z", ""},
	"before the first second":             {"2000-01-01T00:00:00+00:01", badMoment},
	"the last second there is":            {"2999-12-31T23:59:59Z", ""},
	"after the last second":               {"2999-12-31T23:59:59-00:01", badMoment},
}

// TestMomentsAreReadable holds that whatever moment is accepted, the manager
// can read. It reads all objects of a kind in one list, and one moment that Go
// cannot parse would cost it all the others; the format date-time lets through
// more than RFC 3339 does.
func TestMomentsAreReadable(t *testing.T) {
	for kind, fields := range map[string][]string{
		"ChangeNotice": {"spec.effectiveTime"}, "Waiver": {"spec.expireTime"},
		"DeprecationSchedule": {"spec.deprecateTime", "spec.sunsetTime", "spec.brownouts[0].startTime"},
	} {
		namespace := newNamespace(t)
		for _, field := range fields {
			for name, m := range moments {
				t.Run(kind+" "+field+", "+name, func(t *testing.T) {
					u := sample(t, kind)
					place(u, namespace)
					if kind == "ChangeNotice" { // one that no other rule looks at
						set(u, "spec.state", "Draft")
					}
					set(u, field, m.when)
					made, err := resource(u).Create(t.Context(), u, metav1.CreateOptions{})
					if err == nil {
						readAll(t, namespace)
						if err := resource(made).Delete(t.Context(), made.GetName(), metav1.DeleteOptions{}); err != nil {
							t.Fatal(err)
						}
					}
					// That the dates of a schedule come one after another is tried elsewhere.
					got := complaints(err)[field]
					if m.complaint == "" && len(got) > 0 ||
						m.complaint != "" && !slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, m.complaint) }) {
						t.Errorf("%s: got %q, want %q", field, got, m.complaint)
					}
				})
			}
		}
	}
}

// readAll reads what is in the namespace the way the manager does.
func readAll(t *testing.T, namespace string) {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	c, err := ctrlclient.New(cluster.AdminConfig(), ctrlclient.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range []ctrlclient.ObjectList{
		&v1alpha1.ChangeNoticeList{}, &v1alpha1.DeprecationScheduleList{}, &v1alpha1.WaiverList{}, &v1alpha1.NoticePolicyList{},
	} {
		if err := c.List(t.Context(), list, ctrlclient.InNamespace(namespace)); err != nil {
			t.Error(err)
		}
	}
}

// TestNumbersAreReadable holds the same of whole numbers, which JSON can write
// in ways that Go does not read as such.
func TestNumbersAreReadable(t *testing.T) {
	u := sample(t, "NoticePolicy")
	create(t, u)
	for _, number := range []string{"72.0", "7.2e1", "720e-1"} {
		t.Run(number, func(t *testing.T) {
			body := []byte(strings.ReplaceAll(`{"spec":{"settleHours":NUMBER}}`, "NUMBER", number))
			_, err := resource(u).Patch(t.Context(), u.GetName(), types.MergePatchType, body, metav1.PatchOptions{})
			want(t, err)
			readAll(t, "")
		})
	}
}
