package openapi

import (
	"slices"
	"testing"
)

func TestNotDeprecated(t *testing.T) {
	const orders = `{"openapi": "3.0.3", "info": {"title": "Orders", "version": "1"}, "paths": {
		"/orders": {"get": {"deprecated": true, "responses": {"200": {"description": "ok"}}},
			"post": {"responses": {"200": {"description": "ok"}}}},
		"/orders/{id}": {"delete": {"deprecated": false, "responses": {"200": {"description": "ok"}}}}}}`
	const swagger = `{"swagger": "2.0", "info": {"title": "Orders", "version": "1"}, "paths": {
		"/orders": {"get": {"deprecated": true, "responses": {"200": {"description": "ok"}}},
			"post": {"responses": {"200": {"description": "ok"}}}}}}`
	const extended = `{"openapi": "3.1.0", "info": {"title": "Orders", "version": "1"}, "paths": {
		"/orders": {"get": {"deprecated": true, "responses": {"200": {"description": "ok"}}},
			"post": {"responses": {"200": {"description": "ok"}}}}}}`
	for name, c := range map[string]struct {
		document string
		want     []string
	}{
		"OpenAPI 3.0": {orders, []string{"DELETE /orders/{id}", "POST /orders"}},
		"OpenAPI 3.1": {extended, []string{"POST /orders"}},
		"Swagger 2.0": {swagger, []string{"POST /orders"}},
	} {
		d, err := Parse([]byte(c.document))
		if err != nil {
			t.Fatal(err)
		}
		if got := d.NotDeprecated(); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
