//go:build unix

package admission

import (
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

const (
	waivers   = "forewarn-waivers"
	approvals = "forewarn-approvals"
)

func waiver(name, requestedBy string) *v1alpha1.Waiver {
	expires := metav1.NewTime(time.Now().Add(23 * time.Hour))
	return &v1alpha1.Waiver{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: v1alpha1.WaiverSpec{
			Revision: "orders-2", Reason: "checkout is down", Ticket: "INC-4711", ExpireTime: &expires, RequestedBy: requestedBy,
		},
	}
}

// permit gives a user a verb on objects of a resource in the namespace, all of
// them where none is named, and waits until it counts.
func (s *space) permit(u *user, name, resource, verb string, names ...string) {
	s.Helper()
	role := &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: s.name, Name: slug(name + " " + verb + " " + resource)}}
	role.Rules = []rbacv1.PolicyRule{
		{APIGroups: []string{"forewarn.dev"}, Resources: []string{resource}, Verbs: []string{verb}, ResourceNames: names},
		{APIGroups: []string{"forewarn.dev"}, Resources: []string{resource}, Verbs: []string{"create", "get", "update", "patch"}},
	}
	s.must(s.admin.Create(s.Context(), role))
	s.must(s.admin.Create(s.Context(), &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.name, Name: role.Name},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: role.Name},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: name}},
	}))
	NewWithT(s).Eventually(func() error {
		return u.Get(s.Context(), client.ObjectKey{Namespace: s.name, Name: "none"}, customOf(resource))
	}).WithTimeout(patience).WithPolling(often).Should(MatchError(ContainSubstring("not found")))
}

func customOf(resource string) client.Object {
	switch resource {
	case "waivers":
		return &v1alpha1.Waiver{}
	case "customerapis":
		return &v1alpha1.CustomerAPI{}
	case "downtimebudgets":
		return &v1alpha1.DowntimeBudget{}
	}
	return &v1alpha1.APIRevision{}
}

// Breaking the glass needs a verb of its own, a name and an end.
func TestWaivers(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	oncall, one := person(t, "oncall"), person(t, "one")
	s.permit(oncall, "oncall", "waivers", "break-glass")
	s.permit(one, "one", "waivers", "break-glass", "only-this")
	in := func(d time.Duration) func(*v1alpha1.Waiver) {
		return func(w *v1alpha1.Waiver) {
			expires := metav1.NewTime(time.Now().Add(d))
			w.Spec.ExpireTime = &expires
		}
	}
	needs := func(name string) string {
		return fmt.Sprintf("creating a waiver needs the verb break-glass on waivers.forewarn.dev %q; the ClusterRole forewarn-break-glass grants it", name)
	}
	for name, tc := range map[string]struct {
		u      *user
		by     string
		name   string
		change func(*v1alpha1.Waiver)
		want   string
	}{
		"who may":                    {u: oncall, by: "oncall", name: "a"},
		"who may edit all the rest":  {u: s.tenant, by: "developer", name: "b", want: needs("b")},
		"who may for one name":       {u: one, by: "one", name: "only-this"},
		"for another name":           {u: one, by: "one", name: "another", want: needs("another")},
		"in the name of another":     {u: oncall, by: "one", name: "c", want: "requestedBy must be the name by which the API server knows you: oncall"},
		"an admin, in its own":       {u: s.admin, by: "admin", name: "d"},
		"an admin, in that of other": {u: s.admin, by: "oncall", name: "e", want: "requestedBy must be the name by which the API server knows you: admin"},
		"until just under a day":     {u: oncall, by: "oncall", name: "f", change: in(24*time.Hour - 10*time.Second)},
		"already over":               {u: oncall, by: "oncall", name: "g", change: in(-time.Hour)},
	} {
		t.Run(name, func(t *testing.T) {
			w := inNamespace(s.name, waiver(tc.name, tc.by))
			if tc.change != nil {
				tc.change(w)
			}
			s.with(t).judged(tc.u.Create(t.Context(), w), waivers, tc.want)
		})
	}
	generated := inNamespace(s.name, waiver("", "one"))
	generated.GenerateName = "only-this-"
	NewWithT(t).Expect(one.Create(t.Context(), generated)).To(MatchError(MatchRegexp(`needs the verb break-glass on waivers.forewarn.dev "only-this-[a-z0-9]{5}";`)))
}

