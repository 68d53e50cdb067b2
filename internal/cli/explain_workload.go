package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

// pods are what a workload is asked to run, as far as admission looks at it.
type pods struct {
	labels      map[string]string
	annotations map[string]string
	images      []string
}

// names are the revisions that the pods name.
func (p pods) names() []string { return namesIn(p.annotations[v1alpha1.RevisionAnnotation]) }

func (e *explainer) explainWorkload(ctx context.Context) (*explanation, error) {
	live, err := e.live(ctx)
	if err != nil {
		return nil, err
	}
	running, err := e.podsIn(e.written(live))
	if err != nil {
		return nil, err
	}
	e.readBudgets(ctx, e.streams)
	out := e.outages(ctx, live)
	annotation := running.annotations[v1alpha1.RevisionAnnotation]
	found := &WorkloadResult{Annotation: annotation}
	named := running.names()
	owners := e.owners()
	var steps []Step
	var zones []zone
	for i := range e.apis {
		api := &e.apis[i]
		through, carries, err := e.through(ctx, api, running.labels)
		if err != nil {
			return nil, err
		}
		if !carries {
			continue
		}
		carried := CarriedAPI{API: api.Name, Title: api.Spec.Title, Through: through}
		if governedResult(api).Status {
			carried.Enforcement = string(api.Status.Enforcement)
			outage, err := e.snapshot.Downtime(ctx, e.now, api)
			if err != nil {
				return nil, fmt.Errorf("reading the planned downtimes of customerapi/%s: %w", api.Name, err)
			}
			carried.PlannedDowntime = downtimeText(outage)
			carried.Stops = out.refused(api, outage)
		}
		for _, name := range named {
			if owners[name] == api.Name {
				carried.Named = append(carried.Named, name)
			}
		}
		z, next, err := e.answerFor(ctx, api, running, &carried)
		if err != nil {
			return nil, err
		}
		if governedResult(api).Status {
			ref := v1alpha1.WorkloadRef{Kind: e.about.kind.gvk.Kind, Name: e.about.name}
			if carried.Downtime, err = e.downtimeOf(ctx, api, ref); err != nil {
				return nil, err
			}
		}
		zones, steps = append(zones, z), append(steps, next...)
		found.Carries = append(found.Carries, carried)
	}
	found.Unknown = unknownNames(named, owners, found.Carries)
	if e.manifest != nil {
		found.Change = out.effect()
		found.Answer = found.answerOn(out.change)
	}
	steps = append(outageSteps(found), steps...)
	if len(zones) > 0 {
		e.zone = zones[0]
	}
	return &explanation{
		result: Result{Workload: found, Next: steps},
		text:   func(p *page) { e.workloadPage(p, found) },
	}, nil
}

// live is the workload as it is in the cluster; nil where it is not there, and a manifest creates it.
func (e *explainer) live(ctx context.Context) (*unstructured.Unstructured, error) {
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(e.about.kind.gvk)
	err := e.reader.Get(ctx, client.ObjectKey{Namespace: e.namespace, Name: e.about.name}, object)
	switch {
	case err == nil:
		return object, nil
	case !apierrors.IsNotFound(err):
		return nil, readable(fmt.Errorf("reading %s: %w", e.about, err))
	case e.manifest == nil:
		return nil, fmt.Errorf("there is no %s in namespace %s", e.about, e.namespace)
	}
	return nil, nil
}

// podsIn reads the pod template of a workload or, of a pod, its own labels.
func (e *explainer) podsIn(object *unstructured.Unstructured) (pods, error) {
	if e.about.kind == kindPod {
		return pods{
			labels: object.GetLabels(), annotations: object.GetAnnotations(), images: imagesIn(object, "spec"),
		}, nil
	}
	labels, _, err := unstructured.NestedStringMap(object.Object, "spec", "template", "metadata", "labels")
	if err != nil {
		return pods{}, fmt.Errorf("reading the pod template of %s: %w", e.about, err)
	}
	annotations, _, err := unstructured.NestedStringMap(object.Object, "spec", "template", "metadata", "annotations")
	if err != nil {
		return pods{}, fmt.Errorf("reading the pod template of %s: %w", e.about, err)
	}
	return pods{labels: labels, annotations: annotations, images: imagesIn(object, "spec", "template", "spec")}, nil
}

// imagesIn are the images of the containers below a path. What cannot be read there is no image, and none that served.
func imagesIn(object *unstructured.Unstructured, path ...string) []string {
	var images []string
	for _, field := range []string{"initContainers", "containers"} {
		containers, _, _ := unstructured.NestedSlice(object.Object, append(slices.Clone(path), field)...)
		for _, container := range containers {
			values, _ := container.(map[string]any)
			image, _ := values["image"].(string)
			images = append(images, image)
		}
	}
	return images
}

