package gate_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

const (
	imageRoom = 256 << 10
	more      = "(more)"
)

// bulk are n images that take so many bytes each in the status.
func bulk(prefix string, n, each int) []string {
	images := make([]string, 0, n)
	for i := range n {
		name := fmt.Sprintf("%s/%04d:", prefix, i)
		images = append(images, name+strings.Repeat("a", each-len(name)-len(`"",`)))
	}
	return images
}

// runUnnamed are workloads that run these images without a name, 64 each.
func runUnnamed(images []string) []gate.Observation {
	var observed []gate.Observation
	for chunk := range slices.Chunk(images, 64) {
		observed = append(observed, rolledOut(fmt.Sprintf("web-%03d", len(observed)), "", pods("", 1, chunk...)))
	}
	return observed
}

func imagesOf(serving []v1alpha1.ServingRevision) (images []string) {
	for _, e := range serving {
		images = append(images, e.Images...)
	}
	return images
}

func TestImagesOfUnnamedPodsHaveRoom(t *testing.T) {
	const each = 1 << 10
	all := imageRoom / (2 * each) // each may have to stand twice
	tests := map[string]struct {
		images []string
		want   int
	}{
		"as much as there is room for":          {images: bulk("a", all, each), want: all},
		"one byte more, and the last is cut":    {images: append(bulk("a", all-1, each), bulk("z", 1, each+1)...), want: all - 1},
		"what takes more room counts for more":  {images: append(bulk("a", all-1, each), "z"+strings.Repeat("<", each-100)), want: all - 1},
		"many more than there is room for":      {images: bulk("a", 3*all, each), want: all},
		"short ones where no long one has room": {images: append(bulk("a", all-1, each), "w", "x"), want: all + 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			in := gate.PromiseInput{Now: noon, API: orders(v1alpha1.CustomerAPIStatus{}), Observed: runUnnamed(test.images)}
			out := gate.Promise(in)
			if diff := cmp.Diff(test.images[:test.want], imagesOf(out.Serving)); diff != "" {
				t.Errorf("images (-want +got):\n%.600s", diff)
			}
			if len(out.Serving) != len(in.Observed) {
				t.Errorf("%d serve, want %d", len(out.Serving), len(in.Observed))
			}
			in.API = orders(v1alpha1.CustomerAPIStatus{Serving: out.Serving})
			if diff := cmp.Diff(out.Serving, gate.Promise(in).Serving); diff != "" {
				t.Errorf("the next look changes it (-want +got):\n%.600s", diff)
			}
		})
	}
}

func TestWhatIsThereHasRoomBeforeWhatIsNot(t *testing.T) {
	const each = 1 << 10
	gone, here := served("a", "", 0, 0), bulk("here", 100, each)
	gone.Images = bulk("gone", 60, each)
	observed := runUnnamed(here)
	for i := range observed {
		observed[i].Completed = false // or they would take its place
	}
	out := gate.Serving([]v1alpha1.ServingRevision{gone}, observed, noon.Add(time.Minute))
	want := append(slices.Clone(gone.Images[:28]), here...)
	if diff := cmp.Diff(want, imagesOf(out)); diff != "" {
		t.Errorf("images (-want +got):\n%.600s", diff)
	}
}

