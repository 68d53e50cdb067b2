package signal_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"forewarn.dev/forewarn/internal/signal"
)

var (
	backend = signal.Backend{Namespace: "forewarn-system", Name: "forewarn-brownout", Port: 80}
	noon    = at("2027-03-01T12:00:00Z")
)

const owners = `
- name: v1
  matches: [{path: {type: PathPrefix, value: /v1}}]
  timeouts: {request: 5s}
  fieldOfTomorrow: {kept: 1.5}
  filters:
  - {type: URLRewrite, urlRewrite: {hostname: orders}}
  - type: ResponseHeaderModifier
    responseHeaderModifier:
      set: [{name: X-Served-By, value: orders}]
      remove: [Server]
  backendRefs:
  - {name: orders, port: 8080, weight: 9}
  - {name: orders-canary, port: 8080, weight: 1, filters: [{type: RequestHeaderModifier, requestHeaderModifier: {remove: [a]}}]}
- matches: [{path: {type: PathPrefix, value: /v2}}]
  backendRefs: [{name: orders-v2, port: 8080}]
`

func rules(t *testing.T, text string) []any {
	t.Helper()
	var list []any
	if err := yaml.Unmarshal([]byte(text), &list); err != nil {
		t.Fatal(err)
	}
	return list
}

// ofSchedule asks for all rules, or for those named.
func ofSchedule(name string, keys ...string) signal.Order {
	return signal.Order{Schedule: name, Rules: keys, Ours: true, Due: true, Says: signal.Of(schedule(), "")}
}

func browning(o signal.Order, brownout string, end time.Time) signal.Order {
	o.Brownout = &signal.Brownout{Namespace: "shop", Schedule: o.Schedule, Name: brownout, End: end}
	return o
}

// rewrite holds every result to what is true of all: done again it changes nothing.
func rewrite(t *testing.T, route signal.Route, now time.Time, orders ...signal.Order) signal.Rewritten {
	t.Helper()
	if route.Room == 0 {
		route.Room = 64 << 10
	}
	out, err := signal.Rewrite(route, orders, backend, now)
	if err != nil {
		t.Fatal(err)
	}
	again, err := signal.Rewrite(signal.Route{Rules: out.Rules, Record: out.Record, Room: route.Room}, orders, backend, now.Add(time.Second))
	if err != nil || again.Changed {
		t.Errorf("done again it changes (%v): %s", err, cmp.Diff(out, again))
	}
	return out
}

func next(out signal.Rewritten) signal.Route {
	return signal.Route{Rules: out.Rules, Record: out.Record}
}

func wantRules(t *testing.T, want, got []any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rules:\n%s", diff)
	}
}

func TestHeadersComeAndGoAndNothingElseDoes(t *testing.T) {
	given := rules(t, owners)
	for name, orders := range map[string][]signal.Order{
		"all rules":              {ofSchedule("a")},
		"one by its name":        {ofSchedule("a", "v1")},
		"one by its place":       {ofSchedule("a", "#1")},
		"two schedules on one":   {ofSchedule("a", "v1"), ofSchedule("b", "v1")},
		"a rule that is not one": {ofSchedule("a", "v3"), ofSchedule("b", "v1")},
	} {
		t.Run(name, func(t *testing.T) {
			put := rewrite(t, signal.Route{Rules: given}, noon, orders...)
			if !put.Changed || put.Record == "" || len(put.Problems) > 0 {
				t.Fatalf("put: %+v", put)
			}
			for _, h := range orders[0].Says.Headers() {
				carried := false
				for _, r := range put.Rules {
					carried = carried || signal.Carries(r, h)
				}
				if !carried {
					t.Errorf("no rule carries %s", h.Name)
				}
			}
			taken := rewrite(t, next(put), noon)
			if taken.Record != "" || !taken.Changed {
				t.Errorf("taken: %+v", taken)
			}
			wantRules(t, given, taken.Rules)
		})
	}
	wantRules(t, rules(t, owners), given) // what is handed in stays as it is
}

