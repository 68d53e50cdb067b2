package snapshot

import (
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

func TestStillPromised(t *testing.T) {
	document := paths("DELETE /orders/{id}")
	kept := keptContract(t, document)
	gone := keptContract(t, document+"\n")
	broken := kept.DeepCopy()
	broken.Name = string(v1alpha1.KeptContractName(v1alpha1.Digest("ffff")))
	read := FromManifests([]client.Object{kept, broken})
	for name, c := range map[string]struct {
		api        *v1alpha1.CustomerAPI
		version    v1alpha1.VersionName
		operations []string
		want       bool
	}{
		"a version":                         {promising("orders", kept), "v1", nil, true},
		"another version":                   {promising("orders", kept), "v2", nil, false},
		"nothing":                           {promising("orders"), "v1", nil, false},
		"an operation":                      {promising("orders", kept), "v1", []string{"DELETE /orders/{id}"}, true},
		"with another name of a parameter":  {promising("orders", kept), "v1", []string{"delete /orders/{key}"}, true},
		"one of several":                    {promising("orders", kept), "v1", []string{"GET /orders", "DELETE /orders/{id}"}, true},
		"none of several":                   {promising("orders", kept), "v1", []string{"GET /orders", "PUT /orders/{id}"}, false},
		"an operation of another version":   {promising("orders", kept), "v2", []string{"DELETE /orders/{id}"}, false},
		"what is gone may promise anything": {promising("orders", gone), "v1", []string{"GET /orders"}, true},
		"what is not what its name says":    {promising("orders", broken), "v1", []string{"GET /orders"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := New(read, read).StillPromised(t.Context(), c.api, c.version, c.operations)
			if err != nil || got != c.want {
				t.Errorf("%t, %v; want %t", got, err, c.want)
			}
		})
	}
}
