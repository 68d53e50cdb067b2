package controllers

import (
	"testing"

	"k8s.io/utils/ptr"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

func TestUnreachableByRole(t *testing.T) {
	for want, roles := range map[string][]v1alpha1.ContactRole{
		"no contact leads to 2":                              nil,
		"no contact of the role Billing leads to 2":          {"Billing"},
		"no contact of the role Billing or Legal leads to 2": {"Billing", "Legal"},
	} {
		n := bilingual()
		n.Status.Roles = roles
		n.Status.Delivery.Unreachable = ptr.To[int32](2)
		d := &round{DeliveryReconciler: &DeliveryReconciler{pauses: newPauses()}, notice: n, now: noon}
		if _, parts := d.left(); len(parts) != 1 || parts[0] != want {
			t.Errorf("%q, want %q", parts, want)
		}
	}
}