// What has left makes room first, of that what ends first, and a list of images is never cut to nothing where
// nothing means everything.
func TestImagesOfRevisionsMakeRoom(t *testing.T) {
	const each = 1 << 10
	images := func(name string) []string { return bulk(name, 64, each) }
	entry := func(workload, name string) v1alpha1.ServingRevision {
		return servedAs(served(workload, name, 0, 0), "digest-"+name, images(name)...)
	}
	type facts = map[string]gate.RevisionFacts
	cut := func(name string, n int) []string { return append(images(name)[:n:n], more) }
	tests := map[string]struct {
		serving     []v1alpha1.ServingRevision
		wayBack     []v1alpha1.PastRevision
		facts       facts
		wantServing [][]string
		wantWayBack [][]string
	}{
		"as much as there is room for": {
			serving:     []v1alpha1.ServingRevision{entry("1", "a"), entry("2", "b")},
			wayBack:     []v1alpha1.PastRevision{wayOf("c", "digest-c", 1, images("c")...), wayOf("d", "digest-d", 2, images("d")...)},
			wantServing: [][]string{images("a"), images("b")},
			wantWayBack: [][]string{images("c"), images("d")},
		},
		"what served is cut, of that what ends first": {
			serving:     []v1alpha1.ServingRevision{entry("1", "a"), entry("2", "b"), entry("3", "e")},
			wayBack:     []v1alpha1.PastRevision{wayOf("c", "digest-c", 1, images("c")...), wayOf("d", "digest-d", 2, images("d")...)},
			wantServing: [][]string{images("a"), images("b"), images("e")},
			wantWayBack: [][]string{{more}, images("d")},
		},
		"pods without a name of which no image is left have no way back": {
			serving:     []v1alpha1.ServingRevision{entry("1", "a"), entry("2", "b"), entry("3", "e")},
			wayBack:     []v1alpha1.PastRevision{wayOf("", "", 1, images("c")...), wayOf("d", "digest-d", 2, images("d")...)},
			wantServing: [][]string{images("a"), images("b"), images("e")},
			wantWayBack: [][]string{images("d")},
		},
		"what serves is cut last": {
			serving: []v1alpha1.ServingRevision{
				servedAs(entry("1", "a"), "digest-a", images("a")[:32]...), entry("2", "b"), entry("3", "c"), entry("4", "d"), entry("5", "e"),
			},
			wayBack:     []v1alpha1.PastRevision{wayOf("", "", 1, "shop/web:1"), wayOf("f", "digest-f", 2, "shop/web:2")},
			wantServing: [][]string{images("a")[:32], images("b"), images("c"), images("d"), cut("e", 32)},
			wantWayBack: [][]string{{more}},
		},
		"what was cut is whole again when there is room": {
			serving:     []v1alpha1.ServingRevision{servedAs(entry("1", "a"), "digest-a", cut("a", 3)...)},
			facts:       facts{"a": as(onMerit("v1=one"), "digest-a", images("a")...)},
			wantServing: [][]string{images("a")},
		},
		"but not from an object that was made anew": {
			serving:     []v1alpha1.ServingRevision{servedAs(entry("1", "a"), "digest-a", cut("a", 3)...)},
			facts:       facts{"a": as(onMerit("v1=one"), "digest-b", images("b")...)},
			wantServing: [][]string{cut("a", 3)},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			in := gate.PromiseInput{
				Now: noon, API: orders(v1alpha1.CustomerAPIStatus{Serving: test.serving, WayBack: test.wayBack}),
				Policies: []v1alpha1.NoticePolicy{policy(72, 14)}, Revisions: test.facts,
			}
			for _, e := range test.serving {
				in.Observed = append(in.Observed, rolledOut(e.Workload.Name, string(e.Revision), pods(string(e.Revision), 1)))
			}
			out := gate.Promise(in)
			var serving, wayBack [][]string
			for _, e := range out.Serving {
				serving = append(serving, e.Images)
			}
			for _, past := range out.WayBack {
				wayBack = append(wayBack, past.Images)
			}
			if diff := cmp.Diff(test.wantServing, serving); diff != "" {
				t.Errorf("serving (-want +got):\n%.800s", diff)
			}
			if diff := cmp.Diff(test.wantWayBack, wayBack); diff != "" {
				t.Errorf("way back (-want +got):\n%.800s", diff)
			}
			written, err := json.Marshal([][][]string{serving, wayBack})
			if err != nil {
				t.Fatal(err)
			}
			if spare := 2 << 10; len(written) > imageRoom+spare {
				t.Errorf("the images take %d bytes", len(written))
			}
		})
	}
}

// A gate compares with the images that there was room for, and where the object is still there, with all.
func TestPublishImagesThatWereCut(t *testing.T) {
	api := orders(v1alpha1.CustomerAPIStatus{Serving: []v1alpha1.ServingRevision{
		servedAs(served("a", "r", 0, 0), "d1", more), servedAs(served("b", "r", 0, 0), "d1", "web:1", more),
	}})
	verdict := gate.Verdict{Decided: true, Admissible: true, Reason: v1alpha1.ReasonServing}
	whole := gate.PublishedRevision{Name: "r", API: api.Name, Verdict: &verdict, Images: []string{"job:1", "web:1"}}
	taken := whole
	taken.Verdict = &gate.Verdict{Reason: v1alpha1.ReasonNameReused, Findings: []gate.Finding{{Reason: v1alpha1.ReasonNameReused, Blocks: true}}}
	for name, test := range map[string]struct {
		revisions []gate.PublishedRevision
		want      string
	}{
		"the object is there":   {revisions: []gate.PublishedRevision{whole}, want: "\nr job:1 web:1\n"},
		"it was pruned":         {want: "\nr (more) web:1\n"},
		"another took its name": {revisions: []gate.PublishedRevision{taken}, want: "\nr (more) web:1\n"},
	} {
		t.Run(name, func(t *testing.T) {
			published := gate.Publish(gate.NamespaceInput{
				Namespace: "shop", Now: noon, Revisions: test.revisions,
				APIs: []gate.PublishedAPI{{API: api, Governed: true, Enforcement: v1alpha1.EnforcementDeny, ImagesRequired: true}},
			})
			if got := published.Gates[v1alpha1.EnforcementDeny]["images.r"]; got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestSelectorsHaveRoom(t *testing.T) {
	labels := func(n, each int) map[string]string {
		set := map[string]string{}
		for i := range n {
			key := fmt.Sprintf("l%03d", i)
			set[key] = strings.Repeat("v", each-len(key)-len(`"":"",`))
		}
		return set
	}
	with := func(set map[string]string, key, value string) map[string]string {
		set[key] = value
		return set
	}
	for name, test := range map[string]struct{ selector, want map[string]string }{
		"as many labels as there is room for": {labels(64, 12), labels(64, 12)},
		"one more":                            {labels(65, 12), labels(64, 12)},
		"as many bytes as there is room for":  {labels(32, 64), labels(32, 64)},
		"one byte more":                       {with(labels(32, 64), "l031", labels(32, 65)["l031"]), labels(31, 64)},
		"what is stripped takes no room":      {with(labels(64, 12), "pod-template-hash", "6d4f"), labels(64, 12)},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, gate.StripSlots(test.selector, nil)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
