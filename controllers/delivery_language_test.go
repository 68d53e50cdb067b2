package controllers

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/audience"
	"forewarn.dev/forewarn/internal/delivery"
	"forewarn.dev/forewarn/internal/notice"
)

// bilingual is a published notice in English and German.
func bilingual() *v1alpha1.ChangeNotice {
	n := &v1alpha1.ChangeNotice{}
	n.Spec = v1alpha1.ChangeNoticeSpec{
		Title: "Title", WhatChanges: "Changes", WhatToDo: "Do", Help: "help@acme.example",
		EffectiveTime: timeAt(noon.Add(24 * time.Hour)),
		Translations:  []v1alpha1.NoticeTranslation{{Locale: "de", Title: "Titel", WhatChanges: "Änderung", WhatToDo: "Tun"}},
		Updates:       []v1alpha1.NoticeUpdate{{Text: "Update"}, {Text: "Ergänzung", Locale: "de"}},
	}
	n.Status.PublishedTime = timeAt(noon)
	return n
}

func TestCustomersAreToldInTheirLanguage(t *testing.T) {
	type told struct {
		Locale, Title, WhatChanges, WhatToDo string
		Updates                              []string
	}
	english := told{"en", "Title", "Changes", "Do", []string{"Update"}}
	german := told{"de", "Titel", "Änderung", "Tun", []string{"Update", "Ergänzung"}}
	d := &round{DeliveryReconciler: &DeliveryReconciler{}, notice: bilingual(), now: noon}
	for locale, want := range map[string]told{"": english, "en-US": english, "fr": english, "de": german, "de-AT": german} {
		e := &v1alpha1.Delivery{Customer: "c-1", PlannedTime: timeAt(noon)}
		record := &v1alpha1.DeliveryRecord{Spec: v1alpha1.DeliveryRecordSpec{Stage: v1alpha1.NoticeStage(delivery.Published)}}
		m := d.messageTo(record, e, &audience.Customer{ID: "c-1", Locale: locale})
		n := m.Notice
		if diff := cmp.Diff(want, told{n.Locale, n.Title, n.WhatChanges, n.WhatToDo, n.Updates}); diff != "" || m.Locale != locale {
			t.Errorf("%q: %s", locale, diff)
		}
	}
}

// What everybody reads is in the language of the notice, and nothing that was stamped is lost with the rest.
func TestShownInTheLanguageOfTheNotice(t *testing.T) {
	n := bilingual()
	n.Spec.State = v1alpha1.NoticePublished
	n.Status.EffectiveTime = n.Spec.EffectiveTime
	n.Status.UpdateTimes = []metav1.Time{*timeAt(noon), *timeAt(noon.Add(time.Hour))}
	n.Status.PublishedDigest = notice.Digest(&n.Spec)
	shown, err := shownNotice(n, noon)
	if err != nil {
		t.Fatal(err)
	}
	if shown.Title != "Title" || len(shown.Updates) != 1 || shown.Updates[0].Text != "Update" || shown.Sequence != 2 || !shown.Updated.Equal(noon.Add(time.Hour)) {
		t.Errorf("%+v", shown)
	}
}
