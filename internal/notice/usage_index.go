package notice

import (
	"regexp"
	"slices"
	"strings"
)

// Used is something that customers may use: an operation of a version, as UsedOperation has it. Without an operation
// it is the version as a whole; without a version it is what counts for each version that is not there by name.
type Used struct{ Version, Operation string }

// UsageIndex is who used what: how many customers, or which. What is not in it was used by nobody.
type UsageIndex[T any] map[Used]T

// Of is who used an operation of a version or, without an operation, anything of it; versions are those that the API
// has. It is not known where nobody used it by that name and somebody used what may be it by another: another version
// than the API has, a path that holds the value of a parameter or begins with that of a gateway. Nor is it known of
// what customers do not call, such as a webhook.
func (x UsageIndex[T]) Of(version, operation string, versions []string) (who T, known bool) {
	if operation != "" {
		if operation, known = UsedOperation(operation); !known {
			return who, false
		}
	}
	for _, v := range []string{version, ""} {
		if found, ok := x[Used{v, operation}]; ok {
			return found, true
		}
	}
	for used := range x {
		if used.maybe(version, operation, versions) {
			return who, false
		}
	}
	return who, true
}

// Besides are those who used what may be it by another name, for each such name: whoever is to be told of it is not to
// be left out for how a call was written down.
func (x UsageIndex[T]) Besides(version, operation string, versions []string) []T {
	if operation != "" {
		operation, _ = UsedOperation(operation)
	}
	var besides []T
	for used, who := range x {
		if used.maybe(version, operation, versions) {
			besides = append(besides, who)
		}
	}
	return besides
}

// maybe says that what was used may be an operation, or a version as a whole, by another name.
func (u Used) maybe(version, operation string, versions []string) bool {
	strange := u.Version != "" && u.Version != version && !slices.Contains(versions, u.Version)
	if operation == "" || u.Operation == "" {
		return operation == u.Operation && strange
	}
	same := u.Version == "" || u.Version == version
	return (strange || same) && alike(u.Operation, operation)
}

// parameter is one in a path. Its name says nothing to customers.
var parameter = regexp.MustCompile(`\{[^{}/]*\}`)

// UsedOperation is an operation as those that were used are compared: "get /orders/{id}/" is "GET /orders/{}". It
// takes what customers call by a path, and nothing else.
func UsedOperation(s string) (operation string, ok bool) {
	if !ExactOperation(s) {
		return "", false
	}
	method, path, _ := strings.Cut(Operation(s), " ")
	if !strings.HasPrefix(path, "/") {
		return "", false
	}
	return method + " /" + strings.Trim(parameter.ReplaceAllString(path, "{}"), "/"), true
}

// alike says that what was used may be the operation: the methods are the same, and so are the paths when a parameter
// stands for anything and something fixed may stand before.
func alike(used, operation string) bool {
	usedMethod, had, _ := strings.Cut(used, " ")
	method, wanted, _ := strings.Cut(operation, " ")
	if usedMethod != method {
		return false
	}
	for wanted != "" { // from the end, where most differ
		var segment, other string
		wanted, segment = cutLast(wanted)
		if had == "" {
			return false
		}
		had, other = cutLast(had)
		if !strings.EqualFold(segment, other) && !strings.Contains(segment, "{}") && !strings.Contains(other, "{}") {
			return false
		}
	}
	return !strings.Contains(had, "{}")
}

// cutLast cuts off what follows the last slash.
func cutLast(path string) (before, segment string) {
	i := strings.LastIndexByte(path, '/')
	return path[:max(i, 0)], path[i+1:]
}
