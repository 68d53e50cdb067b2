package cli

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/contract"
	"forewarn.dev/forewarn/internal/snapshot"
)

// baseRevision is the revision that the contracts of --base are taken to be.
const baseRevision = "base"

// offline is the question with manifests alone: the contracts of --base are
// kept and promised, as though they had served for long.
func (o *sourceOptions) offline(streams Streams, head []document) (*question, error) {
	now, err := moment(streams, o.at)
	if err != nil {
		return nil, err
	}
	base, err := readContracts(streams.In, o.base)
	if err != nil {
		return nil, err
	}
	policies, assumption, err := o.bindingPolicies()
	if err != nil {
		return nil, err
	}
	notices, others, err := readManifests[*v1alpha1.ChangeNotice]("ChangeNotice", o.notices)
	if err != nil {
		return nil, err
	}
	if len(notices) == 0 && len(o.notices) > 0 {
		streams.note("No notice counts: %s.", noneOf("ChangeNotice", o.notices, others))
	}
	proposed := o.proposalOptions
	proposed.api = cmp.Or(o.api, apiOf(notices), "api")
	revision, err := proposed.inlined("", head)
	if err != nil {
		return nil, err
	}
	api, err := o.promising(proposed.api, now, base, head)
	if err != nil {
		return nil, err
	}
	objects := []client.Object{api}
	for _, d := range base {
		kept, err := keep(d)
		if err != nil {
			return nil, err
		}
		objects = append(objects, kept)
	}
	for i := range policies {
		objects = append(objects, &policies[i])
	}
	told, err := o.tell(streams, now, api, policies, notices)
	if err != nil {
		return nil, err
	}
	for i := range told {
		objects = append(objects, &told[i])
	}
	reader := snapshot.FromManifests(objects)
	return &question{now: now, snapshot: snapshot.New(reader, reader), revision: revision, assumption: assumption}, nil
}

// apiOf is the API that the notices are about.
func apiOf(notices []*v1alpha1.ChangeNotice) string {
	if len(notices) == 0 {
		return ""
	}
	return string(notices[0].Spec.APIRef.Name)
}

// bindingPolicies are those that were handed in. Which clusters and namespaces
// they are for cannot be known here: they were handed in because they bind.
// Where none was, one is assumed, and the assumption says what it is.
func (o *sourceOptions) bindingPolicies() (policies []v1alpha1.NoticePolicy, assumption string, err error) {
	if len(o.policies) == 0 {
		return []v1alpha1.NoticePolicy{tellBefore()}, toldBefore, nil
	}
	read, others, err := readManifests[*v1alpha1.NoticePolicy]("NoticePolicy", o.policies)
	if err != nil {
		return nil, "", err
	}
	if len(read) == 0 {
		return nil, "", fmt.Errorf("reading --policy: %s", noneOf("NoticePolicy", o.policies, others))
	}
	for _, policy := range read {
		policy.Spec.AppliesTo = v1alpha1.PolicySelector{}
		policy.Status.InForce = v1alpha1.PolicyInForce{}
		policies = append(policies, *policy)
	}
	return policies, "", nil
}

const (
	assumedPolicy = "assumed"
	toldBefore    = "No policy was given, so it is assumed that customers have to be told of what breaks them before it ships, " +
		"and that no number of days is owed. Give the policy that binds with --policy FILE."
)

// tellBefore is the policy that is assumed where none is given. It has a name
// like any other, and messages show it.
func tellBefore() v1alpha1.NoticePolicy {
	policy := v1alpha1.NoticePolicy{TypeMeta: typeMeta("NoticePolicy")}
	policy.Name = assumedPolicy
	policy.Spec.Enforcement = v1alpha1.EnforcementDeny
	policy.Spec.Owed = []v1alpha1.OwedTerm{{Class: v1alpha1.ClassRemoval, Days: new(int32)}}
	return policy
}

// promising is the CustomerAPI whose customers rely on the contracts of base.
func (o *sourceOptions) promising(name string, now time.Time, base, head []document) (*v1alpha1.CustomerAPI, error) {
	stability := v1alpha1.Stability(cmp.Or(o.stability, string(v1alpha1.StabilityStable)))
	switch stability {
	case v1alpha1.StabilityStable, v1alpha1.StabilityBeta, v1alpha1.StabilityAlpha:
	default:
		return nil, fmt.Errorf("unknown stability %q: write Stable, Beta or Alpha", o.stability)
	}
	api := &v1alpha1.CustomerAPI{TypeMeta: typeMeta("CustomerAPI")}
	api.Name = name
	for _, d := range slices.Concat(base, head) {
		version := v1alpha1.APIVersion{Name: v1alpha1.VersionName(d.version), Stability: stability}
		if !slices.Contains(api.Spec.Versions, version) {
			api.Spec.Versions = append(api.Spec.Versions, version)
		}
	}
	since := metav1.NewTime(now)
	for _, d := range base {
		api.Status.Promised = append(api.Status.Promised, v1alpha1.PromisedContract{
			Version: v1alpha1.VersionName(d.version), Stability: stability, Revision: baseRevision,
			Contract: v1alpha1.KeptContractName(d.digest()), Since: &since,
		})
	}
	return api, nil
}

// keep is a document as it is kept once it serves.
func keep(d document) (*v1alpha1.KeptContract, error) {
	if _, err := contract.Parse(contract.OpenAPI, d.data); err != nil {
		return nil, fmt.Errorf("reading %s, which customers rely on: %w", d.path, err)
	}
	packed, err := contract.Zip(d.data)
	if err != nil {
		return nil, fmt.Errorf("compressing %s: %w", d.path, err)
	}
	digest := d.digest()
	kept := &v1alpha1.KeptContract{TypeMeta: typeMeta("KeptContract")}
	kept.Name = string(v1alpha1.KeptContractName(digest))
	kept.Spec = v1alpha1.KeptContractSpec{
		Format: v1alpha1.FormatOpenAPI, Digest: digest, Size: int64(len(d.data)), Document: packed,
	}
	return kept, nil
}
