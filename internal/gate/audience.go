package gate

import (
	"cmp"
	"fmt"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice"
)

// owedTo reads what the policies owe to these customers, and what contracts promise them beyond that (R1).
func owedTo(policies []v1alpha1.NoticePolicy, audience *v1alpha1.Audience) (notice.Policies, []*notice.PolicyError) {
	read, errs := notice.ReadPolicies(policies)
	all, more := read.For(audience)
	return all, append(errs, more...)
}

// audienceUnknown says why it is not known who the customers are; empty where it is, and where nobody asks. What
// was known stays in the status of an Audience, however it is spoilt later; so this is about one that was never
// read, or is gone.
func audienceUnknown(api *v1alpha1.CustomerAPI, audience *v1alpha1.Audience) string {
	name := short(string(api.Spec.AudienceRef.Name))
	switch {
	case name == "":
		return ""
	case audience == nil:
		return fmt.Sprintf("there is no audience/%s: create it, or name another in audienceRef of customerapi/%s", name, short(api.Name))
	case audience.Status.Customers == nil || *audience.Status.Customers == 0:
		return fmt.Sprintf("who the customers are was never read from audience/%s: its status says why", name)
	}
	return ""
}

// audienceMissing says that a clock starts with the delivery, or with answers, where nobody is named to deliver to;
// empty where that is not so.
func audienceMissing(api *v1alpha1.CustomerAPI, policies notice.Policies) string {
	clock, by := policies.Clock()
	if by == "" || api.Spec.AudienceRef.Name != "" {
		return ""
	}
	event := "delivered"
	if clock.StartsAt == v1alpha1.StartsAtAcknowledged {
		event = "acknowledged"
	}
	return fmt.Sprintf("by policy %s the clock starts when a notice was %s, and customerapi/%s says nowhere who the customers are: set audienceRef",
		short(by), event, short(api.Name))
}

// acknowledgement says that the clock of a notice would start with answers that nobody can give; empty where it starts
// with something else.
func (n *notification) acknowledgement() string {
	clock, by := n.policies.Clock()
	if clock.StartsAt != v1alpha1.StartsAtAcknowledged {
		return ""
	}
	return fmt.Sprintf("by policy %s the clock starts when customers acknowledged a notice, and this forewarn takes no answers: "+
		"give its manager --answers-url, --answers-address and --answers-key-dir, or let the policy say startsAt: Delivered", short(by))
}

// checkAudience finds that it is not known what is owed for changes that no notice covers, or to whom.
func checkAudience(r *reading) []Finding {
	unknown := cmp.Or(audienceUnknown(r.API, r.Audience), audienceMissing(r.API, r.policies))
	if unknown == "" || len(r.Policies) == 0 { // nobody is owed anything where no policy binds
		return nil
	}
	for _, w := range r.needing() {
		if len(w.coverage) == 0 {
			return []Finding{{
				Reason: v1alpha1.ReasonAudienceUnknown, Blocks: true,
				Path: "customerapi/" + short(r.API.Name) + " spec.audienceRef", Message: unknown,
			}}
		}
	}
	return nil
}
