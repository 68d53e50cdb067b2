package snapshot

import (
	"context"
	"fmt"
	"reflect"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// manifests is a client.Reader over objects in memory. The type of a list's items says which of them it lists.
type manifests []client.Object

// FromManifests returns a Reader over manifests that no API server has seen. A Namespace that none of them
// declares exists and has no labels but its name.
func FromManifests(objects []client.Object) client.Reader { return manifests(objects) }

// Get copies the object of that name and type into out.
func (m manifests) Get(_ context.Context, key client.ObjectKey, out client.Object, _ ...client.GetOption) error {
	for _, object := range m {
		if reflect.TypeOf(object) == reflect.TypeOf(out) && client.ObjectKeyFromObject(object) == key {
			reflect.ValueOf(out).Elem().Set(reflect.ValueOf(object.DeepCopyObject()).Elem())
			return nil
		}
	}
	if namespace, ok := out.(*corev1.Namespace); ok {
		namespace.ObjectMeta = metav1.ObjectMeta{Name: key.Name, Labels: map[string]string{corev1.LabelMetadataName: key.Name}}
		return nil
	}
	kind := reflect.TypeOf(out).Elem().Name()
	return apierrors.NewNotFound(schema.GroupResource{Resource: kind}, key.Name)
}

// List copies the objects that match into list.
func (m manifests) List(_ context.Context, list client.ObjectList, opts ...client.ListOption) error {
	items := reflect.ValueOf(list).Elem().FieldByName("Items")
	if !items.IsValid() || items.Kind() != reflect.Slice {
		return fmt.Errorf("listing manifests: %T has no items", list)
	}
	options := (&client.ListOptions{}).ApplyOptions(opts)
	var found []runtime.Object
	for _, object := range m {
		if reflect.TypeOf(object).Elem() == items.Type().Elem() && matches(object, options) {
			found = append(found, object.DeepCopyObject())
		}
	}
	return apimeta.SetList(list, found)
}

func matches(object client.Object, options *client.ListOptions) bool {
	if options.Namespace != "" && object.GetNamespace() != options.Namespace {
		return false
	}
	if options.LabelSelector != nil && !options.LabelSelector.Matches(labels.Set(object.GetLabels())) {
		return false
	}
	return options.FieldSelector == nil || options.FieldSelector.Matches(indexed(object))
}

// indexed holds what a cache would have indexed of the object.
func indexed(object client.Object) fields.Set {
	set := fields.Set{}
	for _, i := range indexes() {
		if reflect.TypeOf(i.object) != reflect.TypeOf(object) {
			continue
		}
		for _, value := range i.value(object) {
			set[i.field] = value
		}
	}
	return set
}
