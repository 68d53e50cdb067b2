package snapshot

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// item is a ChangeNotice as an API server sends it.
func item(name, spec string) string {
	return `{"apiVersion":"forewarn.dev/v1alpha1","kind":"ChangeNotice","metadata":{"name":"` + name +
		`","namespace":"shop","uid":"u-1","resourceVersion":"7","generation":3,"labels":{"a":"b"},"annotations":{"c":"d"}},"spec":` + spec + `}`
}

// answering is a lenient list and watch of what an API server answers with these texts, whatever it is asked.
func answering(t *testing.T, list, watch string) *toolscache.ListWatch {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path != "/apis/forewarn.dev/v1alpha1/changenotices" {
			t.Errorf("asked for %s", r.URL.Path)
		}
		text := list
		if r.URL.Query().Get("watch") == "true" {
			text = watch
		}
		if _, err := io.WriteString(w, text); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	client, err := NewLenient(&rest.Config{Host: server.URL}, server.Client(), scheme)
	if err != nil {
		t.Fatal(err)
	}
	resource, err := ResourceOf(&v1alpha1.ChangeNoticeList{}, scheme)
	if err != nil {
		t.Fatal(err)
	}
	return toolscache.NewFilteredListWatchFromClient(client, resource, "", func(*metav1.ListOptions) {})
}

func TestListOfWhatDoesNotFit(t *testing.T) {
	misfits := map[string]struct{ spec, why string }{
		"a number for a text":          {`{"title":42}`, "spec.title holds a value of type number, which does not fit"},
		"an object for a text":         {`{"title":{"secret":"s"}}`, "spec.title holds a value of type object, which does not fit"},
		"a text for an object":         {`{"apiRef":"secret"}`, "spec.apiRef holds a value of type string, which does not fit"},
		"a text for a list":            {`{"covers":"secret"}`, "spec.covers holds a value of type string, which does not fit"},
		"what is no time":              {`{"effectiveTime":"secret"}`, "a value in it does not fit its field"},
		"a text for the whole":         {`"secret"`, "spec holds a value of type string, which does not fit"},
		"what fits, and then does not": {`{"apiRef":{"name":"orders"},"title":["secret"]}`, "spec.title holds a value of type array, which does not fit"},
	}
	for name, m := range misfits {
		t.Run(name, func(t *testing.T) {
			lw := answering(t, `{"apiVersion":"forewarn.dev/v1alpha1","kind":"ChangeNoticeList","metadata":{"resourceVersion":"9","continue":"next","remainingItemCount":4},"items":[`+
				item("first", `{"title":"a"}`)+","+item("misfit", m.spec)+","+item("last", `{"title":"b"}`)+`]}`, "")
			got, err := lw.ListWithContext(t.Context(), metav1.ListOptions{})
			if err != nil {
				t.Fatal(err)
			}
			list, ok := got.(*v1alpha1.ChangeNoticeList)
			if !ok || len(list.Items) != 3 || list.ResourceVersion != "9" || list.Continue != "next" || *list.RemainingItemCount != 4 {
				t.Fatalf("%T: %+v", got, got)
			}
			if list.Items[0].Spec.Title != "a" || list.Items[2].Spec.Title != "b" || list.Items[0].Generation != 3 {
				t.Errorf("what fits is %+v and %+v", list.Items[0], list.Items[2])
			}
			left := list.Items[1]
			if why, is := v1alpha1.Unreadable(&left); !is || why != m.why {
				t.Errorf("got %q, want %q", why, m.why)
			}
			if left.Name != "misfit" || left.Namespace != "shop" || left.UID != "u-1" || left.ResourceVersion != "7" || left.Labels["a"] != "b" {
				t.Errorf("metadata %+v", left.ObjectMeta)
			}
			if left.Spec.APIRef.Name != "" || left.Spec.Title != "" || strings.Contains(fmt.Sprintf("%+v", left), "secret") {
				t.Errorf("of what cannot be read there is %+v", left.Spec)
			}
			unread := KeepReadable(list)
			if len(unread) != 1 || unread[0].Error() != "ChangeNotice shop/misfit cannot be read, put it right or delete it: "+m.why {
				t.Errorf("got %v", unread)
			}
			if len(list.Items) != 2 || list.Items[0].Name != "first" || list.Items[1].Name != "last" {
				t.Errorf("%+v are left", list.Items)
			}
		})
	}
}

func TestListThatIsNoList(t *testing.T) {
	for name, text := range map[string]string{
		"broken off":          `{"apiVersion":"forewarn.dev/v1alpha1","kind":"ChangeNoticeList","metadata":{},"items":[` + item("first", `{"title":42}`),
		"no items":            `{"apiVersion":"forewarn.dev/v1alpha1","kind":"ChangeNoticeList","metadata":{},"items":42}`,
		"metadata that isn't": `{"apiVersion":"forewarn.dev/v1alpha1","kind":"ChangeNoticeList","metadata":{},"items":[{"apiVersion":"forewarn.dev/v1alpha1","kind":"ChangeNotice","metadata":{"name":42}}]}`,
		"another kind":        `{"apiVersion":"forewarn.dev/v1alpha1","kind":"Surprise","metadata":{}}`,
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := answering(t, text, "").ListWithContext(t.Context(), metav1.ListOptions{}); err == nil {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// A watch goes on over what does not fit, and so sees it put right.
func TestWatchOfWhatDoesNotFit(t *testing.T) {
	lines := []string{
		`{"type":"ADDED","object":` + item("n", `{"title":"a"}`) + `}`,
		`{"type":"MODIFIED","object":` + item("n", `{"title":42}`) + `}`,
		`{"type":"BOOKMARK","object":{"apiVersion":"forewarn.dev/v1alpha1","kind":"ChangeNotice","metadata":{"resourceVersion":"8"}}}`,
		`{"type":"MODIFIED","object":` + item("n", `{"title":"b"}`) + `}`,
		`{"type":"DELETED","object":` + item("n", `{"title":42}`) + `}`,
	}
	w, err := answering(t, "", strings.Join(lines, "\n")).WatchWithContext(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	var seen []string
	for event := range w.ResultChan() {
		notice, ok := event.Object.(*v1alpha1.ChangeNotice)
		if !ok {
			t.Fatalf("%s of %T", event.Type, event.Object)
		}
		_, unread := v1alpha1.Unreadable(notice)
		seen = append(seen, fmt.Sprintf("%s %s%s %t", event.Type, notice.Name, notice.Spec.Title, unread))
	}
	want := "ADDED na false, MODIFIED n true, BOOKMARK  false, MODIFIED nb false, DELETED n true"
	if got := strings.Join(seen, ", "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
