package openapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"forewarn.dev/forewarn/internal/contract/finding"
)

// reference is one $ref: the JSON pointer of the object that holds it, and what it says.
type reference struct {
	place, target string
	alone         bool // nothing else stands beside the $ref
	extended      bool // a keyword stands beside it that adds to what it points to
}

// authored are the keywords whose members are named by the author, so that a member called "example"
// or "enum" under them is no keyword.
var authored = map[string]bool{
	"properties": true, "patternProperties": true, "dependentSchemas": true, "$defs": true, "definitions": true,
	"schemas": true, "responses": true, "parameters": true, "examples": true, "requestBodies": true, "headers": true,
	"securitySchemes": true, "links": true, "callbacks": true, "pathItems": true, "paths": true, "webhooks": true, "content": true,
}

// literal are the keywords whose value is an example of what goes over the wire: a $ref in there is
// text, and nobody follows it.
var literal = map[string]bool{"example": true, "examples": true, "default": true, "enum": true, "const": true, "value": true}

// isLiteral tells whether the value of a keyword is data. "examples" is a list of examples in a
// schema, and an object of named ones that may be $refs elsewhere.
func isLiteral(key string, object bool) bool {
	if strings.HasPrefix(key, "x-") {
		return true
	}
	return literal[key] && (!object || !authored[key])
}

// frame is one open object or list on the way to the token being read.
type frame struct {
	object   bool
	key      string // the member being read
	index    int
	wantsKey bool
	named    bool // its members are named by the author
	data     bool
	ref      string
	hasRef   bool
	extended bool
	members  int
	began    int // the values read before it
}

const (
	// componentDepth is that of #/components/schemas/Order.
	componentDepth = 3
	// maxFollowed bounds the values that $refs lead to, each time that they do: the reader walks through them again.
	maxFollowed = 10_000_000
)

// affordable refuses many references to what is large.
func affordable(refs []reference, sizes map[string]int) error {
	followed := 0
	for _, r := range refs {
		if followed += sizeAt(sizes, r.target); followed > maxFollowed {
			return finding.Refuse(finding.TooLarge, r.place, "up to here what $refs point to, each time that they do, is more than can be read", "name the parts of what is large: put them under components and refer to them")
		}
	}
	return nil
}

// sizeAt is the size of a value or, below the depth of components, of the component that it is in.
func sizeAt(sizes map[string]int, target string) int {
	if decoded, err := url.PathUnescape(target); err == nil {
		target = decoded
	}
	for target != "" {
		if size, ok := sizes[target]; ok {
			return size
		}
		target = target[:max(strings.LastIndexByte(target, '/'), 0)]
	}
	return 0
}

// references lists every $ref that the reader would follow, and refuses those that leave the
// document and those that come back to themselves. It reads tokens, so that a hostile document
// costs no more than its size.
func references(raw []byte) ([]reference, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var stack []frame
	var refs []reference
	values, sizes := 0, make(map[string]int)
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, finding.Refuse(finding.Unreadable, pointer(stack), fmt.Sprintf("the document cannot be read: %v", err), "check the document with a linter")
		}
		if delim, ok := token.(json.Delim); ok && (delim == '}' || delim == ']') {
			top := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if len(stack) <= componentDepth {
				sizes[pointer(stack)] = values - top.began
			}
			if top.hasRef {
				refs = append(refs, reference{pointer(stack), top.ref, top.members == 1, top.extended})
			}
			advance(stack)
			continue
		}
		opened := len(stack)
		if stack = step(stack, token); len(stack) > opened {
			stack[opened].began = values
		}
		values++
	}
	if err := internal(refs); err != nil {
		return nil, err
	}
	if err := resolvable(refs); err != nil {
		return nil, err
	}
	return refs, affordable(refs, sizes)
}

// step takes a key, a scalar, or the beginning of an object or a list.
func step(stack []frame, token json.Token) []frame {
	if len(stack) > 0 {
		top := &stack[len(stack)-1]
		if top.object && top.wantsKey {
			top.key, _ = token.(string)
			top.wantsKey = false
			top.members++
			top.extended = top.extended || adding[top.key]
			return stack
		}
	}
	delim, opens := token.(json.Delim)
	if !opens {
		if len(stack) > 0 {
			top := &stack[len(stack)-1]
			if text, ok := token.(string); ok && top.object && !top.named && !top.data && top.key == "$ref" && text != "" {
				top.ref, top.hasRef = text, true
			}
		}
		advance(stack)
		return stack
	}
	child := frame{object: delim == '{', wantsKey: delim == '{'}
	if len(stack) > 0 {
		top := stack[len(stack)-1]
		keyword := top.object && !top.named
		child.named = keyword && authored[top.key] && child.object
		child.data = top.data || keyword && isLiteral(top.key, child.object)
	}
	return append(stack, child)
}

// advance moves on to the next member of the innermost object or list.
func advance(stack []frame) {
	if len(stack) == 0 {
		return
	}
	top := &stack[len(stack)-1]
	top.index++
	top.wantsKey = top.object
}

var escape = strings.NewReplacer("~", "~0", "/", "~1")

// pointer is the JSON pointer of the value being read.
func pointer(stack []frame) string {
	var out strings.Builder
	out.WriteByte('#')
	for _, f := range stack {
		out.WriteByte('/')
		if f.object {
			out.WriteString(escape.Replace(f.key))
		} else {
			out.WriteString(strconv.Itoa(f.index))
		}
	}
	return out.String()
}

func internal(refs []reference) error {
	for _, r := range refs {
		if !strings.HasPrefix(r.target, "#") {
			return finding.Refuse(finding.ExternalReference, r.place, fmt.Sprintf("refers to another document: %q", r.target), "bundle everything into one document; nothing is fetched")
		}
		// The reader drops the $ref of a path that has anything beside it, and with it all the
		// operations behind: changes there would go unseen.
		parts := strings.Split(r.place, "/")
		if len(parts) == 3 && (parts[1] == "paths" || parts[1] == "webhooks") && !r.alone {
			return finding.Refuse(finding.Unreadable, r.place, "a path with a $ref and other fields beside it", "move the other fields to where the $ref points")
		}
	}
	return nil
}

// resolvable refuses references that lead back to themselves with nothing in between. A schema
// that holds itself as a property or an item is common and fine.
func resolvable(refs []reference) error {
	targets := make(map[string]string, len(refs))
	for _, r := range refs {
		target := r.target
		if decoded, err := url.PathUnescape(target); err == nil {
			target = decoded
		}
		targets[r.place] = target
	}
	for _, r := range refs {
		if circular(targets, targets[r.place]) {
			return finding.Refuse(finding.CircularReference, r.place, fmt.Sprintf("%q leads back to itself", r.target), "say what it is: a $ref must end at something that is no $ref")
		}
	}
	return nil
}

// longestChain is the number of $refs that may follow each other directly.
const longestChain = 100

func circular(targets map[string]string, at string) bool {
	var seen []string
	for len(seen) < longestChain {
		next, moved := follow(targets, at)
		if !moved {
			return false
		}
		if slices.Contains(seen, next) {
			return true
		}
		seen = append(seen, next)
		at = next
	}
	return true
}

// follow replaces the longest part of a pointer that is itself a $ref by what that points to.
func follow(targets map[string]string, at string) (string, bool) {
	for end := len(at); end > 0; end = strings.LastIndexByte(at[:end], '/') {
		if target, ok := targets[at[:end]]; ok {
			return target + at[end:], true
		}
	}
	return at, false
}
