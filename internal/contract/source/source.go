// Package source turns the bytes of a contract, JSON or YAML, into JSON of a bounded size and
// depth, before anything recursive sees them. Formats that come as JSON or YAML start from here.
package source

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"forewarn.dev/forewarn/internal/contract/finding"
)

// The limits are an order of magnitude above the largest contracts that vendors publish (4 MB, 23
// levels, 80,000 values, 9 levels deep on average), and low enough that the worst document within
// all of them is read in a bounded time and memory. They count what is left after YAML aliases
// are written out.
const (
	// MaxBytes is the largest document, unpacked.
	MaxBytes = 16 << 20
	// MaxDepth is the deepest nesting.
	MaxDepth = 200
	// MaxValues is the largest number of values of any kind.
	MaxValues = 500_000
	// MaxObjects is the largest number of objects: each can turn out to be a schema, and a schema
	// is the dearest thing to hold.
	MaxObjects = 100_000
	// MaxWork bounds the sum of the depth of every byte. A typed reader scans a value once for each
	// level around it, so this, not the size, is what its time grows with.
	MaxWork = 16 * MaxBytes
)

const hintSplit = "split it into several APIs, or leave out what is not for customers"

// JSON returns the document as JSON within the limits, or a *finding.Error that says why not.
func JSON(data []byte) ([]byte, error) {
	if len(data) > MaxBytes {
		return nil, finding.Refuse(finding.TooLarge, "", fmt.Sprintf("the document has %d bytes; at most %d are read", len(data), MaxBytes), hintSplit)
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, empty()
	}
	if !utf8.Valid(data) {
		return nil, finding.Refuse(finding.Unreadable, firstInvalid(data), "the document is not UTF-8", "save it as UTF-8")
	}
	if first := bytes.TrimSpace(data)[0]; first == '{' || first == '[' {
		// What starts like JSON can still be YAML in flow style, so only a broken limit is final.
		if err := scan(data); err != nil {
			return nil, err
		}
		if json.Valid(data) {
			return data, nil
		}
	}
	return fromYAML(data)
}

func empty() error {
	return finding.Refuse(finding.Empty, "", "the document is empty", "put the contract there, or take the version out of the revision")
}

func firstInvalid(data []byte) string {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size <= 1 {
			return line(data, i)
		}
		i += size
	}
	return ""
}

func line(data []byte, offset int) string {
	return fmt.Sprintf("line %d", bytes.Count(data[:offset], []byte("\n"))+1)
}
