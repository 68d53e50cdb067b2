package builders

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// PolicyBuilder makes a NoticePolicy.
type PolicyBuilder struct{ policy v1alpha1.NoticePolicy }

// Policy begins a NoticePolicy that selects every API and owes nothing yet.
func Policy(name string) *PolicyBuilder {
	return &PolicyBuilder{policy: v1alpha1.NoticePolicy{
		TypeMeta:   typeMeta("NoticePolicy"),
		ObjectMeta: metav1.ObjectMeta{Name: name, Generation: 1},
	}}
}

// Enforcement says what becomes of a rollout that is not admissible.
func (b *PolicyBuilder) Enforcement(e v1alpha1.Enforcement) *PolicyBuilder {
	b.policy.Spec.Enforcement = e
	return b
}

// Zone is the time zone of its days.
func (b *PolicyBuilder) Zone(name string) *PolicyBuilder {
	b.policy.Spec.TimeZone = name
	return b
}

// Owes days of notice for a class of change.
func (b *PolicyBuilder) Owes(class v1alpha1.ChangeClass, days int32) *PolicyBuilder {
	return b.OwesFor("", class, days)
}

// OwesFor owes days of notice for a class of change to versions of one stability.
func (b *PolicyBuilder) OwesFor(stability v1alpha1.Stability, class v1alpha1.ChangeClass, days int32) *PolicyBuilder {
	b.policy.Spec.Owed = append(b.policy.Spec.Owed, v1alpha1.OwedTerm{Class: class, Stability: stability, Days: &days})
	return b
}

// OwesBusinessDays owes business days of notice for a class of change.
func (b *PolicyBuilder) OwesBusinessDays(class v1alpha1.ChangeClass, days int32) *PolicyBuilder {
	b.policy.Spec.Owed = append(b.policy.Spec.Owed, v1alpha1.OwedTerm{Class: class, BusinessDays: &days})
	return b
}

// Holidays names the calendars whose holidays are no business days.
func (b *PolicyBuilder) Holidays(codes ...string) *PolicyBuilder {
	b.policy.Spec.Holidays = codes
	return b
}

// Rule moves a rule of the comparison to a class.
func (b *PolicyBuilder) Rule(rule string, class v1alpha1.ChangeClass) *PolicyBuilder {
	b.policy.Spec.Rules = append(b.policy.Spec.Rules, v1alpha1.RuleClass{Rule: rule, Class: class})
	return b
}

// SettleHours is how long an addition serves before it is promised.
func (b *PolicyBuilder) SettleHours(hours int32) *PolicyBuilder {
	b.policy.Spec.SettleHours = &hours
	return b
}

// RollbackDays is how long what served may be rolled back to.
func (b *PolicyBuilder) RollbackDays(days int32) *PolicyBuilder {
	b.policy.Spec.RollbackDays = &days
	return b
}

// ValidForDays is how long after its date a notice covers.
func (b *PolicyBuilder) ValidForDays(days int32) *PolicyBuilder {
	b.policy.Spec.ValidForDays = days
	return b
}

// Marks says what becomes of contracts that do not mark what is deprecated.
func (b *PolicyBuilder) Marks(rule v1alpha1.MarkRule) *PolicyBuilder {
	b.policy.Spec.DeprecatedMarks = rule
	return b
}

// ImagesRequired compares images.
func (b *PolicyBuilder) ImagesRequired() *PolicyBuilder {
	b.policy.Spec.Images = v1alpha1.ImagesRequired
	return b
}

// Selects limits it to APIs with these labels.
func (b *PolicyBuilder) Selects(labels map[string]string) *PolicyBuilder {
	b.policy.Spec.AppliesTo.APISelector = &metav1.LabelSelector{MatchLabels: labels}
	return b
}

// SelectsNamespaces limits it to namespaces with these labels.
func (b *PolicyBuilder) SelectsNamespaces(labels map[string]string) *PolicyBuilder {
	b.policy.Spec.AppliesTo.NamespaceSelector = &metav1.LabelSelector{MatchLabels: labels}
	return b
}

// InForce makes what was said so far the generation in force. What is said afterwards is a later one that
// does not bind yet.
func (b *PolicyBuilder) InForce() *PolicyBuilder {
	b.policy.Status.InForce = v1alpha1.PolicyInForce{Generation: b.policy.Generation, Spec: *b.policy.Spec.DeepCopy()}
	b.policy.Generation++
	return b
}

// Spec changes anything else.
func (b *PolicyBuilder) Spec(change func(*v1alpha1.NoticePolicySpec)) *PolicyBuilder {
	change(&b.policy.Spec)
	return b
}

// Obj is the object.
func (b *PolicyBuilder) Obj() *v1alpha1.NoticePolicy { return b.policy.DeepCopy() }
