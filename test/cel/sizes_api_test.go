//go:build unix

package cel

import (
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/internal/notice"
)

// However much serves, and served, and whatever its images are called, the status can be stored: what the gate package
// makes of it, with everything else as long as it can be.
func TestLargestCustomerAPI(t *testing.T) {
	u := sample(t, "CustomerAPI")
	place(u, newNamespace(t))
	u.SetAnnotations(map[string]string{"a": strings.Repeat("a", 256<<10-1)})
	set(u, "spec.title", strings.Repeat("<", len(fmt.Sprint(at(u, "spec.title")))))
	status := at(u, "status").(map[string]any)
	u = create(t, u)

	largest, err := runtime.DefaultUnstructuredConverter.ToUnstructured(largestStatus(t))
	if err != nil {
		t.Fatal(err)
	}
	for field, value := range largest {
		status[field] = value
	}
	set(u, "status", status)
	for i := range 3 {
		condition := map[string]any{"observedGeneration": int64(1), "lastTransitionTime": "2026-11-22T09:00:00Z", "status": "True", "reason": "Ready"}
		condition["type"], condition["message"] = fmt.Sprintf("Largest%d", i), strings.Repeat("<", 4096)
		set(u, "status.conditions", append(at(u, "status.conditions").([]any), condition))
	}
	want(t, update(t, nil, u, "status"))
	u = read(t, u)
	u.SetLabels(map[string]string{"team": "orders"})
	want(t, update(t, nil, u))
}

// largestStatus is more of everything than there is room for, as the gate package leaves it.
func largestStatus(t *testing.T) *v1alpha1.CustomerAPIStatus {
	t.Helper()
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	stamp := &metav1.Time{Time: noon}
	images := func(of string, i int) (images []string) {
		for n := range 64 {
			head := fmt.Sprintf("%s/%d/%d:", of, i, n)
			images = append(images, head+strings.Repeat("<", 1024-len(head)))
		}
		return images
	}
	digest := v1alpha1.Digest(strings.Repeat("a", 64))
	api := &v1alpha1.CustomerAPI{}
	revisions := map[string]gate.RevisionFacts{}
	var observed []gate.Observation
	for i := range 256 {
		running := gate.Running{Pods: 1, Images: images("unnamed", i), Ran: images("unnamed", i)}
		if i%2 == 1 {
			running.Revision = fmt.Sprintf("%063d", i)
			revisions[running.Revision] = gate.RevisionFacts{Digest: digest, Images: images("named", i)}
		}
		observed = append(observed, gate.Observation{
			Workload: v1alpha1.WorkloadRef{Kind: "StatefulSet", Name: fmt.Sprintf("%0253d", i)}, Ready: 1,
			TakesTraffic: true, Completed: true, Current: running.Revision, Running: []gate.Running{running},
		})
	}
	for i := range 64 {
		name := v1alpha1.ObjectName(fmt.Sprintf("p%062d", i))
		api.Status.WayBack = append(api.Status.WayBack, v1alpha1.PastRevision{
			Revision: name, Digest: digest, Since: stamp, UntilTime: &metav1.Time{Time: noon.Add(time.Hour)}, Images: images("past", i),
		})
		api.Status.Promised = append(api.Status.Promised, v1alpha1.PromisedContract{
			Version: v1alpha1.VersionName(fmt.Sprintf("v%062d", i)), Stability: v1alpha1.StabilityStable, Revision: name,
			Contract: v1alpha1.KeptContractName(digest), Since: stamp,
		})
		labels := map[string]string{}
		for n := range 65 {
			labels[fmt.Sprintf("%s.example/%02d%061d", strings.Repeat("a", 63), i, n)] = strings.Repeat("a", 63)
		}
		api.Status.Selectors = append(api.Status.Selectors, v1alpha1.PodSelector{
			Service: strings.Repeat("a", 63), MatchLabels: gate.StripSlots(labels, nil), KeptFor: v1alpha1.KeptForServing,
		})
	}
	var policies []v1alpha1.NoticePolicy
	for i := range 40 {
		p := v1alpha1.NoticePolicy{}
		p.Name, p.Generation, p.Spec.Enforcement = fmt.Sprintf("%0253d", i), 1, v1alpha1.EnforcementDeny
		p.Spec.Owed = []v1alpha1.OwedTerm{{Class: v1alpha1.ClassRemoval, Days: ptr.To[int32](int32(i))}}
		for n := range 30 {
			rule := v1alpha1.RuleClass{Rule: fmt.Sprintf("%0128d", n), Class: v1alpha1.ChangeClass("A" + strings.Repeat("a", 62))}
			p.Spec.Rules = append(p.Spec.Rules, rule)
		}
		policies = append(policies, p)
	}
	bound := notice.Ratchet(nil, policies, nil, noon)
	for range 60 {
		api.Status.BrokenPromises = append(api.Status.BrokenPromises, v1alpha1.BrokenPromise{
			Time: stamp, Revision: v1alpha1.ObjectName(strings.Repeat("a", 63)), Cause: v1alpha1.BreachWaived,
			Waiver: v1alpha1.ObjectName(strings.Repeat("a", 63)), Changes: ptr.To[int32](100_000), Message: strings.Repeat("<", 1024),
		})
	}
	out := gate.Promise(gate.PromiseInput{Now: noon, API: api, Observed: observed, Revisions: revisions})
	if len(out.Serving) != 256 || len(out.WayBack) != 64 {
		t.Fatalf("%d serve and %d served", len(out.Serving), len(out.WayBack))
	}
	return &v1alpha1.CustomerAPIStatus{
		Versions: strings.Repeat("v", 2048), Bound: bound, Selectors: api.Status.Selectors, Serving: out.Serving, ServingRevision: out.ServingRevision,
		Promised: out.Promised, WayBack: out.WayBack, Images: out.Images, BrokenPromises: out.Broken, BrokenPromiseCount: &out.BrokenCount,
	}
}
