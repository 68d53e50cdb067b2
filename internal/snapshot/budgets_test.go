package snapshot

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/test/builders"
)

var spentNow = time.Date(2027, time.March, 1, 10, 0, 0, 0, time.UTC)

func TestTakesAllDown(t *testing.T) {
	rolling := func(unavailable string, replicas int32) *appsv1.Deployment {
		d := &appsv1.Deployment{}
		value := intstr.Parse(unavailable)
		d.Spec.Replicas, d.Spec.Strategy.RollingUpdate = &replicas, &appsv1.RollingUpdateDeployment{MaxUnavailable: &value}
		return d
	}
	recreated := &appsv1.Deployment{}
	recreated.Spec.Strategy.Type = appsv1.RecreateDeploymentStrategyType
	unset := rolling("1", 1)
	unset.Spec.Replicas = nil
	for name, c := range map[string]struct {
		deployment *appsv1.Deployment
		want       bool
	}{
		"Recreate":            {recreated, true},
		"nothing said":        {&appsv1.Deployment{}, false},
		"all of three":        {rolling("100%", 3), true},
		"all but one":         {rolling("99%", 3), false},
		"two of three":        {rolling("2", 3), false},
		"three of three":      {rolling("3", 3), true},
		"more than there are": {rolling("5", 3), true},
		"one of one":          {rolling("1", 1), true},
		"one of one, unset":   {unset, true},
		"a quarter of one":    {rolling("25%", 1), false},
		"all of none":         {rolling("100%", 0), false},
		"what is no number":   {rolling("all", 3), false},
	} {
		if got := TakesAllDown(c.deployment); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// What runs may come back while a budget is spent (R11), whoever recorded it or not.
func TestDowntimeKnowsWhatRuns(t *testing.T) {
	pod := func(name, app, image string, phase corev1.PodPhase) *corev1.Pod {
		p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, Labels: set{"app": app}}}
		p.Spec.Containers, p.Status.Phase = []corev1.Container{{Image: image}}, phase
		return p
	}
	api := builders.API("orders").Serving("orders", "orders-1", spentNow).Selector(set{"app": "orders"}).Obj()
	objects := []client.Object{
		api, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop", Labels: set{"env": "production"}}},
		pod("a", "orders", "shop/orders:1", corev1.PodRunning), pod("b", "orders", "shop/orders:0", corev1.PodFailed),
		pod("c", "other", "shop/other:1", corev1.PodRunning), pod("d", "orders", "shop/orders:2", corev1.PodPending),
	}
	spent := builders.Budget("orders-slo", "orders").Spent("45m of 43m", spentNow.Add(-time.Hour), spentNow.Add(time.Hour)).Obj()
	unread := &v1alpha1.DowntimeBudget{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "orders-slo"}}
	v1alpha1.MarkUnreadable(unread, "spec holds a value of type string, which does not fit")
	for name, c := range map[string]struct {
		budget *v1alpha1.DowntimeBudget
		want   []string
		next   *time.Time
	}{
		"it is spent":        {budget: spent, want: []string{"shop/orders:1", "shop/orders:2"}, next: ptr.To(spentNow.Add(time.Hour))},
		"nobody can read it": {budget: unread, want: []string{"shop/orders:1", "shop/orders:2"}},
		"it is not":          {budget: builders.Budget("orders-slo", "orders").Obj()},
		"it is another":      {budget: builders.Budget("cart-slo", "cart").Spent("1m of 1m", spentNow.Add(-time.Hour), spentNow.Add(time.Hour)).Obj()},
	} {
		t.Run(name, func(t *testing.T) {
			reader := FromManifests(append(objects[:len(objects):len(objects)], c.budget))
			input, next, err := New(reader, reader).Namespace(t.Context(), spentNow, "shop")
			if err != nil || len(input.APIs) != 1 {
				t.Fatalf("%v: %+v", err, input)
			}
			if diff := cmp.Diff(c.want, input.APIs[0].Downtime.Serving); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.next, next); diff != "" {
				t.Errorf("next change (-want +got):\n%s", diff)
			}
		})
	}
}

// Of a budget that cannot be read it matters which API it is of.
func TestListOfBudgetsThatDoNotFit(t *testing.T) {
	for name, c := range map[string]struct {
		spec string
		want v1alpha1.ObjectName
	}{
		"another field does not fit": {`{"apiRef":{"name":"orders"},"allowedMinutes":"secret"}`, "orders"},
		"beside what is not known":   {`{"apiRef":{"name":"orders","kind":"secret"},"allowedMinutes":{}}`, "orders"},
		"the name does not fit":      {`{"apiRef":{"name":42}}`, ""},
		"apiRef does not fit":        {`{"apiRef":"secret"}`, ""},
		"there is no apiRef":         {`{"allowedMinutes":"secret"}`, ""},
		"nothing fits":               {`"secret"`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.ReplaceAll(item("slo", c.spec), "ChangeNotice", "DowntimeBudget")
			scheme := runtime.NewScheme()
			if err := v1alpha1.AddToScheme(scheme); err != nil {
				t.Fatal(err)
			}
			decoder := lenientDecoder{Decoder: serializer.NewCodecFactory(scheme).UniversalDeserializer(), scheme: scheme}
			got, _, err := decoder.Decode([]byte(text), nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			budget, ok := got.(*v1alpha1.DowntimeBudget)
			if !ok || Read(budget) == nil {
				t.Fatalf("%T: %+v", got, got)
			}
			if want := (v1alpha1.DowntimeBudgetSpec{APIRef: v1alpha1.APIRef{Name: c.want}}); !cmp.Equal(budget.Spec, want) {
				t.Errorf("it says %+v, want %+v", budget.Spec, want)
			}
		})
	}
}
