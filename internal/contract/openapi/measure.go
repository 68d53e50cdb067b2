package openapi

import (
	"fmt"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"forewarn.dev/forewarn/internal/contract/finding"
)

// What a comparison may cost. The largest contracts of vendors that were tried (4.5 MB, 1,200
// operations) have a weight of 570,000, and 8,000 pairs.
const (
	maxWeight      = 2_000_000  // of all payloads together
	maxPayload     = 20_000     // weight of one
	maxPairs       = 400_000    // of alternatives without a name
	maxParts       = 1_000      // different pairs of status and media type
	maxCut         = 5_000      // schemas compared on their own
	maxEnumSquares = 25_000_000 // of two lists of 5,000: the tool looks for each value of an enum in the other one
)

// cost is what the comparison of a document adds up to.
type cost struct {
	weight, pairs, squares int
	parts                  map[string]bool
}

func (c *cost) add(s size, squares int) {
	c.weight = min(c.weight+s.weight, tooMuch)
	c.pairs = min(c.pairs+s.pairs, tooMuch)
	c.squares = min(c.squares+squares, tooMuch)
}

// over refuses what would take the comparison too long.
func (c *cost) over(place string) error {
	refuse := func(what, hint string) error { return finding.Refuse(finding.TooLarge, place, what, hint) }
	switch {
	case c.pairs > maxPairs:
		return refuse("up to here there are more alternatives without a name than can be compared", "name the alternatives in anyOf, oneOf and allOf: put them under components and refer to them")
	case c.squares > maxEnumSquares:
		return refuse("up to here there are more enum values than can be compared", "leave long lists of values to the documentation")
	case c.weight > maxWeight:
		return refuse("up to here there are more schemas than can be compared", "split it into several APIs")
	case len(c.parts) > maxParts:
		return refuse(fmt.Sprintf("more than %d different pairs of status and media type", maxParts), "use fewer media types")
	}
	return nil
}

// measure refuses a document that would take the comparison too long.
func (d *Document) measure(items map[string]*openapi3.PathItem) error {
	c := cost{parts: make(map[string]bool)}
	cut := 0
	for _, ref := range sorted(d.names.all) {
		named := &openapi3.SchemaRef{Value: d.names.all[ref].schema}
		c.add(size{pairs: d.names.measure(named, false).pairs}, enumSquares(named))
		if err := c.over(ref); err != nil {
			return err
		}
		if d.names.all[ref].cut {
			cut++
		}
	}
	if cut > maxCut {
		return finding.Refuse(finding.TooLarge, "#/components/schemas", fmt.Sprintf("more than %d schemas that refer to each other", maxCut), "split it into several APIs")
	}
	for _, path := range sorted(items) {
		operations := items[path].Operations()
		for _, method := range sorted(operations) {
			if err := d.measureOperation(&c, method+" "+path, operations[method]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *Document) measureOperation(c *cost, name string, op *openapi3.Operation) error {
	for _, p := range payloads(op) {
		s := d.names.measure(p.schema, false)
		if s.weight > maxPayload {
			return finding.Refuse(finding.TooLarge, name, fmt.Sprintf("the %s holds more schemas than can be compared", p.part), "name the schemas in it: put them under components and refer to them")
		}
		squares := 0
		if p.schema.Ref == "" {
			squares = enumSquares(p.schema)
		}
		c.add(s, squares)
		if !strings.Contains(p.part, " parameter ") && !strings.Contains(p.part, " header ") {
			c.parts[p.part] = true
		}
		if err := c.over(name); err != nil {
			return err
		}
	}
	return nil
}

func enumSquares(ref *openapi3.SchemaRef) int {
	total := len(ref.Value.Enum) * len(ref.Value.Enum)
	below(ref.Value, func(ref *openapi3.SchemaRef, _ int) {
		if ref.Ref == "" {
			total = min(total+enumSquares(ref), tooMuch)
		}
	})
	return total
}
