package snapshot

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// NewLenient returns a client for the kinds of forewarn that lists and watches also those objects that do not fit
// the type of their kind: of such a one there is its metadata, marked (v1alpha1.Unreadable), and of a DowntimeBudget
// which API it is of. To any other client one
// of them makes the whole kind unreadable. A request names its resource by ResourceOf.
func NewLenient(config *rest.Config, httpClient *http.Client, scheme *runtime.Scheme) (rest.Interface, error) {
	config = rest.CopyConfig(config)
	config.APIPath, config.GroupVersion = "/apis", &v1alpha1.GroupVersion
	config.ContentType, config.AcceptContentTypes = runtime.ContentTypeJSON, ""
	config.NegotiatedSerializer = lenientSerializer{
		NegotiatedSerializer: serializer.NewCodecFactory(scheme).WithoutConversion(), scheme: scheme,
	}
	return rest.RESTClientForConfigAndClient(config, httpClient)
}

// ResourceOf is how the API server calls the objects of a kind of forewarn, of which one or a list is given.
func ResourceOf(object runtime.Object, scheme *runtime.Scheme) (string, error) {
	kinds, _, err := scheme.ObjectKinds(object)
	if err != nil {
		return "", err
	}
	kind := kinds[0] // the scheme keeps the list
	kind.Kind = strings.TrimSuffix(kind.Kind, "List")
	resource, _ := apimeta.UnsafeGuessKindToResource(kind)
	return resource.Resource, nil
}

type lenientSerializer struct {
	runtime.NegotiatedSerializer
	scheme *runtime.Scheme
}

func (s lenientSerializer) DecoderToVersion(decoder runtime.Decoder, gv runtime.GroupVersioner) runtime.Decoder {
	return lenientDecoder{Decoder: s.NegotiatedSerializer.DecoderToVersion(decoder, gv), scheme: s.scheme}
}

// lenientDecoder does what any other does, and only where that fails takes the text apart.
type lenientDecoder struct {
	runtime.Decoder
	scheme *runtime.Scheme
}

func (d lenientDecoder) Decode(data []byte, defaults *schema.GroupVersionKind, into runtime.Object) (runtime.Object, *schema.GroupVersionKind, error) {
	object, kind, misfit := d.Decoder.Decode(data, defaults, into)
	if misfit == nil || kind == nil || kind.GroupVersion() != v1alpha1.GroupVersion || !json.Valid(data) {
		return object, kind, misfit
	}
	blank, err := d.scheme.New(*kind)
	if err != nil {
		return nil, kind, misfit
	}
	if apimeta.IsListType(blank) {
		err = d.items(data, *kind, blank)
	} else {
		err = d.metadata(data, blank)
	}
	if err != nil {
		return nil, kind, errors.Join(misfit, err)
	}
	return blank, kind, nil
}

// items decodes each item of a list by itself.
func (d lenientDecoder) items(data []byte, kind schema.GroupVersionKind, list runtime.Object) error {
	var raw struct {
		metav1.ListMeta `json:"metadata"`
		Items           []json.RawMessage `json:"items"`
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	kind.Kind = strings.TrimSuffix(kind.Kind, "List")
	items := make([]runtime.Object, 0, len(raw.Items))
	for _, text := range raw.Items {
		item, _, err := d.Decode(text, &kind, nil)
		if err != nil {
			return err
		}
		items = append(items, item)
	}
	meta, err := apimeta.ListAccessor(list)
	if err != nil {
		return err
	}
	meta.SetResourceVersion(raw.ResourceVersion)
	meta.SetContinue(raw.Continue)
	meta.SetRemainingItemCount(raw.RemainingItemCount)
	return apimeta.SetList(list, items)
}

// metadata fills in what is known of an object that does not fit its type, and marks it.
func (d lenientDecoder) metadata(data []byte, blank runtime.Object) error {
	why := misfit(json.Unmarshal(data, blank.DeepCopyObject()))
	var raw struct {
		Metadata json.RawMessage `json:"metadata"`
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	alone, err := json.Marshal(raw)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(alone, blank); err != nil {
		return err
	}
	object, err := apimeta.Accessor(blank)
	if err != nil {
		return err
	}
	if budget, ok := blank.(*v1alpha1.DowntimeBudget); ok {
		budget.Spec.APIRef.Name = apiRefOf(data)
	}
	v1alpha1.MarkUnreadable(object, why)
	return nil
}

// apiRefOf is the API that an object says it is of, if it says so in a way that fits. A budget that cannot be read refuses
// rollouts of that one alone.
func apiRefOf(data []byte) v1alpha1.ObjectName {
	var raw struct {
		Spec struct {
			APIRef v1alpha1.APIRef `json:"apiRef"`
		} `json:"spec"`
	}
	if json.Unmarshal(data, &raw) != nil {
		return ""
	}
	return raw.Spec.APIRef.Name
}

// misfit says where an object does not fit its type, without what it holds there.
func misfit(err error) string {
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) {
		return "a value in it does not fit its field"
	}
	found, _, _ := strings.Cut(wrong.Value, " ") // some numbers are quoted
	return fmt.Sprintf("%s holds a value of type %s, which does not fit", wrong.Field, found)
}