func TestHeadersStandBesideThoseOfTheOwner(t *testing.T) {
	put := rewrite(t, signal.Route{Rules: rules(t, owners)}, noon, ofSchedule("a"))
	want := rules(t, strings.NewReplacer("value: orders}]\n      remove", `value: orders}, {name: Deprecation, value: "@1798761600"},
        {name: Sunset, value: "Thu, 01 Jul 2027 00:00:00 GMT"}]
      add: [{name: Link, value: "<https://docs.acme.example/v2>; rel=\"deprecation\", <https://docs.acme.example/v2>; rel=\"sunset\", <https://api.acme.example/v2/orders>; rel=\"successor-version\""}]
      remove`, "  backendRefs: [{name: orders-v2", `  filters:
  - type: ResponseHeaderModifier
    responseHeaderModifier:
      set: [{name: Deprecation, value: "@1798761600"}, {name: Sunset, value: "Thu, 01 Jul 2027 00:00:00 GMT"}]
      add: [{name: Link, value: "<https://docs.acme.example/v2>; rel=\"deprecation\", <https://docs.acme.example/v2>; rel=\"sunset\", <https://api.acme.example/v2/orders>; rel=\"successor-version\""}]
  backendRefs: [{name: orders-v2`).Replace(owners))
	wantRules(t, want, put.Rules)
}

func TestDatesThatMoveAreReplaced(t *testing.T) {
	put := rewrite(t, signal.Route{Rules: rules(t, owners)}, noon, ofSchedule("a"))
	later := ofSchedule("a")
	later.Says.Sunset = later.Says.Sunset.Add(time.Hour)
	moved := rewrite(t, next(put), noon, later)
	if !signal.Carries(moved.Rules[0], later.Says.Headers()[1]) || signal.Carries(moved.Rules[0], ofSchedule("a").Says.Headers()[1]) {
		t.Errorf("the old date stays: %v", moved.Rules[0])
	}
	wantRules(t, rules(t, owners), rewrite(t, next(moved), noon).Rules)
}

func TestWhatTheOwnerWroteIsTheirs(t *testing.T) {
	said := `- {name: v1, backendRefs: [{name: a}], filters: [{type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: deprecation, value: "@1798761600"}]}}]}`
	put := rewrite(t, signal.Route{Rules: rules(t, said)}, noon, ofSchedule("a"))
	wantRules(t, rules(t, said), rewrite(t, next(put), noon).Rules)

	for name, text := range map[string]string{
		`a Deprecation of its own (set: "@1")`: `- {name: v1, filters: [{type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: DEPRECATION, value: "@1"}]}}]}`,
		`a Sunset of its own (add: "never")`:   `- {name: v1, filters: [{type: ResponseHeaderModifier, responseHeaderModifier: {add: [{name: Sunset, value: never}]}}]}`,
		"it removes Link from responses":       `- {name: v1, filters: [{type: ResponseHeaderModifier, responseHeaderModifier: {remove: [link]}}]}`,
		"it has 16 filters":                    `- {name: v1, filters: [` + strings.Repeat("{type: RequestMirror},", 16) + `]}`,
		"its set has 15 headers":               `- {name: v1, filters: [{type: ResponseHeaderModifier, responseHeaderModifier: {set: [` + strings.Repeat("{name: x, value: y},", 15) + `]}}]}`,
	} {
		given := rules(t, text)
		out := rewrite(t, signal.Route{Rules: given}, noon, ofSchedule("a"))
		if out.Changed || len(out.Problems["a"]) != 1 || !strings.Contains(out.Problems["a"][0], name) {
			t.Errorf("%s: %+v", name, out)
		}
	}
}

func TestRulesWithoutANameMayMove(t *testing.T) {
	put := rewrite(t, signal.Route{Rules: rules(t, owners)}, noon, ofSchedule("a", "#1"))
	moved := next(put)
	moved.Rules = append([]any{map[string]any{"backendRefs": []any{map[string]any{"name": "new"}}}}, moved.Rules...)
	taken := rewrite(t, moved, noon)
	wantRules(t, rules(t, owners), taken.Rules[1:])
}

func TestAnOwnerTakesOverWhatIsThere(t *testing.T) {
	put := rewrite(t, signal.Route{Rules: rules(t, owners)}, noon, ofSchedule("a"))
	theirs := ofSchedule("a")
	theirs.Ours = false
	over := rewrite(t, next(put), noon, theirs)
	if over.Record != "" {
		t.Errorf("still written down: %s", over.Record)
	}
	wantRules(t, put.Rules, over.Rules)
	if none := rewrite(t, signal.Route{Rules: rules(t, owners)}, noon, theirs); none.Changed {
		t.Error("written where the owner writes")
	}
}

func TestARecordThatCannotBeReadStopsAll(t *testing.T) {
	for _, text := range []string{"{", `{"rules": 1}`, `[]`} {
		if _, err := signal.Rewrite(signal.Route{Rules: rules(t, owners), Record: text}, nil, backend, noon); err == nil {
			t.Errorf("%s passed", text)
		}
	}
}
