package gate

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// RouteSignal is a header that responses of an HTTPRoute have to carry, which its owner writes (signals.yaml).
type RouteSignal struct {
	Route string
	// Rule is the name of a rule, or AnyRule for those of which no other signal of the route says anything.
	Rule string
	// Schedule asks for it. Header is empty where the rule is nobody's to write but forewarn's.
	Schedule string
	Header   string
	Value    string
}

// AnyRule stands for the rules of which no signal speaks by name.
const AnyRule = "*"

const (
	tableSignal = "signal"
	keySignals  = "signals" // how many routes are in the table; left out for none, and the policy stops at once
	// signalsLimit bounds what routes take of a gate: it is the only table that grows with texts of its tenants.
	signalsLimit = 64 << 10
	// signalBreak stands between the signals of a route. No name, address or date holds one.
	signalBreak = "\t"
)

// addSignals writes what routes have to carry: "v1 orders-v1 Sunset Thu, 01 Jul 2027 00:00:00 GMT".
func (g *gate) addSignals(apis []PublishedAPI) (dropped []string) {
	routes := map[string][]string{}
	for _, a := range apis {
		if !a.Governed || enforcementOf(a) != g.enforcement {
			continue
		}
		for _, s := range a.Signals {
			words := []string{s.Rule, s.Schedule, s.Header, s.Value}
			line := strings.TrimSpace(strings.Join(words, " "))
			if strings.ContainsAny(line+s.Route, "\t\n") || s.Route == "" || strings.Contains(s.Route+s.Rule+s.Schedule+s.Header, " ") {
				continue // there is no such route
			}
			routes[s.Route] = append(routes[s.Route], line)
		}
	}
	room, written := signalsLimit, 0
	for _, route := range slices.Sorted(maps.Keys(routes)) {
		lines := routes[route]
		slices.Sort(lines)
		text := strings.Join(slices.Compact(lines), signalBreak)
		if room -= lineSize(route, text); room < 0 {
			dropped = append(dropped, fmt.Sprintf("%s signals of route %s", strings.ToLower(string(g.enforcement)), route))
			continue
		}
		g.tables.set(tableSignal, route, text)
		written++
	}
	if written > 0 {
		g.tables.plain(keySignals, strconv.Itoa(written))
	}
	return dropped
}
