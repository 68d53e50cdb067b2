package gate_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"forewarn.dev/forewarn/internal/gate"
)

// portsOf reads "orders:80" and, for what a Service has, "orders:80=http".
func portsOf(words ...string) (led []gate.LedPort, has []gate.ServicePort) {
	for _, word := range words {
		var p gate.LedPort
		text, target, _ := strings.Cut(word, "=")
		p.Service, text, _ = strings.Cut(text, ":")
		if _, err := fmt.Sscan(text, &p.Port); err != nil {
			panic(err)
		}
		led, has = append(led, p), append(has, gate.ServicePort{LedPort: p, Target: target})
	}
	return led, has
}

func TestPublishThePortsThatAreLedTo(t *testing.T) {
	type words []string
	for name, tc := range map[string]struct {
		known, now, has words
		open            bool
		want            string
	}{
		"nothing seen":                                          {},
		"the first that a route leads to":                       {now: words{"orders:80"}, has: words{"orders:80=http", "orders:9090=metrics"}, want: "orders:80"},
		"several at first":                                      {now: words{"orders:8080", "orders:80"}, want: "orders:80 orders:8080"},
		"of a Service that is not there yet":                    {now: words{"orders:80"}, want: "orders:80"},
		"a port that its Service lacks":                         {now: words{"orders:81"}, has: words{"orders:80=http"}},
		"a Service of others":                                   {now: words{"cart:80"}, has: words{"cart:80=http"}},
		"it stays while nothing is seen":                        {known: words{"orders:80"}, want: "orders:80"},
		"it stays while no route leads there":                   {known: words{"orders:80"}, has: words{"orders:80=http"}, want: "orders:80"},
		"bypass 23: what a rule leads to later":                 {known: words{"orders:80"}, now: words{"orders:80", "orders:9090"}, has: words{"orders:80=http", "orders:9090=9"}, want: "orders:80"},
		"bypass 23: what is led to instead":                     {known: words{"orders:80"}, now: words{"orders:9090"}, has: words{"orders:80=http", "orders:9090=9"}, want: "orders:80"},
		"in a planned downtime it moves":                        {known: words{"orders:80"}, now: words{"orders:9090"}, has: words{"orders:80=http", "orders:9090=9"}, open: true, want: "orders:9090"},
		"in a planned downtime nobody is led anywhere":          {known: words{"orders:80"}, has: words{"orders:80=http"}, open: true, want: "orders:80"},
		"each Service for itself":                               {known: words{"orders:80"}, now: words{"orders-canary:9"}, want: "orders:80 orders-canary:9"},
		"it goes with the port of its Service":                  {known: words{"orders:80"}, now: words{"orders:81"}, has: words{"orders:81=http"}, want: "orders:81"},
		"the same port of the pods by another":                  {known: words{"orders:80"}, has: words{"orders:80=http", "orders:81=http", "orders:82=other"}, want: "orders:80 orders:81"},
		"the same port of the pods by another Service":          {now: words{"orders:80"}, has: words{"orders:80=http", "orders-canary:8080=http", "orders-canary:9=9"}, want: "orders:80 orders-canary:8080"},
		"another Service that has no such port: any may come":   {now: words{"orders:80"}, has: words{"orders:80=http", "orders-canary:8080=8080"}, want: "orders:80"},
		"a Service of others that leads to the same port":       {now: words{"orders:80"}, has: words{"orders:80=http", "cart:80=http"}, want: "orders:80"},
		"what the gate remembers of a Service that is not ours": {known: words{"cart:80"}, want: ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := relied("orders")
			a.API.Spec.CarriedBy.Services = []string{"orders", "orders-canary"}
			a.Led.Known, _ = portsOf(tc.known...)
			a.Led.Now, _ = portsOf(tc.now...)
			_, a.Led.Ports = portsOf(tc.has...)
			if tc.open {
				a.WindowOpen = "2027-03-10T13:00:00Z"
			}
			data := gate.Publish(namespace(a)).Gates[deny]
			if diff := cmp.Diff(strings.TrimSpace("orders orders-canary "+tc.want), flat(data)["lead.orders"]); diff != "" {
				t.Error(diff)
			}
			// What was written is what is remembered.
			want, _ := portsOf(strings.Fields(tc.want)...)
			if diff := cmp.Diff(want, gate.LedIn(data)["orders"]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLedInReadsWhatIsThere(t *testing.T) {
	got := gate.LedIn(map[string]string{
		"lead.s": "\norders orders orders:80 orders:x : orders:99999999999 a:1:2\ncart cart\n", "lead.x": "", "led.s": "\norders orders:9\n",
	})
	if diff := cmp.Diff(map[string][]gate.LedPort{"orders": {{Service: "orders", Port: 80}}}, got); diff != "" {
		t.Error(diff)
	}
}

// Of a Service whose ports do not fit nothing is known: to know a part would be to refuse the rest.
func TestLedPortsAreBounded(t *testing.T) {
	for of, want := range map[int]string{127: "127 and 1", 128: "128 and 0", 129: "0 and 1"} {
		a := relied("orders")
		a.API.Spec.CarriedBy.Services = []string{"orders", "zorders"}
		for i := range of {
			a.Led.Now = append(a.Led.Now, gate.LedPort{Service: "orders", Port: int32(1000 + i)})
		}
		a.Led.Now = append(a.Led.Now, gate.LedPort{Service: "zorders", Port: 80})
		count := map[string]int{}
		for _, p := range gate.LedIn(gate.Publish(namespace(a)).Gates[deny])["orders"] {
			count[p.Service]++
		}
		if got := fmt.Sprintf("%d and %d", count["orders"], count["zorders"]); got != want {
			t.Errorf("of %d and 1: %s", of, got)
		}
	}
}

// What is not relied on is not remembered, either: what comes next is learned anew.
func TestPortsAreForgottenWithTheAPI(t *testing.T) {
	a := relied("orders")
	a.Held = false
	a.Led.Known = []gate.LedPort{{Service: "orders", Port: 80}}
	if known := gate.LedIn(gate.Publish(namespace(a)).Gates[deny]); len(known) > 0 {
		t.Errorf("known: %v", known)
	}
}
