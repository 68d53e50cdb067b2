//go:build unix

package admission

import (
	"context"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

const expiry = "forewarn-expiry"

// ending is a gate that admits revisions that end: which ones is for the
// annotations of the namespace to say.
func ending() *gate {
	g := newGate().api("orders", "app=orders")
	for _, name := range []string{"orders-1", "over", "marker", "at", "later", "odd", "empty"} {
		g.admit(name, "orders")
	}
	return g
}

func untils(pairs ...string) map[string]string {
	annotations := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		annotations[v1alpha1.UntilAnnotationPrefix+pairs[i]] = pairs[i+1]
	}
	return annotations
}

// A4, to the second: what ends at a moment is refused from that moment on, and
// not before. The clock is the Lease of an API server; here is one more, of a
// server whose clock is where the test wants it.
func TestA4AdmissionEndsToTheSecond(t *testing.T) {
	t.Parallel()
	s := governed(t, ending())
	lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{
		Namespace: metav1.NamespaceSystem, Name: "apiserver-of-the-test", Labels: map[string]string{"apiserver.kubernetes.io/identity": "kube-apiserver"},
	}}
	lease.Spec.RenewTime = &metav1.MicroTime{Time: time.Now()} // without one, nothing that ends is open, for any test
	s.must(s.admin.Create(t.Context(), lease))
	t.Cleanup(func() { s.must(s.admin.Delete(context.WithoutCancel(t.Context()), lease)) })
	const at = "2100-01-01T00:00:00Z"
	second := time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		now   time.Time
		ended bool
	}{
		"a microsecond before": {now: second.Add(-time.Microsecond)},
		"a second before":      {now: second.Add(-time.Second)},
		"a day before":         {now: second.AddDate(0, 0, -1)},
		"at the moment":        {now: second, ended: true},
		"a microsecond after":  {now: second.Add(time.Microsecond), ended: true},
		"a second after":       {now: second.Add(time.Second), ended: true},
		"a year after":         {now: second.AddDate(1, 0, 0), ended: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := s.with(t)
			now := metav1.NewMicroTime(tc.now)
			lease.Spec.RenewTime = &now
			s.must(s.admin.Update(t.Context(), lease))
			// When the marker has another end, the Lease written before has been seen, too: a namespace is, in time.
			s.annotate(untils("at", at, "marker", now.UTC().Truncate(time.Second).Format(time.RFC3339)))
			s.eventuallyRefused(deployment(s.name, "marker", "marker", "app", "orders"), "marker was admissible until "+now.UTC().Truncate(time.Second).Format(time.RFC3339))
			want := ""
			if tc.ended {
				want = "at was admissible until " + at
			}
			for _, object := range workloads(s.name, slug(name), template("at", "app", "orders")) {
				s.judged(s.tenant.Create(t.Context(), object), expiry, want)
			}
			s.judged(s.tenant.Create(t.Context(), inNamespace(s.name, bare(slug(name), "at", "app", "orders"))), expiry, want)
		})
	}
}

func (s *space) eventuallyRefused(object client.Object, text string) {
	s.Helper()
	NewWithT(s).Eventually(func() error {
		return s.tenant.Create(s.Context(), object, client.DryRunAll)
	}).WithTimeout(patience).WithPolling(often).Should(MatchError(ContainSubstring(text)))
}

