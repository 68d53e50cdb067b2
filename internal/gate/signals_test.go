package gate_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

func signalled(api string, enforcement v1alpha1.Enforcement, signals ...gate.RouteSignal) gate.PublishedAPI {
	return gate.PublishedAPI{
		API:      &v1alpha1.CustomerAPI{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: api}},
		Governed: true, Enforcement: enforcement, Signals: signals,
	}
}

func TestPublishSignals(t *testing.T) {
	sunset := gate.RouteSignal{Route: "orders", Rule: "v1", Schedule: "orders-v1", Header: "Sunset", Value: "Thu, 01 Jul 2027 00:00:00 GMT"}
	deprecation := gate.RouteSignal{Route: "orders", Rule: gate.AnyRule, Schedule: "orders-v1", Header: "Deprecation", Value: "@1798761600"}
	for name, c := range map[string]struct {
		apis []gate.PublishedAPI
		want map[string]string
	}{
		"none": {[]gate.PublishedAPI{signalled("orders", deny)}, map[string]string{}},
		"two of a route, in order and once": {
			[]gate.PublishedAPI{signalled("orders", deny, sunset, deprecation, sunset)},
			map[string]string{"signals": "1", "signal.s": "\norders * orders-v1 Deprecation @1798761600\tv1 orders-v1 Sunset Thu, 01 Jul 2027 00:00:00 GMT\n"},
		},
		"of several APIs": {
			[]gate.PublishedAPI{signalled("orders", deny, sunset), signalled("cart", deny, deprecation)},
			map[string]string{"signals": "1", "signal.s": "\norders * orders-v1 Deprecation @1798761600\tv1 orders-v1 Sunset Thu, 01 Jul 2027 00:00:00 GMT\n"},
		},
		"of an API that only warns": {[]gate.PublishedAPI{signalled("orders", deny), signalled("cart", warn, sunset)}, map[string]string{}},
		"a rule that is nobody's": {
			[]gate.PublishedAPI{signalled("orders", deny, gate.RouteSignal{Route: "a.b", Rule: "v1", Schedule: "orders-v1"})},
			map[string]string{"signals": "1", "signal.b": "\na.b v1 orders-v1\n"},
		},
		"what would be two lines": {
			[]gate.PublishedAPI{signalled("orders", deny,
				gate.RouteSignal{Route: "orders\nx", Rule: "v1", Schedule: "s", Header: "Sunset", Value: "x"},
				gate.RouteSignal{Route: "orders", Rule: "v1 *", Schedule: "s", Header: "Sunset", Value: "x"},
				gate.RouteSignal{Route: "orders", Rule: "v1", Schedule: "s", Header: "Sunset", Value: "x\ty"},
				gate.RouteSignal{Rule: "v1", Schedule: "s", Header: "Sunset", Value: "x"})},
			map[string]string{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := map[string]string{}
			for key, value := range gate.Publish(namespace(c.apis...)).Gates[deny] {
				if strings.HasPrefix(key, "signal") {
					got[key] = value
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSignalsLeaveRoomForTheRest(t *testing.T) {
	var signals []gate.RouteSignal
	for i := range 40 {
		signals = append(signals, gate.RouteSignal{
			Route: fmt.Sprintf("route-%02d", i), Rule: "v1", Schedule: "s", Header: "Link", Value: strings.Repeat("x", 2000),
		})
	}
	out := gate.Publish(namespace(signalled("orders", deny, signals...)))
	size := 0
	for key, value := range out.Gates[deny] {
		if strings.HasPrefix(key, "signal.") {
			size += len(value)
		}
	}
	if size > 64<<10+100 || out.Gates[deny]["signals"] != "32" {
		t.Errorf("%d bytes, %s routes", size, out.Gates[deny]["signals"])
	}
	if len(out.Dropped) != 8 || out.Dropped[0] != "deny signals of route route-32" {
		t.Errorf("dropped: %v", out.Dropped)
	}
}
