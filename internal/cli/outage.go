package cli

import (
	"context"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

// outages is what a change of a workload stops, and of which APIs.
type outages struct {
	change gate.WorkloadChange
	// created says that the workload is not there yet: then nothing is taken away.
	created bool
	needing []v1alpha1.CustomerAPI
	// ran are the images that may come back, for each of those.
	ran  [][]string
	what []string
}

// rollable are the kinds that are rolled out.
var rollable = []string{"Deployment", "StatefulSet", "DaemonSet", "Rollout"}

// outages looks up in the gates, as admission does, who needs the workload.
func (e *explainer) outages(ctx context.Context, live *unstructured.Unstructured) *outages {
	out := &outages{created: live == nil}
	kind := e.about.kind.gvk.Kind
	if !slices.Contains(rollable, kind) {
		return out
	}
	out.change = gate.WorkloadChange{Resource: strings.ToLower(kind) + "s", Name: e.about.name, After: e.written(live).Object}
	if out.created {
		return out
	}
	out.change.Before = live.Object
	for i := range e.apis {
		if !governedResult(&e.apis[i]).Status {
			continue
		}
		if needs, ran := e.needs(ctx, &e.apis[i], out.change); needs {
			out.needing, out.ran = append(out.needing, e.apis[i]), append(out.ran, ran)
		}
	}
	if e.manifest == nil {
		out.what = out.change.StopsAnyRollout()
	} else {
		out.what = out.change.Stops(out.change.Returns(e.apis, out.ran, e.now))
	}
	return out
}

// needs says that customers of an API need the workload, as its gate has it, and what may come back. Where that cannot be
// read, they may, and nothing may.
func (e *explainer) needs(ctx context.Context, api *v1alpha1.CustomerAPI, change gate.WorkloadChange) (needs bool, ran []string) {
	published := &corev1.ConfigMap{}
	err := e.reader.Get(ctx, client.ObjectKey{Namespace: e.namespace, Name: gate.NameOf(api.Status.Enforcement)}, published)
	switch {
	case apierrors.IsNotFound(err):
		return false, nil // and nothing is refused
	case err != nil:
		e.streams.note("Whether customers of %s need %s is not known, so they may: %s", api.Name, e.about, err)
		return true, nil
	}
	return gate.NeededIn(published.Data, api.Name, change.Resource, change.Name), gate.RanIn(published.Data, api.Name)
}

// refused is what the change is refused with for an API, and nothing where it is not or a planned downtime is open.
func (o *outages) refused(api *v1alpha1.CustomerAPI, outage gate.Outage) string {
	needs := func(needing v1alpha1.CustomerAPI) bool { return needing.Name == api.Name }
	if outage.Open != nil || len(o.what) == 0 || !slices.ContainsFunc(o.needing, needs) {
		return ""
	}
	return gate.OutageRefused(api.Name, o.what, outage)
}

// effect is what the change does to the pods.
func (o *outages) effect() string {
	switch {
	case o.created:
		return ChangeCreated
	case o.change.Rolls():
		return ChangeRolledOut
	}
	return ChangeKept
}

// stops says what is refused because it takes pods away.
func (p *page) stops(indent string, c CarriedAPI, checked bool) {
	if c.Stops == "" {
		return
	}
	text := "Rollouts of what did not serve are refused: "
	if checked {
		text = "Refused: "
	}
	p.blank()
	p.paragraph(indent, "", safe(text+c.Stops))
}

// outageSteps are ways on from what takes pods away.
func outageSteps(found *WorkloadResult) []Step {
	if !slices.ContainsFunc(found.Carries, func(c CarriedAPI) bool { return c.Stops != "" }) {
		return nil
	}
	return []Step{
		{Text: "Keep pods ready throughout: replicas above zero, type: RollingUpdate and a maxUnavailable below the number of pods."},
		{Text: "Or tell customers of a planned downtime, and change it while that is open: docs/tasks/planning-downtime.md"},
	}
}
