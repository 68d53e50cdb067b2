package openapi

import (
	"fmt"
	"maps"
	"reflect"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/oasdiff/oasdiff/checker"
	"github.com/oasdiff/oasdiff/diff"

	"forewarn.dev/forewarn/internal/contract/finding"
)

// maxFindings bounds what one comparison reports: with more, it is another API.
const maxFindings = 200_000

// settings of the tool. Nothing is written to them: comparisons may run at the same time.
var (
	diffConfig = diff.NewConfig(diff.WithExcludeElements([]string{
		diff.ExcludeExamplesOption, diff.ExcludeDescriptionOption, diff.ExcludeEndpointsOption, diff.ExcludeTitleOption, diff.ExcludeSummaryOption,
	}))
	checks  = checker.NewConfig(checker.GetAllChecks())
	english = checker.NewDefaultLocalizer()
)

// Compare reports what changes for customers of base when head takes its place, in no order.
func Compare(base, head *Document) (findings []finding.Finding, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			findings, err = nil, finding.Refuse(finding.Unreadable, "", fmt.Sprintf("the documents cannot be compared: %v", cause), "check both with an OpenAPI linter")
		}
	}()
	pairs, findings := pairUp(base, head)
	findings = append(findings, servers(base, head)...)
	findings = append(findings, statuses(pairs)...)
	c := newComparison(base, head, pairs)
	was := c.side(base, func(p pair) *openapi3.Operation { return p.base })
	is := c.side(head, func(p pair) *openapi3.Operation { return p.head })
	if steps(was, is) > maxSteps {
		return nil, tooMuchWork()
	}
	d, err := diff.Get(diffConfig, was, is)
	if err != nil {
		return nil, finding.Refuse(finding.Unreadable, "", fmt.Sprintf("the documents cannot be compared: %v", err), "check both with an OpenAPI linter")
	}
	if d == nil {
		return findings, nil
	}
	if changedIn(d) > maxChanged {
		return nil, tooMany()
	}
	for _, p := range split(d, base.names) {
		for _, change := range checker.CheckBackwardCompatibilityUntilLevel(checks, p.report, &diff.OperationsSourcesMap{}, checker.INFO) {
			if f := c.finding(p.place, change); f != nil {
				findings = append(findings, *f)
			}
		}
		if len(findings) > maxFindings {
			return nil, tooMany()
		}
	}
	more, err := c.spread()
	if err != nil {
		return nil, err
	}
	if findings = append(findings, more...); len(findings) > maxFindings {
		return nil, tooMany()
	}
	return findings, nil
}

func tooMany() error {
	return finding.Refuse(finding.TooLarge, "", "more is different than can be reported", "this is another API: give it a version of its own")
}

// comparison is what is known while two documents are compared.
type comparison struct {
	base  *Document
	pairs []pair
	cut   map[string]bool // the schemas that are cut out
	alone []string        // those of them that both documents have, to compare on their own
	// apart are the changes found in those, by schema and by what it stands in.
	apart map[apart][]finding.Finding
}

type apart struct {
	schema  string
	request bool
	strict  bool
}

func newComparison(base, head *Document, pairs []pair) *comparison {
	c := &comparison{base: base, pairs: pairs, cut: make(map[string]bool), apart: make(map[apart][]finding.Finding)}
	for _, document := range []*Document{base, head} {
		for key, n := range document.names.all {
			if n.cut {
				c.cut[key] = true
			}
		}
	}
	for key := range c.cut {
		if base.names.all[key] != nil && head.names.all[key] != nil {
			c.alone = append(c.alone, key)
		}
	}
	return c
}

// apartPath is the path of the operation that stands for a schema compared on its own.
const apartPath = "schema:"

// side makes the document that the tool is given: the paired operations, by the base's paths, and
// one operation for each schema to compare on its own, which takes it and answers with it.
func (c *comparison) side(document *Document, operation func(pair) *openapi3.Operation) *openapi3.T {
	cutter := newCutter(document, c.cut)
	items := make(map[string]*openapi3.PathItem)
	for _, p := range c.pairs {
		if items[p.path] == nil {
			items[p.path] = &openapi3.PathItem{}
		}
		items[p.path].SetOperation(p.method, cutter.operation(operation(p)))
	}
	for _, key := range c.alone {
		items[apartPath+key] = &openapi3.PathItem{Post: alone(cutter.schema(document.names.all[key].schema))}
	}
	api := *document.api
	api.Paths = openapi3.NewPathsWithCapacity(len(items))
	for path, item := range items {
		api.Paths.Set(path, item)
	}
	return &api
}

func alone(schema *openapi3.Schema) *openapi3.Operation {
	body := &openapi3.MediaType{Schema: &openapi3.SchemaRef{Value: schema}}
	content := openapi3.Content{typedContent: body, textContent: body}
	op := &openapi3.Operation{
		RequestBody: &openapi3.RequestBodyRef{Value: &openapi3.RequestBody{Content: content}},
		Responses:   openapi3.NewResponsesWithCapacity(1),
		Security:    &openapi3.SecurityRequirements{},
	}
	op.Responses.Set("200", &openapi3.ResponseRef{Value: &openapi3.Response{Content: maps.Clone(content)}})
	return op
}

// finding says what a change that the tool reports means; nil when it means nothing to customers.
// A change in a schema compared on its own is put aside.
func (c *comparison) finding(place string, change checker.Change) *finding.Finding {
	r := ruleFor(change.GetId(), change.GetLevel())
	if r.class == "" {
		return nil
	}
	args := arguments(change.GetArgs())
	f := finding.Finding{
		Rule:     change.GetId(),
		Family:   families[change.GetId()],
		Class:    r.class,
		Location: located(r.place, args),
		Text:     change.GetUncolorizedText(english),
		Args:     args,
	}
	path, method := change.GetPath(), change.GetOperation()
	if place == parameters {
		place = "" // the rule says which
	}
	if schema, ok := strings.CutPrefix(path, apartPath); ok {
		key := apart{schema, strings.HasPrefix(place, "request"), strings.HasSuffix(place, typedContent)}
		c.apart[key] = append(c.apart[key], f)
		return nil
	}
	if path != "" {
		f.Operation = method + " " + path
	}
	f.Location = join(seenFrom(path, place), f.Location)
	return &f
}

// seenFrom names a place in an operation that the API calls, whose roles were reversed.
func seenFrom(path, place string) string {
	if !isInbound(path) {
		return place
	}
	if rest, ok := strings.CutPrefix(place, "response 200"); ok {
		return "request body" + rest
	}
	if rest, ok := strings.CutPrefix(place, "request body"); ok {
		return "response" + rest
	}
	return place
}

func join(parts ...string) string {
	return strings.TrimSpace(strings.Join(parts, " "))
}

// arguments writes the arguments of a check as text that is the same on every run.
func arguments(args []any) []string {
	texts := make([]string, len(args))
	for i, arg := range args {
		if v := reflect.ValueOf(arg); v.Kind() == reflect.Pointer && !v.IsNil() {
			arg = v.Elem().Interface()
		}
		texts[i] = fmt.Sprint(arg)
	}
	return texts
}

// located fills the arguments of a check into the place of its rule.
func located(place string, args []string) string {
	if !strings.Contains(place, "{") {
		return place
	}
	var fill []string
	for i, arg := range args {
		fill = append(fill, fmt.Sprintf("{%d}", i), arg)
	}
	// The tool writes the path of an alternative with a blank name at its end.
	return strings.TrimSuffix(strings.NewReplacer(fill...).Replace(place), "/")
}