// owners says which API each name means a revision of: those that exist, and
// those that served and are gone.
func (e *explainer) owners() map[string]string {
	owners := map[string]string{}
	for i := range e.revisions {
		owners[e.revisions[i].Name] = string(e.revisions[i].Spec.APIRef.Name)
	}
	for i := range e.apis {
		api := &e.apis[i]
		for _, serving := range api.Status.Serving {
			owners[string(serving.Revision)] = api.Name
		}
		for _, past := range api.Status.WayBack {
			owners[string(past.Revision)] = api.Name
		}
	}
	delete(owners, "")
	return owners
}

// through says by which selector pods with these labels carry the API: those
// that the gate holds or, for an API that nobody looked at yet, its own.
func (e *explainer) through(ctx context.Context, api *v1alpha1.CustomerAPI, labels map[string]string) (string, bool, error) {
	selectors := api.Status.Selectors
	if len(selectors) == 0 {
		carriers, err := e.snapshot.Carriers(ctx, api)
		if err != nil {
			return "", false, fmt.Errorf("reading what carries customerapi/%s: %w", api.Name, err)
		}
		selectors = carriers.Selectors
	}
	for _, selector := range selectors {
		if !gate.Selects(selector.MatchLabels, labels) {
			continue
		}
		var pairs []string
		for _, key := range slices.Sorted(maps.Keys(selector.MatchLabels)) {
			pairs = append(pairs, key+"="+selector.MatchLabels[key])
		}
		source := "the labels it declares"
		if selector.Service != "" {
			source = "service/" + selector.Service
		}
		if selector.KeptFor != "" {
			source += ", which carriedBy gave before"
		}
		return fmt.Sprintf("%s (%s)", source, strings.Join(pairs, ",")), true, nil
	}
	return "", false, nil
}

// answerFor says whether pods that name these revisions could be created anew.
func (e *explainer) answerFor(
	ctx context.Context, api *v1alpha1.CustomerAPI, running pods, carried *CarriedAPI,
) (zone, []Step, error) {
	say := func(answer, reason, message string) {
		carried.Answer, carried.Reason, carried.Rules, carried.Message = answer, reason, rulings[reason].rules, message
	}
	name := Step{
		Text:     "Name one revision of " + api.Name + " in the annotation " + v1alpha1.RevisionAnnotation + " of the pod template. There are:",
		Commands: []string{e.hints.kubectl("get", "apirevisions")},
	}
	if len(e.revisionsOf(api.Name)) == 0 {
		name = e.firstRevision(api)
	}
	governed := governedResult(api)
	switch {
	case !governed.Status && len(carried.Named) != 1:
		say(AnswerAdmissible, governed.Reason, governed.Message)
		return e.zone, nil, nil
	case len(carried.Named) > 1:
		say(AnswerBlocked, reasonTwoNamed, "the pod template names "+strings.Join(carried.Named, " and "))
		return e.zone, []Step{name}, nil
	case len(carried.Named) == 0:
		say(unnamedAnswer(api, running, e.now))
		return e.zone, []Step{name}, nil
	}
	revision, exists := e.revision(carried.Named[0])
	if !exists {
		say(prunedAnswer(api, carried.Named[0], e.now))
		return e.zone, nil, nil
	}
	question := e.questionOn(e.streams, e.config, revision)
	question.hints.named = true
	a, err := question.answer(ctx)
	if err != nil {
		return e.zone, nil, err
	}
	verdict := a.printed()
	carried.Verdict = &verdict
	say(verdict.Answer, verdict.Reason, verdict.Message)
	steps := a.next()
	if verdict.Answer != AnswerAdmissible || verdict.Uncovered > 0 {
		steps = append([]Step{{
			Text:     "See what it changes, one by one:",
			Commands: []string{e.hints.command("explain", "apirevision/"+revision.Name)},
		}}, steps...)
	}
	return a.zone, steps, nil
}

// prunedAnswer is the answer for a revision that served and whose object was pruned.
func prunedAnswer(api *v1alpha1.CustomerAPI, name string, now time.Time) (answer, reason, message string) {
	for _, s := range api.Status.Serving {
		if string(s.Revision) == name {
			return AnswerAdmissible, v1alpha1.ReasonServing, name + " serves, though its APIRevision is gone"
		}
	}
	for _, past := range api.Status.WayBack {
		if string(past.Revision) == name && past.UntilTime != nil && now.Before(past.UntilTime.Time) {
			return AnswerAdmissible, v1alpha1.ReasonWayBack, name + " served lately, though its APIRevision is gone"
		}
	}
	return AnswerBlocked, reasonNotJudged, name + " served too long ago to be rolled back to, and its APIRevision is gone"
}

