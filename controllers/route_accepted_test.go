package controllers

import (
	"cmp"
	"testing"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// reported is what a parent says of a route: "True", "False Reason", "Unknown" or nothing of either.
func reported(ref gatewayv1.ParentReference, accepted, resolved metav1.Condition) gatewayv1.RouteParentStatus {
	p := gatewayv1.RouteParentStatus{ParentRef: ref, ControllerName: "example.com/gateway"}
	for kind, c := range map[gatewayv1.RouteConditionType]metav1.Condition{
		gatewayv1.RouteConditionAccepted: accepted, gatewayv1.RouteConditionResolvedRefs: resolved,
	} {
		if c.Type = string(kind); c.Status != "" {
			p.Conditions = append(p.Conditions, c)
		}
	}
	return p
}

func TestAcceptedByEachParent(t *testing.T) {
	public := gatewayv1.ParentReference{Name: "public"}
	spelledOut := gatewayv1.ParentReference{
		Group: ptr.To(gatewayv1.Group(gatewayv1.GroupName)), Kind: ptr.To(gatewayv1.Kind("Gateway")),
		Namespace: ptr.To(gatewayv1.Namespace("shop")), Name: "public",
	}
	partners := gatewayv1.ParentReference{Name: "partners", Namespace: ptr.To(gatewayv1.Namespace("edge")), SectionName: ptr.To(gatewayv1.SectionName("https"))}
	yes, unsure := metav1.Condition{Status: metav1.ConditionTrue, Reason: "Accepted"}, metav1.Condition{Status: metav1.ConditionUnknown}
	no := func(reason string) metav1.Condition {
		return metav1.Condition{Status: metav1.ConditionFalse, Reason: reason, Message: "a word of the server"}
	}
	none := metav1.Condition{}
	const see = "; see: kubectl get httproutes -o yaml -n shop"
	for name, tc := range map[string]struct {
		was     metav1.ConditionStatus
		why     string // the reason of what was
		missing []string
		noAPI   bool
		parents []gatewayv1.ParentReference
		says    []gatewayv1.RouteParentStatus
		want    acceptance
	}{
		"by all": {
			parents: []gatewayv1.ParentReference{public, partners},
			says:    []gatewayv1.RouteParentStatus{reported(spelledOut, yes, yes), reported(partners, yes, none)},
			want:    acceptance{metav1.ConditionTrue, v1alpha1.ReasonRoutesAccepted, "customers get through each parent of its HTTPRoutes"},
		},
		"not by one of two": {
			parents: []gatewayv1.ParentReference{public, partners},
			says:    []gatewayv1.RouteParentStatus{reported(public, yes, yes), reported(partners, no("NoMatchingParent"), yes)},
			want: acceptance{metav1.ConditionFalse, v1alpha1.ReasonRouteNotAccepted,
				"HTTPRoute orders: Gateway edge/partners https does not accept it (NoMatchingParent)" + see},
		},
		"for a reason that is none": {
			parents: []gatewayv1.ParentReference{public},
			says:    []gatewayv1.RouteParentStatus{reported(public, no("call +49 30 1234"), yes)},
			want:    acceptance{metav1.ConditionFalse, v1alpha1.ReasonRouteNotAccepted, "HTTPRoute orders: Gateway shop/public does not accept it" + see},
		},
		"and leads nowhere": {
			parents: []gatewayv1.ParentReference{public},
			says:    []gatewayv1.RouteParentStatus{reported(public, yes, no("RefNotPermitted"))},
			want: acceptance{metav1.ConditionFalse, v1alpha1.ReasonRefsNotResolved,
				"HTTPRoute orders: Gateway shop/public does not find what it leads to (RefNotPermitted)" + see},
		},
		"by one of two controllers": {
			parents: []gatewayv1.ParentReference{public},
			says:    []gatewayv1.RouteParentStatus{reported(public, yes, yes), reported(public, no("Pending"), none)},
			want: acceptance{metav1.ConditionFalse, v1alpha1.ReasonRouteNotAccepted,
				"HTTPRoute orders: Gateway shop/public does not accept it (Pending)" + see},
		},
		"by a parent that it has no more": {
			parents: []gatewayv1.ParentReference{public},
			says:    []gatewayv1.RouteParentStatus{reported(public, yes, yes), reported(partners, no("NoMatchingParent"), yes)},
			want:    acceptance{metav1.ConditionTrue, v1alpha1.ReasonRoutesAccepted, "customers get through each parent of its HTTPRoutes"},
		},
		"nothing was ever said": {
			parents: []gatewayv1.ParentReference{public},
			want:    acceptance{metav1.ConditionUnknown, v1alpha1.ReasonRouteNotReported, "HTTPRoute orders: Gateway shop/public says nothing of it" + see},
		},
		"nothing was said yet": {
			was: metav1.ConditionUnknown, parents: []gatewayv1.ParentReference{public}, says: []gatewayv1.RouteParentStatus{reported(public, unsure, yes)},
			want: acceptance{metav1.ConditionUnknown, v1alpha1.ReasonRouteNotReported, "HTTPRoute orders: Gateway shop/public says nothing of it" + see},
		},
		"nothing is said any more": {
			was: metav1.ConditionTrue, parents: []gatewayv1.ParentReference{public, partners}, says: []gatewayv1.RouteParentStatus{reported(public, yes, yes)},
			want: acceptance{metav1.ConditionFalse, v1alpha1.ReasonRouteNotReported, "HTTPRoute orders: Gateway edge/partners https says nothing of it any more" + see},
		},
		"nor has been for some time": {
			was: metav1.ConditionFalse, parents: []gatewayv1.ParentReference{public},
			want: acceptance{metav1.ConditionFalse, v1alpha1.ReasonRouteNotReported, "HTTPRoute orders: Gateway shop/public says nothing of it any more" + see},
		},
		"of a route that was not there": {
			was: metav1.ConditionFalse, why: v1alpha1.ReasonRouteNotFound, parents: []gatewayv1.ParentReference{public},
			want: acceptance{metav1.ConditionUnknown, v1alpha1.ReasonRouteNotReported, "HTTPRoute orders: Gateway shop/public says nothing of it" + see},
		},
		"a route that is not there": {
			missing: []string{"orders-internal"}, parents: []gatewayv1.ParentReference{public},
			want: acceptance{metav1.ConditionFalse, v1alpha1.ReasonRouteNotFound, "HTTPRoutes that do not exist: orders-internal"},
		},
		"no such kind": {
			noAPI: true, want: acceptance{metav1.ConditionUnknown, v1alpha1.ReasonNoGatewayAPI, "this cluster does not serve HTTPRoutes"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			api := &v1alpha1.CustomerAPI{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "orders"}}
			if tc.was != "" {
				apimeta.SetStatusCondition(&api.Status.Conditions, metav1.Condition{Type: v1alpha1.ConditionRoutesAccepted, Status: tc.was, Reason: cmp.Or(tc.why, v1alpha1.ReasonRouteNotReported)})
			}
			route := gatewayv1.HTTPRoute{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "orders"}}
			route.Spec.ParentRefs, route.Status.Parents = tc.parents, tc.says
			seen := routesSeen{routes: []gatewayv1.HTTPRoute{route}, missing: tc.missing, noGatewayAPI: tc.noAPI}
			if got := accepted(api, seen); got != tc.want {
				t.Errorf("got  %v\nwant %v", got, tc.want)
			}
		})
	}
}
