package controllers

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/snapshot"
	"forewarn.dev/forewarn/test/builders"
)

// What is published stays so: nothing is, while the cache is behind in what it is judged by.
func TestNothingIsPublishedFromBehind(t *testing.T) {
	scheme, err := NewScheme()
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2027, time.January, 1, 0, 0, 0, 0, time.UTC)
	objects := func(changes ...func(client.Object)) []client.Object {
		effective := metav1.NewTime(now.AddDate(2, 0, 0))
		api := builders.API("orders").Version("v1", v1alpha1.StabilityStable).Obj()
		api.Spec.AudienceRef.Name = "customers"
		n := &v1alpha1.ChangeNotice{ObjectMeta: metav1.ObjectMeta{Namespace: api.Namespace, Name: "no-delete"}}
		n.Spec = v1alpha1.ChangeNoticeSpec{
			APIRef: v1alpha1.APIRef{Name: "orders"}, State: v1alpha1.NoticePublished, EffectiveTime: &effective,
			Title: "Orders can no longer be deleted", WhatChanges: "It answers 404", WhatToDo: "Cancel them", Help: "https://help.example",
			Covers: []v1alpha1.CoveredChange{{Version: "v1", Operation: "DELETE /orders/{id}", Class: v1alpha1.ClassRemoval}},
		}
		all := []client.Object{
			api, n, builders.Policy("public-apis").Owes(v1alpha1.ClassRemoval, 180).Obj(),
			&v1alpha1.Audience{
				ObjectMeta: metav1.ObjectMeta{Namespace: api.Namespace, Name: "customers"}, Status: v1alpha1.AudienceStatus{Customers: ptr.To[int32](2)},
			},
		}
		for _, o := range all {
			o.SetGeneration(1)
			o.SetUID("7")
			for _, change := range changes {
				change(o)
			}
		}
		return all
	}
	of := func(name string, change func(client.Object)) func(client.Object) {
		return func(o client.Object) {
			if o.GetName() == name {
				change(o)
			}
		}
	}
	generation2 := func(o client.Object) { o.SetGeneration(2) }
	another := func(o client.Object) { o.SetUID("8") }
	for name, tc := range map[string]struct {
		live []client.Object
		want bool
	}{
		"nothing changed":                {live: objects(), want: true},
		"the API changed":                {live: objects(of("orders", generation2))},
		"the API was made anew":          {live: objects(of("orders", another))},
		"the API is gone":                {live: objects()[1:]},
		"the audience changed":           {live: objects(of("customers", generation2))},
		"the audience is gone":           {live: objects()[:3]},
		"a policy changed":               {live: objects(of("public-apis", generation2))},
		"there is one policy more":       {live: append(objects(), &v1alpha1.NoticePolicy{ObjectMeta: metav1.ObjectMeta{Name: "more", UID: "9"}})},
		"a status or a label is another": {live: objects(func(o client.Object) { o.SetLabels(map[string]string{"a": "b"}) }), want: true},
	} {
		t.Run(name, func(t *testing.T) {
			b := fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects()...).
				WithObjects(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop"}}).WithStatusSubresource(&v1alpha1.ChangeNotice{})
			if err := snapshot.AddIndexes(t.Context(), indexing{b}); err != nil {
				t.Fatal(err)
			}
			c := b.Build()
			r := &ChangeNoticeReconciler{shared: shared{
				client: c, live: fake.NewClientBuilder().WithScheme(scheme).WithObjects(tc.live...).Build(),
				snapshot: snapshot.New(c, c), agenda: newAgenda(), clock: fixedClock(now), events: events.NewFakeRecorder(10),
			}}
			n := objects()[1].(*v1alpha1.ChangeNotice)
			_, err := r.Reconcile(t.Context(), ctrl.Request{NamespacedName: keyOf(n)})
			if tc.want && err != nil || !tc.want && !apierrors.IsConflict(err) {
				t.Fatal(err)
			}
			if err := c.Get(t.Context(), keyOf(n), n); err != nil {
				t.Fatal(err)
			}
			if got := n.Status.PublishedTime != nil; got != tc.want {
				t.Errorf("published %v: %+v", got, n.Status)
			}
		})
	}
}
