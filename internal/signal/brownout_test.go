package signal_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"forewarn.dev/forewarn/internal/signal"
)

var end = noon.Add(5 * time.Minute)

func away(t *testing.T, keys ...string) signal.Rewritten {
	t.Helper()
	return rewrite(t, signal.Route{Rules: rules(t, owners)}, noon, browning(ofSchedule("a", keys...), "first", end))
}

func see(t *testing.T, out signal.Route, orders ...signal.Order) signal.Seen {
	t.Helper()
	seen, err := signal.See(out, orders, "a", backend)
	if err != nil {
		t.Fatal(err)
	}
	return seen
}

func TestABrownoutTakesAwayAndPutsBack(t *testing.T) {
	out := away(t, "v1")
	want := rules(t, `
- name: v1
  matches: [{path: {type: PathPrefix, value: /v1}}]
  timeouts: {request: 5s}
  fieldOfTomorrow: {kept: 1.5}
  filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: Forewarn-Brownout, value: shop/a/first/v1}]}}]
  backendRefs: [{group: "", kind: Service, namespace: forewarn-system, name: forewarn-brownout, port: 80, weight: 1}]
- matches: [{path: {type: PathPrefix, value: /v2}}]
  backendRefs: [{name: orders-v2, port: 8080}]
`)
	wantText(t, want, out.Rules)
	seen := see(t, next(out), browning(ofSchedule("a", "v1"), "first", end))
	if seen.Brownout != "first" || !seen.Since.Equal(noon) || seen.Missing != "" {
		t.Errorf("seen: %+v", seen)
	}
	// A manager that knows nothing but the route finds it as it has to be, and goes on to the end.
	back := rewrite(t, next(out), end, ofSchedule("a", "v1"))
	plain := rewrite(t, signal.Route{Rules: rules(t, owners)}, noon, ofSchedule("a", "v1"))
	wantText(t, plain.Rules, back.Rules)
	if back.Record != plain.Record {
		t.Errorf("record: %s", back.Record)
	}
	wantText(t, rules(t, owners), rewrite(t, next(back), end).Rules)
	wantText(t, rules(t, owners), rewrite(t, next(out), noon).Rules) // withdrawn in the middle
}

func TestOneBrownoutFollowsAnother(t *testing.T) {
	out := rewrite(t, next(away(t)), noon.Add(time.Minute), browning(ofSchedule("a"), "second", end))
	seen := see(t, next(out), browning(ofSchedule("a"), "second", end))
	if seen.Brownout != "second" || !seen.Since.Equal(noon.Add(time.Minute)) {
		t.Errorf("seen: %+v", seen)
	}
	wantText(t, rules(t, owners), rewrite(t, next(out), end).Rules)
}

func TestTheLongerOfTwoSchedulesHasTheRule(t *testing.T) {
	a, b := browning(ofSchedule("a"), "first", end), browning(ofSchedule("b"), "last", end.Add(time.Second))
	for _, orders := range [][]signal.Order{{a, b}, {b, a}} {
		out := rewrite(t, signal.Route{Rules: rules(t, owners)}, noon, orders...)
		if !strings.Contains(out.Record, "shop/b/last/v1") || strings.Contains(out.Record, "shop/a") {
			t.Errorf("record: %s", out.Record)
		}
		over := rewrite(t, next(out), end.Add(time.Second), ofSchedule("a"), ofSchedule("b"))
		wantText(t, rules(t, owners), rewrite(t, next(over), end).Rules)
	}
}

func TestAnEditInTheMiddleWins(t *testing.T) {
	order := browning(ofSchedule("a", "v1"), "first", end)
	const edited = `- {name: v1, backendRefs: [{name: elsewhere, port: 1}]}`
	for name, edit := range map[string]func(out signal.Rewritten) (edited signal.Route, wantAfter string){
		"the whole rule was applied anew": func(out signal.Rewritten) (signal.Route, string) {
			return signal.Route{Rules: rules(t, edited), Record: out.Record}, edited
		},
		"the backends were replaced": func(out signal.Rewritten) (signal.Route, string) {
			r := next(out)
			r.Rules[0].(map[string]any)["backendRefs"] = rules(t, `[{name: elsewhere, port: 1}]`)
			return r, strings.Replace(owners, owners[strings.Index(owners, "  backendRefs"):strings.Index(owners, "- matches")],
				"  backendRefs: [{name: elsewhere, port: 1}]\n", 1)
		},
		"the rule is gone": func(out signal.Rewritten) (signal.Route, string) {
			return signal.Route{Rules: rules(t, `[{name: v2}]`), Record: out.Record}, `[{name: v2}]`
		},
		"the route has no rules any more": func(out signal.Rewritten) (signal.Route, string) {
			return signal.Route{Record: out.Record}, `[]`
		},
	} {
		t.Run(name, func(t *testing.T) {
			route, want := edit(away(t, "v1"))
			out := rewrite(t, route, noon.Add(time.Minute), order)
			if strings.Contains(fmt.Sprint(out.Rules), "forewarn-brownout") {
				t.Errorf("taken away again: %v", out.Rules)
			}
			if seen := see(t, next(out), order); seen.Brownout != "" || seen.Left != "first" && len(out.Rules) > 0 && name != "the rule is gone" {
				t.Errorf("seen: %+v", seen)
			}
			wantText(t, rules(t, want), rewrite(t, next(out), end).Rules)
		})
	}
}

