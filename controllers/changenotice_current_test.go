package controllers

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/snapshot"
	"forewarn.dev/forewarn/test/builders"
)

var aNewYear = time.Date(2027, time.January, 1, 0, 0, 0, 0, time.UTC)

// publishable are an API with what its notice no-delete, 250 days ahead, is published by: the policy owes 180.
func publishable(changes ...func(client.Object)) []client.Object {
	effective := metav1.NewTime(aNewYear.AddDate(0, 0, 250))
	api := builders.API("orders").Version("v1", v1alpha1.StabilityStable).Obj()
	api.Spec.AudienceRef.Name = "customers"
	n := &v1alpha1.ChangeNotice{ObjectMeta: metav1.ObjectMeta{Namespace: api.Namespace, Name: "no-delete"}}
	n.Spec = v1alpha1.ChangeNoticeSpec{
		APIRef: v1alpha1.APIRef{Name: "orders"}, State: v1alpha1.NoticePublished, EffectiveTime: &effective,
		Title: "Orders can no longer be deleted", WhatChanges: "It answers 404", WhatToDo: "Cancel them", Help: "https://help.example",
		Covers: []v1alpha1.CoveredChange{{Version: "v1", Operation: "DELETE /orders/{id}", Class: v1alpha1.ClassRemoval}},
	}
	policy := builders.Policy("public-apis").Owes(v1alpha1.ClassRemoval, 180).Obj()
	policy.Status.ObservedGeneration = ptr.To[int64](1)
	policy.Status.InForce = v1alpha1.PolicyInForce{Generation: 1, Spec: *policy.Spec.DeepCopy()}
	all := []client.Object{
		api, n, policy,
		&v1alpha1.Audience{
			ObjectMeta: metav1.ObjectMeta{Namespace: api.Namespace, Name: "customers"},
			Status:     v1alpha1.AudienceStatus{Customers: ptr.To[int32](2), ObservedGeneration: ptr.To[int64](1)},
		},
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: api.Namespace}},
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

// named makes a change to the object of that name alone.
func named(name string, change func(client.Object)) func(client.Object) {
	return func(o client.Object) {
		if o.GetName() == name {
			change(o)
		}
	}
}

func without(name string) []client.Object {
	return slices.DeleteFunc(publishable(), func(o client.Object) bool { return o.GetName() == name })
}

// owing is a policy of the second generation, by which a removal is owed so many days. The first is in force.
func owing(days int32, more ...func(*v1alpha1.NoticePolicy)) func(client.Object) {
	return named("public-apis", func(o client.Object) {
		policy := o.(*v1alpha1.NoticePolicy)
		policy.Generation, policy.Spec.Owed[0].Days = 2, &days
		for _, change := range more {
			change(policy)
		}
	})
}

func selecting(key, value string) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{key: value}}
}

// publisher has one set of objects in its cache and another on the API server.
func publisher(t *testing.T, cached, live []client.Object, calls interceptor.Funcs) *ChangeNoticeReconciler {
	t.Helper()
	scheme, err := NewScheme()
	if err != nil {
		t.Fatal(err)
	}
	b := fake.NewClientBuilder().WithScheme(scheme).WithObjects(cached...).WithStatusSubresource(&v1alpha1.ChangeNotice{})
	if err := snapshot.AddIndexes(t.Context(), indexing{b}); err != nil {
		t.Fatal(err)
	}
	c := b.Build()
	return &ChangeNoticeReconciler{shared: shared{
		client: c, live: fake.NewClientBuilder().WithScheme(scheme).WithObjects(live...).WithInterceptorFuncs(calls).Build(),
		snapshot: snapshot.New(c, c), agenda: newAgenda(), clock: fixedClock(aNewYear), events: events.NewFakeRecorder(10),
		namespace: "forewarn-system",
	}}
}

// publish looks at the notice, and returns it as it is then.
func publish(t *testing.T, r *ChangeNoticeReconciler) (*v1alpha1.ChangeNotice, ctrl.Result, error) {
	t.Helper()
	n := &v1alpha1.ChangeNotice{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "no-delete"}}
	result, looked := r.Reconcile(t.Context(), ctrl.Request{NamespacedName: keyOf(n)})
	if err := r.client.Get(t.Context(), keyOf(n), n); err != nil {
		t.Fatal(err)
	}
	return n, result, looked
}

