package source

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"forewarn.dev/forewarn/internal/contract/finding"
)

// maxSeparators bounds the nodes of a YAML document before they are made: the parser holds the
// whole tree. Prose has commas and line ends too, hence the allowance.
const maxSeparators = 4 * MaxValues

// fromYAML writes a YAML document out as JSON: one document, string keys, aliases and merge keys
// expanded, dates as the text they are.
func fromYAML(data []byte) (_ []byte, err error) {
	// The parser answers some malformed input with a panic.
	defer func() {
		if cause := recover(); cause != nil {
			err = finding.Refuse(finding.Unreadable, "", fmt.Sprintf("the YAML parser gave up: %v", cause), "check the document with a linter")
		}
	}()
	if separators(data) > maxSeparators {
		return nil, finding.Refuse(finding.TooLarge, "", fmt.Sprintf("the document holds more than %d values", MaxValues), hintSplit)
	}
	root, err := parseYAML(data)
	if err != nil {
		return nil, err
	}
	w := writer{open: map[*yaml.Node]bool{}}
	if err := w.node(root, 1); err != nil {
		return nil, err
	}
	out := w.buf.Bytes()
	if err := scan(out); err != nil {
		return nil, err
	}
	return out, nil
}

func parseYAML(data []byte) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document, another yaml.Node
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF):
		return nil, empty()
	case err != nil:
		return nil, syntaxError(err)
	}
	if err := decoder.Decode(&another); !errors.Is(err, io.EOF) {
		if err != nil {
			return nil, syntaxError(err)
		}
		return nil, finding.Refuse(finding.Unreadable, fmt.Sprintf("line %d", another.Line), "a second YAML document begins here", "put each version's contract under a key of its own")
	}
	root := document.Content[0]
	if root.Kind == yaml.ScalarNode && root.ShortTag() == "!!null" {
		return nil, empty()
	}
	return root, nil
}

var yamlLine = regexp.MustCompile(`line (\d+): `)

// syntaxError takes the line out of the parser's message.
func syntaxError(err error) error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	place := ""
	if at := yamlLine.FindStringSubmatchIndex(text); at != nil {
		place = "line " + text[at[2]:at[3]]
		text = text[:at[0]] + text[at[1]:]
	}
	if strings.Contains(text, "exceeded max depth") {
		return finding.Refuse(finding.TooDeep, place, fmt.Sprintf("nested more than %d levels deep", MaxDepth), "name the inner parts and refer to them with $ref")
	}
	return finding.Refuse(finding.Unreadable, place, "neither JSON nor YAML: "+text, "check the document with a linter")
}
