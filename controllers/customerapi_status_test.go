package controllers

import (
	"strings"
	"testing"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/internal/notice"
	"forewarn.dev/forewarn/internal/snapshot"
)

var statusNow = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// saysOf is status and reason of a condition, and its message.
func saysOf(t *testing.T, api *v1alpha1.CustomerAPI, kind string) (state, message string) {
	t.Helper()
	c := apimeta.FindStatusCondition(api.Status.Conditions, kind)
	if c == nil {
		t.Fatalf("no %s", kind)
	}
	return string(c.Status) + " " + c.Reason, c.Message
}

func TestWhatGovernsAnAPIIsSaid(t *testing.T) {
	serving := []v1alpha1.ServingRevision{{Workload: v1alpha1.WorkloadRef{Kind: "Deployment", Name: "orders"}, Revision: "orders-1"}}
	inForce := []v1alpha1.PodSelector{{Service: "orders", MatchLabels: map[string]string{"app": "orders"}}}
	kept := gate.Governing{Selectors: inForce, Kept: []gate.KeptSelector{{PodSelector: inForce[0], Alone: true, Workload: serving[0].Workload}}}
	tests := map[string]struct {
		carriers                               snapshot.Carriers
		governing                              gate.Governing
		serving                                []v1alpha1.ServingRevision
		held                                   map[string]bool
		wantReady, wantMessage                 string
		wantGoverned, wantEnforcement, without string
	}{
		"in order": {
			carriers: snapshot.Carriers{Declared: inForce}, governing: gate.Governing{Selectors: inForce}, serving: serving,
			held: map[string]bool{"orders": true}, wantReady: "True Ready", wantMessage: "observed",
			wantGoverned: "True Governed", wantEnforcement: "Deny",
		},
		"a Service is gone": {
			carriers: snapshot.Carriers{Declared: inForce, Missing: []string{"orders"}}, governing: gate.Governing{Selectors: inForce}, serving: serving,
			held: map[string]bool{"orders": true}, wantReady: "False CarrierNotFound",
			wantMessage: "no Service orders that selects pods once slot keys are left out, the labels last known stay", wantGoverned: "True Governed", wantEnforcement: "Deny",
		},
		"a Service that never was, instead of the one there is": {
			carriers: snapshot.Carriers{Missing: []string{"nosuch"}}, governing: kept, serving: serving,
			held: map[string]bool{"orders": true}, wantReady: "False CarrierNotFound",
			wantMessage: "no Service nosuch that selects pods once slot keys are left out; app=orders (of service/orders) stays in force",
			without:     "last known", wantGoverned: "True Governed", wantEnforcement: "Deny",
		},
		"other labels": {
			carriers: snapshot.Carriers{Declared: inForce}, governing: kept, serving: serving, held: map[string]bool{"orders": true},
			wantReady: "False CarrierChanged", wantMessage: "deployment/orders serves by it alone", wantGoverned: "True Governed", wantEnforcement: "Deny",
		},
		"no labels at all, of what serves": {
			carriers: snapshot.Carriers{Unfit: true}, serving: serving, held: map[string]bool{"orders": false},
			wantReady: "False CarrierNotFound", wantMessage: "no pod can be told by matchLabels once slot keys are left out", without: "last known",
			wantGoverned: "False CarrierNotFound",
		},
		"no labels at all, before anything served": {
			carriers: snapshot.Carriers{Unfit: true}, wantReady: "False CarrierNotFound", wantMessage: "no pod can be told", wantGoverned: "False NeverServed",
		},
		"not in the gate yet": {
			carriers: snapshot.Carriers{Declared: inForce}, governing: gate.Governing{Selectors: inForce}, serving: serving,
			wantReady: "True Ready", wantGoverned: "False GateNotWritten", wantEnforcement: "Deny",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			api := &v1alpha1.CustomerAPI{}
			api.Name, api.Namespace = "orders", "shop"
			policy := v1alpha1.NoticePolicy{}
			policy.Spec.Enforcement = v1alpha1.EnforcementDeny
			binding, _ := notice.ReadPolicies([]v1alpha1.NoticePolicy{policy})
			r := &CustomerAPIReconciler{shared{namespace: "forewarn-system"}}
			r.setStatus(api, sight{
				carriers: test.carriers, governing: test.governing, policies: []v1alpha1.NoticePolicy{policy}, binding: binding,
				promise: gate.PromiseOutput{Serving: test.serving},
			}, gateState{APIs: test.held}, statusNow)

			ready, message := saysOf(t, api, v1alpha1.ConditionReady)
			if ready != test.wantReady || !strings.Contains(message, test.wantMessage) || test.without != "" && strings.Contains(message, test.without) {
				t.Errorf("%s: %s", ready, message)
			}
			if governed, message := saysOf(t, api, v1alpha1.ConditionGoverned); governed != test.wantGoverned {
				t.Errorf("%s: %s", governed, message)
			}
			if string(api.Status.Enforcement) != test.wantEnforcement {
				t.Errorf("enforcement %q, want %q", api.Status.Enforcement, test.wantEnforcement)
			}
		})
	}
}

// A20: what is said of the baseline is true of it.
func TestWhatIsSaidOfTheBaseline(t *testing.T) {
	promised := []v1alpha1.PromisedContract{{Version: "v1", Revision: "orders-5"}, {Version: "v2", Revision: "orders-5"}, {Version: "v3", Revision: "orders-4"}}
	tests := map[string]struct {
		named, confirmed v1alpha1.ObjectName
		promised         []v1alpha1.PromisedContract
		want, message    string
	}{
		"nothing is promised":            {want: "False NoBaseline", message: "nothing is promised yet"},
		"named, and nothing is promised": {named: "orders-1", want: "False NoBaseline", message: "nothing is promised yet"},
		"promised, and nobody confirms it": {
			promised: promised, want: "False Declared",
			message: "the first contract was compared with nothing, and what is promised now rests on it: confirm in spec.baseline one that is promised: orders-4, orders-5",
		},
		"something that is not promised is named": {
			named: "orders-9", promised: promised, want: "False Declared",
			message: "spec.baseline names orders-9, which has not been promised since; name one that is promised: orders-4, orders-5",
		},
		"confirmed": {
			named: "orders-5", confirmed: "orders-5", promised: promised, want: "True Confirmed", message: "mara confirmed the contract of orders-5",
		},
		"confirmed, and the promise moved on": {
			named: "orders-1", confirmed: "orders-1", promised: promised, want: "True Confirmed", message: "mara confirmed the contract of orders-1",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			api := &v1alpha1.CustomerAPI{}
			if test.named != "" {
				api.Spec.Baseline = v1alpha1.Baseline{Revision: test.named, ApprovedBy: "mara"}
			}
			api.Status.Promised, api.Status.ConfirmedBaseline = test.promised, test.confirmed
			setBaselineConfirmed(conditions{list: &api.Status.Conditions, now: statusNow}, api)
			if state, message := saysOf(t, api, v1alpha1.ConditionBaselineConfirmed); state != test.want || message != test.message {
				t.Errorf("%s: %s", state, message)
			}
		})
	}
}
