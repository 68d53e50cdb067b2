package gate_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"forewarn.dev/forewarn/internal/gate"
)

// flat reads the tables of a gate as a policy does, and returns each line under "<table>.<key>".
func flat(data map[string]string) map[string]string {
	out := map[string]string{}
	for key, value := range data {
		if !strings.HasPrefix(value, "\n") {
			out[key] = value
			continue
		}
		for line := range strings.SplitSeq(strings.Trim(value, "\n"), "\n") {
			name, text, _ := strings.Cut(line, " ")
			table, _, _ := strings.Cut(key, ".")
			out[table+"."+name] = text
		}
	}
	return out
}

func TestTablesStandBetweenNewlines(t *testing.T) {
	a := governed("orders", nil, map[string]string{"app": "orders"}, map[string]string{"tier": ""})
	a.Held, a.Hold = true, "orders is held"
	a.API.Spec.CarriedBy.Services, a.API.Status.Selectors[0].Service = []string{"shop"}, "shop"
	b := governed("cart", nil, map[string]string{"app": "cart"})
	b.Held, b.Hold = true, "cart is held"
	b.API.Spec.CarriedBy.Services, b.API.Status.Selectors[0].Service = []string{"shop"}, "shop"
	in := namespace(a, b)
	in.Revisions = append(in.Revisions,
		revision("orders-2", "orders", refused("no")), revision("orders-1", "orders", admissible()))
	want := map[string]string{
		"format": "1", "epoch": "7", "apis": "2",
		"pair.s":   "\napp=orders orders\n",
		"pair.t":   "\napp=cart cart\n",
		"pair.-":   "\ntier= orders\n",
		"select.s": "\norders app=orders;tier=\n",
		"select.t": "\ncart app=cart\n",
		"of.1":     "\norders-1 orders\n",
		"of.2":     "\norders-2 orders\n",
		"admit.1":  "\norders-1 \n",
		"refuse.2": "\norders-2 no\n",
		"keep.s":   "\ncustomerapis/orders orders\n",
		"keep.t":   "\ncustomerapis/cart cart\n",
		"keep.p":   "\nservices/shop cart orders\n",
		"carry.p":  "\nservices/shop cart orders\n",
		"lead.s":   "\norders shop\n",
		"lead.t":   "\ncart shop\n",
		"hold.s":   "\norders orders is held\n",
		"hold.t":   "\ncart cart is held\n",
		"hold-namespace": "customers rely on what is in shop (cart, orders): publish notices that cover its removal; " +
			"see: kubectl get promises -n shop",
	}
	if diff := cmp.Diff(want, gate.Publish(in).Gates[deny]); diff != "" {
		t.Error(diff)
	}
}