// To the second: the API server says when a waiver was created. A waiver that
// is created in the last moment of a second counts from the second's begin.
func TestWaiversLastADay(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	oncall := person(t, "oncall-2")
	s.permit(oncall, "oncall-2", "waivers", "break-glass")
	// try creates one that ends so long after it is created.
	try := func(name string, length time.Duration) (*v1alpha1.Waiver, error) {
		w := inNamespace(s.name, waiver(name, "oncall-2"))
		for {
			began := time.Now().Truncate(time.Second)
			expires := metav1.NewTime(began.Add(length))
			w.Spec.ExpireTime = &expires
			err := oncall.Create(t.Context(), w)
			// Otherwise the second changed in between, and nothing is known.
			if time.Now().Truncate(time.Second).Equal(began) {
				return w, err
			}
			if err == nil {
				s.must(s.admin.Delete(t.Context(), w)) // who has created it may not
			}
			w.ResourceVersion, w.UID = "", ""
		}
	}
	if w, err := try("a-day", 24*time.Hour); err != nil || !w.Spec.ExpireTime.Equal(&metav1.Time{Time: w.CreationTimestamp.Add(24 * time.Hour)}) {
		t.Errorf("a day: %v", err)
	}
	_, err := try("a-second-more", 24*time.Hour+time.Second)
	NewWithT(t).Expect(err).To(MatchError(MatchRegexp(`expireTime is at most 24 hours from now: 20..-..-..T..:..:..Z$`)))
	if err != nil {
		s.refused(err, waivers, err.Error()[len(err.Error())-len("expireTime is at most 24 hours from now: 2006-01-02T15:04:05Z"):])
	}
}

// A20: only somebody with the verb "approve", in the own name, confirms a baseline.
func TestA20ConfirmingABaseline(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	owner := person(t, "owner")
	s.permit(owner, "owner", "customerapis", "approve")
	verb := func(name string) string {
		return fmt.Sprintf("spec.baseline needs the verb approve on customerapis.forewarn.dev %q; the ClusterRole forewarn-approve grants it", name)
	}
	confirmed := func(name, by string) *v1alpha1.CustomerAPI {
		api := inNamespace(s.name, customerAPI(name))
		api.Spec.Baseline = v1alpha1.Baseline{Revision: "orders-1", ApprovedBy: by}
		return api
	}
	s.create(customerAPI("plain"))
	s.promise("plain", "orders-1", "orders-2")
	s.refused(s.tenant.Create(t.Context(), confirmed("made-by-tenant", "developer")), approvals, verb("made-by-tenant"))
	s.refused(s.manager.Create(t.Context(), confirmed("made-by-manager", managerUser)), approvals, verb("made-by-manager"))
	s.refused(owner.Create(t.Context(), confirmed("made-for-other", "somebody")), approvals,
		"spec.baseline.approvedBy must be the name by which the API server knows you: owner")
	s.must(owner.Create(t.Context(), confirmed("made", "owner")))

	set := func(u *user, name string, baseline any) error {
		return u.Patch(t.Context(), inNamespace(s.name, customerAPI(name)), merge(t, map[string]any{"spec": map[string]any{"baseline": baseline}}))
	}
	s.refused(set(s.tenant, "plain", map[string]string{"revision": "orders-1", "approvedBy": "developer"}), approvals, verb("plain"))
	s.must(set(owner, "plain", map[string]string{"revision": "orders-1", "approvedBy": "owner"}))
	s.refused(set(s.tenant, "plain", map[string]string{"revision": "orders-2"}), approvals, verb("plain"))
	s.refused(set(s.tenant, "plain", nil), approvals, verb("plain"))
	// Everything else stays the tenant's.
	s.must(s.tenant.Patch(t.Context(), inNamespace(s.name, customerAPI("plain")), merge(t, map[string]any{"spec": map[string]any{"title": "Orders"}})))
	s.must(set(owner, "plain", nil))
}

// R8: only somebody with the verb "approve" lets a policy go before the notice that it owed has run.
func TestLettingGoOfAPolicy(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	owner := person(t, "owner-4")
	s.permit(owner, "owner-4", "customerapis", "approve")
	verb := func(name string) string {
		return fmt.Sprintf("the annotation forewarn.dev/loosened needs the verb approve on customerapis.forewarn.dev %q; the ClusterRole forewarn-approve grants it", name)
	}
	loosened := func(name, policies string) *v1alpha1.CustomerAPI {
		api := inNamespace(s.name, customerAPI(name))
		api.Annotations = map[string]string{v1alpha1.LoosenedAnnotation: policies}
		return api
	}
	s.refused(s.tenant.Create(t.Context(), loosened("made-by-tenant", "public-apis@1")), approvals, verb("made-by-tenant"))
	s.refused(s.manager.Create(t.Context(), loosened("made-by-manager", "public-apis@1")), approvals, verb("made-by-manager"))
	s.must(owner.Create(t.Context(), loosened("made", "public-apis@1")))

	s.create(customerAPI("plain"))
	set := func(u *user, policies any) error {
		return u.Patch(t.Context(), inNamespace(s.name, customerAPI("plain")), merge(t, map[string]any{
			"metadata": map[string]any{"annotations": map[string]any{v1alpha1.LoosenedAnnotation: policies}},
		}))
	}
	s.refused(set(s.tenant, "public-apis@1"), approvals, verb("plain"))
	s.must(set(owner, "public-apis@1"))
	s.refused(set(s.tenant, "public-apis@1,other@1"), approvals, verb("plain"))
	// Everything else stays the tenant's, and so does being stricter again.
	s.must(s.tenant.Patch(t.Context(), inNamespace(s.name, customerAPI("plain")), merge(t, map[string]any{"spec": map[string]any{"title": "Orders"}})))
	s.must(set(s.tenant, nil))
}

