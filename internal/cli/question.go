package cli

import (
	"context"
	"fmt"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/internal/snapshot"
)

// question is a revision and what a verdict on it is read from.
type question struct {
	now      time.Time
	snapshot *snapshot.Snapshot
	revision *v1alpha1.APIRevision
	// assumption is what was assumed because nobody said it.
	assumption string
	// downtime is what the budgets of the API say; nil for nothing.
	downtime *DowntimeResult
	hints    hints
}

// answer is the verdict on a question.
type answer struct {
	input      gate.Input
	verdict    gate.Verdict
	zone       zone
	assumption string
	downtime   *DowntimeResult
	hints      hints
}

func (q *question) answer(ctx context.Context) (*answer, error) {
	input, err := q.snapshot.Revision(ctx, q.now, q.revision)
	if err != nil {
		return nil, fmt.Errorf("reading what %s is compared with: %w", q.revision.Name, err)
	}
	a := &answer{input: input, verdict: gate.Evaluate(input), assumption: q.assumption, downtime: q.downtime, hints: q.hints}
	binding := ""
	if len(a.verdict.Changes) > 0 {
		binding = a.verdict.Changes[0].OwedBy
	}
	a.zone = zoneOf(input.Policies, binding)
	return a, nil
}

// exit is the error that ends a command with the code of the answer.
func (a *answer) exit() error {
	switch answerOf(a.verdict) {
	case AnswerAdmissible:
		return nil
	case AnswerBlocked:
		return errBlocked
	}
	return errUndecided
}

func answerOf(v gate.Verdict) string {
	switch {
	case v.Admissible:
		return AnswerAdmissible
	case v.Decided:
		return AnswerBlocked
	}
	return AnswerUndecided
}
