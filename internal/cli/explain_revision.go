package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

func (e *explainer) explainRevision(ctx context.Context) (*explanation, error) {
	revision, ok := e.revision(e.about.name)
	if !ok {
		return nil, e.noRevision(e.about.name)
	}
	a, err := e.judge(ctx, revision)
	if err != nil {
		return nil, err
	}
	e.zone = a.zone
	found := &RevisionResult{Verdict: a.printed()}
	found.Published = e.publishedVerdict(revision, a)
	if found.Notices, err = e.noticesFor(ctx, a); err != nil {
		return nil, err
	}
	if found.NamedBy, err = e.namedBy(ctx, revision.Name); err != nil {
		return nil, err
	}
	steps := a.next()
	if !found.Published.Judged {
		steps = append([]Step{{
			Text:     "Wait for the verdict to reach the API server:",
			Commands: []string{e.hints.kubectl("wait", "--for=condition=Judged", "apirevision/"+revision.Name, "--timeout=60s")},
		}}, steps...)
	}
	return &explanation{
		result: Result{Revision: found, Next: steps},
		text:   func(p *page) { e.revisionPage(p, found) },
	}, nil
}

// publishedVerdict is what the API server goes by, as far as the status tells.
func (e *explainer) publishedVerdict(revision *v1alpha1.APIRevision, a *answer) PublishedVerdict {
	published := PublishedVerdict{Message: revision.Status.Message}
	if judged := apimeta.FindStatusCondition(revision.Status.Conditions, v1alpha1.ConditionJudged); judged != nil {
		published.Judged = judged.Status == metav1.ConditionTrue
	}
	if admissible := apimeta.FindStatusCondition(revision.Status.Conditions, v1alpha1.ConditionAdmissible); admissible != nil {
		published.Admissible, published.Reason = string(admissible.Status), admissible.Reason
		published.Stale = admissible.Status != a.verdict.Status() || admissible.Reason != a.verdict.Reason
	}
	governed := governedResult(a.input.API)
	if published.Governed = governed.Status; !governed.Status {
		published.NotGoverned = governed.Message
	}
	return published
}

// namedBy are the workloads whose pod templates name the revision.
func (e *explainer) namedBy(ctx context.Context, revision string) ([]string, error) {
	var named []string
	for _, list := range []client.ObjectList{&appsv1.DeploymentList{}, &appsv1.StatefulSetList{}, &appsv1.DaemonSetList{}} {
		if err := e.reader.List(ctx, list, client.InNamespace(e.namespace)); err != nil {
			return nil, readable(fmt.Errorf("listing %s: %w", kindOf(list), err))
		}
		err := apimeta.EachListItem(list, func(item runtime.Object) error {
			kind, name, annotations := templateOf(item)
			if slices.Contains(namesIn(annotations[v1alpha1.RevisionAnnotation]), revision) {
				named = append(named, kind+"/"+name)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(named)
	return named, nil
}

func templateOf(item runtime.Object) (kind, name string, annotations map[string]string) {
	switch o := item.(type) {
	case *appsv1.Deployment:
		return "Deployment", o.Name, o.Spec.Template.Annotations
	case *appsv1.StatefulSet:
		return "StatefulSet", o.Name, o.Spec.Template.Annotations
	case *appsv1.DaemonSet:
		return "DaemonSet", o.Name, o.Spec.Template.Annotations
	}
	return "", "", nil
}

// namesIn are the revisions that an annotation names.
func namesIn(annotation string) []string {
	var names []string
	for name := range strings.SplitSeq(annotation, ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

func (e *explainer) revisionPage(p *page, found *RevisionResult) {
	p.line("%s", e.title())
	p.verdict(found.Verdict, e.zone, e.style)
	p.heading("At the API server")
	p.paragraph("  ", "", safe(enforced(found)))
	if len(found.NamedBy) > 0 {
		p.paragraph("  ", "", safe("Named by "+strings.Join(found.NamedBy, ", ")+"."))
	}
	if len(found.Notices) > 0 {
		p.heading("Notices of customerapi/" + found.Verdict.API)
		p.notices(found.Notices, e.zone, true)
	}
}

// enforced says what the API server does about the verdict.
func enforced(found *RevisionResult) string {
	published := found.Published
	switch {
	case !published.Governed:
		return fmt.Sprintf("Rollouts of customerapi/%s are not judged: %s.", found.Verdict.API, published.NotGoverned)
	case !published.Judged:
		return "It has no verdict on this revision yet. A rollout that names it is refused: not judged yet, retry."
	}
	text := "A rollout that names it passes."
	if published.Admissible != string(metav1.ConditionTrue) {
		text = "A rollout that names it is blocked. Enforcement is " + enforcementText(found.Verdict.Enforcement) + "."
	}
	if published.Stale {
		text += fmt.Sprintf(" That goes by the verdict which forewarn last published (Admissible=%s, %s), and what is found above is another: "+
			"it was read for another moment, or forewarn has yet to catch up.", published.Admissible, published.Reason)
	}
	return text
}

// coversOf counts the changes that each notice covers.
func coversOf(a *answer) map[string]int {
	covers := map[string]int{}
	for _, c := range a.verdict.Changes {
		if c.CoveredBy != "" {
			covers[string(c.CoveredBy)]++
		}
	}
	return covers
}

// noticesFor are the notices of the API but for drafts, by name.
func (e *explainer) noticesFor(ctx context.Context, a *answer) ([]NoticeSummary, error) {
	var notices []NoticeSummary
	covers := coversOf(a)
	for i := range a.input.Notices {
		n := &a.input.Notices[i]
		if n.Spec.State == v1alpha1.NoticeDraft && n.Status.PublishedTime == nil {
			continue
		}
		summary, err := e.summarize(ctx, n)
		if err != nil {
			return nil, err
		}
		summary.Covers = covers[n.Name]
		notices = append(notices, summary)
	}
	slices.SortFunc(notices, func(a, b NoticeSummary) int { return strings.Compare(a.Name, b.Name) })
	return notices, nil
}
