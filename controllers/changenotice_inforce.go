package controllers

import (
	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// stampInForce keeps the first moment at which something that the notice covers was seen to serve. It stays, also when
// that is rolled back, and when the revision is gone. What served of another notice that had the name does not count.
func stampInForce(n *v1alpha1.ChangeNotice, api *v1alpha1.CustomerAPI) {
	if api == nil || n.Status.PublishedTime == nil || n.Status.InForceTime != nil {
		return
	}
	for _, known := range api.Status.NoticesInForce {
		if string(known.Notice) == n.Name && known.Time != nil && !known.Time.Before(n.Status.PublishedTime) {
			n.Status.InForceTime = atSecond(known.Time.Time)
		}
	}
}
