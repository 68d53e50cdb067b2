package controllers

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// ProposalReconciler makes an APIRevision from each ConfigMap that proposes one. The two part company at once: the
// revision has no owner, and what becomes of the ConfigMap changes no verdict.
type ProposalReconciler struct {
	shared
}

// +kubebuilder:rbac:groups=forewarn.dev,resources=apirevisions,verbs=create

// Reconcile looks at one ConfigMap. It has no status of ours, so what is wrong in it is said by an event.
func (r *ProposalReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	proposal := &corev1.ConfigMap{}
	if err := r.client.Get(ctx, req.NamespacedName, proposal); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !proposal.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, nil
	}
	wanted, wrong := proposedRevision(proposal)
	if wrong != "" {
		r.announce(proposal, corev1.EventTypeWarning, v1alpha1.ReasonProposalInvalid, "Propose", wrong)
		return ctrl.Result{}, nil
	}
	return ctrl.Result{}, r.propose(ctx, proposal, wanted)
}

func (r *ProposalReconciler) propose(ctx context.Context, proposal *corev1.ConfigMap, wanted *v1alpha1.APIRevision) error {
	existing := &v1alpha1.APIRevision{}
	err := r.client.Get(ctx, client.ObjectKeyFromObject(wanted), existing)
	if apierrors.IsNotFound(err) {
		if err = r.client.Create(ctx, wanted); err == nil {
			ctrl.LoggerFrom(ctx).Info("Proposed a revision", "api", wanted.Spec.APIRef.Name)
			return nil
		}
	}
	switch {
	case apierrors.IsAlreadyExists(err):
		return nil // the cache is behind; the revision's own event brings us back
	case apierrors.IsInvalid(err):
		r.announce(proposal, corev1.EventTypeWarning, v1alpha1.ReasonProposalInvalid, "Propose", oneLine(err.Error()))
		return nil
	case err != nil:
		return fmt.Errorf("proposing revision %s: %w", wanted.Name, err)
	}
	if !sameProposal(existing, wanted) {
		r.announce(proposal, corev1.EventTypeWarning, v1alpha1.ReasonProposalInvalid, "Propose", fmt.Sprintf(
			"an APIRevision %s exists with other contents, and never changes: propose this under another name", wanted.Name))
	}
	return nil
}

// sameProposal leaves out of account what a proposal cannot say, such as images.
func sameProposal(existing, wanted *v1alpha1.APIRevision) bool {
	byVersion := func(contracts []v1alpha1.Contract) map[v1alpha1.VersionName]bool {
		versions := map[v1alpha1.VersionName]bool{}
		for i := range contracts {
			versions[contracts[i].Version] = true
		}
		return versions
	}
	return existing.Spec.APIRef == wanted.Spec.APIRef &&
		apiequality.Semantic.DeepEqual(byVersion(existing.Spec.Contracts), byVersion(wanted.Spec.Contracts))
}

// proposedRevision makes the revision, or says what is wrong.
func proposedRevision(proposal *corev1.ConfigMap) (revision *v1alpha1.APIRevision, wrong string) {
	if len(validation.IsDNS1123Label(proposal.Name)) > 0 {
		return nil, "the name of a proposal becomes that of its APIRevision: at most 63 of a-z, 0-9 and '-'"
	}
	api := proposal.Labels[v1alpha1.APILabel]
	if len(validation.IsDNS1123Label(api)) > 0 {
		return nil, fmt.Sprintf("the label %s names no CustomerAPI: %q", v1alpha1.APILabel, api)
	}
	contracts, wrong := proposedContracts(proposal)
	if wrong != "" {
		return nil, wrong
	}
	revision = &v1alpha1.APIRevision{ObjectMeta: metav1.ObjectMeta{Namespace: proposal.Namespace, Name: proposal.Name}}
	if digest, ok := proposal.Annotations[v1alpha1.DigestAnnotation]; ok {
		revision.Annotations = map[string]string{v1alpha1.DigestAnnotation: digest}
	}
	revision.Spec = v1alpha1.APIRevisionSpec{APIRef: v1alpha1.APIRef{Name: v1alpha1.ObjectName(api)}, Contracts: contracts}
	return revision, ""
}

// proposedContracts are the keys that end like a document, each named after its version: v1.yaml, v1.json.gz.
func proposedContracts(proposal *corev1.ConfigMap) ([]v1alpha1.Contract, string) {
	keys := slices.Concat(slices.Collect(maps.Keys(proposal.Data)), slices.Collect(maps.Keys(proposal.BinaryData)))
	slices.Sort(keys)
	byVersion := map[v1alpha1.VersionName]string{}
	var contracts []v1alpha1.Contract
	for _, key := range keys {
		name := strings.TrimSuffix(key, ".gz")
		extension := path.Ext(name)
		if !slices.Contains([]string{".yaml", ".yml", ".json"}, extension) {
			continue
		}
		version := v1alpha1.VersionName(strings.TrimSuffix(name, extension))
		if other, twice := byVersion[version]; twice {
			return nil, fmt.Sprintf("the keys %s and %s are both of version %s", other, key, version)
		}
		byVersion[version] = key
		contracts = append(contracts, v1alpha1.Contract{
			Version:         version,
			ConfigMapKeyRef: v1alpha1.ConfigMapKeyRef{Name: proposal.Name, Key: key},
		})
	}
	if len(contracts) == 0 {
		return nil, "none of the keys is a document: name them after their version, for example v1.yaml"
	}
	slices.SortFunc(contracts, func(a, b v1alpha1.Contract) int { return cmp.Compare(a.Version, b.Version) })
	return contracts, ""
}
