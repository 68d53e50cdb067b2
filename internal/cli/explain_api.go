package cli

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/internal/notice"
)

func (e *explainer) explainAPI(ctx context.Context) (*explanation, error) {
	api, err := e.api(e.about.name)
	if err != nil {
		return nil, err
	}
	policies, err := e.snapshot.Binding(ctx, e.now, api)
	if err != nil {
		return nil, fmt.Errorf("reading what binds %s: %w", e.about, err)
	}
	e.zone = zoneOf(policies, "")
	read, wrong := notice.ReadPolicies(policies)
	status := &api.Status
	found := &APIResult{
		Title: api.Spec.Title, Owner: api.Spec.Owner, Governed: governedResult(api), Enforcement: string(read.Enforcement()),
		Terms: termsOf(read), Promised: status.Promised, Serving: status.Serving, WayBack: status.WayBack,
		BrokenPromises: status.BrokenPromises, Revisions: e.revisionsOf(api.Name),
	}
	notices := slices.DeleteFunc(slices.Clone(e.notices), func(n v1alpha1.ChangeNotice) bool { return string(n.Spec.APIRef.Name) != api.Name })
	for i := range notices {
		summary, err := e.summarize(ctx, &notices[i])
		if err != nil {
			return nil, err
		}
		found.Notices = append(found.Notices, summary)
	}
	for _, err := range wrong {
		found.PolicyErrors = append(found.PolicyErrors, err.Error())
	}
	audience, err := e.snapshot.Audience(ctx, api)
	if err != nil {
		return nil, fmt.Errorf("reading who the customers of %s are: %w", e.about, err)
	}
	held, message, _ := gate.Deletion(gate.Input{Now: e.now, API: api, Policies: policies, Audience: audience, Notices: notices})
	found.Deletable = DeletionResult{Allowed: !held, Message: message}
	return &explanation{
		result: Result{CustomerAPI: found, Next: e.apiSteps(api, found)},
		text:   func(p *page) { e.apiPage(p, found) },
	}, nil
}

// governedResult says whether rollouts of the API are judged.
func governedResult(api *v1alpha1.CustomerAPI) ConditionResult {
	if api == nil {
		return ConditionResult{Reason: v1alpha1.ReasonAPINotFound, Message: "there is no such CustomerAPI"}
	}
	governed := apimeta.FindStatusCondition(api.Status.Conditions, v1alpha1.ConditionGoverned)
	if governed == nil {
		return ConditionResult{Reason: reasonNotObserved, Message: "forewarn has not looked at it yet"}
	}
	return ConditionResult{Status: governed.Status == metav1.ConditionTrue, Reason: governed.Reason, Message: governed.Message}
}

func termsOf(policies notice.Policies) []TermResult {
	var terms []TermResult
	for _, policy := range policies {
		for _, t := range policy.Terms {
			countedAs := v1alpha1.CountDays
			if t.Period.Business {
				countedAs = v1alpha1.CountBusinessDays
			}
			terms = append(terms, TermResult{
				Class: string(t.Class), Stability: string(t.Stability), Days: t.Period.Days,
				CountedAs: string(countedAs), TimeZone: t.Period.Zone, Policy: t.Policy,
			})
		}
	}
	return terms
}

