package signal

import (
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
)

// HeaderBrownout tells the server that answers in a brownout which one it is. The gateway sets it, whatever a client
// sent: "<namespace>/<schedule>/<brownout>/<rule>".
const HeaderBrownout = "Forewarn-Brownout"

// Backend is the Service that answers in a brownout.
type Backend struct {
	Namespace string
	Name      string
	Port      int64
}

// Brownout is one that is under way.
type Brownout struct {
	Namespace string
	Schedule  string
	Name      string
	End       time.Time
}

func (b Brownout) same(of *taken) bool {
	return of != nil && of.Schedule == b.Schedule && of.Name == b.Name
}

func (b Backend) ref() map[string]any {
	return map[string]any{
		"group": "", "kind": "Service", "namespace": b.Namespace, "name": b.Name, "port": b.Port, "weight": int64(1),
	}
}

func (b Backend) is(item any) bool {
	ref, _ := item.(map[string]any)
	return ref["name"] == b.Name && ref["namespace"] == b.Namespace
}

// marks returns what a filter of ours says, empty where it is none.
func marks(item any) string {
	filter, _ := item.(map[string]any)
	if filter["type"] != typeRequest {
		return ""
	}
	modifier, _ := filter[bodyRequest].(map[string]any)
	_, value := entry(modifier, "set", HeaderBrownout)
	return value
}

func (b Brownout) mark(key string) string {
	return strings.Join([]string{b.Namespace, b.Schedule, b.Name, key}, "/")
}

// takeAway lets the backend answer for the rule, with nothing in between: no redirect, no other backend that gets a copy.
func (r rule) takeAway(b Brownout, key string, backend Backend, since time.Time) *taken {
	was := &taken{
		Schedule: b.Schedule, Name: b.Name, Since: since, Mark: b.mark(key),
		Filters: r.list("filters"), BackendRefs: r.list("backendRefs"),
	}
	r["filters"] = []any{map[string]any{"type": typeRequest, bodyRequest: map[string]any{
		"set": []any{map[string]any{"name": HeaderBrownout, "value": was.Mark}},
	}}}
	r["backendRefs"] = []any{backend.ref()}
	return was
}

// putBack returns what a brownout took away to its place, as far as that still holds what we put there: what its owner
// wrote meanwhile stays. ours says that it did, for the backends.
func putBack(rules []any, key string, was *taken, backend Backend) (ours bool) {
	r := marked(rules, was.Mark)
	if r == nil {
		r = find(rules, key)
	}
	if r == nil {
		return false
	}
	filters := runtime.DeepCopyJSONValue(nonNil(was.Filters)).([]any)
	if i := slices.IndexFunc(r.list("filters"), func(item any) bool { return marks(item) == was.Mark }); i >= 0 {
		theirs := slices.Delete(slices.Clone(r.list("filters")), i, i+1)
		filters = slices.DeleteFunc(filters, func(item any) bool { return repeats(item, theirs) })
		r.setList("filters", slices.Insert(theirs, i, filters...))
	}
	refs := slices.Clone(r.list("backendRefs"))
	i := slices.IndexFunc(refs, backend.is)
	if i >= 0 {
		was := runtime.DeepCopyJSONValue(nonNil(was.BackendRefs)).([]any)
		r.setList("backendRefs", slices.Insert(slices.Delete(refs, i, i+1), i, was...))
	}
	return i >= 0
}

func nonNil(items []any) []any { return append([]any{}, items...) }

func marked(rules []any, mark string) rule {
	for _, item := range rules {
		r := ruleOf(item)
		if slices.ContainsFunc(r.list("filters"), func(filter any) bool { return marks(filter) == mark }) {
			return r
		}
	}
	return nil
}

// repeats says that a filter cannot stand beside the others, which the API server would refuse.
func repeats(item any, others []any) bool {
	filter, _ := item.(map[string]any)
	kind, _ := filter["type"].(string)
	return slices.ContainsFunc(others, func(other any) bool {
		has, _ := other.(map[string]any)
		switch has["type"] {
		case "RequestMirror", "ExtensionRef":
			return false
		case "RequestRedirect", "URLRewrite":
			return kind == "RequestRedirect" || kind == "URLRewrite"
		}
		return has["type"] == kind
	})
}
