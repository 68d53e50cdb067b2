//go:build unix

package admission

import (
	"encoding/json"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// What an Argo Rollout does while it goes from the ReplicaSet a to b.
const (
	steps     = `{"canary":{"steps":[{"setWeight":20},{"pause":{}},{"setWeight":60},{"pause":{"duration":"1h"}}]}}`
	atOnce    = `{"canary":{}}`
	blueGreen = `{"blueGreen":{"activeService":"orders","previewReplicaCount":1,"autoPromotionEnabled":false}}`
)

// argoWrite is a merge patch of the status of an Argo Rollout, as its controller and its kubectl plugin write it.
type argoWrite struct {
	strategy, status string // before
	paused           bool   // by its spec
	patch            string
	goesOn           bool
}

// argoWrites are traced against the source of Argo Rollouts. What goes on is a write that lets more of b in than before, at
// once or in what the controller makes of it.
var argoWrites = map[string]argoWrite{
	// A stable ReplicaSet that is the current one is all there is, whatever the steps say.
	"called stable as it is aborted": {
		strategy: steps, status: `{"stableRS":"a","currentPodHash":"b","currentStepIndex":1,"controllerPause":true,"pauseConditions":[{"reason":"CanaryPauseStep"}]}`,
		patch: `{"abort":true,"stableRS":"b"}`, goesOn: true,
	},
	"called stable when it was aborted": {
		strategy: steps, status: `{"stableRS":"a","currentPodHash":"b","currentStepIndex":0,"abort":true}`, patch: `{"stableRS":"b"}`, goesOn: true,
	},
	"called stable when it was aborted after its last step": {
		strategy: steps, status: `{"stableRS":"a","currentPodHash":"b","currentStepIndex":4,"abort":true}`, patch: `{"stableRS":"b"}`, goesOn: true,
	},
	"called stable before a pause": {
		strategy: steps, status: `{"stableRS":"a","currentPodHash":"b","currentStepIndex":0}`, patch: `{"stableRS":"b"}`, goesOn: true,
	},
	"called stable where it is held by hand": {
		strategy: atOnce, paused: true, status: `{"stableRS":"a","currentPodHash":"b"}`, patch: `{"stableRS":"b"}`, goesOn: true,
	},
	"nothing is called stable": {
		strategy: steps, status: `{"stableRS":"a","currentPodHash":"b","currentStepIndex":0}`, patch: `{"stableRS":null}`, goesOn: true,
	},
	"called current, what is stable": {
		strategy: steps, status: `{"stableRS":"a","currentPodHash":"b","currentStepIndex":0}`, patch: `{"currentPodHash":"a"}`, goesOn: true,
	},
	"called current as it is aborted, what is stable": {
		strategy: steps, status: `{"stableRS":"a","currentPodHash":"b","currentStepIndex":0}`, patch: `{"abort":true,"currentPodHash":"a"}`, goesOn: true,
	},
	"the Services of stable and canary change places": {
		strategy: steps, status: `{"stableRS":"a","currentPodHash":"b","currentStepIndex":1,"canary":{"stablePingPong":"ping"}}`,
		patch: `{"canary":{"stablePingPong":"pong"}}`, goesOn: true,
	},
	"a template comes": {
		strategy: steps, status: `{"stableRS":"a","currentPodHash":"a","currentStepIndex":4}`, patch: `{"currentPodHash":"b","currentStepIndex":0}`,
	},
	"the first one is stable": {
		strategy: blueGreen, status: `{"currentPodHash":"b"}`, patch: `{"stableRS":"b","blueGreen":{"activeSelector":"b"}}`,
	},
	"the stable one is counted": {
		strategy: blueGreen, status: `{"stableRS":"b","currentPodHash":"b"}`, patch: `{"replicas":3}`,
	},
	"the last step is behind it": {
		strategy: steps, status: `{"stableRS":"a","currentPodHash":"b","currentStepIndex":4}`, patch: `{"stableRS":"b"}`,
	},
	"there are no steps": {
		strategy: atOnce, status: `{"stableRS":"a","currentPodHash":"b"}`, patch: `{"stableRS":"b"}`,
	},
	"told to go on, and there": {
		strategy: steps, status: `{"stableRS":"a","currentPodHash":"b","currentStepIndex":1,"promoteFull":true}`,
		patch: `{"stableRS":"b","currentStepIndex":4,"promoteFull":null}`,
	},

	// A step that pauses is left, whether its pause began or not.
	"a step with a pause is left before it began": {
		strategy: steps, status: `{"stableRS":"a","currentPodHash":"b","currentStepIndex":1}`, patch: `{"currentStepIndex":2}`, goesOn: true,
	},
	"the last step with a pause is left before it began": {
		strategy: steps, status: `{"stableRS":"a","currentPodHash":"b","currentStepIndex":3}`, patch: `{"currentStepIndex":4}`, goesOn: true,
	},
	"a step with a pause is said to be over": {
		strategy: steps, status: `{"stableRS":"a","currentPodHash":"b","currentStepIndex":0}`, patch: `{"currentStepIndex":1,"controllerPause":true}`, goesOn: true,
	},
	"its time is over, says the controller": {
		strategy: steps, status: `{"stableRS":"a","currentPodHash":"b","currentStepIndex":3,"controllerPause":true,"pauseConditions":[{"reason":"CanaryPauseStep"}]}`,
		patch: `{"currentStepIndex":4,"controllerPause":null,"pauseConditions":null}`, goesOn: true,
	},
	"a step is left where it is held by hand": {
		strategy: steps, paused: true, status: `{"stableRS":"a","currentPodHash":"b","currentStepIndex":0}`, patch: `{"currentStepIndex":1}`, goesOn: true,
	},
	"a step is left while its analysis is not clear": {
		strategy: steps, status: `{"stableRS":"a","currentPodHash":"b","currentStepIndex":2,"controllerPause":true,"pauseConditions":[{"reason":"InconclusiveAnalysisRun"}]}`,
		patch: `{"currentStepIndex":3}`, goesOn: true,
	},
	"an analysis that is not clear is said to be clear": {
		strategy: steps, status: `{"stableRS":"a","currentPodHash":"b","currentStepIndex":2,"controllerPause":true,"pauseConditions":[{"reason":"InconclusiveAnalysisRun"}]}`,
		patch: `{"pauseConditions":null}`, goesOn: true,
	},
	"a step is left out": {
		strategy: steps, status: `{"stableRS":"a","currentPodHash":"b","currentStepIndex":0}`, patch: `{"currentStepIndex":2}`, goesOn: true,
	},
	"a step with a weight is done": {
		strategy: steps, status: `{"stableRS":"a","currentPodHash":"b","currentStepIndex":2}`, patch: `{"currentStepIndex":3}`,
	},
	"the first step is done": {
		strategy: steps, status: `{"stableRS":"a","currentPodHash":"b"}`, patch: `{"currentStepIndex":1}`,
	},
	"a pause begins": {
		strategy: steps, status: `{"stableRS":"a","currentPodHash":"b","currentStepIndex":1}`,
		patch: `{"controllerPause":true,"pauseConditions":[{"reason":"CanaryPauseStep"}]}`,
	},
	"what an analysis says is not clear": {
		strategy: steps, status: `{"stableRS":"a","currentPodHash":"b","currentStepIndex":2}`,
		patch: `{"controllerPause":true,"pauseConditions":[{"reason":"InconclusiveAnalysisRun"}]}`,
	},
	"what an experiment says is not clear": {
		strategy: steps, status: `{"stableRS":"a","currentPodHash":"b","currentStepIndex":2}`,
		patch: `{"controllerPause":true,"pauseConditions":[{"reason":"InconclusiveExperiment"}]}`,
	},
	"what was told to go on is counted": {
		strategy: steps, status: `{"stableRS":"a","currentPodHash":"b","currentStepIndex":1,"controllerPause":true}`, patch: `{"replicas":3}`,
	},
	"a pause is aborted": {
		strategy: steps, status: `{"stableRS":"a","currentPodHash":"b","currentStepIndex":1,"controllerPause":true,"pauseConditions":[{"reason":"CanaryPauseStep"}]}`,
		patch: `{"abort":true,"currentStepIndex":0,"controllerPause":null,"pauseConditions":null}`,
	},
	"an abort is done": {
		strategy: steps, status: `{"stableRS":"a","currentPodHash":"b","currentStepIndex":1,"abort":true}`, patch: `{"currentStepIndex":0}`,
	},

	// Blue and green wait for their pause, which begins when green is ready.
	"green is called stable before a pause": {
		strategy: blueGreen, status: `{"stableRS":"a","currentPodHash":"b"}`, patch: `{"stableRS":"b","blueGreen":{"activeSelector":"b"}}`, goesOn: true,
	},
	"the pause of green is said to be over": {
		strategy: blueGreen, status: `{"stableRS":"a","currentPodHash":"b"}`, patch: `{"controllerPause":true}`, goesOn: true,
	},
	"the pause of green is said to be another": {
		strategy: blueGreen, status: `{"stableRS":"a","currentPodHash":"b"}`,
		patch: `{"controllerPause":true,"pauseConditions":[{"reason":"CanaryPauseStep"}]}`, goesOn: true,
	},
	"a pause that is over comes before the one that is not": {
		strategy: blueGreen, status: `{"stableRS":"a","currentPodHash":"b","pauseConditions":[{"reason":"BlueGreenPause","startTime":"2026-11-23T00:00:00Z"}]}`,
		patch:  `{"pauseConditions":[{"reason":"BlueGreenPause","startTime":"2020-01-01T00:00:00Z"},{"reason":"BlueGreenPause","startTime":"2026-11-23T00:00:00Z"}]}`,
		goesOn: true,
	},
	"the preview is done before a pause": {
		strategy: blueGreen, status: `{"stableRS":"a","currentPodHash":"b"}`, patch: `{"blueGreen":{"scaleUpPreviewCheckPoint":true}}`, goesOn: true,
	},
	"the pause of green begins": {
		strategy: blueGreen, status: `{"stableRS":"a","currentPodHash":"b"}`,
		patch: `{"controllerPause":true,"pauseConditions":[{"reason":"BlueGreenPause"}]}`,
	},
	"what is said of green is not clear": {
		strategy: blueGreen, status: `{"stableRS":"a","currentPodHash":"b"}`,
		patch: `{"controllerPause":true,"pauseConditions":[{"reason":"InconclusiveAnalysisRun"}]}`,
	},
	"what is said of green is not clear, as it pauses": {
		strategy: blueGreen, status: `{"stableRS":"a","currentPodHash":"b","controllerPause":true,"pauseConditions":[{"reason":"BlueGreenPause"}]}`,
		patch: `{"pauseConditions":[{"reason":"BlueGreenPause"},{"reason":"InconclusiveAnalysisRun"}]}`,
	},
	"the preview is counted when it is done": {
		strategy: blueGreen, status: `{"stableRS":"a","currentPodHash":"b","blueGreen":{"scaleUpPreviewCheckPoint":true}}`, patch: `{"replicas":3}`,
	},
	"the preview has its pods as green is aborted": {
		strategy: blueGreen, status: `{"stableRS":"a","currentPodHash":"b","abort":true}`, patch: `{"blueGreen":{"scaleUpPreviewCheckPoint":true}}`,
	},
	"green is aborted": {
		strategy: blueGreen, status: `{"stableRS":"a","currentPodHash":"b","controllerPause":true,"pauseConditions":[{"reason":"BlueGreenPause"}]}`,
		patch: `{"abort":true,"controllerPause":null,"pauseConditions":null}`,
	},
	"another template than green comes": {
		strategy: blueGreen, status: `{"stableRS":"a","currentPodHash":"b","blueGreen":{"scaleUpPreviewCheckPoint":true}}`,
		patch: `{"currentPodHash":"c","blueGreen":{"scaleUpPreviewCheckPoint":null}}`,
	},
}

// goingOn makes one Rollout of a revision for each of the writes.
func (s *space) goingOn(revision string) map[string]*unstructured.Unstructured {
	s.Helper()
	made := map[string]*unstructured.Unstructured{}
	for name, w := range argoWrites {
		u := argo("", slug(revision+" "+name), map[string]any{"template": plainTemplate(revision), "paused": w.paused, "strategy": s.fromJSON(w.strategy)})
		s.create(u)
		put(s.fromJSON(w.status), "status")(u)
		s.must(s.tenant.Status().Update(s.Context(), u))
		made[name] = u
	}
	return made
}

func (s *space) fromJSON(text string) (value map[string]any) {
	s.Helper()
	s.must(json.Unmarshal([]byte(text), &value))
	return value
}

// patched does each of the writes: want is what the policy says to those that go on.
func (s *space) patched(t *testing.T, made map[string]*unstructured.Unstructured, policy, want string) {
	for name, w := range argoWrites {
		t.Run(name, func(t *testing.T) {
			s, want := s.with(t), want
			if !w.goesOn {
				want = ""
			}
			patch := client.RawPatch(types.MergePatchType, []byte(`{"status":`+w.patch+`}`))
			s.judged(s.tenant.Status().Patch(t.Context(), made[name], patch), policy, want)
		})
	}
}

// Bypass 7 and 18: by its status, an Argo Rollout goes on only to what is admissible.
func TestBypass18ArgoRolloutsStatus(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	refused, admitted := s.goingOn("orders-2"), s.goingOn("orders-1")
	s.govern(map[string]*gate{"deny": shop()})
	t.Run("refused", func(t *testing.T) { s.patched(t, refused, rollouts, breaks) })
	t.Run("admitted", func(t *testing.T) { s.patched(t, admitted, rollouts, "") })
}

// Nor does it to what ended, with nothing of forewarn running.
func TestA4ArgoRolloutsStatus(t *testing.T) {
	t.Parallel()
	const at = "2001-01-01T00:00:00Z"
	s := newSpace(t)
	over, later := s.goingOn("over"), s.goingOn("later")
	s.govern(map[string]*gate{"deny": ending()})
	s.annotate(untils("over", at, "later", "2200-01-01T00:00:00Z"))
	s.eventuallyRefused(deployment(s.name, "d", "over", "app", "orders"), "over was admissible until "+at)
	t.Run("over", func(t *testing.T) { s.patched(t, over, expiry, "over was admissible until "+at) })
	t.Run("later", func(t *testing.T) { s.patched(t, later, expiry, "") })
}

// What else of a Rollout lets its controller leave out its pauses: which ReplicaSets are its own, and what it takes for a way
// back.
func TestBypass18ArgoRolloutsSpec(t *testing.T) {
	t.Parallel()
	changes := map[string]func(*unstructured.Unstructured){
		"other ReplicaSets are its own": put(map[string]any{"matchLabels": map[string]any{"app": "orders", "version": "2"}}, "spec", "selector"),
		"it is a way back":              put(map[string]any{"revisions": int64(9)}, "spec", "rollbackWindow"),
		"pods are restarted":            put("2026-11-23T00:00:00Z", "spec", "restartAt"),
	}
	s := newSpace(t)
	made := map[string]*unstructured.Unstructured{}
	for _, revision := range []string{"orders-1", "orders-2"} {
		for name := range changes {
			u := argo("", slug(revision+" "+name), map[string]any{
				"template": plainTemplate(revision), "strategy": s.fromJSON(steps),
				"selector": map[string]any{"matchLabels": map[string]any{"app": "orders"}},
			})
			s.create(u)
			made[revision+name] = u
		}
	}
	s.govern(map[string]*gate{"deny": shop()})
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			s, want := s.with(t), breaks
			if name == "pods are restarted" {
				want = ""
			}
			for revision, want := range map[string]string{"orders-1": "", "orders-2": want} {
				u := made[revision+name]
				change(u)
				s.judged(s.tenant.Update(t.Context(), u), rollouts, want)
			}
		})
	}
}
