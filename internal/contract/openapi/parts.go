package openapi

import (
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/oasdiff/oasdiff/diff"
)

// part is a share of a comparison: of some operations, what is at one place, such as "response 200
// application/json". The one without a place has what is about operations, and the API, as a whole.
type part struct {
	place  string
	report *diff.Diff
}

// maxPart is the weight of the payloads in one part. The tool makes all changes of a part at once,
// and each takes kilobytes.
const maxPart = 20_000

// parameters is the place of all parameters; the rules say which.
const parameters = "parameters"

// split divides a comparison by place. The tool does not say of each change where it is: of a
// body, neither the media type nor always the status. Asked part by part, it need not.
func split(d *diff.Diff, base *names) []part {
	s := splitter{names: base, shares: make(map[string][]*share)}
	whole := *d
	if d.PathsDiff != nil {
		paths := *d.PathsDiff
		paths.Modified = make(diff.ModifiedPaths, len(d.PathsDiff.Modified))
		for _, path := range sorted(d.PathsDiff.Modified) {
			paths.Modified[path] = s.path(path, d.PathsDiff.Modified[path])
		}
		whole.PathsDiff = &paths
	}
	parts := []part{{"", &whole}}
	for _, place := range sorted(s.shares) {
		for _, share := range s.shares[place] {
			parts = append(parts, part{place, &diff.Diff{
				PathsDiff:       &diff.PathsDiff{Modified: share.paths, Base: d.PathsDiff.Base, Revision: d.PathsDiff.Revision},
				BaseOpenAPI:     d.BaseOpenAPI,
				RevisionOpenAPI: d.RevisionOpenAPI,
			}})
		}
	}
	return parts
}

type splitter struct {
	names  *names
	shares map[string][]*share // by place
}

type share struct {
	paths  diff.ModifiedPaths
	weight int
}

// path moves parameters and bodies of a path's operations to their parts and returns what is left.
func (s *splitter) path(path string, item *diff.PathDiff) *diff.PathDiff {
	if item.OperationsDiff == nil {
		return item
	}
	left := *item
	operations := *item.OperationsDiff
	operations.Modified = make(diff.ModifiedOperations, len(item.OperationsDiff.Modified))
	left.OperationsDiff = &operations
	for _, method := range sorted(item.OperationsDiff.Modified) {
		op := item.OperationsDiff.Modified[method]
		weights := s.weights(op.Base)
		move := func(place string, moved diff.MethodDiff) {
			moved.Base, moved.Revision = op.Base, op.Revision
			s.add(place, weights[place], path, item, method, &moved)
		}
		if op.ParametersDiff != nil {
			move(parameters, diff.MethodDiff{ParametersDiff: op.ParametersDiff})
		}
		o := *op
		o.ParametersDiff = nil
		o.RequestBodyDiff = moveRequest(op.RequestBodyDiff, move)
		o.ResponsesDiff = moveResponses(op.ResponsesDiff, move)
		operations.Modified[method] = &o
	}
	return &left
}

// weights is what an operation holds, by place.
func (s *splitter) weights(op *openapi3.Operation) map[string]int {
	weights := make(map[string]int)
	for _, p := range payloads(op) {
		place := p.part
		if strings.Contains(place, " parameter ") {
			place = parameters
		}
		place, _, _ = strings.Cut(place, " header ")
		weights[place] += s.names.measure(p.schema, false).weight
	}
	return weights
}

func (s *splitter) add(place string, weight int, path string, item *diff.PathDiff, method string, moved *diff.MethodDiff) {
	shares := s.shares[place]
	if len(shares) == 0 || shares[len(shares)-1].weight+weight > maxPart {
		shares = append(shares, &share{paths: make(diff.ModifiedPaths)})
		s.shares[place] = shares
	}
	last := shares[len(shares)-1]
	last.weight += weight
	if last.paths[path] == nil {
		last.paths[path] = &diff.PathDiff{
			Base: item.Base, Revision: item.Revision,
			OperationsDiff: &diff.OperationsDiff{Modified: make(diff.ModifiedOperations)},
		}
	}
	last.paths[path].OperationsDiff.Modified[method] = moved
}

// The checks want the maps they walk to be there, if empty.

func moveRequest(body *diff.RequestBodyDiff, move func(string, diff.MethodDiff)) *diff.RequestBodyDiff {
	if body == nil || body.ContentDiff == nil {
		return body
	}
	for mediaType, changed := range body.ContentDiff.MediaTypeModified {
		move("request body "+mediaType, diff.MethodDiff{RequestBodyDiff: &diff.RequestBodyDiff{ContentDiff: bodyDiff(mediaType, changed)}})
	}
	left := *body
	left.ContentDiff = namesOnly(body.ContentDiff)
	return &left
}

func moveResponses(responses *diff.ResponsesDiff, move func(string, diff.MethodDiff)) *diff.ResponsesDiff {
	if responses == nil {
		return nil
	}
	for status, response := range responses.Modified {
		only := func(r diff.ResponseDiff) diff.MethodDiff {
			r.Base, r.Revision = response.Base, response.Revision
			return diff.MethodDiff{ResponsesDiff: &diff.ResponsesDiff{Modified: diff.ModifiedResponses{status: &r}}}
		}
		left := *response
		if content := response.ContentDiff; content != nil {
			for mediaType, changed := range content.MediaTypeModified {
				move("response "+status+" "+mediaType, only(diff.ResponseDiff{ContentDiff: bodyDiff(mediaType, changed)}))
			}
			left.ContentDiff = namesOnly(content)
		}
		move("response "+status, only(left))
	}
	left := *responses
	left.Modified = diff.ModifiedResponses{}
	return &left
}

// bodyDiff is the change of one body. A typed one goes by the name under which the tool knows that
// it is typed, unless the schema is there on one side only: then the tool looks it up by its name.
func bodyDiff(mediaType string, changed *diff.MediaTypeDiff) *diff.ContentDiff {
	if s := changed.SchemaDiff; s != nil && !s.SchemaAdded && !s.SchemaDeleted && strict(mediaType) {
		mediaType = typedContent
	}
	return &diff.ContentDiff{MediaTypeModified: diff.ModifiedMediaTypes{mediaType: changed}}
}

// namesOnly keeps which media types came and went.
func namesOnly(content *diff.ContentDiff) *diff.ContentDiff {
	return &diff.ContentDiff{
		MediaTypeAdded:    content.MediaTypeAdded,
		MediaTypeDeleted:  content.MediaTypeDeleted,
		MediaTypeModified: diff.ModifiedMediaTypes{},
	}
}
