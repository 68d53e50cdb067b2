package signal

import (
	"fmt"
	"slices"
	"time"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
)

// Order is what a schedule asks of a route.
type Order struct {
	Schedule string
	// Rules are the keys of the rules that carry what goes away; empty for all.
	Rules []string
	// Ours says that forewarn writes them.
	Ours bool
	// Due says that responses say something, Says what.
	Due  bool
	Says Says
	// Brownout is the one that is under way, nil for none.
	Brownout *Brownout
}

// Route is what is known of an HTTPRoute.
type Route struct {
	Rules []any
	// Record is its annotation, Room how many bytes that may grow to.
	Record string
	Room   int
}

// Rewritten is a route as it has to be.
type Rewritten struct {
	Rules   []any
	Record  string
	Changed bool
	// Problems say, by schedule, what could not be done, in the order of its rules.
	Problems map[string][]string
}

// Rewrite takes back all that was written into a route, by its record, and writes what the orders ask for. What is as it
// has to be comes out as it was.
func Rewrite(route Route, orders []Order, backend Backend, now time.Time) (Rewritten, error) {
	before, err := readRecord(route.Record)
	if err != nil {
		return Rewritten{}, err
	}
	w := writer{
		rules: cloned(nonNil(route.Rules)), before: before, left: map[string]*taken{}, orders: orders, backend: backend,
		room: min(route.Room, maxRecord), now: now, problems: map[string][]string{},
	}
	w.takeBack()
	for i, item := range w.rules {
		if r := ruleOf(item); r != nil {
			w.write(r, keyOf(r, i))
		}
	}
	text, err := w.after.text()
	if err != nil {
		return Rewritten{}, fmt.Errorf("writing down what was put into a route: %w", err)
	}
	return Rewritten{
		Rules: w.rules, Record: text, Problems: w.problems,
		Changed: text != route.Record || !apiequality.Semantic.DeepEqual(w.rules, nonNil(route.Rules)),
	}, nil
}

type writer struct {
	rules         []any
	before, after record
	// left are the brownouts that owners put an end to.
	left     map[string]*taken
	orders   []Order
	backend  Backend
	room     int
	now      time.Time
	problems map[string][]string
}

// takeBack makes the route that of its owner.
func (w *writer) takeBack() {
	var lost []Header
	for _, was := range w.before.Rules {
		if was.Taken != nil && !was.Taken.Left && !putBack(w.rules, was.Rule, was.Taken, w.backend) {
			w.left[was.Rule] = was.Taken
		}
		if was.Taken != nil && was.Taken.Left {
			w.left[was.Rule] = was.Taken
		}
		if r := find(w.rules, was.Rule); r != nil {
			lost = append(lost, r.take(was.Headers, was.Made)...)
		} else {
			lost = append(lost, was.Headers...)
		}
	}
	// Rules without a name move when another comes before them: what went with them is not to stay for ever.
	for _, h := range lost {
		for _, item := range w.rules {
			if r := ruleOf(item); r != nil && r.carries(h) {
				r.take([]Header{h}, true)
			}
		}
	}
}

// write does what the orders ask of one rule.
func (w *writer) write(r rule, key string) {
	var says []Says
	ours := false
	var under *Brownout
	for i := range w.orders {
		o := &w.orders[i]
		if !o.Due || !o.Concerns(key) {
			continue
		}
		says = append(says, o.Says)
		if ours = ours || o.Ours; o.Ours {
			under = longer(under, o.Brownout)
		}
	}
	if len(says) == 0 {
		return
	}
	headers := Merge(says).Headers()
	entry := ruleRecord{Rule: key}
	switch {
	case !ours:
		w.handOver(r, key, headers)
	case under != nil && w.begin(r, key, *under, &entry):
	default:
		if why := r.obstacle(headers); why != "" {
			w.complain(key, fmt.Sprintf("nothing can be put into rule %s: %s", key, why))
		} else {
			entry.Headers, entry.Made = r.put(headers)
		}
	}
	if len(entry.Headers) > 0 || entry.Taken != nil {
		w.after.Rules = append(w.after.Rules, entry)
	}
}

// begin takes the rule away, and says whether it did.
func (w *writer) begin(r rule, key string, b Brownout, entry *ruleRecord) bool {
	if left := w.left[key]; b.same(left) {
		entry.Taken = &taken{Schedule: b.Schedule, Name: b.Name, Mark: left.Mark, Since: left.Since, Left: true}
		return false
	}
	since := w.now
	if was, ok := w.before.of(key); ok && b.same(was.Taken) {
		since = was.Taken.Since
	}
	kept := rule{"filters": r.list("filters"), "backendRefs": r.list("backendRefs")}
	entry.Taken = r.takeAway(b, key, w.backend, since)
	w.after.Rules = append(w.after.Rules, *entry)
	text, err := w.after.text()
	w.after.Rules = w.after.Rules[:len(w.after.Rules)-1]
	if err == nil && len(text) <= w.room {
		return true
	}
	r.setList("filters", kept.list("filters"))
	r.setList("backendRefs", kept.list("backendRefs"))
	entry.Taken = nil
	w.complain(key, fmt.Sprintf("brownout %s cannot take away rule %s: what it holds does not fit into an annotation, by which it "+
		"would be put back", b.Name, key))
	return false
}

// handOver leaves to the owner what forewarn wrote until now, where that is still asked for.
func (w *writer) handOver(r rule, key string, headers []Header) {
	was, _ := w.before.of(key)
	for _, h := range headers {
		if slices.Contains(was.Headers, h) && r.obstacle([]Header{h}) == "" {
			r.put([]Header{h})
		}
	}
}

func (w *writer) complain(key, problem string) {
	for _, o := range w.orders {
		if o.Due && o.Ours && o.Concerns(key) {
			w.problems[o.Schedule] = append(w.problems[o.Schedule], problem)
		}
	}
}

// Concerns says that the rule of that key carries what goes away.
func (o Order) Concerns(key string) bool { return len(o.Rules) == 0 || slices.Contains(o.Rules, key) }

// longer is the one of two brownouts that ends later.
func longer(a, b *Brownout) *Brownout {
	if a == nil || b != nil && (b.End.After(a.End) || b.End.Equal(a.End) && b.Schedule < a.Schedule) {
		return b
	}
	return a
}
