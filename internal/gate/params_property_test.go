package gate_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

var (
	labelValues = rapid.OneOf(
		rapid.SampledFrom([]string{"", "a", "b", "shop", "orders", "a.b", "select.a", "of.a", "A", "0"}),
		rapid.StringMatching(`[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?`),
	)
	labelKeys = rapid.OneOf(
		rapid.SampledFrom([]string{"app", "a", "b", "shop", "x.example/app", "y.example/app", "slot", "pod-template-hash"}),
		rapid.StringMatching(`([a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?(\.[a-z]{1,20}){0,10}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?`),
	)
	labelSets    = rapid.MapOfN(labelKeys, labelValues, 0, 4)
	objectNames  = rapid.OneOf(rapid.SampledFrom([]string{"a", "b", "orders"}), rapid.StringMatching(`[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?`))
	configMapKey = regexp.MustCompile(`^[-._a-zA-Z0-9]{1,253}$`)
)

// selected are the APIs that select a pod: what the gate has to find.
func selected(apis []gate.PublishedAPI, labels map[string]string) (names []string) {
	for _, a := range apis {
		for _, s := range a.API.Status.Selectors {
			stripped := gate.StripSlots(s.MatchLabels, nil)
			matches := len(stripped) > 0
			for key, want := range stripped {
				got, has := labels[key]
				matches = matches && has && got == want
			}
			if matches {
				names = append(names, a.API.Name)
				break
			}
		}
	}
	slices.Sort(names)
	return names
}

func TestLookUpFindsExactlyWhatIsSelected(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var apis []gate.PublishedAPI
		for _, name := range rapid.SliceOfNDistinct(objectNames, 1, 8, rapid.ID).Draw(t, "names") {
			slots := rapid.SliceOfN(labelKeys, 0, 2).Draw(t, "slot keys")
			apis = append(apis, governed(name, slots, rapid.SliceOfN(labelSets, 0, 4).Draw(t, "selectors")...))
		}
		data := flat(gate.Publish(namespace(apis...)).Gates[deny])
		for range 5 {
			labels := map[string]string{}
			for key, value := range labelSets.Draw(t, "labels") {
				labels[key] = value
			}
			if rapid.Bool().Draw(t, "close to a selector") { // with a few labels more, or one less
				a := rapid.SampledFrom(apis).Draw(t, "api").API
				for _, s := range a.Status.Selectors {
					for key, value := range s.MatchLabels {
						if rapid.IntRange(0, 9).Draw(t, "leave out") > 0 {
							labels[key] = value
						}
					}
				}
			}
			got, _ := lookUp(data, labels)
			if want := selected(apis, labels); !slices.Equal(got, want) {
				t.Fatalf("a pod with %v is of %v, want %v in %v", labels, got, want, data)
			}
		}
	})
}

func TestEveryKeyIsLegalAndNoTwoAreOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := objectNames.Draw(t, "api")
		a := governed(name, nil, rapid.SliceOfN(labelSets, 0, 4).Draw(t, "selectors")...)
		a.Held, a.ImagesRequired = true, true
		a.API.Status.Serving = []v1alpha1.ServingRevision{served("web", "", 0)}
		in := namespace(a)
		names := rapid.SliceOfNDistinct(objectNames, 0, 6, rapid.ID).Draw(t, "revisions")
		admitted := map[string]bool{}
		for _, r := range names {
			admitted[r] = rapid.Bool().Draw(t, "admitted")
			verdict := refused("no")
			if admitted[r] {
				verdict = admissible()
			}
			in.Revisions = append(in.Revisions, revision(r, name, verdict, "shop/web:1"))
		}
		raw := gate.Publish(in).Gates[deny]
		for key := range raw {
			if !configMapKey.MatchString(key) {
				t.Fatalf("%q is no key of a ConfigMap", key)
			}
		}
		data := flat(raw)
		for key, value := range data {
			if strings.ContainsAny(key, " \n") {
				t.Fatalf("%q is no key of a line", key)
			}
			if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' }) {
				t.Fatalf("%s is %q", key, value)
			}
		}
		for _, r := range names {
			_, admits := data["admit."+r]
			_, refuses := data["refuse."+r]
			if data["of."+r] != name || admits != admitted[r] || refuses == admitted[r] {
				t.Fatalf("%s in %v", r, data)
			}
		}
	})
}

