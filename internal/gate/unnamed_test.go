package gate_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

func unnamedRuns(images ...string) gate.Observation {
	return rolledOut("web", "", pods("", 1, images...))
}

// adopting is a story in which web runs image 1 without a name, as it did before the API was declared, and a is
// promised by another workload.
func adopting() (s *story, beside gate.Observation) {
	s, beside = newStory(), rolledOut("named", "a", pods("a", 1))
	s.after(0, unnamedRuns("shop/web:1"))
	s.facts["a"] = onMerit("v1=one")
	s.after(time.Hour, unnamedRuns("shop/web:1"), beside)
	return s, beside
}

func TestImagesWithoutANameBreakWhatIsPromised(t *testing.T) {
	const days14 = 14 * 24 * time.Hour
	type pass struct {
		after time.Duration
		web   gate.Observation
	}
	runs := func(after time.Duration, images ...string) pass { return pass{after, unnamedRuns(images...)} }
	gone := func(after time.Duration) pass { return pass{after, rolledOut("web", "a", pods("a", 1))} }
	one, two := "shop/web:1", "shop/web:2"
	toTwo := pass{time.Hour, rolling("web", "", pods("", 2, one, two))}
	tests := map[string]struct {
		passes []pass
		want   []string // the images that each breach is about
		marked []string
		back   []string // the images that may come back
	}{
		"R11 what was adopted may be restarted": {passes: []pass{runs(time.Hour, one), runs(time.Hour, one)}},
		"another image is recorded once": {
			passes: []pass{toTwo, toTwo, runs(time.Hour, two), runs(time.Hour, two)},
			want:   []string{two}, marked: []string{two}, back: []string{one},
		},
		"one that was not seen rolling out, too": {
			passes: []pass{runs(time.Hour, two)}, want: []string{two}, marked: []string{two}, back: []string{one},
		},
		"and so is one that came beside what was adopted": {
			passes: []pass{runs(time.Hour, "shop/sidecar:1", one), runs(time.Hour, "shop/sidecar:1", one)},
			want:   []string{"shop/sidecar:1"}, marked: []string{"shop/sidecar:1"},
		},
		"two that come at once are one breach": {
			passes: []pass{runs(time.Hour, "shop/sidecar:1", two)},
			want:   []string{"shop/sidecar:1, " + two}, marked: []string{"shop/sidecar:1", two}, back: []string{one},
		},
		"R11 the way back to what was adopted breaks nothing": {
			passes: []pass{toTwo, runs(time.Hour, two), runs(time.Hour, one)}, want: []string{two},
		},
		"what left and came back is recorded again": {
			passes: []pass{runs(time.Hour, two), runs(days14-time.Second, one), runs(time.Hour, two)},
			want:   []string{two, two}, marked: []string{two}, back: []string{one},
		},
		"what broke a promise has no way back, and what was adopted has": {
			passes: []pass{runs(time.Hour, one, two), gone(time.Hour)}, want: []string{two}, back: []string{one},
		},
		"R11 what was adopted may come back until its time is over": {
			passes: []pass{gone(time.Hour), gone(days14 - time.Second), runs(0, one)},
		},
		"R11 for all of that time": {
			passes: []pass{gone(time.Hour), gone(days14 - time.Second)}, back: []string{one},
		},
		"and not when it is": {
			passes: []pass{gone(time.Hour), gone(days14), runs(0, one)}, want: []string{one}, marked: []string{one},
		},
		"pods whose images cannot be told are recorded once": {
			passes: []pass{gone(time.Hour), gone(days14), runs(0, "no image"), runs(time.Hour, "no image")}, want: []string{""},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s, beside := adopting()
			for _, p := range tc.passes {
				s.after(p.after, p.web, beside)
			}
			var got, marked, back []string
			for _, b := range s.api.Status.BrokenPromises {
				if b.Revision != "" || b.Cause != v1alpha1.BreachNotEnforced {
					t.Errorf("%q broke it, by %s", b.Revision, b.Cause)
				}
				text, images, _ := strings.Cut(strings.TrimSuffix(b.Message, ")"), " (")
				if want := "pods of Deployment web name no revision: nobody judged what they serve"; text != want {
					t.Errorf("%q, want %q", text, want)
				}
				got = append(got, images)
			}
			for _, e := range s.api.Status.Serving {
				marked = append(marked, e.BreachImages...)
			}
			for _, past := range s.api.Status.WayBack {
				back = append(back, past.Images...)
			}
			if diff := cmp.Diff(tc.back, back, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("may come back: %s", diff)
			}
			if diff := cmp.Diff(tc.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("recorded: %s", diff)
			}
			if diff := cmp.Diff(tc.marked, marked, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("marked: %s", diff)
			}
		})
	}
}