// What is published stays so: nothing is, while the cache is behind in what it is judged by.
func TestNothingIsPublishedFromBehind(t *testing.T) {
	generation2 := func(o client.Object) { o.SetGeneration(2) }
	another := func(o client.Object) { o.SetUID("8") }
	gold := func(o client.Object) { o.SetLabels(map[string]string{"tier": "gold"}) }
	more := &v1alpha1.NoticePolicy{ObjectMeta: metav1.ObjectMeta{Name: "more", UID: "9"}}
	for name, tc := range map[string]struct {
		live []client.Object
		want bool
	}{
		"nothing changed":                  {live: publishable(), want: true},
		"the API changed":                  {live: publishable(named("orders", generation2))},
		"the API was made anew":            {live: publishable(named("orders", another))},
		"the API is gone":                  {live: without("orders")},
		"policies may select the API anew": {live: publishable(named("orders", gold))},
		"a policy was let go for the API, and no more is": {live: publishable(named("orders", func(o client.Object) {
			o.SetAnnotations(map[string]string{v1alpha1.LoosenedAnnotation: "public-apis@3f2a9c1b"})
		}))},
		"the namespace was made anew":                     {live: publishable(named("shop", another))},
		"the namespace is gone":                           {live: without("shop")},
		"policies may select the namespace anew":          {live: publishable(named("shop", gold))},
		"the audience changed":                            {live: publishable(named("customers", generation2))},
		"the audience is gone":                            {live: without("customers")},
		"a policy changed":                                {live: publishable(named("public-apis", generation2))},
		"there is one policy more":                        {live: append(publishable(), more)},
		"there is one policy less":                        {live: without("public-apis"), want: true}, // who reads the notice is owed no less
		"nothing selects an audience by labels":           {live: publishable(named("customers", gold)), want: true},
		"nothing selects a policy by labels":              {live: publishable(named("public-apis", gold)), want: true},
		"an annotation of the API says nothing to anyone": {live: publishable(named("orders", func(o client.Object) { o.SetAnnotations(map[string]string{"a": "b"}) })), want: true},
	} {
		t.Run(name, func(t *testing.T) {
			n, _, err := publish(t, publisher(t, publishable(), tc.live, interceptor.Funcs{}))
			if tc.want && err != nil || !tc.want && !isBehind(err) {
				t.Fatal(err)
			}
			if got := n.Status.PublishedTime != nil; got != tc.want {
				t.Errorf("published %v: %+v", got, n.Status)
			}
		})
	}
}

