package openapi

import (
	"github.com/oasdiff/oasdiff/diff"
)

// part is the share of a comparison that concerns one place in the operations, such as "response
// 200 application/json"; the one without a place holds all that is about an operation as a whole.
type part struct {
	place  string
	report *diff.Diff
}

// split divides a comparison by place. The tool does not say of each change where it is: of a
// body, neither the media type nor always the status. Asked part by part, it need not.
func split(d *diff.Diff) []part {
	s := splitter{paths: make(map[string]diff.ModifiedPaths)}
	rest := *d
	if d.PathsDiff != nil {
		paths := *d.PathsDiff
		paths.Modified = make(diff.ModifiedPaths, len(d.PathsDiff.Modified))
		for path, item := range d.PathsDiff.Modified {
			paths.Modified[path] = s.path(path, item)
		}
		rest.PathsDiff = &paths
	}
	parts := []part{{"", &rest}}
	for _, place := range sorted(s.paths) {
		parts = append(parts, part{place, &diff.Diff{
			PathsDiff:       &diff.PathsDiff{Modified: s.paths[place], Base: d.PathsDiff.Base, Revision: d.PathsDiff.Revision},
			BaseOpenAPI:     d.BaseOpenAPI,
			RevisionOpenAPI: d.RevisionOpenAPI,
		}})
	}
	return parts
}

type splitter struct {
	paths map[string]diff.ModifiedPaths
}

// path moves the bodies of a path's operations to their parts and returns what is left.
func (s *splitter) path(path string, item *diff.PathDiff) *diff.PathDiff {
	if item.OperationsDiff == nil {
		return item
	}
	left := *item
	operations := *item.OperationsDiff
	operations.Modified = make(diff.ModifiedOperations, len(item.OperationsDiff.Modified))
	left.OperationsDiff = &operations
	for method, op := range item.OperationsDiff.Modified {
		move := func(place string, share diff.MethodDiff) {
			share.Base, share.Revision = op.Base, op.Revision
			s.add(place, path, item, method, &share)
		}
		o := *op
		o.RequestBodyDiff = moveRequest(op.RequestBodyDiff, move)
		o.ResponsesDiff = moveResponses(op.ResponsesDiff, move)
		operations.Modified[method] = &o
	}
	return &left
}

func (s *splitter) add(place, path string, item *diff.PathDiff, method string, share *diff.MethodDiff) {
	if s.paths[place] == nil {
		s.paths[place] = make(diff.ModifiedPaths)
	}
	if s.paths[place][path] == nil {
		s.paths[place][path] = &diff.PathDiff{
			Base: item.Base, Revision: item.Revision,
			OperationsDiff: &diff.OperationsDiff{Modified: make(diff.ModifiedOperations)},
		}
	}
	s.paths[place][path].OperationsDiff.Modified[method] = share
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

// bodyDiff is the change of one body. A typed one goes by the name under which the tool knows that it
// is typed, unless the schema is there on one side only: then the tool looks it up by its name.
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