// revisionsOf are the revisions of an API as they were last judged, the newest
// first.
func (e *explainer) revisionsOf(api string) []RevisionSummary {
	revisions := slices.DeleteFunc(slices.Clone(e.revisions), func(r v1alpha1.APIRevision) bool { return string(r.Spec.APIRef.Name) != api })
	slices.SortFunc(revisions, func(a, b v1alpha1.APIRevision) int {
		return cmp.Or(b.CreationTimestamp.Compare(a.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
	})
	var summaries []RevisionSummary
	for i := range revisions {
		r := &revisions[i]
		answer, reason := AnswerUndecided, reasonNotJudged
		if admissible := apimeta.FindStatusCondition(r.Status.Conditions, v1alpha1.ConditionAdmissible); admissible != nil {
			reason = admissible.Reason
			switch admissible.Status {
			case metav1.ConditionTrue:
				answer = AnswerAdmissible
			case metav1.ConditionFalse:
				answer = AnswerBlocked
			}
		}
		summaries = append(summaries, RevisionSummary{
			Name: r.Name, Answer: answer, Reason: reason, Breaking: int(ptr.Deref(r.Status.Breaking, 0)),
			Uncovered: int(ptr.Deref(r.Status.Uncovered, 0)), EarliestTime: r.Status.EarliestTime,
		})
	}
	return summaries
}

func (e *explainer) apiPage(p *page, found *APIResult) {
	p.line("%s", e.title())
	p.fields("", [][2]string{
		{"Title", safe(found.Title)},
		{"Owner", safe(cmp.Or(found.Owner, "nobody is named"))},
		{"Rollouts", safe(found.Governed.Message)},
	})
	p.promised(found, e.zone)
	p.terms(found.Terms, found.PolicyErrors)
	p.heading("Deletion")
	if found.Deletable.Allowed {
		p.paragraph("  ", "", "Nothing stands against it.")
	} else {
		p.paragraph("  ", "", deletionText(found.Enforcement)+" (R15): "+safe(found.Deletable.Message))
	}
	if len(found.Revisions) > 0 {
		p.heading("Revisions")
		var rows [][]string
		for _, r := range found.Revisions {
			earliest := "-"
			if r.EarliestTime != nil {
				earliest = e.zone.day(r.EarliestTime.Time)
			}
			rows = append(rows, []string{safe(r.Name), r.Answer, safe(r.Reason), fmt.Sprint(r.Breaking), fmt.Sprint(r.Uncovered), earliest})
		}
		p.table(2, []string{"revision", "answer", "reason", "breaking", "uncovered", "earliest"}, rows, 0)
	}
	if len(found.Notices) > 0 {
		p.heading("Notices")
		p.notices(found.Notices, e.zone, false)
	}
}

// deletionText says what becomes of a deletion that customers were not told of.
func deletionText(enforcement string) string {
	switch v1alpha1.Enforcement(enforcement) {
	case v1alpha1.EnforcementWarn:
		return "Passes with a warning, and breaks a promise"
	case v1alpha1.EnforcementAudit:
		return "Passes with an audit annotation, and breaks a promise"
	}
	return "Refused"
}

// promised lists what customers rely on, and what became of it.
func (p *page) promised(found *APIResult, z zone) {
	p.heading("Promised (R10)")
	if len(found.Promised) == 0 {
		p.paragraph("  ", "", "Nothing yet: the first contract that serves becomes the promise.")
	}
	for _, promised := range found.Promised {
		p.paragraph("  ", "- ", safe(fmt.Sprintf("%s (%s) as %s has it, since %s", promised.Version, promised.Stability, promised.Revision, z.moment(promised.Since.Time))))
	}
	if len(found.Serving) > 0 {
		p.heading("Serving (R11)")
	}
	for _, s := range found.Serving {
		state := "its rollout is under way"
		if s.CompletedTime != nil {
			state = "rolled out"
		}
		p.paragraph("  ", "- ", safe(fmt.Sprintf("%s/%s serves %s since %s, %s", s.Workload.Kind, s.Workload.Name,
			cmp.Or(string(s.Revision), "no revision by name"), z.moment(s.Since.Time), state)))
	}
	if len(found.WayBack) > 0 {
		p.heading("May be rolled back to (R11)")
	}
	for _, past := range pastLines(found.WayBack, z) {
		p.paragraph("  ", "- ", safe(past))
	}
	if len(found.BrokenPromises) > 0 {
		p.heading("Broken promises")
	}
	for _, broken := range slices.Backward(found.BrokenPromises) {
		p.paragraph("  ", "- ", safe(fmt.Sprintf("%s (%s): %s", z.moment(broken.Time.Time), broken.Cause, broken.Message)))
	}
}

// pastLines say what may be rolled back to. Pods that name no revision are
// told apart by their images, which several records of one moment may hold.
func pastLines(records []v1alpha1.PastRevision, z zone) []string {
	var lines []string
	unnamed := map[string][]string{}
	for _, past := range records {
		until := " until " + z.moment(past.UntilTime.Time)
		if past.Revision == "" {
			unnamed[until] = append(unnamed[until], past.Images...)
			continue
		}
		lines = append(lines, string(past.Revision)+until)
	}
	for _, until := range slices.Sorted(maps.Keys(unnamed)) {
		images := slices.Compact(slices.Sorted(slices.Values(unnamed[until])))
		lines = append(lines, "pods that name no revision and run "+strings.Join(images, " or ")+until)
	}
	return slices.Compact(lines)
}

// terms lists what customers are owed.
func (p *page) terms(terms []TermResult, errors []string) {
	p.heading("Owed (R1)")
	for _, err := range errors {
		p.paragraph("  ", "", "Cannot be read, so that nothing new passes (R12): "+safe(err))
	}
	if len(terms) == 0 && len(errors) > 0 {
		return
	}
	if len(terms) == 0 {
		p.paragraph("  ", "", "Nothing: no policy selects the API.")
		return
	}
	var rows [][]string
	for _, t := range terms {
		owed := daysOwed(t.Days, v1alpha1.DayCount(t.CountedAs))
		rows = append(rows, []string{safe(t.Class), safe(cmp.Or(t.Stability, "any")), owed, safe(t.TimeZone), safe(t.Policy)})
	}
	p.table(2, []string{"class", "stability", "notice", "time zone", "policy"}, rows)
}

func (e *explainer) apiSteps(api *v1alpha1.CustomerAPI, found *APIResult) []Step {
	var steps []Step
	blocked := slices.IndexFunc(found.Revisions, func(r RevisionSummary) bool { return r.Answer != AnswerAdmissible })
	if blocked >= 0 {
		steps = append(steps, Step{
			Text:     "See why " + found.Revisions[blocked].Name + " is not admissible:",
			Commands: []string{e.hints.command("explain", "apirevision/"+found.Revisions[blocked].Name)},
		})
	}
	if len(found.Revisions) == 0 {
		steps = append(steps, e.firstRevision(api))
	}
	return steps
}

// firstRevision leads to the baseline.
func (e *explainer) firstRevision(api *v1alpha1.CustomerAPI) Step {
	return Step{
		Text: "Propose the contract that serves, as the first revision, and name it in the annotation " + v1alpha1.RevisionAnnotation +
			" of the pod template:",
		Commands: []string{e.hints.command(slices.Concat([]string{"revision", "--api", api.Name}, contractsOf(api))...) +
			" | " + e.hints.kubectl("apply", "-f", "-")},
	}
}

// contractsOf are the arguments that propose a contract for each version.
func contractsOf(api *v1alpha1.CustomerAPI) []string {
	var args []string
	for _, v := range api.Spec.Versions {
		args = append(args, fmt.Sprintf("%s=%s.yaml", v.Name, v.Name))
	}
	return args
}
