package openapi

import (
	"maps"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"

	"forewarn.dev/forewarn/internal/contract/finding"
)

// pair is one operation that both documents have.
type pair struct {
	name       string // "GET /orders/{id}", as the base writes it
	path       string
	method     string
	base, head *openapi3.Operation
}

// pairUp finds the operations that both documents have, and reports those that only one has. The
// tool is not asked about these: it lets go silently what was marked as deprecated, or as a draft.
func pairUp(base, head *Document) ([]pair, []finding.Finding) {
	var pairs []pair
	var findings []finding.Finding
	for _, key := range slices.Sorted(maps.Keys(base.paths)) {
		path := base.paths[key]
		was, is := base.api.Paths.Value(path), head.item(key)
		for _, method := range sorted(was.Operations()) {
			p := pair{name: method + " " + path, path: path, method: method, base: was.GetOperation(method)}
			if p.head = is.GetOperation(method); p.head == nil {
				findings = append(findings, removed(p, len(is.Operations()) == 0))
				continue
			}
			p.head = renamed(p.head, head.paths[key], path)
			pairs = append(pairs, p)
		}
	}
	for key, path := range head.paths {
		was := base.item(key)
		for method := range head.item(key).Operations() {
			if was.GetOperation(method) == nil {
				findings = append(findings, added(method, path))
			}
		}
	}
	return pairs, findings
}

func (d *Document) item(key string) *openapi3.PathItem {
	if item := d.api.Paths.Value(d.paths[key]); item != nil {
		return item
	}
	return &openapi3.PathItem{}
}

// operationRemoved is one change whatever else goes with it, and however it was marked before: a
// notice for it stands when the rest of its path goes too, and when it was deprecated meanwhile.
const operationRemoved = "operation-removed"

func removed(p pair, withPath bool) finding.Finding {
	f := finding.Finding{Family: operationRemoved, Class: finding.Removal, Operation: p.name, Rule: "api-removed", Text: "the operation is removed"}
	if withPath {
		f.Rule, f.Text = "api-path-removed", "the operation is removed with its path"
	}
	if p.base.Deprecated {
		f.Rule += "-with-deprecation"
		f.Text += "; it was marked as deprecated"
	} else {
		f.Rule += "-without-deprecation"
	}
	if isWebhook(p.path) {
		f.Rule = "webhook-removed"
	}
	return f
}

func added(method, path string) finding.Finding {
	f := finding.Finding{Rule: "endpoint-added", Class: finding.Addition, Operation: method + " " + path, Text: "the operation is new"}
	if isWebhook(path) {
		f.Rule = "webhook-added"
	}
	return f
}

// renamed gives the path parameters of an operation the names that another writing of its path has.
func renamed(op *openapi3.Operation, from, to string) *openapi3.Operation {
	if from == to {
		return op
	}
	names := make(map[string]string)
	wanted := parameterName.FindAllString(to, -1)
	for i, name := range parameterName.FindAllString(from, -1) {
		names[name] = wanted[i][1 : len(wanted[i])-1]
	}
	o := *op
	o.Parameters = slices.Clone(op.Parameters)
	for i, p := range o.Parameters {
		if name, ok := names["{"+p.Value.Name+"}"]; ok && p.Value.In == openapi3.ParameterInPath {
			c := *p.Value
			c.Name = name
			o.Parameters[i] = &openapi3.ParameterRef{Value: &c}
		}
	}
	return &o
}
