package openapi

import "strings"

// mediaTypeKey writes a media type in one way: its name has no case, and that JSON is in UTF-8
// goes without saying.
func mediaTypeKey(mediaType string) string {
	name, parameters, _ := strings.Cut(mediaType, ";")
	name = strings.ToLower(strings.TrimSpace(name))
	parameters = strings.TrimSpace(parameters)
	if parameters == "" || isJSON(name) && strings.EqualFold(strings.ReplaceAll(parameters, " ", ""), "charset=utf-8") {
		return name
	}
	return name + "; " + parameters
}

func isJSON(name string) bool {
	return strings.HasSuffix(name, "/json") || strings.HasSuffix(name, "+json")
}

// strict tells whether a client sees the type of a value in this media type. In text a number and
// the digits of a string look alike, so that some changes of type do no harm. What is not known to
// be text counts as typed; the tool itself takes nothing but plain JSON for it, and would let a
// string become an object under "*/*".
func strict(mediaType string) bool {
	name, _, _ := strings.Cut(mediaType, ";")
	switch name {
	case "application/x-www-form-urlencoded", "multipart/form-data", "application/xml":
		return false
	}
	return !strings.HasPrefix(name, "text/") && !strings.HasSuffix(name, "+xml") || isJSON(name)
}

// Stand-ins for a media type that is typed, or not, as the tool knows them.
const (
	typedContent = "application/json"
	textContent  = "text/plain"
)