func TestA4WhatEnds(t *testing.T) {
	t.Parallel()
	const over, later = "2001-01-01T00:00:00Z", "2200-01-01T00:00:00Z"
	running := deployment("", "running", "over", "app", "orders")
	idle := deployment("", "idle", "over", "app", "orders")
	stopped := deployment("", "stopped", "over", "app", "orders")
	one := int32(1)
	running.Spec.Replicas, stopped.Spec.Paused = &one, true
	pod := bare("pod", "over", "app", "other")
	s := governed(t, ending(), running, idle, stopped, pod)
	s.eventuallyHasPodsOrEvent(client.MatchingLabels{"test-selector": "running"}, "running", "")
	s.annotate(untils("over", over, "later", later, "odd", "2200-01-01T00:00:00+01:00", "empty", ""))
	ended := "over was admissible until " + over
	s.eventuallyRefused(deployment(s.name, "d", "over", "app", "orders"), ended)

	t.Run("of several, each that ended", func(t *testing.T) {
		s := s.with(t)
		s.judged(s.tenant.Create(t.Context(), deployment(s.name, "later", "later", "app", "orders")), expiry, "")
		s.judged(s.tenant.Create(t.Context(), deployment(s.name, "no-end", "orders-1", "app", "orders")), expiry, "")
		s.judged(s.tenant.Create(t.Context(), deployment(s.name, "blanks", " over , later", "app", "x")), expiry, ended)
	})
	t.Run("a moment that is none has passed", func(t *testing.T) {
		s := s.with(t)
		s.refused(s.tenant.Create(t.Context(), deployment(s.name, "odd", "odd", "app", "orders")), expiry, "odd was admissible until 2200-01-01T00:00:00+01:00")
		s.refused(s.tenant.Create(t.Context(), deployment(s.name, "empty", "empty", "app", "orders")), expiry, "empty was admissible until")
	})
	t.Run("nothing ends, says the namespace", func(t *testing.T) {
		s := s.with(t)
		s.label(v1alpha1.ExpiringLabel, "false")
		NewWithT(t).Eventually(func() error {
			return s.tenant.Create(t.Context(), deployment(s.name, "d", "over", "app", "orders"), client.DryRunAll)
		}).WithTimeout(patience).WithPolling(often).Should(Succeed())
		s.label(v1alpha1.ExpiringLabel, "true")
		s.eventuallyRefused(deployment(s.name, "d", "over", "app", "orders"), ended)
	})
	t.Run("on, up and going on are rollouts", func(t *testing.T) {
		s := s.with(t)
		s.refused(s.change(s.tenant, running, func(d *appsv1.Deployment) { d.Spec.Template.Annotations["restarted"] = "now" }), expiry, ended)
		s.refused(s.change(s.tenant, idle, replicas(1)), expiry, ended)
		s.refused(s.change(s.tenant, stopped, paused(false)), expiry, ended)
		s.refused(s.tenant.Patch(t.Context(), pod, merge(t, map[string]any{"metadata": map[string]any{"labels": map[string]string{"app": "orders"}}})), expiry, ended)
	})
	t.Run("down, back and holding are none", func(t *testing.T) {
		s := s.with(t)
		s.judged(s.change(s.tenant, running, replicas(2)), expiry, "")
		s.judged(s.change(s.tenant, running, paused(true)), expiry, "")
		s.judged(s.change(s.tenant, running, func(d *appsv1.Deployment) { d.Labels = map[string]string{"a": "b"} }), expiry, "")
		s.judged(s.tenant.Patch(t.Context(), pod, merge(t, map[string]any{"metadata": map[string]any{"annotations": map[string]string{"a": "b"}}})), expiry, "")
		s.judged(s.change(s.tenant, idle, revision("orders-1")), expiry, "")
	})
	t.Run("R11: what runs replaces its pods", func(t *testing.T) { s.with(t).replacesPods("running", 2) })
	t.Run("scaled up through the scale", func(t *testing.T) {
		s := s.with(t)
		up := deployment(s.name, "up", "later", "app", "orders")
		s.must(s.tenant.Create(t.Context(), up))
		s.eventuallyHasReplicaSet("up")
		s.annotate(untils("later", over))
		s.eventuallyRefused(deployment(s.name, "d", "later", "app", "orders"), "later was admissible until "+over)
		scale := &autoscalingv1.Scale{Spec: autoscalingv1.ScaleSpec{Replicas: 2}}
		s.must(s.tenant.SubResource("scale").Update(t.Context(), up, client.WithSubResourceBody(scale)))
		// The Deployment was not asked, since a scale names no revision; its ReplicaSet is.
		NewWithT(t).Eventually(func() []string { return s.refusedReplicaSets() }).
			WithTimeout(patience).WithPolling(often).Should(ContainElement(HaveSuffix("later was admissible until " + over)))
	})
}

// replacesPods deletes a pod of a Deployment and waits for the next one.
func (s *space) replacesPods(name string, replicas int) {
	s.Helper()
	var pods corev1.PodList
	of := client.MatchingLabels{"test-selector": name}
	s.must(s.tenant.List(s.Context(), &pods, client.InNamespace(s.name), of))
	gone := pods.Items[0]
	s.must(s.tenant.Delete(s.Context(), &gone))
	NewWithT(s).Eventually(func(g Gomega) {
		g.Expect(s.tenant.List(s.Context(), &pods, client.InNamespace(s.name), of)).To(Succeed())
		g.Expect(pods.Items).To(HaveLen(replicas))
		for i := range pods.Items {
			g.Expect(pods.Items[i].Name).NotTo(Equal(gone.Name))
		}
	}).WithTimeout(patience).WithPolling(often).Should(Succeed())
}

// refusedReplicaSets are the answers to the Deployment controller.
func (s *space) refusedReplicaSets() []string {
	s.Helper()
	var answers []string
	for _, event := range audited(s, s.name) {
		if event.ObjectRef.Resource == "replicasets" && event.User.Username == "system:serviceaccount:kube-system:deployment-controller" {
			answers = append(answers, event.ResponseStatus.Message)
		}
	}
	return answers
}

// No clock, no rollout (A4), and with 422: whether a parameter exists is asked
// before any expression, and there is no reason to set. Not parallel: it takes
// the clock away from everybody.
func TestA4WithoutAClock(t *testing.T) {
	s := governed(t, ending())
	var leases coordinationv1.LeaseList
	clocks := client.MatchingLabels{"apiserver.kubernetes.io/identity": "kube-apiserver"}
	s.must(s.admin.List(t.Context(), &leases, client.InNamespace(metav1.NamespaceSystem), clocks))
	for i := range leases.Items {
		s.must(s.admin.Delete(t.Context(), &leases.Items[i]))
	}
	var err error
	NewWithT(t).Eventually(func() error {
		err = s.tenant.Create(t.Context(), deployment(s.name, "d", "orders-1", "app", "orders"), client.DryRunAll)
		return err
	}).WithTimeout(patience).WithPolling(often).Should(MatchError(ContainSubstring(
		"ValidatingAdmissionPolicy 'forewarn-expiry' with binding 'forewarn-expiry' denied request: failed to configure binding: no params found")))
	if !apierrors.IsInvalid(err) {
		t.Errorf("got %v; if it is Forbidden now, docs and policies can say so", err)
	}
	// The API server writes its Lease anew within 10 s, and all is well.
	NewWithT(t).Eventually(func() error {
		return s.tenant.Create(t.Context(), deployment(s.name, "d", "orders-1", "app", "orders"), client.DryRunAll)
	}).WithTimeout(patience).WithPolling(often).Should(Succeed())
}