// unnamedAnswer is the answer for pods that name no revision of the API. Those that name none at all pass with the
// images that such pods serve with, or served with lately.
func unnamedAnswer(api *v1alpha1.CustomerAPI, running pods, now time.Time) (answer, reason, message string) {
	message = "the pod template names no revision of " + api.Name
	images, adopted := gate.UnnamedImages(api, now)
	if !adopted || len(running.names()) > 0 {
		return AnswerBlocked, reasonUnnamed, message
	}
	serving, _ := gate.UnnamedImages(&v1alpha1.CustomerAPI{Status: v1alpha1.CustomerAPIStatus{Serving: api.Status.Serving}}, now)
	serve := true
	for _, image := range running.images {
		if !slices.Contains(images, image) {
			return AnswerBlocked, reasonUnnamed, message + ", and pods that name none did not serve with the image " + image
		}
		serve = serve && slices.Contains(serving, image)
	}
	if !serve {
		return AnswerAdmissible, v1alpha1.ReasonWayBack, message + ", and pods that name none served with its images until lately"
	}
	return AnswerAdmissible, reasonRunsUnnamed, message
}

// unknownNames are those that mean no revision of an API that the pods carry.
func unknownNames(named []string, owners map[string]string, carries []CarriedAPI) []UnknownRevision {
	var unknown []UnknownRevision
	for _, name := range named {
		carried := slices.ContainsFunc(carries, func(c CarriedAPI) bool { return c.API == owners[name] })
		if !carried {
			unknown = append(unknown, UnknownRevision{Name: name, API: owners[name]})
		}
	}
	return unknown
}

func (e *explainer) workloadPage(p *page, found *WorkloadResult) {
	if found.Answer != "" {
		p.line("%s: %s", p.answer(found.Answer), changeText(found.Change))
		p.blank()
	}
	p.line("%s carries %s", e.title(), counted(len(found.Carries), "API"))
	if len(found.Carries) == 0 {
		p.blank()
		p.why("", reasonNotCarried)
	}
	for _, c := range found.Carries {
		p.heading(safe(fmt.Sprintf("%s: %s", c.API, c.Title)))
		facts := [][2]string{
			{"Carried through", safe(c.Through)},
			{"Names", safe(orNone(strings.Join(c.Named, ", ")))},
			{"Answer", fmt.Sprintf("%s: %s", p.answer(c.Answer), c.Reason)},
			{"Enforcement", enforcementText(c.Enforcement)},
		}
		if c.PlannedDowntime != "" {
			facts = append(facts, [2]string{"Planned downtime", safe(c.PlannedDowntime)})
		}
		p.fields("  ", facts)
		p.paragraph("  ", "", safe(strings.TrimSuffix(c.Message, seeAlso(c.Message))))
		p.why("  ", c.Reason)
		p.stops("  ", c, found.Answer != "")
		p.downtime("  ", c.Downtime)
		if c.Verdict != nil {
			p.dates(*c.Verdict, e.zone)
		}
	}
	for _, unknown := range found.Unknown {
		p.heading(safe("Named besides: " + unknown.Name))
		text := "There is no such APIRevision. A rollout that names it is refused: not judged yet, retry."
		if unknown.API != "" {
			text = "It is a revision of " + unknown.API + ", which these pods do not carry."
		}
		p.paragraph("  ", "", safe(text))
	}
}

// downtimeText says whether a workload may be taken down now, or when; nothing where no downtime is planned.
func downtimeText(outage gate.Outage) string {
	switch {
	case outage.Open != nil:
		return "planned, and open until " + outage.Open.Format(time.RFC3339) + ": it may be taken down"
	case outage.Planned:
		return "it may not be taken down now: " + outage.Text
	}
	return ""
}

// enforcementText says what becomes of a rollout that is blocked.
func enforcementText(enforcement string) string {
	switch v1alpha1.Enforcement(enforcement) {
	case v1alpha1.EnforcementDeny:
		return "Deny: the API server refuses what is blocked"
	case v1alpha1.EnforcementWarn:
		return "Warn: what is blocked passes with a warning, and breaks a promise"
	case v1alpha1.EnforcementAudit:
		return "Audit: what is blocked passes with an audit annotation, and breaks a promise"
	}
	return "none: everything passes"
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
