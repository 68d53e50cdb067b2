package cli

import (
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/test/builders"
)

// A template without a name is answered as admission answers it: by the images that serve, or served lately.
func TestUnnamedAnswer(t *testing.T) {
	past := func(until time.Time, images ...string) v1alpha1.PastRevision {
		ends := metav1.NewTime(until)
		return v1alpha1.PastRevision{Images: images, UntilTime: &ends}
	}
	api := builders.API("orders").Serving("orders", "", noon, "orders:2", "proxy:1").Obj()
	api.Status.WayBack = []v1alpha1.PastRevision{past(noon.Add(time.Second), "orders:1", "proxy:1"), past(noon, "orders:0")}
	gone := builders.API("orders").Serving("orders", "orders-3", noon).Obj()
	gone.Status.WayBack = api.Status.WayBack
	named := builders.API("orders").Serving("orders", "orders-3", noon).Obj()
	const unnamed = "the pod template names no revision of orders"
	for name, tt := range map[string]struct {
		api                           *v1alpha1.CustomerAPI
		annotation                    string
		images                        []string
		wantAnswer, want, wantMessage string
	}{
		"they serve": {
			api: api, images: []string{"orders:2", "proxy:1"}, wantAnswer: AnswerAdmissible, want: reasonRunsUnnamed, wantMessage: unnamed,
		},
		"they served lately, and others serve": {
			api: api, images: []string{"orders:1", "proxy:1"}, wantAnswer: AnswerAdmissible, want: v1alpha1.ReasonWayBack,
			wantMessage: unnamed + ", and pods that name none served with its images until lately",
		},
		"they served lately, and only what is named serves": {
			api: gone, images: []string{"orders:1"}, wantAnswer: AnswerAdmissible, want: v1alpha1.ReasonWayBack,
			wantMessage: unnamed + ", and pods that name none served with its images until lately",
		},
		"they served too long ago": {
			api: gone, images: []string{"orders:0"}, wantAnswer: AnswerBlocked, want: reasonUnnamed,
			wantMessage: unnamed + ", and pods that name none did not serve with the image orders:0",
		},
		"another image beside those that serve": {
			api: api, images: []string{"orders:2", "spy:1"}, wantAnswer: AnswerBlocked, want: reasonUnnamed,
			wantMessage: unnamed + ", and pods that name none did not serve with the image spy:1",
		},
		"pods without a name never served": {
			api: named, images: []string{"orders:1"}, wantAnswer: AnswerBlocked, want: reasonUnnamed, wantMessage: unnamed,
		},
		"a name, and of another API": {
			api: api, annotation: "billing-1", images: []string{"orders:2"}, wantAnswer: AnswerBlocked, want: reasonUnnamed, wantMessage: unnamed,
		},
		"an annotation without a name": {
			api: api, annotation: " , ", images: []string{"orders:2"}, wantAnswer: AnswerAdmissible, want: reasonRunsUnnamed, wantMessage: unnamed,
		},
	} {
		t.Run(name, func(t *testing.T) {
			running := pods{annotations: map[string]string{v1alpha1.RevisionAnnotation: tt.annotation}, images: tt.images}
			answer, reason, message := unnamedAnswer(tt.api, running, noon)
			if answer != tt.wantAnswer || reason != tt.want || message != tt.wantMessage {
				t.Errorf("got %s %s %q, want %s %s %q", answer, reason, message, tt.wantAnswer, tt.want, tt.wantMessage)
			}
		})
	}
}

func TestPrunedAnswer(t *testing.T) {
	api := builders.API("orders").Serving("orders", "serves", noon).WayBack("served", "", noon.Add(time.Second)).WayBack("over", "", noon).Obj()
	for name, want := range map[string]string{
		"serves": AnswerAdmissible + " " + v1alpha1.ReasonServing,
		"served": AnswerAdmissible + " " + v1alpha1.ReasonWayBack,
		"over":   AnswerBlocked + " " + reasonNotJudged,
	} {
		if answer, reason, _ := prunedAnswer(api, name, noon); answer+" "+reason != want {
			t.Errorf("%s: got %s %s, want %s", name, answer, reason, want)
		}
	}
}

func TestImagesIn(t *testing.T) {
	object := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"template": map[string]any{"spec": map[string]any{
		"initContainers": []any{map[string]any{"image": "init:1"}},
		"containers":     []any{map[string]any{"image": "orders:1"}, map[string]any{"name": "odd"}, "odd"},
	}}}}}
	got := imagesIn(object, "spec", "template", "spec")
	want := []string{"init:1", "orders:1", "", ""}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestDowntimeText(t *testing.T) {
	for want, outage := range map[string]gate.Outage{
		"": {Text: "none is planned, and customers are owed 10 days (policy p)"},
		"planned, and open until 2026-11-22T12:00:00Z: it may be taken down": {Open: &noon, Planned: true, Text: "the next"},
		"it may not be taken down now: the next is planned":                  {Planned: true, Text: "the next is planned"},
	} {
		if got := downtimeText(outage); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
