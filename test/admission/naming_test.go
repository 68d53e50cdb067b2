//go:build unix

package admission

import (
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// creation is a workload of any kind, with pods that name revisions.
type creation struct {
	revisions string
	labels    []string
	change    func(*corev1.PodTemplateSpec)
	want      string
}

// creates tries each case with every kind of workload.
func (s *space) creates(t *testing.T, cases map[string]creation) {
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			made := template(tc.revisions, tc.labels...)
			if tc.change != nil {
				tc.change(&made)
			}
			for _, object := range workloads(s.name, slug(name), made) {
				t.Run(fmt.Sprintf("%T", object), func(t *testing.T) {
					s.with(t).judged(s.tenant.Create(t.Context(), object), rollouts, tc.want)
				})
			}
		})
	}
}

// Exactly one of the names is a revision of each API, and it is admitted.
func TestA8Bypass20aNamingRevisions(t *testing.T) {
	t.Parallel()
	governed(t, shop()).creates(t, map[string]creation{
		"bypass 20a: blanks are no name":          {revisions: " , ,", labels: []string{"app", "orders"}, want: "orders" + nameIt},
		"what is no name is refused":              {revisions: "Orders_9", labels: []string{"app", "orders"}, want: noName},
		"two lines are not a line of the gate":    {revisions: "x orders\norders-1b", labels: []string{"app", "orders"}, want: noName},
		"two lines behind a name are none either": {revisions: "orders-1,orders-1 \norders-1b", labels: []string{"app", "orders"}, want: noName},
		"more text than any pod needs":            {revisions: strings.Repeat("orders-1,", 456), labels: []string{"app", "orders"}, want: noName},
		"blanks around a name do not count":       {revisions: " orders-1 ,, ", labels: []string{"app", "orders"}},
		"A8, bypass 20a: admitted and refused":    {revisions: "orders-1,orders-2", labels: []string{"app", "orders"}, want: "orders" + exactly1 + "orders-1 of orders, orders-2 of orders; " + breaks},
		"A8: two admitted of one API":             {revisions: "orders-1,orders-1b", labels: []string{"app", "orders"}, want: "orders" + exactly1 + "orders-1 of orders, orders-1b of orders"},
		"A8, bypass 20a: that of another API":     {revisions: "cart-1", labels: []string{"app", "orders"}, want: "orders" + exactly1 + "cart-1 of cart"},
		"A8: an API in another gate":              {revisions: "mail-1", labels: []string{"app", "orders"}, want: "orders" + exactly1 + "mail-1 of mail"},
		"A8: one more, of an API it serves not":   {revisions: "orders-1,mail-1", labels: []string{"app", "orders"}},
		"A8: one more, not judged":                {revisions: "orders-1,mail-9", labels: []string{"app", "orders"}, want: "mail-9" + notYet},
		"two APIs, each with its revision":        {revisions: "cart-1,orders-1", labels: []string{"app", "orders", "cart", "v1"}},
		"two APIs, one revision":                  {revisions: "orders-1", labels: []string{"app", "orders", "cart", "v1"}, want: "cart" + exactly1 + "orders-1 of orders"},
	})
}

// Where the images of a revision are listed, its pods run no others.
func TestA9ImagesOfARevision(t *testing.T) {
	t.Parallel()
	governed(t, shop()).creates(t, map[string]creation{
		"A9: the images that are listed":        {revisions: "pinned-1", labels: []string{"app", "pinned"}, change: initImage("shop/init:1")},
		"A9: an image that is not listed":       {revisions: "pinned-1", labels: []string{"app", "pinned"}, change: image("shop/orders:2"), want: "pinned-1 does not list the image shop/orders:2"},
		"A9: an init image that is not listed":  {revisions: "pinned-1", labels: []string{"app", "pinned"}, change: initImage("shop/init:2"), want: "pinned-1 does not list the image shop/init:2"},
		"A9: an image called like the revision": {revisions: "pinned-1", labels: []string{"app", "pinned"}, change: image("pinned-1"), want: "pinned-1 does not list the image pinned-1"},
	})
}

// Labels that tell one half from the other, or one rollout from the next, hide nothing.
func TestA10LabelsThatDoNotHide(t *testing.T) {
	t.Parallel()
	governed(t, shop()).creates(t, map[string]creation{
		"A10: a slot label more does not hide": {revisions: "orders-2", labels: []string{"app", "orders", "slot", "green"}, want: breaks},
		"a slot label more, admitted":          {revisions: "orders-1", labels: []string{"app", "orders", "slot", "green"}},
		"a hash of the template more":          {revisions: "orders-2", labels: []string{"app", "orders", "pod-template-hash", "6d4b75cb6d"}, want: breaks},
	})
}

// Old and new are both looked at: one write that takes the labels away by which
// the workload is governed is judged by what it was, whatever else it changes.
func TestBypass16DroppingLabels(t *testing.T) {
	t.Parallel()
	const app, named = "app", v1alpha1.RevisionAnnotation
	at := func(path ...string) []string { return append([]string{"spec", "template"}, path...) }
	image := put([]any{map[string]any{"name": "main", "image": "shop/orders:2"}}, at("spec", "containers")...)
	for name, tc := range map[string]struct {
		revision, label string // before
		changes         []func(*unstructured.Unstructured)
		want            string
	}{
		"labels and image at once": {revision: "orders-2", label: "orders", changes: []func(*unstructured.Unstructured){
			remove(at("metadata", "labels", app)...), image,
		}, want: breaks},
		"labels, image and name at once": {revision: "orders-2", label: "orders", changes: []func(*unstructured.Unstructured){
			remove(at("metadata", "labels", app)...), remove(at("metadata", "annotations", named)...), image,
		}, want: "orders" + nameIt},
		"labels alone": {revision: "orders-2", label: "orders", changes: []func(*unstructured.Unstructured){
			remove(at("metadata", "labels", app)...),
		}, want: breaks},
		"labels of what is admitted": {revision: "orders-1", label: "orders", changes: []func(*unstructured.Unstructured){
			remove(at("metadata", "labels", app)...),
		}},
		"to the name of an admitted one, and then away": {revision: "orders-2", label: "orders", changes: []func(*unstructured.Unstructured){
			put("orders-1", at("metadata", "annotations", named)...), remove(at("metadata", "labels", app)...),
		}},
		"the label comes back with the image": {revision: "orders-2", label: "backoffice", changes: []func(*unstructured.Unstructured){
			put("orders", at("metadata", "labels", app)...), image,
		}, want: breaks},
		"what was never governed": {revision: "orders-2", label: "backoffice", changes: []func(*unstructured.Unstructured){
			remove(at("metadata", "labels", app)...), image,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := workloads("", "w", template(tc.revision, app, tc.label))
			s := governed(t, shop(), before...)
			for _, object := range before {
				gvk, err := s.tenant.GroupVersionKindFor(object)
				s.must(err)
				s.judged(retryConflicts(func() error {
					changed := &unstructured.Unstructured{}
					changed.SetGroupVersionKind(gvk)
					s.must(s.tenant.Get(t.Context(), client.ObjectKeyFromObject(object), changed))
					for _, change := range tc.changes {
						change(changed)
					}
					return s.tenant.Update(t.Context(), changed)
				}), rollouts, tc.want)
			}
		})
	}
}
