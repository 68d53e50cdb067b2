//go:build unix

package admission

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

const madeBy = "only forewarn itself says which DeprecationSchedule made a notice: leave the label forewarn.dev/schedule and the annotation forewarn.dev/schedule-uid as they are"

// A notice of a tenant does not pass for one that a schedule made, and one that a schedule made does not cease to be.
func TestOnlyForewarnSaysThatAScheduleMadeANotice(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	mark := map[string]func(*v1alpha1.ChangeNotice){
		"label":      func(n *v1alpha1.ChangeNotice) { n.Labels = map[string]string{v1alpha1.ScheduleLabel: "orders-v1"} },
		"annotation": func(n *v1alpha1.ChangeNotice) { n.Annotations = map[string]string{v1alpha1.ScheduleUIDAnnotation: "1"} },
	}
	plain := inNamespace(s.name, notice("plain", v1alpha1.NoticeDraft))
	s.must(s.tenant.Create(t.Context(), plain.DeepCopy()))
	made := inNamespace(s.name, notice("orders-v1-sunset", v1alpha1.NoticePublished))
	made.Labels = map[string]string{v1alpha1.ScheduleLabel: "orders-v1", "team": "orders"}
	made.Annotations = map[string]string{v1alpha1.ScheduleUIDAnnotation: "1"}
	s.must(s.manager.Create(t.Context(), made))
	label := func(value any) client.Patch {
		return merge(t, map[string]any{"metadata": map[string]any{"labels": map[string]any{v1alpha1.ScheduleLabel: value}}})
	}
	annotation := func(value any) client.Patch {
		return merge(t, map[string]any{"metadata": map[string]any{"annotations": map[string]any{v1alpha1.ScheduleUIDAnnotation: value}}})
	}
	for _, u := range []*user{s.tenant, s.admin} {
		for name, change := range mark {
			t.Run(name, func(t *testing.T) {
				s := s.with(t)
				forged := inNamespace(s.name, notice("orders-v1-announced", v1alpha1.NoticeDraft))
				change(forged)
				s.refused(u.Create(t.Context(), forged.DeepCopy()), evidence, madeBy)
				forged.Name, forged.GenerateName = "", "orders-v1-"
				s.refused(u.Create(t.Context(), forged), evidence, madeBy)
			})
		}
		s.refused(u.Patch(t.Context(), plain.DeepCopy(), label("orders-v1")), evidence, madeBy)
		s.refused(u.Patch(t.Context(), plain.DeepCopy(), annotation("1")), evidence, madeBy)
		for _, value := range []any{nil, "", "orders-v2"} {
			s.refused(u.Patch(t.Context(), made.DeepCopy(), label(value)), evidence, madeBy)
			s.refused(u.Patch(t.Context(), made.DeepCopy(), annotation(value)), evidence, madeBy)
		}
		s.refused(u.Patch(t.Context(), made.DeepCopy(), merge(t, map[string]any{"metadata": map[string]any{"labels": nil, "annotations": nil}})), evidence, madeBy)
		// What else is said by labels, and what people may change of a notice, passes.
		s.must(u.Patch(t.Context(), made.DeepCopy(), merge(t, map[string]any{"metadata": map[string]any{"labels": map[string]any{"team": "sales"}}})))
		s.must(u.Patch(t.Context(), plain.DeepCopy(), merge(t, map[string]any{"metadata": map[string]any{"labels": map[string]any{"team": "sales"}}})))
	}
	s.must(s.tenant.Patch(t.Context(), made.DeepCopy(), merge(t, map[string]any{"spec": map[string]any{"state": "Withdrawn"}})))
	s.must(s.manager.Patch(t.Context(), plain.DeepCopy(), label("orders-v1")))
	s.must(s.tenant.Delete(t.Context(), made)) // nobody was told of it
	s.isNotRestored(made)
}

// isNotRestored holds docs/kinds/deprecationschedule.md to what it says of a notice that is gone: its backup is not taken as
// it is, and without what says that a schedule made it nobody says when it was published.
func (s *space) isNotRestored(made *v1alpha1.ChangeNotice) {
	s.Helper()
	for _, u := range []*user{s.tenant, s.admin} {
		backup := made.DeepCopy()
		backup.UID, backup.ResourceVersion, backup.DeletionTimestamp = "", "", nil
		s.refused(u.Create(s.Context(), backup.DeepCopy()), evidence, madeBy)
		backup.Labels, backup.Annotations = nil, nil
		s.must(u.Create(s.Context(), backup))
		published := metav1.NewTime(backup.CreationTimestamp.Add(-time.Hour))
		backup.Status.PublishedTime = &published
		s.refused(u.Status().Update(s.Context(), backup), evidence, onlyOurs)
		s.must(u.Delete(s.Context(), backup))
	}
}
