package openapi

import (
	"github.com/getkin/kin-openapi/openapi3"

	"forewarn.dev/forewarn/internal/contract/finding"
)

// spread reports what changed in the schemas compared on their own, for each payload of the base
// that holds them.
func (c *comparison) spread() []finding.Finding {
	if len(c.apart) == 0 {
		return nil
	}
	var findings []finding.Finding
	holders := c.base.names.holders()
	held := make(map[string]map[string]bool) // by schema: the named schemas that hold it
	for at := range c.apart {
		if held[at.schema] == nil {
			held[at.schema] = reach(holders, at.schema)
		}
	}
	for _, p := range c.pairs {
		for _, payload := range payloads(p.base) {
			direct := c.base.names.direct(payload)
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
					return findings
				}
			}
		}
	}
	return findings
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