// promise has the manager write what is promised of an API: a version for each revision.
func (s *space) promise(name string, revisions ...v1alpha1.ObjectName) {
	s.Helper()
	api := inNamespace(s.name, customerAPI(name))
	s.must(s.manager.Get(s.Context(), client.ObjectKeyFromObject(api), api))
	api.Status.Promised = nil
	for i, revision := range revisions {
		api.Status.Promised = append(api.Status.Promised, v1alpha1.PromisedContract{
			Version: v1alpha1.VersionName(fmt.Sprintf("v%d", i+1)), Stability: v1alpha1.StabilityStable,
			Revision: revision, Contract: "kept", Since: &metav1.Time{Time: time.Now()},
		})
	}
	s.must(s.manager.Status().Update(s.Context(), api))
}

// A20: only what is promised can be confirmed. What an object is created with counts once it is.
func TestA20OnlyWhatIsPromisedIsConfirmed(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	owner := person(t, "owner-3")
	s.permit(owner, "owner-3", "customerapis", "approve")
	s.create(customerAPI("none"), customerAPI("orders"))
	s.promise("orders", "orders-4", "orders-5")
	set := func(u *user, api string, baseline any) error {
		return u.Patch(t.Context(), inNamespace(s.name, customerAPI(api)), merge(t, map[string]any{"spec": map[string]any{"baseline": baseline}}))
	}
	confirm := func(revision string) any { return map[string]string{"revision": revision, "approvedBy": "owner-3"} }
	wrong := func(revision, promised string) string {
		return "spec.baseline.revision must name a revision that is promised, and " + revision + " is not; promised: " + promised
	}
	s.refused(set(owner, "none", confirm("orders-4")), approvals, wrong("orders-4", "nothing yet"))
	s.refused(set(owner, "orders", confirm("orders-1")), approvals, wrong("orders-1", "orders-4 (v1), orders-5 (v2)"))
	s.refused(set(owner, "orders", confirm("orders")), approvals, wrong("orders", "orders-4 (v1), orders-5 (v2)"))
	s.must(set(owner, "orders", confirm("orders-4")))
	s.must(set(owner, "orders", confirm("orders-5")))
	s.refused(set(owner, "orders", map[string]string{"revision": "orders-1"}), approvals, wrong("orders-1", "orders-4 (v1), orders-5 (v2)"))
	// The promise moves on; what was confirmed of it stays, and everything else is still the tenant's.
	s.promise("orders", "orders-6")
	s.must(s.tenant.Patch(t.Context(), inNamespace(s.name, customerAPI("orders")), merge(t, map[string]any{"spec": map[string]any{"title": "Orders"}})))
	s.must(set(owner, "orders", nil))
	s.refused(set(owner, "orders", confirm("orders-5")), approvals, wrong("orders-5", "orders-6 (v1)"))

	anew := inNamespace(s.name, customerAPI("anew"))
	anew.Spec.Baseline = v1alpha1.Baseline{Revision: "orders-5", ApprovedBy: "owner-3"}
	s.must(owner.Create(t.Context(), anew))
}

// R16: that the document was wrong, not the service, is for somebody with the
// verb "approve" to say; forewarn itself may not, whoever wrote the ConfigMap.
func TestDeclaringACorrection(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	owner := person(t, "owner-2")
	s.permit(owner, "owner-2", "apirevisions", "approve")
	declared := func(name string, class v1alpha1.ChangeClass) *v1alpha1.APIRevision {
		r := inNamespace(s.name, apiRevision(name))
		r.Spec.DeclaredChanges = []v1alpha1.DeclaredChange{{ID: "typo", Class: class, Version: "v1", Text: "The field was never sent"}}
		return r
	}
	s.create(declared("behaviour", v1alpha1.ClassBehaviour), apiRevision("plain"))
	for name, u := range map[string]*user{"tenant": s.tenant, "manager": s.manager} {
		s.refused(u.Create(t.Context(), declared(name, v1alpha1.ClassCorrection)), approvals,
			fmt.Sprintf("a change of class Correction needs the verb approve on apirevisions.forewarn.dev %q; the ClusterRole forewarn-approve grants it", name))
	}
	s.must(owner.Create(t.Context(), declared("owner", v1alpha1.ClassCorrection)))
}
