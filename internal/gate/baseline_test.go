package gate_test

import (
	"testing"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

func TestA20ConfirmedBaseline(t *testing.T) {
	promised := func(names ...v1alpha1.ObjectName) (list []v1alpha1.PromisedContract) {
		for _, name := range names {
			list = append(list, v1alpha1.PromisedContract{Version: "v1", Revision: name})
		}
		return list
	}
	tests := map[string]struct {
		named, before v1alpha1.ObjectName
		promised      []v1alpha1.PromisedContract
		want          v1alpha1.ObjectName
	}{
		"nobody confirms anything":                {promised: promised("orders-1")},
		"what is promised":                        {named: "orders-1", promised: promised("orders-0", "orders-1"), want: "orders-1"},
		"what is not":                             {named: "orders-9", promised: promised("orders-1")},
		"nothing is promised yet":                 {named: "orders-1"},
		"the promise moved on since":              {named: "orders-1", before: "orders-1", promised: promised("orders-5"), want: "orders-1"},
		"another is named, and is not promised":   {named: "orders-9", before: "orders-1", promised: promised("orders-1")},
		"another is named, and it is promised":    {named: "orders-5", before: "orders-1", promised: promised("orders-5"), want: "orders-5"},
		"the confirmation was taken back":         {before: "orders-1", promised: promised("orders-1")},
		"and is given again, for what was passed": {named: "orders-1", promised: promised("orders-5")},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			api := &v1alpha1.CustomerAPI{}
			api.Spec.Baseline.Revision = test.named
			api.Status.ConfirmedBaseline, api.Status.Promised = test.before, test.promised
			if got := gate.ConfirmedBaseline(api); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}
