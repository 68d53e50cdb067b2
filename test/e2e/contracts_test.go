//go:build unix

package e2e

import "strings"

// Operations of the API that the tests sell.
const (
	listOrders = `
  /orders:
    get:
      operationId: listOrders
      responses:
        "200": {description: Orders, the latest first}`
	deleteOrder = `
  /orders/{id}:
    delete:
      operationId: deleteOrder
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses:
        "204": {description: Gone}`
	cancelOrder = `
  /orders/{id}/cancel:
    post:
      operationId: cancelOrder
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses:
        "204": {description: Cancelled}`
)

func openAPI(paths ...string) string {
	return "openapi: 3.0.3\ninfo: {title: Orders API, version: v1}\npaths:" + strings.Join(paths, "") + "\n"
}