// Policies bind as the last generation that was read, and so does an Audience: what is written and was not read yet is
// waited for. What was read and is wrong is not, nor what binds no API of these.
func TestNothingIsPublishedByWhatWasNotRead(t *testing.T) {
	gold, none := selecting("tier", "gold"), &metav1.LabelSelector{}
	broken := &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "tier", Operator: "Is"}}}
	labelled := func(name string) []client.Object {
		return publishable(named(name, func(o client.Object) { o.SetLabels(map[string]string{"tier": "gold"}) }))
	}
	// with adds a policy that selects as its spec says, and what is in force of it.
	with := func(all []client.Object, spec, inForce v1alpha1.PolicySelector) []client.Object {
		p := builders.Policy("more").Owes(v1alpha1.ClassRemoval, 90).Obj()
		p.Generation, p.Status.ObservedGeneration = 2, ptr.To[int64](1)
		p.Status.InForce = v1alpha1.PolicyInForce{Generation: 1, Spec: *p.Spec.DeepCopy()}
		p.Spec.Owed[0].Days, p.Spec.AppliesTo, p.Status.InForce.Spec.AppliesTo = ptr.To[int32](365), spec, inForce
		return append(all, p)
	}
	apis := func(s *metav1.LabelSelector) v1alpha1.PolicySelector { return v1alpha1.PolicySelector{APISelector: s} }
	namespaces := func(s *metav1.LabelSelector) v1alpha1.PolicySelector {
		return v1alpha1.PolicySelector{NamespaceSelector: s}
	}
	status := func(change func(*v1alpha1.NoticePolicyStatus)) func(*v1alpha1.NoticePolicy) {
		return func(p *v1alpha1.NoticePolicy) { change(&p.Status) }
	}
	audience := func(generation int64, observed *int64) []client.Object {
		return publishable(named("customers", func(o client.Object) {
			o.SetGeneration(generation)
			o.(*v1alpha1.Audience).Status.ObservedGeneration = observed
		}))
	}
	for name, tc := range map[string]struct {
		objects []client.Object
		behind  string // empty: it is published
	}{
		"a policy comes to owe more": {objects: publishable(owing(365)), behind: "noticepolicy/public-apis"},
		"a policy comes to owe less": {objects: publishable(owing(90)), behind: "noticepolicy/public-apis"},
		"it was read, and cannot be": {objects: publishable(owing(365, status(func(s *v1alpha1.NoticePolicyStatus) { s.ObservedGeneration = ptr.To[int64](2) })))},
		"who read it did not say so": {objects: publishable(owing(365, status(func(s *v1alpha1.NoticePolicyStatus) { s.ObservedGeneration = nil }))),
			behind: "noticepolicy/public-apis"},
		"its spec binds, as nothing was ever in force": {objects: publishable(owing(90, status(func(s *v1alpha1.NoticePolicyStatus) {
			*s = v1alpha1.NoticePolicyStatus{ObservedGeneration: ptr.To[int64](-1)}
		})))},
		"a policy is of other APIs":               {objects: with(publishable(), apis(gold), apis(gold))},
		"a policy is of this API, too":            {objects: with(labelled("orders"), apis(gold), apis(gold)), behind: "noticepolicy/more"},
		"a policy comes to select it":             {objects: with(publishable(), apis(none), apis(gold)), behind: "noticepolicy/more"},
		"a policy selects it until it is read":    {objects: with(publishable(), apis(gold), apis(none)), behind: "noticepolicy/more"},
		"a policy is of other namespaces":         {objects: with(publishable(), namespaces(gold), namespaces(gold))},
		"a policy comes to select the namespace":  {objects: with(labelled("shop"), namespaces(gold), apis(gold)), behind: "noticepolicy/more"},
		"nobody can say which it comes to select": {objects: with(publishable(), apis(broken), apis(gold))},
		"nor whether it goes on to select this":   {objects: with(publishable(), apis(broken), apis(none)), behind: "noticepolicy/more"},
		"the audience changed":                    {objects: audience(2, ptr.To[int64](1)), behind: "audience/customers"},
		"the audience was never read":             {objects: audience(1, ptr.To[int64](-1)), behind: "audience/customers"},
		"who read the audience did not say so":    {objects: audience(1, nil), behind: "audience/customers"},
		"the audience was read, believed or not":  {objects: audience(2, ptr.To[int64](2))},
	} {
		t.Run(name, func(t *testing.T) {
			n, _, err := publish(t, publisher(t, tc.objects, tc.objects, interceptor.Funcs{}))
			if got := n.Status.PublishedTime != nil; got != (tc.behind == "") || isBehind(err) == got {
				t.Fatalf("published %v, %v: %+v", got, err, n.Status)
			}
			if err != nil && !strings.Contains(err.Error(), tc.behind) {
				t.Error(err)
			}
		})
	}
}

// What the cache came to hold while the API server was asked counts, too.
func TestAPolicyThatChangesWhileANoticeIsPublished(t *testing.T) {
	inForce := owing(365, func(p *v1alpha1.NoticePolicy) {
		p.Status.ObservedGeneration = ptr.To[int64](2)
		p.Status.InForce = v1alpha1.PolicyInForce{Generation: 2, Spec: *p.Spec.DeepCopy()}
	})
	var r *ChangeNoticeReconciler
	r = publisher(t, publishable(), publishable(inForce), interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			policy := &v1alpha1.NoticePolicy{}
			if err := r.client.Get(ctx, client.ObjectKey{Name: "public-apis"}, policy); err != nil {
				return err
			}
			inForce(policy)
			if err := r.client.Update(ctx, policy); err != nil {
				return err
			}
			return c.Get(ctx, key, o, opts...)
		},
	})
	n, _, err := publish(t, r)
	c := apimeta.FindStatusCondition(n.Status.Conditions, v1alpha1.ConditionPublished)
	if err != nil || n.Status.PublishedTime != nil || c == nil || c.Reason != v1alpha1.ReasonTooSoon {
		t.Errorf("%v: %+v", err, n.Status)
	}
}

