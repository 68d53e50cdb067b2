package finding

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Reason says why a document cannot be judged. It is an API: conditions carry it.
type Reason string

const (
	// Unreadable is a document that is not well-formed, or not what its own format allows.
	Unreadable Reason = "Unreadable"
	// Empty is nothing but blank space and comments.
	Empty Reason = "Empty"
	// UnknownFormat is a well-formed document of a format or version that is not known here.
	UnknownFormat Reason = "UnknownFormat"
	// TooLarge is over a limit of size, or would take the comparison too much.
	TooLarge Reason = "TooLarge"
	// ExternalReference is a $ref to another document. Nothing is ever fetched.
	ExternalReference Reason = "ExternalReference"
	// CircularReference is a $ref that comes back to itself with nothing in between.
	CircularReference Reason = "CircularReference"
	// AliasBomb is YAML with aliases that expand to more than a document may hold.
	AliasBomb Reason = "AliasBomb"
	// TooDeep is nested deeper than any real contract.
	TooDeep Reason = "TooDeep"
)

const (
	maxPlace   = 300
	maxMessage = 500
)

// Error is a document that cannot be judged: why, where, and what to do about it. All three come
// as one line each, whatever the document holds.
type Error struct {
	Reason Reason
	// Place is a JSON pointer ("#/components/schemas/A") or a line ("line 12"); may be empty.
	Place   string
	Message string
	Hint    string
}

// Refuse makes an Error of one-line, bounded parts.
func Refuse(reason Reason, place, message, hint string) *Error {
	return &Error{
		Reason:  reason,
		Place:   OneLine(place, maxPlace),
		Message: OneLine(message, maxMessage),
		Hint:    OneLine(hint, maxMessage),
	}
}

func (e *Error) Error() string {
	text := e.Message
	if e.Place != "" {
		text = fmt.Sprintf("%s: %s", e.Place, text)
	}
	if e.Hint != "" {
		text = fmt.Sprintf("%s; %s", text, e.Hint)
	}
	return text
}

// OneLine makes text safe to show: what breaks lines, moves the cursor or reverses the reading
// direction becomes a blank, runs of blanks become one, and it ends after limit bytes on a whole rune.
func OneLine(text string, limit int) string {
	var out strings.Builder
	blank := false
	for _, r := range text {
		if isUnsafe(r) || unicode.IsSpace(r) {
			blank = out.Len() > 0
			continue
		}
		size := utf8.RuneLen(r)
		if blank {
			size++
		}
		if out.Len()+size > limit {
			return ellipsis(out.String(), limit)
		}
		if blank {
			out.WriteByte(' ')
			blank = false
		}
		out.WriteRune(r)
	}
	return out.String()
}

// isUnsafe covers control characters (C0, C1, escape sequences), format characters (bidirectional
// overrides, zero-width), and the line separators that are neither.
func isUnsafe(r rune) bool {
	return r == utf8.RuneError || unicode.In(r, unicode.C, unicode.Zl, unicode.Zp)
}

func ellipsis(text string, limit int) string {
	const mark = "..."
	if limit < len(mark) {
		return ""
	}
	for len(text) > limit-len(mark) {
		_, size := utf8.DecodeLastRuneInString(text)
		text = text[:len(text)-size]
	}
	return strings.TrimRight(text, " ") + mark
}
