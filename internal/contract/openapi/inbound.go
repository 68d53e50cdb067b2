package openapi

import (
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// callbacks lists the callbacks of a path's operations as paths of their own, and takes them off
// the operations. Callbacks of callbacks are left out.
func callbacks(path string, item *openapi3.PathItem) map[string]*openapi3.PathItem {
	found := make(map[string]*openapi3.PathItem)
	for method, op := range item.Operations() {
		for name, callback := range op.Callbacks {
			for expression, called := range callback.Value.Map() {
				found["callback:"+method+" "+path+" "+name+" "+expression] = inbound(flatten(called))
			}
		}
		op.Callbacks = nil
	}
	return found
}

// inbound reverses the roles of an operation that the API calls at the customer's end: what it
// sends is what customers receive, and what customers answer is what it accepts. Compared like any
// other operation, a property that is no longer sent is then one that customers miss, and a new
// one is nothing they have to fill in.
func inbound(item *openapi3.PathItem) *openapi3.PathItem {
	reversed := &openapi3.PathItem{}
	for method, op := range item.Operations() {
		sent := &openapi3.Response{Headers: openapi3.Headers{}}
		if op.RequestBody != nil {
			sent.Content = op.RequestBody.Value.Content
		}
		for _, p := range op.Parameters {
			if p.Value.In == openapi3.ParameterInHeader {
				sent.Headers[p.Value.Name] = &openapi3.HeaderRef{Value: &openapi3.Header{Parameter: *p.Value}}
			}
		}
		r := &openapi3.Operation{
			OperationID: op.OperationID,
			Deprecated:  op.Deprecated,
			Responses:   openapi3.NewResponsesWithCapacity(1),
			// How customers protect their own end is theirs.
			Security: &openapi3.SecurityRequirements{},
		}
		r.Responses.Set("200", &openapi3.ResponseRef{Value: sent})
		if answer := answered(op.Responses); len(answer) > 0 {
			r.RequestBody = &openapi3.RequestBodyRef{Value: &openapi3.RequestBody{Content: answer}}
		}
		reversed.SetOperation(method, r)
	}
	return reversed
}

// answered is what customers answer when all is well.
func answered(responses *openapi3.Responses) openapi3.Content {
	all := responses.Map()
	for _, status := range sorted(all) {
		if isSuccess(status) {
			return all[status].Value.Content
		}
	}
	return nil
}

func isWebhook(path string) bool { return strings.HasPrefix(path, "webhook:") }

func isInbound(path string) bool { return isWebhook(path) || strings.HasPrefix(path, "callback:") }
