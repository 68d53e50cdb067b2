package signal

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
)

// Rules are handled as the API server wrote them and not by a type: what a newer Gateway API knows of them is not to be
// lost when they are written back.

// The Gateway API takes no more of each in a rule.
const maxItems = 16

const (
	typeResponse = "ResponseHeaderModifier"
	typeRequest  = "RequestHeaderModifier"
	bodyResponse = "responseHeaderModifier"
	bodyRequest  = "requestHeaderModifier"
)

type rule map[string]any

func ruleOf(item any) rule {
	r, _ := item.(map[string]any)
	return r
}

// keyOf is how a rule is called: by its name or, where it has none, by its place.
func keyOf(r rule, place int) string {
	if name, _ := r["name"].(string); name != "" {
		return name
	}
	return fmt.Sprintf("#%d", place)
}

// find returns the rule of that key, nil where there is none.
func find(rules []any, key string) rule {
	for i, item := range rules {
		if r := ruleOf(item); r != nil && keyOf(r, i) == key {
			return r
		}
	}
	return nil
}

func (r rule) list(field string) []any {
	items, _ := r[field].([]any)
	return items
}

// setList leaves an empty list out, as the API server does with what nobody wrote.
func (r rule) setList(field string, items []any) {
	if len(items) == 0 {
		delete(r, field)
		return
	}
	r[field] = items
}

// modifier is the body of the filter of a type, nil where the rule has none.
func (r rule) modifier(kind, body string) map[string]any {
	for _, item := range r.list("filters") {
		filter, _ := item.(map[string]any)
		if filter["type"] == kind {
			found, _ := filter[body].(map[string]any)
			return found
		}
	}
	return nil
}

func operation(h Header) string {
	if h.Add {
		return "add"
	}
	return "set"
}

// entry finds a header in a list of a modifier.
func entry(modifier map[string]any, op, name string) (place int, value string) {
	items, _ := modifier[op].([]any)
	for i, item := range items {
		pair, _ := item.(map[string]any)
		if found, _ := pair["name"].(string); strings.EqualFold(found, name) {
			value, _ = pair["value"].(string)
			return i, value
		}
	}
	return -1, ""
}

// Carries says that the responses of a rule have a header. A link may stand among others.
func Carries(item any, h Header) bool { return ruleOf(item).carries(h) }

func (r rule) carries(h Header) bool {
	modifier := r.modifier(typeResponse, bodyResponse)
	if removes(modifier, h.Name) {
		return false
	}
	for _, op := range []string{"set", "add"} {
		place, value := entry(modifier, op, h.Name)
		if place >= 0 && (value == h.Value || h.Name == HeaderLink && strings.Contains(value, h.Value)) {
			return true
		}
	}
	return false
}

func removes(modifier map[string]any, name string) bool {
	items, _ := modifier["remove"].([]any)
	return slices.ContainsFunc(items, func(item any) bool {
		text, _ := item.(string)
		return strings.EqualFold(text, name)
	})
}

// obstacle says why headers cannot be put into a rule; empty where they can.
func (r rule) obstacle(headers []Header) string {
	modifier := r.modifier(typeResponse, bodyResponse)
	if modifier == nil && len(r.list("filters")) >= maxItems {
		return fmt.Sprintf("it has %d filters, and no more fit", maxItems)
	}
	more := map[string]int{}
	for _, h := range headers {
		if removes(modifier, h.Name) {
			return "it removes " + h.Name + " from responses"
		}
		for _, op := range []string{"set", "add"} {
			place, value := entry(modifier, op, h.Name)
			switch {
			case place < 0 || h.Add && op == "set":
			case value != h.Value || op != operation(h):
				return fmt.Sprintf("it has a %s of its own (%s: %q)", h.Name, op, value)
			}
		}
		if place, _ := entry(modifier, operation(h), h.Name); place < 0 {
			more[operation(h)]++
		}
	}
	for op, n := range more {
		if items, _ := modifier[op].([]any); len(items)+n > maxItems {
			return fmt.Sprintf("its %s has %d headers, and no more fit", op, len(items))
		}
	}
	return ""
}

// put adds the headers that the rule lacks, and returns these. made says that it had no filter for them before.
func (r rule) put(headers []Header) (added []Header, made bool) {
	for _, h := range headers {
		modifier := r.modifier(typeResponse, bodyResponse)
		if place, _ := entry(modifier, operation(h), h.Name); place >= 0 {
			continue
		}
		if modifier == nil {
			modifier, made = map[string]any{}, true
			r["filters"] = append(slices.Clip(r.list("filters")), map[string]any{"type": typeResponse, bodyResponse: modifier})
		}
		items, _ := modifier[operation(h)].([]any)
		modifier[operation(h)] = append(slices.Clip(items), map[string]any{"name": h.Name, "value": h.Value})
		added = append(added, h)
	}
	return added, made
}

// take removes the headers with exactly these values, and the filter where that was made for them and holds nothing else.
// It returns those that were not there.
func (r rule) take(headers []Header, made bool) (missing []Header) {
	modifier := r.modifier(typeResponse, bodyResponse)
	for _, h := range headers {
		place, value := entry(modifier, operation(h), h.Name)
		if place < 0 || value != h.Value {
			missing = append(missing, h)
			continue
		}
		items, _ := modifier[operation(h)].([]any)
		rule(modifier).setList(operation(h), slices.Delete(slices.Clone(items), place, place+1))
	}
	if made && modifier != nil && len(modifier) == 0 {
		r.setList("filters", slices.DeleteFunc(slices.Clone(r.list("filters")), func(item any) bool {
			filter, _ := item.(map[string]any)
			return filter["type"] == typeResponse
		}))
	}
	return missing
}

func cloned(rules []any) []any { return runtime.DeepCopyJSONValue(rules).([]any) }
