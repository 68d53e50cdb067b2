package gate_test

import (
	"testing"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

// What nobody was told of is not to be promised a date while it is not known what customers are owed. What they
// were told of in time stays as it is.
func TestAnAudienceThatIsNotKnown(t *testing.T) {
	unknown := func(in *gate.Input) { in.API.Spec.AudienceRef.Name = "customers" }
	told := toPublish(now.Add(-day)).Published(now.Add(-300 * day)).Obj()
	for name, c := range map[string]struct {
		edits []edit
		want  string
	}{
		"nothing breaks":         {[]edit{unknown}, v1alpha1.ReasonCompatible},
		"customers were told":    {[]edit{unknown, changing(deleteOrders), func(in *gate.Input) { in.Notices = []v1alpha1.ChangeNotice{*told} }}, v1alpha1.ReasonNoticeGiven},
		"customers were not":     {[]edit{unknown, changing(deleteOrders)}, v1alpha1.ReasonAudienceUnknown},
		"no audience is named":   {[]edit{changing(deleteOrders)}, v1alpha1.ReasonNoticeMissing},
		"no policy selects them": {[]edit{unknown, changing(deleteOrders), func(in *gate.Input) { in.Policies = nil }}, v1alpha1.ReasonNotGoverned},
	} {
		t.Run(name, func(t *testing.T) {
			v := gate.Evaluate(proposing(c.edits...))
			if v.Reason != c.want {
				t.Errorf("%s: %s, want %s", v.Reason, v.Message, c.want)
			}
			if unknown := c.want == v1alpha1.ReasonAudienceUnknown; unknown == v.Decided {
				t.Errorf("decided %t", v.Decided)
			}
		})
	}
}
