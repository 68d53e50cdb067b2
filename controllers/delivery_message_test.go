package controllers

import (
	"testing"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/snapshot"
)

// Customers are led to the feed where it shows the API, and somebody said where it is.
func TestMessageLeadsToTheFeed(t *testing.T) {
	api := func(feed v1alpha1.FeedVisibility) *v1alpha1.CustomerAPI {
		a := &v1alpha1.CustomerAPI{}
		a.Namespace, a.Name, a.Spec.Feed = "shop", "orders", feed
		return a
	}
	for name, tc := range map[string]struct {
		url  string
		api  *v1alpha1.CustomerAPI
		want string
	}{
		"it is shown":          {"https://notices.example/api", api(v1alpha1.FeedPublic), "https://notices.example/api/shop/orders/"},
		"it is not shown":      {"https://notices.example/api", api(""), ""},
		"nobody said where":    {"", api(v1alpha1.FeedPublic), ""},
		"there is no such API": {"https://notices.example/api", nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := &round{DeliveryReconciler: &DeliveryReconciler{feedURL: tc.url}, Telling: snapshot.Telling{API: tc.api}, notice: &v1alpha1.ChangeNotice{}}
			m := d.messageTo(&v1alpha1.DeliveryRecord{}, &v1alpha1.Delivery{}, nil)
			if m.Notice.FeedURL != tc.want {
				t.Errorf("they are led to %q", m.Notice.FeedURL)
			}
		})
	}
}
