package gate_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"forewarn.dev/forewarn/internal/gate"
)

// Bypass 23: the Gateways of the namespace through which customers come are kept, and the listeners that their routes attach
// to, but in a planned downtime.
func TestPublishTheGatewaysThatAreKept(t *testing.T) {
	public, internal := gate.Listener{Gateway: "public"}, gate.Listener{Gateway: "internal"}
	https := gate.Listener{Gateway: "public", Section: "https", Port: 443, Hostname: "*.shop.example"}
	several := func(n int, name string) (listeners []gate.Listener) {
		for i := range n {
			listeners = append(listeners, gate.Listener{Gateway: "public", Section: fmt.Sprintf("%s-%03d", name, i)})
		}
		return listeners
	}
	long := strings.Repeat("x", 250) // of 8 KiB, 32 of these are more
	for name, tc := range map[string]struct {
		listeners []gate.Listener
		change    func(*gate.PublishedAPI)
		kept      string
		want      []gate.Listener
	}{
		"none":                     {},
		"each Gateway once":        {listeners: []gate.Listener{public, internal, public}, kept: "internal public", want: []gate.Listener{internal, public}},
		"a listener in full":       {listeners: []gate.Listener{https, public}, kept: "public", want: []gate.Listener{public, https}},
		"by a port alone":          {listeners: []gate.Listener{{Gateway: "public", Port: 80}}, kept: "public", want: []gate.Listener{{Gateway: "public", Port: 80}}},
		"Gateways that are none":   {listeners: []gate.Listener{{Gateway: ""}, {Gateway: "x gateways/y"}, {Gateway: "a\nb"}}},
		"listeners that are none":  {listeners: []gate.Listener{{Gateway: "public", Section: "a b", Hostname: "c/d"}}, kept: "public", want: []gate.Listener{public}},
		"as many as there are":     {listeners: several(64, "l"), kept: "public", want: several(64, "l")},
		"one more":                 {listeners: several(65, "l"), kept: "public", want: []gate.Listener{public}},
		"one more of two Gateways": {listeners: append(several(64, "l"), internal), kept: "internal public", want: []gate.Listener{internal, public}},
		"as long as they may be":   {listeners: several(31, long), kept: "public", want: several(31, long)},
		"longer":                   {listeners: several(32, long), kept: "public", want: []gate.Listener{public}},
		"in a planned downtime":    {listeners: []gate.Listener{https}, change: func(a *gate.PublishedAPI) { a.WindowOpen = "2027-03-10T13:00:00Z" }},
		"of what may be deleted":   {listeners: []gate.Listener{https}, change: func(a *gate.PublishedAPI) { a.Held = false }},
		"of what is not governed":  {listeners: []gate.Listener{https}, change: func(a *gate.PublishedAPI) { a.Governed = false }},
	} {
		t.Run(name, func(t *testing.T) {
			a := relied("orders")
			a.Led.Listeners = tc.listeners
			if tc.change != nil {
				tc.change(&a)
			}
			data := gate.Publish(namespace(a, relied("cart"))).Gates[deny]
			if got := keptGateways(data); got != tc.kept {
				t.Errorf("kept %q, want %q", got, tc.kept)
			}
			got := gate.ListenersIn(data)["orders"]
			slices.SortFunc(got, func(a, b gate.Listener) int {
				return strings.Compare(a.Gateway+a.Section, b.Gateway+b.Section)
			})
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// keptGateways are those whose line in the table "keep" names orders.
func keptGateways(data map[string]string) string {
	var names []string
	for key, text := range data {
		for line := range strings.SplitSeq(text, "\n") {
			name, ok := strings.CutPrefix(line, "gateways/")
			if name, of, _ := strings.Cut(name, " "); ok && strings.HasPrefix(key, "keep.") && of == "orders" {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func TestPublishTheListenersOfSeveralAPIs(t *testing.T) {
	orders, cart := relied("orders"), relied("cart")
	orders.Led.Listeners = []gate.Listener{
		{Gateway: "public", Section: "https", Hostname: "b.example"}, {Gateway: "public", Section: "https", Hostname: "a.example"},
	}
	cart.Led.Listeners = []gate.Listener{{Gateway: "public", Port: 80}}
	want := "\npublic cart/*/80/* orders/https/*/a.example orders/https/*/b.example\n"
	data := gate.Publish(namespace(orders, cart)).Gates[deny]
	if got := data["listen.c"]; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	data["listen.c"] = "\npublic orders/https orders/https/443/a/b orders/https/many/a.example\n"
	known := gate.ListenersIn(data)["orders"]
	if diff := cmp.Diff([]gate.Listener{{Gateway: "public", Section: "https", Hostname: "a.example"}}, known); diff != "" {
		t.Errorf("of a line that does not read: %s", diff)
	}
}