// Before the first promise there is nothing to break, and whatever runs is adopted with it.
func TestImagesWithoutANameAreAdoptedUntilSomethingIsPromised(t *testing.T) {
	s := newStory()
	for _, image := range []string{"shop/web:0", "shop/web:1"} {
		s.after(time.Hour, unnamedRuns(image))
	}
	s.facts["a"] = onMerit("v1=one")
	beside := rolledOut("named", "a", pods("a", 1))
	s.after(time.Hour, rolling("web", "", pods("", 2, "shop/web:1", "shop/web:2")), beside)
	out := s.after(time.Hour, unnamedRuns("shop/web:2"), beside)
	if len(out.Broken) != 0 || len(breaching(out)) != 0 {
		t.Errorf("recorded %v, marked %v: it began to run before anything was promised", out.Broken, breaching(out))
	}
}

func breaching(out gate.PromiseOutput) (images []string) {
	for _, e := range out.Serving {
		images = append(images, e.BreachImages...)
	}
	return images
}

// The gate lets pods of a breach be made again for as long as they serve (R11), and not for a second longer.
func TestABreachIsOutOfTheGateOnceItLeft(t *testing.T) {
	s := servingA()
	inGate := func() string {
		a := governed("orders", nil, map[string]string{"app": "orders"})
		a.API.Status = s.api.Status
		in := namespace(a)
		in.Now = noon.Add(s.now)
		return flat(gate.Publish(in).Gates[deny])["unnamed.orders"]
	}
	onA, intruder := rolledOut("web", "a", pods("a", 2)), rolledOut("other", "", pods("", 1, "shop/evil:1"))
	s.after(time.Hour, onA, intruder)
	if got := inGate(); got != "shop/evil:1" {
		t.Errorf("while it serves the gate has %q", got)
	}
	out := s.after(time.Hour, onA)
	if got := inGate(); got != "" || len(out.WayBack) != 0 {
		t.Errorf("once it left the gate has %q, the way back is %v", got, out.WayBack)
	}
	if out.BrokenCount != 1 {
		t.Errorf("%d are recorded, want the one", out.BrokenCount)
	}
}

func TestPublishUnnamed(t *testing.T) {
	unnamed := served("web", "", 0)
	unnamed.Images = []string{"shop/web:2", "shop/web:1"}
	named := served("web", "a", 0)
	tests := map[string]struct {
		serving []v1alpha1.ServingRevision
		wayBack []v1alpha1.PastRevision
		want    string // "-" for none
	}{
		"all pods name their revision":                 {serving: []v1alpha1.ServingRevision{named}, want: "-"},
		"R11 pods that name none may be made again":    {serving: []v1alpha1.ServingRevision{unnamed, named}, want: "shop/web:1 shop/web:2"},
		"R11 and for as long as they may be back":      {wayBack: []v1alpha1.PastRevision{wayOf("", "", time.Second, "shop/web:0")}, want: "shop/web:0"},
		"R11 but not once that has ended":              {wayBack: []v1alpha1.PastRevision{wayOf("", "", 0, "shop/web:0")}, want: "-"},
		"R11 both together":                            {serving: []v1alpha1.ServingRevision{unnamed}, wayBack: []v1alpha1.PastRevision{wayOf("", "", time.Second, "shop/web:1", "shop/web:0")}, want: "shop/web:0 shop/web:1 shop/web:2"},
		"pods without images to compare are none such": {serving: []v1alpha1.ServingRevision{served("web", "", 0)}, want: ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			a := governed("orders", nil, map[string]string{"app": "orders"})
			a.API.Status.Serving, a.API.Status.WayBack = tc.serving, tc.wayBack
			got, ok := flat(gate.Publish(namespace(a)).Gates[deny])["unnamed.orders"]
			if !ok {
				got = "-"
			}
			if got != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
		})
	}
}
