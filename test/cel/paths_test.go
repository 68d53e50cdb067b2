//go:build unix

package cel

import (
	"fmt"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// A path leads to a value in an object: "spec.versions[0].name".

// steps are the keys (string) and positions (int) of a path.
func steps(path string) []any {
	var all []any
	for part := range strings.SplitSeq(path, ".") {
		key, rest, _ := strings.Cut(part, "[")
		all = append(all, key)
		for rest != "" {
			index, after, _ := strings.Cut(rest, "]")
			i, err := strconv.Atoi(index)
			if err != nil {
				panic(fmt.Sprintf("no path: %s", path))
			}
			all = append(all, i)
			rest = strings.TrimPrefix(after, "[")
		}
	}
	return all
}

// at is the value there, or nil.
func at(u *unstructured.Unstructured, path string) any {
	return follow(u.Object, steps(path))
}

func follow(value any, way []any) any {
	for _, step := range way {
		switch container := value.(type) {
		case map[string]any:
			value = container[step.(string)]
		case []any:
			value = container[step.(int)]
		default:
			return nil
		}
	}
	return value
}

// set puts a value there; what holds it must be there already.
func set(u *unstructured.Unstructured, path string, value any) {
	way := steps(path)
	last := len(way) - 1
	switch container := follow(u.Object, way[:last]).(type) {
	case map[string]any:
		container[way[last].(string)] = value
	case []any:
		container[way[last].(int)] = value
	default:
		panic("nothing holds " + path)
	}
}

// remove takes away what is there, which must be the value of a key.
func remove(u *unstructured.Unstructured, path string) {
	way := steps(path)
	last := len(way) - 1
	delete(follow(u.Object, way[:last]).(map[string]any), way[last].(string))
}