// A cache that stays behind is not asked ever faster, and the notice says what it waits for.
func TestACacheThatStaysBehind(t *testing.T) {
	live := publishable(named("orders", func(o client.Object) { o.SetGeneration(2) }))
	r := publisher(t, publishable(), live, interceptor.Funcs{})
	var version string
	for _, step := range []struct {
		at, want time.Duration
		said     bool
	}{
		{at: 0, want: conflictPause},
		{at: conflictPause - 1, want: conflictPause},
		{at: conflictPause + 1, want: conflictPause + 1},
		{at: behindPause - 1, want: behindPause - 1},
		{at: behindPause, want: behindPause, said: true},
		{at: time.Hour, want: behindPause, said: true},
	} {
		r.clock = fixedClock(aNewYear.Add(step.at))
		n, result, err := publish(t, r)
		if !isBehind(err) || result.RequeueAfter != step.want {
			t.Errorf("after %s: %v, %v", step.at, result, err)
		}
		c := apimeta.FindStatusCondition(n.Status.Conditions, v1alpha1.ConditionReady)
		if said := c != nil; said != step.said {
			t.Fatalf("after %s: %+v", step.at, c)
		}
		if c == nil {
			continue
		}
		if c.Status != metav1.ConditionUnknown || c.Reason != v1alpha1.ReasonLookupFailed || !strings.Contains(c.Message, "customerapi/orders") ||
			!strings.Contains(c.Message, "kubectl rollout restart deployment/forewarn-manager -n forewarn-system") {
			t.Errorf("after %s: %+v", step.at, c)
		}
		if version != "" && version != n.ResourceVersion {
			t.Errorf("after %s: it was written anew", step.at)
		}
		version = n.ResourceVersion
	}

	// Once it has caught up that is over, and whatever comes then is waited for as though it were the first.
	behind := r.live
	r.live = r.client
	n, result, err := publish(t, r)
	if err != nil || n.Status.PublishedTime == nil || !apimeta.IsStatusConditionTrue(n.Status.Conditions, v1alpha1.ConditionReady) {
		t.Fatalf("%v, %v: %+v", result, err, n.Status)
	}
	n.Status.PublishedTime = nil
	if err := r.client.Status().Update(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	r.live = behind
	if _, result, err = publish(t, r); !isBehind(err) || result.RequeueAfter != conflictPause {
		t.Errorf("%v, %v", result, err)
	}
	// A clock that is put back does not make it faster for long.
	r.clock = fixedClock(aNewYear)
	if _, result, err = publish(t, r); !isBehind(err) || result.RequeueAfter != conflictPause {
		t.Errorf("%v, %v", result, err)
	}
	r.clock = fixedClock(aNewYear.Add(behindPause))
	if _, result, err = publish(t, r); !isBehind(err) || result.RequeueAfter != behindPause {
		t.Errorf("%v, %v", result, err)
	}
}

// A live read that fails is said, and nothing is published.
func TestAnAPIServerThatDoesNotAnswer(t *testing.T) {
	refused := errors.New("no answer")
	for name, calls := range map[string]interceptor.Funcs{
		"about one object": {Get: func(context.Context, client.WithWatch, client.ObjectKey, client.Object, ...client.GetOption) error {
			return refused
		}},
		"about policies": {List: func(context.Context, client.WithWatch, client.ObjectList, ...client.ListOption) error { return refused }},
	} {
		t.Run(name, func(t *testing.T) {
			n, result, err := publish(t, publisher(t, publishable(), publishable(), calls))
			if !errors.Is(err, refused) || isBehind(err) || result.RequeueAfter != 0 || n.Status.PublishedTime != nil {
				t.Errorf("%v, %v: %+v", result, err, n.Status)
			}
			c := apimeta.FindStatusCondition(n.Status.Conditions, v1alpha1.ConditionReady)
			if c == nil || c.Status != metav1.ConditionUnknown || c.Reason != v1alpha1.ReasonLookupFailed || !strings.Contains(c.Message, "no answer") {
				t.Errorf("%+v", c)
			}
		})
	}
}
