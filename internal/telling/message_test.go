package telling

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/audience"
	"forewarn.dev/forewarn/internal/delivery"
)

func TestMessage(t *testing.T) {
	day := func(n int) *metav1.Time {
		return &metav1.Time{Time: time.Date(2027, 7, n, 0, 0, 0, 0, time.FixedZone("", 3600))}
	}
	notice := &v1alpha1.ChangeNotice{}
	notice.Namespace, notice.Name, notice.UID = "shop", "no-delete", "uid"
	notice.Spec = v1alpha1.ChangeNoticeSpec{
		APIRef: v1alpha1.APIRef{Name: "orders"}, EffectiveTime: day(9), Title: "title", WhatChanges: "what", WhatToDo: "do", Help: "help",
		Covers: []v1alpha1.CoveredChange{
			{Version: "v1", Operation: "DELETE /orders"}, {Version: "v1", Operation: "GET /orders"}, {Version: "v2"}, {Version: "v2", Operation: "GET /orders"},
		},
		Updates: []v1alpha1.NoticeUpdate{{Text: "more"}},
	}
	record := func(stage delivery.Stage, effective *metav1.Time) v1alpha1.DeliveryRecord {
		r := v1alpha1.DeliveryRecord{}
		r.Spec.Stage, r.Spec.EffectiveTime = v1alpha1.NoticeStage(stage), effective
		return r
	}
	entry := &v1alpha1.Delivery{Customer: "c-1", ID: "id", PlannedTime: day(1)}
	records := []v1alpha1.DeliveryRecord{
		record(delivery.Published, day(3)), record(delivery.PostponedStage(2), day(7)), record(delivery.PostponedStage(1), day(5)), {},
	}

	about := About{Notice: notice, Record: &records[1], Records: records, FeedURL: "https://notices.example/shop/orders/"}
	want := delivery.Message{
		ID: "id", Stage: "Postponed-2", Customer: "c-1", Sent: day(1).UTC(),
		Notice: delivery.Notice{
			Namespace: "shop", Name: "no-delete", UID: "uid", API: "orders", Locale: "en", Title: "title", WhatChanges: "what", WhatToDo: "do", Help: "help",
			Updates: []string{"more"}, Versions: []string{"v1", "v2"}, Operations: []string{"DELETE /orders", "GET /orders"},
			Effective: day(7).UTC(), Previous: day(5).UTC(), FeedURL: "https://notices.example/shop/orders/",
		},
	}
	if diff := cmp.Diff(want, about.Message(entry, nil)); diff != "" {
		t.Errorf("to one whom no list names: %s", diff)
	}

	api := &v1alpha1.CustomerAPI{}
	api.Spec.Title = "Orders API"
	notice.Status.PublishedTime, notice.Status.SupersededBy = day(2), "later"
	about = About{Notice: notice, API: api, Record: &records[3], Records: records}
	m := about.Message(entry, &audience.Customer{Locale: "de-AT", TimeZone: "Europe/Vienna"})
	if m.Locale != "de-AT" || m.Zone.String() != "Europe/Vienna" {
		t.Errorf("it is in %q, %v", m.Locale, m.Zone)
	}
	n := m.Notice
	if !n.Effective.Equal(day(9).Time) || !n.Previous.IsZero() || !n.Published.Equal(day(2).Time) || n.SupersededBy != "later" || n.APITitle != "Orders API" {
		t.Errorf("%+v", n)
	}
	if !n.Until.IsZero() {
		t.Errorf("a change is over at %s", n.Until)
	}
	notice.Spec.DowntimeMinutes = 90
	about.Record = &records[1] // and by its date, not by the one that there is since
	if until := about.Message(entry, &audience.Customer{}).Notice.Until; !until.Equal(day(7).Add(90 * time.Minute)) {
		t.Errorf("the downtime is over at %s", until)
	}
	if zone := about.Message(entry, &audience.Customer{TimeZone: "Nowhere/At_All"}).Zone; zone != nil {
		t.Errorf("its zone is %v", zone)
	}
}
