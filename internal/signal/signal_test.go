package signal_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/signal"
)

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t
}

func schedule() *v1alpha1.DeprecationSchedule {
	deprecate, sunset := metav1.NewTime(at("2027-01-01T00:00:00Z")), metav1.NewTime(at("2027-07-01T02:00:00+02:00"))
	published := metav1.NewTime(at("2026-11-01T00:00:00Z"))
	return &v1alpha1.DeprecationSchedule{
		Spec: v1alpha1.DeprecationScheduleSpec{
			State: v1alpha1.NoticePublished, DeprecateTime: &deprecate, SunsetTime: &sunset,
			MigrationGuide: "https://docs.acme.example/v2",
			Replacement:    v1alpha1.Replacement{URL: "https://api.acme.example/v2/orders"},
		},
		Status: v1alpha1.DeprecationScheduleStatus{PublishedTime: &published},
	}
}

func TestHeadersAreThoseOfTheStandards(t *testing.T) {
	s := schedule()
	want := []signal.Header{
		{Name: "Deprecation", Value: "@1798761600"},
		{Name: "Sunset", Value: "Thu, 01 Jul 2027 00:00:00 GMT"},
		{Name: "Link", Add: true, Value: `<https://docs.acme.example/v2>; rel="deprecation", <https://docs.acme.example/v2>; rel="sunset", ` +
			`<https://api.acme.example/v2/orders>; rel="successor-version"`},
	}
	if diff := cmp.Diff(want, signal.Of(s, "https://notices.acme.example/shop/orders").Headers()); diff != "" {
		t.Error(diff)
	}
	s.Spec.MigrationGuide, s.Spec.Replacement.URL = "", ""
	want[2].Value = `<https://notices.acme.example/shop/orders>; rel="deprecation", <https://notices.acme.example/shop/orders>; rel="sunset"`
	if diff := cmp.Diff(want, signal.Of(s, "https://notices.acme.example/shop/orders").Headers()); diff != "" {
		t.Errorf("without a guide: %s", diff)
	}
	if diff := cmp.Diff(want[:2], signal.Of(s, "").Headers()); diff != "" {
		t.Errorf("without any address: %s", diff)
	}
}

func TestAddressesStayInTheirBrackets(t *testing.T) {
	for given, want := range map[string]string{
		"https://a.example/über":           "<https://a.example/%C3%BCber>",
		"https://a.example/>; rel=\"x\"":   "<https://a.example/%3E;%20rel=%22x%22>",
		"https://a.example/\r\nSet-Cookie": "<https://a.example/%0D%0ASet-Cookie>",
		"https://a.example/a,b;c?d=e%20f":  "<https://a.example/a,b;c?d=e%20f>",
		"https://a.example/\x7f":           "<https://a.example/%7F>",
	} {
		s := schedule()
		s.Spec.MigrationGuide, s.Spec.Replacement.URL = "", given
		headers := signal.Of(s, "").Headers()
		if got := headers[len(headers)-1].Value; got != want+`; rel="successor-version"` {
			t.Errorf("%q: %s", given, got)
		}
	}
}

func TestSeveralSayTheEarliestDates(t *testing.T) {
	first, second := signal.Of(schedule(), ""), signal.Of(schedule(), "")
	second.Deprecate, second.Sunset = second.Deprecate.Add(time.Second), second.Sunset.Add(-time.Second)
	second.Links = []signal.Link{{Rel: "sunset", Target: "https://b.example/"}, first.Links[0]}
	for _, all := range [][]signal.Says{{first, second}, {second, first}} {
		merged := signal.Merge(all)
		if !merged.Deprecate.Equal(first.Deprecate) || !merged.Sunset.Equal(second.Sunset) {
			t.Errorf("merged to %s, %s", merged.Deprecate, merged.Sunset)
		}
		if diff := cmp.Diff(append(first.Links[:3:3], second.Links[0]), merged.Links); diff != "" {
			t.Error(diff)
		}
	}
	for i := range 30 {
		first.Links = append(first.Links, signal.Link{Rel: "sunset", Target: "https://c.example/" + strings.Repeat("x", 400+i)})
	}
	headers := first.Headers()
	if link := headers[2].Value; len(link) > 4096 || !strings.HasSuffix(link, `; rel="sunset"`) {
		t.Errorf("links of %d bytes end with %s", len(link), link[len(link)-20:])
	}
}

func TestNothingIsSaidBeforeThePublicationAndAfterTheEnd(t *testing.T) {
	now := metav1.Now()
	for name, change := range map[string]func(*v1alpha1.DeprecationSchedule){
		"not published":           func(s *v1alpha1.DeprecationSchedule) { s.Status.PublishedTime = nil },
		"its author withdrew it":  func(s *v1alpha1.DeprecationSchedule) { s.Spec.State = v1alpha1.NoticeWithdrawn },
		"it was withdrawn":        func(s *v1alpha1.DeprecationSchedule) { s.Status.WithdrawnTime = &now },
		"it is served no more":    func(s *v1alpha1.DeprecationSchedule) { s.Status.RemovedTime = &now },
		"it is being deleted":     func(s *v1alpha1.DeprecationSchedule) { s.DeletionTimestamp = &now },
		"it does not say when":    func(s *v1alpha1.DeprecationSchedule) { s.Spec.SunsetTime = nil },
		"nor from when":           func(s *v1alpha1.DeprecationSchedule) { s.Spec.DeprecateTime = nil },
		"nobody filled anything":  func(s *v1alpha1.DeprecationSchedule) { *s = v1alpha1.DeprecationSchedule{} },
		"stamped, but drafted on": func(s *v1alpha1.DeprecationSchedule) { s.Spec.State = v1alpha1.NoticeDraft },
	} {
		s := schedule()
		if !signal.Due(s) {
			t.Fatal("the usual one is not due")
		}
		change(s)
		if signal.Due(s) {
			t.Error(name)
		}
	}
}
