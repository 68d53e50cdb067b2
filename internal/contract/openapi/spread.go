package openapi

import (
	"github.com/getkin/kin-openapi/openapi3"

	"forewarn.dev/forewarn/internal/contract/finding"
)

// What it may take to find the payloads that hold the schemas that changed.
const (
	maxHeld  = 2_000_000  // schemas that hold one, over all that changed
	maxAsked = 20_000_000 // whether a payload holds one
)

// spread reports what changed in the schemas compared on their own, for each payload of the base
// that holds them.
func (c *comparison) spread() ([]finding.Finding, error) {
	if len(c.apart) == 0 {
		return nil, nil
	}
	var findings []finding.Finding
	holders := c.base.names.holders()
	held := make(map[string]map[string]bool) // by schema: the named schemas that hold it
	reached := 0
	for at := range c.apart {
		if held[at.schema] == nil {
			held[at.schema] = reach(holders, at.schema)
			if reached += len(held[at.schema]); reached > maxHeld {
				return nil, tooMany()
			}
		}
	}
	asked := 0
	for _, p := range c.pairs {
		for _, payload := range payloads(p.base) {
			direct := c.base.names.direct(payload)
			if asked += len(c.apart) * (1 + len(direct)); asked > maxAsked {
				return nil, tooMany()
			}
			for at, changes := range c.apart {
				if at.request != payload.request || at.strict != payload.strict || !anyIn(direct, held[at.schema]) {
					continue
				}
				for _, f := range changes {
					f.Operation = p.name
					f.Location = join(seenFrom(p.path, payload.part), "schema "+schemaName(at.schema), f.Location)
					findings = append(findings, f)
				}
				if len(findings) > maxFindings {
					return nil, tooMany()
				}
			}
		}
	}
	return findings, nil
}

// direct lists the named schemas that a payload holds, not counting those inside of others.
func (n *names) direct(p payload) []string {
	var keys []string
	eachRef(p.schema, func(ref *openapi3.SchemaRef) { keys = append(keys, ref.Ref) })
	return keys
}

// holders lists for each named schema those that refer to it.
func (n *names) holders() map[string][]string {
	holders := make(map[string][]string, len(n.all))
	for key, named := range n.all {
		for _, ref := range named.refs {
			holders[ref] = append(holders[ref], key)
		}
	}
	return holders
}

// reach returns a schema and all that hold it, directly or not.
func reach(holders map[string][]string, schema string) map[string]bool {
	reached := map[string]bool{schema: true}
	next := []string{schema}
	for len(next) > 0 {
		key := next[len(next)-1]
		next = next[:len(next)-1]
		for _, holder := range holders[key] {
			if !reached[holder] {
				reached[holder] = true
				next = append(next, holder)
			}
		}
	}
	return reached
}

func anyIn(keys []string, set map[string]bool) bool {
	for _, key := range keys {
		if set[key] {
			return true
		}
	}
	return false
}
