package controllers

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"forewarn.dev/forewarn/internal/gate"
)

func TestListenersOfRoutes(t *testing.T) {
	public := gatewayv1.ParentReference{Name: "public"}
	for name, tc := range map[string]struct {
		change    func(*gatewayv1.ParentReference)
		hostnames []gatewayv1.Hostname
		want      []gate.Listener
	}{
		"any":        {want: []gate.Listener{{Gateway: "public"}}},
		"a listener": {change: func(r *gatewayv1.ParentReference) { r.SectionName = ptr.To(gatewayv1.SectionName("https")) }, want: []gate.Listener{{Gateway: "public", Section: "https"}}},
		"a port":     {change: func(r *gatewayv1.ParentReference) { r.Port = ptr.To(gatewayv1.PortNumber(443)) }, want: []gate.Listener{{Gateway: "public", Port: 443}}},
		"each hostname": {hostnames: []gatewayv1.Hostname{"a.example", "*.b.example"}, want: []gate.Listener{
			{Gateway: "public", Hostname: "a.example"}, {Gateway: "public", Hostname: "*.b.example"},
		}},
		"in full": {change: func(r *gatewayv1.ParentReference) {
			r.Group, r.Kind, r.Namespace = ptr.To(gatewayv1.Group(gatewayv1.GroupName)), ptr.To(gatewayv1.Kind("Gateway")), ptr.To(gatewayv1.Namespace("shop"))
		}, want: []gate.Listener{{Gateway: "public"}}},
		"of another namespace": {change: func(r *gatewayv1.ParentReference) { r.Namespace = ptr.To(gatewayv1.Namespace("infra")) }},
		"of another kind":      {change: func(r *gatewayv1.ParentReference) { r.Kind = ptr.To(gatewayv1.Kind("Service")) }},
		"of another group":     {change: func(r *gatewayv1.ParentReference) { r.Group = ptr.To(gatewayv1.Group("")) }},
	} {
		t.Run(name, func(t *testing.T) {
			ref := *public.DeepCopy()
			if tc.change != nil {
				tc.change(&ref)
			}
			route := gatewayv1.HTTPRoute{ObjectMeta: metav1.ObjectMeta{Namespace: "shop"}}
			route.Spec.ParentRefs, route.Spec.Hostnames = []gatewayv1.ParentReference{ref}, tc.hostnames
			if diff := cmp.Diff(tc.want, listenersOf([]gatewayv1.HTTPRoute{route})); diff != "" {
				t.Error(diff)
			}
		})
	}
}
