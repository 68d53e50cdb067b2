package openapi

import (
	"reflect"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/oasdiff/oasdiff/diff"

	"forewarn.dev/forewarn/internal/contract/finding"
)

// What comparing two documents costs shows only when they are seen together: of two lists of alternatives, either may be
// cheap by itself. So the work is counted before it is done. It is counted and not timed, so that the same two documents
// come to the same answer on any machine.
const (
	// maxSteps bounds the schemas that are held against each other. Where each has one counterpart there cannot be more of
	// them than objects in a document (source.MaxObjects).
	maxSteps = 200_000
	// maxChanged bounds what is different, each time that it is used. Every check looks at all of it.
	maxChanged = 150_000
)

// steps of a comparison, for what is no schema.
const (
	enumStep      = 256 // pairs of enum values that take as long as a pair of schemas
	operationStep = 5   // an operation, a parameter, a response or a body takes each check as long as so many schemas
)

// work follows the tool, which compares each two schemas once, and counts.
type work struct {
	steps int
	seen  map[[2]*openapi3.Schema]bool
}

// steps counts the schemas that the tool would hold against each other, up to the limit.
func steps(base, head *openapi3.T) int {
	w := work{seen: make(map[[2]*openapi3.Schema]bool)}
	for path, item := range base.Paths.Map() {
		other := head.Paths.Value(path)
		for method, op := range item.Operations() {
			w.payloads(op, other.GetOperation(method))
		}
	}
	return w.steps
}

func (w *work) payloads(base, head *openapi3.Operation) {
	others := make(map[string]*openapi3.SchemaRef)
	for _, p := range payloads(head) {
		others[p.part] = p.schema
	}
	for _, p := range payloads(base) {
		w.pair(p.schema, others[p.part])
	}
}

func (w *work) pair(base, head *openapi3.SchemaRef) {
	if base == nil || head == nil || base.Value == nil || head.Value == nil || w.steps > maxSteps {
		return
	}
	w.steps++ // looking up what was compared before is a step, too
	key := [2]*openapi3.Schema{base.Value, head.Value}
	if w.seen[key] {
		return
	}
	w.seen[key] = true
	w.schemas(base.Value, head.Value)
	w.steps += len(base.Value.Enum) * len(head.Value.Enum) / enumStep
	// A schema is also held against each alternative that it may have become.
	for _, alternative := range head.Value.OneOf {
		w.pair(base, alternative)
	}
	for _, alternative := range base.Value.OneOf {
		w.pair(alternative, head)
	}
}

// schemas goes on to what is below two schemas.
func (w *work) schemas(a, b *openapi3.Schema) {
	for _, one := range [][2]*openapi3.SchemaRef{
		{a.Not, b.Not}, {a.Items, b.Items}, {a.Contains, b.Contains}, {a.PropertyNames, b.PropertyNames},
		{a.If, b.If}, {a.Then, b.Then}, {a.Else, b.Else}, {a.ContentSchema, b.ContentSchema},
		{a.AdditionalProperties.Schema, b.AdditionalProperties.Schema},
		{a.UnevaluatedItems.Schema, b.UnevaluatedItems.Schema},
		{a.UnevaluatedProperties.Schema, b.UnevaluatedProperties.Schema},
	} {
		w.pair(one[0], one[1])
	}
	for _, named := range [][2]openapi3.Schemas{
		{a.Properties, b.Properties}, {a.PatternProperties, b.PatternProperties}, {a.DependentSchemas, b.DependentSchemas},
	} {
		for name, schema := range named[0] {
			w.pair(schema, named[1][name])
		}
	}
	for _, list := range [][2]openapi3.SchemaRefs{
		{a.OneOf, b.OneOf}, {a.AnyOf, b.AnyOf}, {a.AllOf, b.AllOf}, {a.PrefixItems, b.PrefixItems},
	} {
		w.alternatives(list[0], list[1])
	}
}

