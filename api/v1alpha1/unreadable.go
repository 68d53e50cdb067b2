package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// An object that was stored while the schema of its kind was looser may not fit the type of its kind here. Whoever
// reads it gets its metadata, marked like this, and knows nothing else of it.
const (
	// The API server counts generations from 1, and lets nobody else set one.
	unreadableGeneration = -1
	unreadableAnnotation = "forewarn.dev/unreadable"
)

// MarkUnreadable says of an object that nothing but its metadata is known, and why.
func MarkUnreadable(object metav1.Object, why string) {
	object.SetGeneration(unreadableGeneration)
	object.SetAnnotations(map[string]string{unreadableAnnotation: why})
}

// Unreadable says whether nothing but the metadata of an object is known, and why.
func Unreadable(object metav1.Object) (why string, is bool) {
	if object.GetGeneration() != unreadableGeneration {
		return "", false
	}
	return object.GetAnnotations()[unreadableAnnotation], true
}
