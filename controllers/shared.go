package controllers

import (
	"cmp"
	"context"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/snapshot"
)

// shared is what all reconcilers work with.
type shared struct {
	client    client.Client
	live      client.Reader // without a cache
	snapshot  *snapshot.Snapshot
	board     *board
	led       *ledBook
	agenda    *agenda
	clock     snapshot.Clock
	events    events.EventRecorder
	metrics   *metrics
	namespace string // of forewarn itself
	// routeInformer is the one of the cache on HTTPRoutes.
	routeInformer *routeInformer
}

// announce tells of a transition, after it was written.
func (s *shared) announce(object runtime.Object, eventType, reason, action, message string) {
	s.events.Eventf(object, nil, eventType, reason, action, "%s", shortened(message, maxEventNote))
}

// announceConditions tells of each of the conditions that is not what it was.
func (s *shared) announceConditions(object runtime.Object, before, after []metav1.Condition, kinds ...string) {
	for _, kind := range kinds {
		was, is := apimeta.FindStatusCondition(before, kind), apimeta.FindStatusCondition(after, kind)
		if is == nil || was != nil && was.Status == is.Status && was.Reason == is.Reason {
			continue
		}
		eventType := corev1.EventTypeNormal
		if kind == v1alpha1.ConditionReady && is.Status != metav1.ConditionTrue ||
			(kind == v1alpha1.ConditionAdmissionWorks || kind == v1alpha1.ConditionReminded ||
				kind == v1alpha1.ConditionRoutesAccepted || kind == v1alpha1.ConditionMeasured || kind == v1alpha1.ConditionWithinBudget) && is.Status == metav1.ConditionFalse {
			eventType = corev1.EventTypeWarning
		}
		s.announce(object, eventType, is.Reason, kind, is.Message)
	}
}

// setLookupFailed says that an object could not be judged because something could not be read. What was known stays.
func setLookupFailed(list *[]metav1.Condition, generation int64, now time.Time, err error) {
	c := conditions{list: list, generation: generation, now: now}
	c.set(v1alpha1.ConditionReady, metav1.ConditionUnknown, v1alpha1.ReasonLookupFailed, oneLine(err.Error()))
}

func keyOf(object client.Object) types.NamespacedName { return client.ObjectKeyFromObject(object) }

// firstError is the one that started it.
func firstError(errs ...error) error { return cmp.Or(errs...) }

// writeStatus writes the status of object when it is not the same any more.
func (s *shared) writeStatus(ctx context.Context, object client.Object, same bool) error {
	if same {
		return nil
	}
	// An Update, so that what is written holds for the very object that was judged (A11).
	return s.client.Status().Update(ctx, object)
}

// The API server cuts off or refuses what is longer.
const (
	maxEventNote        = 1024
	maxConditionMessage = 4096
)

// conditions sets the conditions of one object at one moment.
type conditions struct {
	list       *[]metav1.Condition
	generation int64
	now        time.Time
}

func (c conditions) set(kind string, status metav1.ConditionStatus, reason, message string) {
	apimeta.SetStatusCondition(c.list, metav1.Condition{
		Type:               kind,
		Status:             status,
		Reason:             reason,
		Message:            shortened(message, maxConditionMessage),
		ObservedGeneration: c.generation,
		LastTransitionTime: *atSecond(c.now),
	})
}

func isTrue(is bool) metav1.ConditionStatus {
	if is {
		return metav1.ConditionTrue
	}
	return metav1.ConditionFalse
}

// atSecond is a moment as the API server keeps it.
func atSecond(t time.Time) *metav1.Time {
	kept := metav1.NewTime(t.UTC().Truncate(time.Second))
	return &kept
}

// fromSecond is the first whole second that is not before t. A clock that starts just after midnight must not be kept as
// though it had started at midnight: customers would lose a day (R13).
func fromSecond(t time.Time) *metav1.Time {
	return atSecond(t.Add(time.Second - time.Nanosecond))
}

func optionalTime(t *time.Time) *metav1.Time {
	if t == nil {
		return nil
	}
	return atSecond(*t)
}

func shortened(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	const more = "..."
	return strings.ToValidUTF8(text[:limit-len(more)], "") + more
}

// oneLine makes a text fit for a message that is shown in a table.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
