package contract

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"forewarn.dev/forewarn/internal/contract/finding"
	"forewarn.dev/forewarn/internal/contract/openapi"
	"forewarn.dev/forewarn/internal/contract/source"
)

// Format is the language a contract is written in.
type Format string

// OpenAPI covers OpenAPI 3.0 and 3.1 and Swagger 2.0, as JSON or YAML.
const OpenAPI Format = "OpenAPI"

// MaxBytes is the largest document that is read, unpacked.
const MaxBytes = source.MaxBytes

// Error is a document that cannot be judged: Reason, Place, Message and Hint.
type Error = finding.Error

// Reason says why a document cannot be judged.
type Reason = finding.Reason

// The reasons why a document cannot be judged.
const (
	Unreadable        = finding.Unreadable
	Empty             = finding.Empty
	UnknownFormat     = finding.UnknownFormat
	TooLarge          = finding.TooLarge
	ExternalReference = finding.ExternalReference
	CircularReference = finding.CircularReference
	AliasBomb         = finding.AliasBomb
	TooDeep           = finding.TooDeep
)

// Document is a contract that has been read. It never changes: it may be kept, and compared from
// several goroutines.
type Document struct {
	format  Format
	digest  string
	openapi *openapi.Document
}

// Parse reads a contract. The error is an *Error.
func Parse(format Format, data []byte) (*Document, error) {
	if format != OpenAPI {
		return nil, finding.Refuse(UnknownFormat, "", fmt.Sprintf("the format %q is not known here", format), fmt.Sprintf("set format: %s", OpenAPI))
	}
	document, err := openapi.Parse(data)
	if err != nil {
		return nil, err
	}
	return &Document{format: format, digest: Digest(format, data), openapi: document}, nil
}

// Digest identifies what was judged: the SHA-256, in hex, of the format, a line end, and the
// document byte for byte.
func Digest(format Format, data []byte) string {
	sum := sha256.Sum256(slices.Concat([]byte(format), []byte("\n"), data))
	return hex.EncodeToString(sum[:])
}

// Format is the language the document is written in.
func (d *Document) Format() Format { return d.format }

// Digest is the digest of the document as it was read.
func (d *Document) Digest() string { return d.digest }

// Operations lists every operation as "METHOD /path", sorted. A contract without any is read, too:
// whoever promises nothing can break nothing, and should see so.
func (d *Document) Operations() []string { return d.openapi.Operations() }

// NotDeprecated lists the operations that the document does not mark as deprecated, sorted.
func (d *Document) NotDeprecated() []string { return d.openapi.NotDeprecated() }
