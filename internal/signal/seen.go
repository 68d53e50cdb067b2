package signal

import (
	"fmt"
	"slices"
	"time"
)

// Seen is what a schedule finds on one of its routes.
type Seen struct {
	// Absent are rules that it names and the route does not have.
	Absent []string
	// Missing says what the first rule lacks that lacks anything; empty for none.
	Missing string
	// Brownout is the one under way and Since when that began; empty for none.
	Brownout string
	Since    time.Time
	// Left is one that the owner of the route put an end to, in some rule; empty for none.
	Left string
}

// See looks at a route for one of the orders.
func See(route Route, orders []Order, schedule string, backend Backend) (Seen, error) {
	record, err := readRecord(route.Record)
	if err != nil {
		return Seen{}, err
	}
	var seen Seen
	for i := range record.Rules {
		was := record.Rules[i].Taken
		if was == nil || was.Schedule != schedule {
			continue
		}
		if was.Left || !away(route.Rules, record.Rules[i].Rule, was, backend) {
			seen.Left = was.Name
			continue
		}
		if seen.Brownout == "" || was.Since.Before(seen.Since) {
			seen.Brownout, seen.Since = was.Name, was.Since
		}
	}
	i := slices.IndexFunc(orders, func(o Order) bool { return o.Schedule == schedule })
	if i < 0 {
		return seen, nil
	}
	mine := orders[i]
	for _, name := range mine.Rules {
		if find(route.Rules, name) == nil {
			seen.Absent = append(seen.Absent, name)
		}
	}
	seen.Missing = missing(route.Rules, orders, mine)
	return seen, nil
}

// away says that the backend answers for a rule that was taken away.
func away(rules []any, key string, was *taken, backend Backend) bool {
	r := marked(rules, was.Mark)
	if r == nil {
		r = find(rules, key)
	}
	return slices.ContainsFunc(r.list("backendRefs"), backend.is)
}

func missing(rules []any, orders []Order, mine Order) string {
	if !mine.Due {
		return ""
	}
	for i, item := range rules {
		r := ruleOf(item)
		key := keyOf(r, i)
		if !mine.Concerns(key) || slices.ContainsFunc(r.list("filters"), func(f any) bool { return marks(f) != "" }) {
			continue // what answers in a brownout says it itself
		}
		for _, h := range Needed(orders, key) {
			if !r.carries(h) {
				return fmt.Sprintf("rule %s lacks %s: %s", key, h.Name, h.Value)
			}
		}
	}
	return ""
}

// Needed are the headers that the orders ask for together in the rule of that key, every link by itself.
func Needed(orders []Order, key string) []Header {
	if !slices.ContainsFunc(orders, func(o Order) bool { return o.Due && o.Concerns(key) }) {
		return nil
	}
	return Together(orders, key).Each()
}

// Together is what the responses of the rule of that key say by all orders that concern it.
func Together(orders []Order, key string) Says {
	var says []Says
	for i := range orders {
		if orders[i].Due && orders[i].Concerns(key) {
			says = append(says, orders[i].Says)
		}
	}
	return Merge(says)
}