// alternatives that have a name are compared by it. One that has none may be any of the other side, with a name or not.
func (w *work) alternatives(base, head openapi3.SchemaRefs) {
	byName := make(map[string]*openapi3.SchemaRef)
	var unnamed openapi3.SchemaRefs
	for _, other := range head {
		if byName[other.Ref] = other; other.Ref == "" {
			unnamed = append(unnamed, other)
		}
	}
	for _, alternative := range base {
		others := head
		if alternative.Ref != "" {
			w.pair(alternative, byName[alternative.Ref])
			others = unnamed
		}
		for _, other := range others {
			if w.steps > maxSteps {
				return
			}
			w.pair(alternative, other)
		}
	}
}

func tooMuchWork() error {
	return finding.Refuse(finding.TooLarge, "", "comparing the alternatives of the two documents with each other takes too long",
		"name the alternatives in anyOf, oneOf and allOf: put them under components and refer to them")
}

// changed counts what is different. A schema that changed counts wherever it is used.
type changed struct {
	total int
	known map[*diff.SchemaDiff]int
}

func changedIn(d *diff.Diff) int {
	c := changed{known: make(map[*diff.SchemaDiff]int)}
	if d.PathsDiff == nil {
		return 0
	}
	for _, path := range d.PathsDiff.Modified {
		if path.OperationsDiff == nil {
			continue
		}
		for _, op := range path.OperationsDiff.Modified {
			c.operation(op)
		}
	}
	return c.total
}

func (c *changed) add(n int) { c.total = min(c.total+n, tooMuch) }

func (c *changed) operation(op *diff.MethodDiff) {
	c.add(operationStep)
	if op.ParametersDiff != nil {
		for _, in := range op.ParametersDiff.Modified {
			for _, p := range in {
				c.payload(p.SchemaDiff, p.ContentDiff)
			}
		}
	}
	if op.RequestBodyDiff != nil {
		c.payload(nil, op.RequestBodyDiff.ContentDiff)
	}
	if op.ResponsesDiff == nil {
		return
	}
	for _, response := range op.ResponsesDiff.Modified {
		c.payload(nil, response.ContentDiff)
		if response.HeadersDiff == nil {
			continue
		}
		for _, header := range response.HeadersDiff.Modified {
			c.payload(header.SchemaDiff, header.ContentDiff)
		}
	}
}

func (c *changed) payload(schema *diff.SchemaDiff, content *diff.ContentDiff) {
	c.add(operationStep + c.schema(schema))
	if content == nil {
		return
	}
	for _, mediaType := range content.MediaTypeModified {
		c.add(operationStep + c.schema(mediaType.SchemaDiff))
	}
}

// schema counts a changed schema and all below it. The tool makes no cycles of these.
func (c *changed) schema(s *diff.SchemaDiff) int {
	if s == nil {
		return 0
	}
	if n, ok := c.known[s]; ok {
		return n
	}
	n := 1
	if s.EnumDiff != nil {
		n += len(s.EnumDiff.Added) + len(s.EnumDiff.Deleted)
	}
	if s.RequiredDiff != nil {
		n += len(s.RequiredDiff.Added) + len(s.RequiredDiff.Deleted)
	}
	fields := reflect.ValueOf(s).Elem()
	for i := range fields.NumField() {
		n = min(n+c.below(fields.Field(i).Interface()), tooMuch)
	}
	c.known[s] = n
	return n
}

// below counts a field of a changed schema that holds others.
func (c *changed) below(field any) int {
	n := 0
	switch field := field.(type) {
	case *diff.SchemaDiff:
		n = c.schema(field)
	case *diff.SchemasDiff:
		if field == nil {
			break
		}
		n = len(field.Added) + len(field.Deleted)
		for _, s := range field.Modified {
			n = min(n+c.schema(s), tooMuch)
		}
	case *diff.SubschemasDiff:
		if field == nil {
			break
		}
		n = len(field.Added) + len(field.Deleted)
		for _, s := range field.Modified {
			n = min(n+c.schema(s.Diff), tooMuch)
		}
	}
	return n
}