func TestWhatAnOwnerAddsInTheMiddleStays(t *testing.T) {
	out := away(t, "v1")
	r := out.Rules[0].(map[string]any)
	r["filters"] = append(r["filters"].([]any), rules(t, `[{type: URLRewrite, urlRewrite: {hostname: theirs}}]`)...)
	r["backendRefs"] = append(r["backendRefs"].([]any), rules(t, `[{name: theirs, port: 1}]`)...)
	back := rewrite(t, next(out), end).Rules[0].(map[string]any)
	// Of what may stand but once, theirs does.
	wantText(t, rules(t, `
- type: ResponseHeaderModifier
  responseHeaderModifier: {set: [{name: X-Served-By, value: orders}], remove: [Server]}
- {type: URLRewrite, urlRewrite: {hostname: theirs}}
`), back["filters"].([]any))
	refs := back["backendRefs"].([]any)
	if len(refs) != 3 || refs[2].(map[string]any)["name"] != "theirs" {
		t.Errorf("backends: %v", refs)
	}
}

func TestRulesMayMoveInTheMiddle(t *testing.T) {
	out := away(t)
	route := next(out)
	route.Rules = []any{map[string]any{"backendRefs": []any{}}, route.Rules[1], route.Rules[0]}
	back := rewrite(t, route, end)
	given := rules(t, owners)
	wantText(t, []any{map[string]any{"backendRefs": []any{}}, given[1], given[0]}, back.Rules)
}

func TestWhatDoesNotFitIsNotTakenAway(t *testing.T) {
	given := rules(t, owners)
	order := browning(ofSchedule("a", "v1"), "first", end)
	whole := rewrite(t, signal.Route{Rules: given}, noon, order)
	fits := rewrite(t, signal.Route{Rules: given, Room: len(whole.Record)}, noon, order)
	if len(fits.Problems) > 0 || fits.Record != whole.Record {
		t.Errorf("what just fits: %+v", fits.Problems)
	}
	out := rewrite(t, signal.Route{Rules: given, Room: len(whole.Record) - 1}, noon, order)
	if len(out.Problems["a"]) != 1 || !strings.Contains(out.Problems["a"][0], "does not fit") {
		t.Errorf("problems: %v", out.Problems)
	}
	wantText(t, rewrite(t, signal.Route{Rules: given}, noon, ofSchedule("a", "v1")).Rules, out.Rules)
}

func TestOwnersAreNotTakenAway(t *testing.T) {
	order := browning(ofSchedule("a", "v1"), "first", end)
	order.Ours = false
	if out := rewrite(t, signal.Route{Rules: rules(t, owners)}, noon, order); out.Changed {
		t.Errorf("written: %v", out.Rules)
	}
}

func TestWhatIsMissingIsNamed(t *testing.T) {
	order := ofSchedule("a", "v1", "v3")
	order.Ours = false
	seen := see(t, signal.Route{Rules: rules(t, owners)}, order)
	if len(seen.Absent) != 1 || seen.Absent[0] != "v3" || seen.Missing != "rule v1 lacks Deprecation: @1798761600" {
		t.Errorf("seen: %+v", seen)
	}
	put := rewrite(t, signal.Route{Rules: rules(t, owners)}, noon, ofSchedule("a", "v1"))
	if seen := see(t, signal.Route{Rules: put.Rules}, order); seen.Missing != "" {
		t.Errorf("seen: %+v", seen)
	}
	order.Due = false
	if seen := see(t, signal.Route{Rules: rules(t, owners)}, order); seen.Missing != "" {
		t.Errorf("seen: %+v", seen)
	}
}

// wantText compares as YAML: a number from a test and one from a record are the same there.
func wantText(t *testing.T, want, got []any) {
	t.Helper()
	var texts [2]string
	for i, list := range [][]any{want, got} {
		text, err := yaml.Marshal(list)
		if err != nil {
			t.Fatal(err)
		}
		texts[i] = string(text)
	}
	if texts[0] != texts[1] {
		t.Errorf("want:\n%s\ngot:\n%s", texts[0], texts[1])
	}
}
