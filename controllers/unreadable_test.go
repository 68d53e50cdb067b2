package controllers

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/snapshot"
)

// Nobody fails again and again because of what somebody has to put right.
func TestPatientWithWhatCannotBeRead(t *testing.T) {
	unread := fmt.Errorf("reading: %w", &snapshot.UnreadableError{Kind: "CustomerAPI"})
	other := errors.New("no answer")
	behind := fmt.Errorf("judging it: %w", &behindError{"not seen yet"})
	for name, c := range map[string]struct {
		after, want time.Duration
		err, left   error
	}{
		"it waits":                        {0, unreadPause, unread, nil},
		"but not longer than it would":    {time.Second, time.Second, unread, nil},
		"and not as long as it would":     {time.Hour, unreadPause, unread, nil},
		"what is behind says how long":    {behindPause, behindPause, behind, nil},
		"what fails otherwise, fails":     {0, 0, other, other},
		"what does not fail is not woken": {0, 0, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			result, err := patient{reconcile.Func(func(context.Context, ctrl.Request) (ctrl.Result, error) {
				return ctrl.Result{RequeueAfter: c.after}, c.err
			})}.Reconcile(t.Context(), ctrl.Request{})
			if !errors.Is(err, c.left) || result.RequeueAfter != c.want {
				t.Errorf("got %v, %v", result, err)
			}
		})
	}
}

// What cannot be read may be of any API: all that may depend on it is looked at again.
func TestWhatAMisfitWakes(t *testing.T) {
	notice := &v1alpha1.ChangeNotice{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "changing", Generation: 1}}
	notice.Spec.APIRef.Name = "orders"
	misfit := &v1alpha1.ChangeNotice{ObjectMeta: notice.ObjectMeta}
	v1alpha1.MarkUnreadable(misfit, "why")
	var objects []client.Object
	for name, at := range map[string][2]string{"orders-1": {"shop", "orders"}, "carts-1": {"shop", "carts"}, "far-1": {"elsewhere", "orders"}} {
		meta := metav1.ObjectMeta{Namespace: at[0], Name: name}
		ref := v1alpha1.APIRef{Name: v1alpha1.ObjectName(at[1])}
		objects = append(objects, &v1alpha1.APIRevision{ObjectMeta: meta, Spec: v1alpha1.APIRevisionSpec{APIRef: ref}},
			&v1alpha1.ChangeNotice{ObjectMeta: meta, Spec: v1alpha1.ChangeNoticeSpec{APIRef: ref}})
	}
	w := watches{cache: snapshot.FromManifests(objects)}
	for name, wake := range map[string]func(context.Context, client.Object) []ctrl.Request{"revisions": w.toRevisions, "notices": w.toNotices} {
		if got := wake(t.Context(), notice); len(got) != 1 || got[0].Name != "orders-1" {
			t.Errorf("%s: a notice of orders wakes %v", name, got)
		}
		if got := wake(t.Context(), misfit); len(got) != 2 || got[0].Namespace != "shop" || got[1].Namespace != "shop" {
			t.Errorf("%s: one that cannot be read wakes %v", name, got)
		}
	}
	changed := whenChanged(matterOfNotice)
	if !changed.Update(event.UpdateEvent{ObjectOld: withVersion(misfit, "1"), ObjectNew: withVersion(notice, "2")}) {
		t.Error("nobody is told that it was put right")
	}
}

func withVersion(notice *v1alpha1.ChangeNotice, version string) *v1alpha1.ChangeNotice {
	notice = notice.DeepCopy()
	notice.ResourceVersion = version
	return notice
}

// What is read item by item is left out of lists item by item, too.
func TestEachLenientKindIsLeftOut(t *testing.T) {
	for _, kind := range lenientKinds() {
		t.Run(kind.name, func(t *testing.T) {
			fits, misfit := kind.object.DeepCopyObject(), kind.object.DeepCopyObject()
			object, ok := misfit.(client.Object)
			if !ok {
				t.Fatalf("%T", misfit)
			}
			object.SetName("misfit")
			v1alpha1.MarkUnreadable(object, "why")
			if err := apimeta.SetList(kind.list, []runtime.Object{misfit, fits}); err != nil {
				t.Fatal(err)
			}
			left := snapshot.KeepReadable(kind.list)
			if want := kind.name + " misfit cannot be read, put it right or delete it: why"; len(left) != 1 || left[0].Error() != want {
				t.Errorf("left out %v", left)
			}
			if apimeta.LenList(kind.list) != 1 {
				t.Errorf("kept %v", kind.list)
			}
		})
	}
}
