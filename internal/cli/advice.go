package cli

import (
	"slices"
	"strings"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// noticeFile is the file that drafts are written to in what is to be typed.
const noticeFile = "notice.yaml"

// next is what to do about an answer, the first thing first.
func (a *answer) next() []Step {
	switch a.verdict.Reason {
	case v1alpha1.ReasonNoticeMissing:
		return slices.Concat(a.idleSteps(), a.tellSteps(), a.waySteps())
	case v1alpha1.ReasonKept:
		return slices.Concat(a.keptSteps(), a.waySteps())
	case v1alpha1.ReasonDeprecationNotMarked:
		return []Step{{Text: "Mark what goes away with deprecated: true in the contract, and propose it under another name."}}
	case v1alpha1.ReasonHeld:
		return slices.Concat(a.answerSteps(), a.waySteps())
	case v1alpha1.ReasonNoticeRunning:
		if a.verdict.Uncovered > 0 {
			return append(a.tellSteps(), a.waySteps()...)
		}
		return append([]Step{a.waitStep()}, a.waySteps()...)
	case v1alpha1.ReasonServing, v1alpha1.ReasonWayBack, v1alpha1.ReasonWaived:
		if a.verdict.Uncovered > 0 {
			return a.tellSteps()
		}
		return nil
	case v1alpha1.ReasonVersionUndeclared:
		return []Step{{
			Text:     "Declare the version with its stability in spec.versions of the CustomerAPI, or leave it out of the release:",
			Commands: []string{a.hints.kubectl("edit", "customerapi/"+a.api())},
		}}
	case v1alpha1.ReasonPolicyInvalid:
		return []Step{{Text: "Put the policy right, or ask whoever writes it: kubectl get noticepolicies shows which cannot be read."}}
	}
	if a.verdict.Admissible {
		return a.releaseSteps()
	}
	return a.repairSteps()
}

func (a *answer) api() string { return string(a.input.Revision.Spec.APIRef.Name) }

// idleSteps lead to the notices that list a change and do not count.
func (a *answer) idleSteps() []Step {
	if !a.hints.cluster {
		return nil
	}
	step := Step{Text: "See why the notices that list some of this do not count:"}
	for _, f := range a.verdict.Findings {
		if strings.HasPrefix(f.Path, "changenotice/") && !f.Blocks {
			step.Commands = append(step.Commands, a.hints.command("explain", f.Path))
		}
	}
	if len(step.Commands) == 0 {
		return nil
	}
	return []Step{step}
}

// answerSteps lead to customers who need more time.
func (a *answer) answerSteps() []Step {
	step := Step{Text: "Answer the customers who need more time: by an update of the notice that says answers: Objections, or by a later date."}
	if a.hints.cluster {
		for _, f := range a.verdict.Findings {
			if name, found := strings.CutPrefix(f.Path, "changenotice/"); found && f.Reason == v1alpha1.ReasonHeld {
				step.Commands = append(step.Commands, a.hints.command("notice", "answers", name), a.hints.kubectl("edit", "changenotice/"+name))
			}
		}
	}
	return []Step{step}
}

// keptSteps lead to the schedules that keep something.
func (a *answer) keptSteps() []Step {
	step := Step{Text: "See what the schedule waits for:"}
	if a.hints.cluster {
		for i := range a.input.Notices {
			if by := string(a.input.Notices[i].Status.Removal.Schedule); by != "" {
				step.Commands = append(step.Commands, a.hints.command("explain", "deprecationschedule/"+by))
			}
		}
	}
	if len(step.Commands) == 0 {
		return nil
	}
	return []Step{step}
}

// tellSteps lead to a published notice.
func (a *answer) tellSteps() []Step {
	tell := Step{
		Text:     "Tell customers: draft the notice, fill in what they have to do, set state: Published and apply it.",
		Commands: []string{a.hints.draft},
	}
	if a.hints.cluster {
		tell.Commands = append(tell.Commands, a.hints.kubectl("apply", "-f", noticeFile))
	}
	steps := []Step{tell}
	if a.verdict.Admissible {
		return steps
	}
	if a.verdict.Earliest != nil {
		steps = append(steps, Step{Text: "Release it on the date of the notice: " + a.zone.day(*a.verdict.Earliest) +
			", if it is published now. The verdict changes by itself at that moment."})
	}
	return steps
}

func (a *answer) waitStep() Step {
	if a.verdict.Earliest == nil {
		return Step{Text: "Wait until the notices have matured."}
	}
	return Step{Text: "Release it from " + a.zone.day(*a.verdict.Earliest) + " on. The verdict changes by itself at that moment."}
}

// waySteps are the ways to ship before the date.
func (a *answer) waySteps() []Step {
	steps := []Step{{Text: "Or ship today what breaks nobody: keep what customers have, and offer what is new beside it or as a new version."}}
	if !a.hints.cluster {
		return steps
	}
	emergency := Step{
		Text: "In an emergency, whoever may break the glass lets this one revision pass for two hours (--for, up to 24h). " +
			"What breaks is recorded as a broken promise:",
	}
	if !a.hints.proposed {
		emergency.Commands = append(emergency.Commands, a.proposeCommand(a.hints.propose))
	}
	waiver := a.hints.command("waiver", "draft", "apirevision/"+a.input.Revision.Name, "--reason", "WHY IT CANNOT WAIT", "--ticket", "TICKET")
	emergency.Commands = append(emergency.Commands, waiver+" | "+a.hints.kubectl("create", "-f", "-"))
	return append(steps, emergency)
}

// proposeCommand proposes what these arguments make.
func (a *answer) proposeCommand(arguments []string) string {
	return a.hints.command(arguments...) + " | " + a.hints.kubectl("apply", "-f", "-")
}

// releaseSteps lead from an admissible proposal to its release.
func (a *answer) releaseSteps() []Step {
	if !a.hints.cluster || a.hints.named {
		return nil
	}
	var steps []Step
	if !a.hints.proposed {
		steps = append(steps, Step{
			Text:     "Propose it:",
			Commands: []string{a.proposeCommand(a.hints.propose)},
		})
	}
	if a.verdict.Reason == v1alpha1.ReasonServing {
		return steps
	}
	return append(steps, Step{
		Text:     "Name it in the pod template of what serves it:",
		Commands: []string{v1alpha1.RevisionAnnotation + ": " + a.input.Revision.Name},
	})
}

// repairSteps lead from a proposal that cannot be judged, or is not what it
// says, to one that is.
func (a *answer) repairSteps() []Step {
	switch a.verdict.Reason {
	case v1alpha1.ReasonPromiseUnreadable:
		return []Step{{
			Text:     "What customers were promised cannot be read any more. Ask whoever runs forewarn to restore the KeptContract:",
			Commands: []string{a.hints.kubectl("get", "keptcontracts")},
		}}
	case v1alpha1.ReasonClockUnreliable, v1alpha1.ReasonLookupFailed:
		return []Step{{Text: "Put right what is found above, and ask again."}}
	case v1alpha1.ReasonAPINotFound:
		return []Step{{
			Text:     "Declare the API, or name one that there is:",
			Commands: []string{a.hints.kubectl("get", "customerapis")},
		}}
	}
	if !a.hints.cluster {
		return []Step{{Text: "Put right what is found above, and check again."}}
	}
	propose := a.hints.propose
	if len(propose) == 0 {
		propose = []string{"revision", "--api", a.api(), "v1=openapi.yaml"}
	}
	if a.verdict.Reason == v1alpha1.ReasonImagesMissing {
		propose = append(propose, "--image", "IMAGE")
	}
	return []Step{{
		Text:     "Put right what is found above and propose it anew. A revision never changes: what is put right has another name.",
		Commands: []string{a.proposeCommand(propose)},
	}}
}
