//go:build unix

package e2e

import (
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/test/controlplane"
)

// Whatever forewarn stamps is an update of the very object that it judged: it may not patch, and what changed meanwhile
// is a conflict.
func TestA11StampsHoldForWhatWasJudged(t *testing.T) {
	e := adopted(t)
	manager := e.asManager()
	nothing := client.RawPatch(types.MergePatchType, []byte(`{"status":{"observedGeneration":7}}`))
	judged := &v1alpha1.APIRevision{}
	e.get(judged, "orders-1")
	api := &v1alpha1.CustomerAPI{}
	e.get(api, "orders")
	for _, object := range []client.Object{judged, api} {
		err := manager.Status().Patch(e.ctx, object.DeepCopyObject().(client.Object), nothing)
		e.Expect(apierrors.IsForbidden(err)).To(BeTrue(), "%v", err)
	}
	gate := &corev1.ConfigMap{}
	e.get(gate, "forewarn-gate-deny-v1")
	err := manager.Patch(e.ctx, gate, client.RawPatch(types.MergePatchType, []byte(`{"data":{"admit.2":"\norders-2 \n"}}`)))
	e.Expect(apierrors.IsForbidden(err)).To(BeTrue(), "%v", err)

	e.stop()
	e.get(api, "orders")
	changed := api.DeepCopy()
	changed.Spec.Title = "Orders, as of now"
	e.Expect(e.developer.Update(e.ctx, changed)).To(Succeed())
	e.Expect(apierrors.IsConflict(manager.Status().Update(e.ctx, api))).To(BeTrue())
}

// What is not ready serves all the same: it stays admitted, and its pods can be replaced.
func TestA3WhatIsUnreadyServes(t *testing.T) {
	e := adopted(t)
	unready := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"annotations":{"`+controlplane.UnreadyAnnotation+`":"true"}}}`))
	var pods corev1.PodList
	e.Expect(e.admin.List(e.ctx, &pods, client.InNamespace(e.namespace))).To(Succeed())
	for i := range pods.Items {
		e.Expect(e.admin.Patch(e.ctx, &pods.Items[i], unready)).To(Succeed())
	}
	serving := func() []string {
		api := &v1alpha1.CustomerAPI{}
		e.get(api, "orders")
		return []string{api.Status.ServingRevision, api.Status.Versions}
	}
	before := serving()
	ready := func() int {
		e.Expect(e.admin.List(e.ctx, &pods, client.InNamespace(e.namespace))).To(Succeed())
		n := 0
		for i := range pods.Items {
			for _, c := range pods.Items[i].Status.Conditions {
				if c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue {
					n++
				}
			}
		}
		return n
	}
	e.Eventually(ready).Should(BeZero())
	e.restartManager(0) // it knows of no time when they were ready
	e.bites()
	e.Expect(serving()).To(Equal(before))
	e.Expect(e.try("orders-1", "orders:1")).To(Succeed())
	e.Expect(e.admin.DeleteAllOf(e.ctx, &corev1.Pod{}, client.InNamespace(e.namespace), client.GracePeriodSeconds(0))).To(Succeed())
	e.Eventually(ready).Should(Equal(2)) // new ones, which are not held back
	e.Expect(e.try("", "orders:1")).To(HaveOccurred())
}