// Whatever text is in an object, the gate holds one line of legal text, not too long.
func TestTextsAreSafe(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
			rapid.Map(rapid.StringN(1, 1, -1), func(s string) string { return strings.Repeat(s, 950) })).Draw(t, "text")
		in := namespace(governed("orders", nil, map[string]string{"app": "orders"}))
		in.Revisions = []gate.PublishedRevision{revision("a", "orders", refused(text))}
		got := flat(gate.Publish(in).Gates[deny])["refuse.a"]
		if got == "" || len(got) > 900 || strings.ToValidUTF8(got, "") != got {
			t.Fatalf("%d bytes: %q", len(got), got)
		}
		if strings.ContainsAny(got, "\n\r\t\x00\x1b\u2028\u2029\u202e\u0085") || strings.TrimSpace(got) != got {
			t.Fatalf("%q", got)
		}
	})
}

func TestLookUpCostsTheSameAmongAThousand(t *testing.T) {
	ownLabel, ownValue, shared := namespace(), namespace(), namespace()
	for i := range 1000 {
		name := fmt.Sprintf("api-%04d", i)
		ownLabel.APIs = append(ownLabel.APIs, governed(name, nil, map[string]string{"app": name, "part-of": "shop"}))
		ownValue.APIs = append(ownValue.APIs, governed(name, nil, map[string]string{"app": "web", "part-of": "shop", "id": name}))
		shared.APIs = append(shared.APIs, governed(name, nil, map[string]string{"app": "web", "part-of": "shop"}))
	}
	pod := map[string]string{"app": "api-0500", "part-of": "shop", "pod-template-hash": "6d4f"}
	apis, candidates := lookUp(flat(gate.Publish(ownLabel).Gates[deny]), pod)
	if !slices.Equal(apis, []string{"api-0500"}) || candidates != 1 {
		t.Errorf("%v of %d candidates, want one of one", apis, candidates)
	}
	pod = map[string]string{"app": "web", "part-of": "shop", "id": "api-0007"}
	apis, candidates = lookUp(flat(gate.Publish(ownValue).Gates[deny]), pod)
	if !slices.Equal(apis, []string{"api-0007"}) || candidates != 1 {
		t.Errorf("%v of %d candidates, want one of one", apis, candidates)
	}
	apis, candidates = lookUp(flat(gate.Publish(ownValue).Gates[deny]), map[string]string{"app": "web", "part-of": "shop"})
	if len(apis) != 0 || candidates != 0 {
		t.Errorf("%d APIs of %d candidates for a pod of none", len(apis), candidates)
	}
	apis, candidates = lookUp(flat(gate.Publish(shared).Gates[deny]), pod)
	if len(apis) != 1000 || candidates != 1000 {
		t.Errorf("%d APIs of %d candidates, want all that share all", len(apis), candidates)
	}
}

func BenchmarkPublish(b *testing.B) {
	in := namespace()
	for i := range 1000 {
		name := fmt.Sprintf("api-%04d", i)
		a := governed(name, nil, map[string]string{"app": name, "part-of": "shop"})
		a.API.Status.Serving = []v1alpha1.ServingRevision{served("web", name+"-0", 0)}
		a.Enforcement = []v1alpha1.Enforcement{deny, warn, audit}[i%3]
		a.Held, a.Hold = true, "customers rely on it"
		in.APIs = append(in.APIs, a)
		for j := range 5 {
			verdict := admissible(1000)
			if j > 1 {
				verdict = refused("breaks v1: " + strings.Repeat("DELETE /orders/{id} removed; ", 10) + "see its status")
			}
			in.Revisions = append(in.Revisions, revision(fmt.Sprintf("%s-%d", name, j), name, verdict, "shop.example/web:1"))
		}
	}
	for b.Loop() {
		gate.Publish(in)
	}
}
