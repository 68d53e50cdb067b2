package controllers

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// behindPause is how often somebody looks whether it is over what mostly is within milliseconds. What lasts that long is
// said.
const behindPause = time.Second

// behindError: something was written, and what would be judged by it has not seen it yet.
type behindError struct{ message string }

func (e *behindError) Error() string { return e.message }

func isBehind(err error) bool {
	var behind *behindError
	return errors.As(err, &behind)
}

// unseen is about what the cache does not hold as the API server does.
func (r *ChangeNoticeReconciler) unseen(kind, name string) error {
	return &behindError{fmt.Sprintf("not published yet: forewarn has not seen %s/%s as the API server has it. Where this lasts, its watch hangs: "+
		"kubectl rollout restart deployment/%s -n %s", strings.ToLower(kind), name, account, r.namespace)}
}

// unread is about what forewarn has seen, and does not judge by yet.
func unread(kind string, o client.Object, advice string) error {
	return &behindError{fmt.Sprintf("not published yet: forewarn has not read generation %d of %s/%s. Where this lasts, %s",
		o.GetGeneration(), kind, o.GetName(), advice)}
}

// unjudged is for a notice about which something could not be looked up. What is only just behind is no news.
func (r *ChangeNoticeReconciler) unjudged(ctx context.Context, notice *v1alpha1.ChangeNotice, now time.Time, err error) (ctrl.Result, error) {
	var result ctrl.Result
	if isBehind(err) {
		result.RequeueAfter = min(max(r.behind.lasting(keyOf(notice), now), conflictPause), behindPause)
		if result.RequeueAfter < behindPause {
			return result, err
		}
	}
	before := notice.Status.DeepCopy()
	setLookupFailed(&notice.Status.Conditions, notice.Generation, now, err)
	return result, firstError(err, r.writeStatus(ctx, notice, apiequality.Semantic.DeepEqual(*before, notice.Status)))
}

// spells are what began and is not over.
type spells struct {
	mu    sync.Mutex
	began map[types.NamespacedName]time.Time
}

// lasting is how long it has lasted; one that was not known begins now, and so does one that a clock was put back behind.
func (s *spells) lasting(key types.NamespacedName, now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	began, known := s.began[key]
	if !known || now.Before(began) {
		if s.began == nil {
			s.began = map[types.NamespacedName]time.Time{}
		}
		began, s.began[key] = now, now
	}
	return now.Sub(began)
}

func (s *spells) end(key types.NamespacedName) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.began, key)
}
