package controllers

import (
	"fmt"
	"regexp"
	"strings"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// acceptance is what the parents of the HTTPRoutes of an API say of them.
type acceptance struct {
	status          metav1.ConditionStatus
	reason, message string
}

// accepted says whether customers get through the parents of the routes of an API, as these report. Where all did before
// and one no longer does, it may be gone.
func accepted(api *v1alpha1.CustomerAPI, seen routesSeen) acceptance {
	was := apimeta.FindStatusCondition(api.Status.Conditions, v1alpha1.ConditionRoutesAccepted)
	var refused, unresolved, silent []string
	for i := range seen.routes {
		route := &seen.routes[i]
		for _, ref := range route.Spec.ParentRefs {
			of := fmt.Sprintf("HTTPRoute %s: %s", route.Name, parentName(route.Namespace, ref))
			reported := reports(route, ref)
			if len(reported) == 0 {
				silent = append(silent, of+" says nothing of it")
			}
			for _, conditions := range reported {
				if reason, ok := said(conditions, gatewayv1.RouteConditionAccepted); !ok {
					refused = append(refused, of+" does not accept it"+reason)
				} else if reason, ok := said(conditions, gatewayv1.RouteConditionResolvedRefs); !ok {
					unresolved = append(unresolved, of+" does not find what it leads to"+reason)
				}
			}
		}
	}
	see := "; see: kubectl get httproutes -o yaml -n " + api.Namespace
	switch {
	case seen.noGatewayAPI:
		return acceptance{metav1.ConditionUnknown, v1alpha1.ReasonNoGatewayAPI, "this cluster does not serve HTTPRoutes"}
	case len(seen.missing) > 0:
		return acceptance{metav1.ConditionFalse, v1alpha1.ReasonRouteNotFound, "HTTPRoutes that do not exist: " + strings.Join(seen.missing, ", ")}
	case len(refused) > 0:
		return acceptance{metav1.ConditionFalse, v1alpha1.ReasonRouteNotAccepted, strings.Join(append(refused, unresolved...), "; ") + see}
	case len(unresolved) > 0:
		return acceptance{metav1.ConditionFalse, v1alpha1.ReasonRefsNotResolved, strings.Join(unresolved, "; ") + see}
	case len(silent) == 0:
		return acceptance{metav1.ConditionTrue, v1alpha1.ReasonRoutesAccepted, "customers get through each parent of its HTTPRoutes"}
	case was == nil || was.Status == metav1.ConditionUnknown || was.Reason == v1alpha1.ReasonRouteNotFound:
		return acceptance{metav1.ConditionUnknown, v1alpha1.ReasonRouteNotReported, strings.Join(silent, "; ") + see}
	}
	return acceptance{metav1.ConditionFalse, v1alpha1.ReasonRouteNotReported, strings.Join(silent, "; ") + " any more" + see}
}

// reports are the conditions that say whether a parent accepts a route: one, or one for each controller that looks after it.
func reports(route *gatewayv1.HTTPRoute, ref gatewayv1.ParentReference) [][]metav1.Condition {
	var reported [][]metav1.Condition
	for i := range route.Status.Parents {
		p := &route.Status.Parents[i]
		c := apimeta.FindStatusCondition(p.Conditions, string(gatewayv1.RouteConditionAccepted))
		if parentName(route.Namespace, p.ParentRef) == parentName(route.Namespace, ref) && c != nil && c.Status != metav1.ConditionUnknown {
			reported = append(reported, p.Conditions)
		}
	}
	return reported
}

func parentName(namespace string, ref gatewayv1.ParentReference) string {
	name := fmt.Sprintf("%s %s/%s", ptr.Deref(ref.Kind, "Gateway"), ptr.Deref(ref.Namespace, gatewayv1.Namespace(namespace)), ref.Name)
	if ref.SectionName != nil {
		name += " " + string(*ref.SectionName)
	}
	if ref.Port != nil {
		name += fmt.Sprintf(" port %d", *ref.Port)
	}
	return name
}

var plainReason = regexp.MustCompile(`^[A-Z][A-Za-z0-9]{0,62}$`)

// said is false where a parent says so. Of its words the reason alone is repeated, in brackets.
func said(list []metav1.Condition, kind gatewayv1.RouteConditionType) (reason string, ok bool) {
	c := apimeta.FindStatusCondition(list, string(kind))
	if c == nil || c.Status != metav1.ConditionFalse {
		return "", true
	}
	if plainReason.MatchString(c.Reason) {
		reason = " (" + c.Reason + ")"
	}
	return reason, false
}
