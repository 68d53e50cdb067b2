package controllers

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

func TestStampInForce(t *testing.T) {
	seen := func(notice v1alpha1.ObjectName, at time.Time) v1alpha1.NoticeInForce {
		return v1alpha1.NoticeInForce{Notice: notice, Revision: "orders-2", Time: timeAt(at)}
	}
	serving := func(known ...v1alpha1.NoticeInForce) *v1alpha1.CustomerAPI {
		return &v1alpha1.CustomerAPI{Status: v1alpha1.CustomerAPIStatus{NoticesInForce: known}}
	}
	stamped := func(n *v1alpha1.ChangeNotice) { n.Status.InForceTime = toldAt.DeepCopy() }
	over := func(n *v1alpha1.ChangeNotice) { n.Status.WithdrawnTime = next.DeepCopy() }
	tests := map[string]struct {
		notice *v1alpha1.ChangeNotice
		api    *v1alpha1.CustomerAPI
		want   *metav1.Time
	}{
		"nothing serves":                          {notice: toldNotice(), api: serving()},
		"something of another notice does":        {notice: toldNotice(), api: serving(seen("another", next.Time))},
		"there is no API":                         {notice: toldNotice()},
		"something of it does":                    {notice: toldNotice(), api: serving(seen("another", toldAt.Time), seen("no-delete", next.Time)), want: &next},
		"in the second in which it was published": {notice: toldNotice(), api: serving(seen("no-delete", toldAt.Time)), want: &toldAt},
		"a second before it was published":        {notice: toldNotice(), api: serving(seen("no-delete", toldAt.Add(-time.Second)))},
		"it is known since when":                  {notice: toldNotice(stamped), api: serving(seen("no-delete", next.Time)), want: &toldAt},
		"also when it is not to be seen any more": {notice: toldNotice(stamped), api: serving(), want: &toldAt},
		"it was withdrawn, too":                   {notice: toldNotice(over), api: serving(seen("no-delete", next.Time)), want: &next},
		"it was never published": {
			notice: toldNotice(func(n *v1alpha1.ChangeNotice) { n.Status.PublishedTime = nil }), api: serving(seen("no-delete", next.Time)),
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			stampInForce(tc.notice, tc.api)
			if !tc.notice.Status.InForceTime.Equal(tc.want) {
				t.Errorf("in force since %v, want %v", tc.notice.Status.InForceTime, tc.want)
			}
		})
	}
}
