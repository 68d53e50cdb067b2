//go:build unix

package admission

import (
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

const (
	rollouts = "forewarn-rollouts"
	pods     = "forewarn-pods"

	breaks   = "orders-2 breaks v1: 3 changes nobody was told of; see: forewarn explain apirevision/orders-2 -n shop"
	nameIt   = ": name the revision that these pods carry in the annotation forewarn.dev/revision of the pod template"
	notYet   = ": not judged yet, retry; no verdict on an APIRevision of that name is known"
	noName   = "the annotation forewarn.dev/revision holds what is no name of an APIRevision"
	exactly1 = ": exactly one of its revisions is to be named in forewarn.dev/revision; named are "
	held     = "customers rely on orders"
)

// shop is a gate with what most tests need: orders and cart serve each its
// pods; orders-1 is admitted and orders-2 is not; legacy ran before its API was
// declared; pinned runs listed images only; many is reached by two labels.
func shop() *gate {
	return newGate().
		api("orders", "app=orders", "role=orders-batch,tier=back").
		admit("orders-1", "orders").admit("orders-1b", "orders").refuse("orders-2", "orders", breaks).
		elsewhere("orders-3", "orders"). // refused, and its text did not fit
		api("cart", "cart=v1").admit("cart-1", "cart").
		elsewhere("mail-1", "mail"). // mail is in another gate
		api("legacy", "app=legacy").admit("legacy-1", "legacy").unnamed("legacy", "shop/orders:1", "shop/proxy:1").
		api("pinned", "app=pinned").admit("pinned-1", "pinned").images("pinned-1", "shop/orders:1", "shop/init:1").
		api("empty", "app=").admit("empty-1", "empty").
		api("many", "app=many", "also=many2").admit("many-1", "many").refuse("many-2", "many", "many-2 breaks v1")
}

func TestCreatingWorkloads(t *testing.T) {
	t.Parallel()
	governed(t, shop()).creates(t, map[string]creation{
		"an admitted revision passes":             {revisions: "orders-1", labels: []string{"app", "orders"}},
		"a refused revision is refused as judged": {revisions: "orders-2", labels: []string{"app", "orders"}, want: breaks},
		"a refusal without a text says where to look": {
			revisions: "orders-3", labels: []string{"app", "orders"},
			want: "orders-3 is not admissible; its status says why",
		},
		"no name is refused":                   {labels: []string{"app", "orders"}, want: "orders" + nameIt},
		"a revision nobody judged is refused":  {revisions: "orders-9", labels: []string{"app", "orders"}, want: "orders-9" + notYet},
		"pods that serve nothing":              {labels: []string{"app", "backoffice"}},
		"pods that serve nothing, with a name": {revisions: "orders-2", labels: []string{"app", "backoffice"}},
		"the value under another key":          {labels: []string{"tier", "orders"}},
		"half of a selector":                   {labels: []string{"role", "orders-batch"}},
		"the whole selector":                   {labels: []string{"role", "orders-batch", "tier", "back"}, want: "orders" + nameIt},
		"an empty label value":                 {labels: []string{"app", ""}, want: "empty" + nameIt},
		"two labels lead to it, said once":     {revisions: "many-2", labels: []string{"app", "many", "also", "many2"}, want: "many-2 breaks v1"},
		"a label as the index has them":        {labels: []string{"app", "orders.orders"}},
		"before its API was declared":          {labels: []string{"app", "legacy"}},
		"before, with another image":           {labels: []string{"app", "legacy"}, change: image("shop/orders:2"), want: "legacy" + nameIt},
		"before, with one more image":          {labels: []string{"app", "legacy"}, change: initImage("shop/init:1"), want: "legacy" + nameIt},
	})
}

func image(name string) func(*corev1.PodTemplateSpec) {
	return func(t *corev1.PodTemplateSpec) { t.Spec.Containers[0].Image = name }
}

func initImage(name string) func(*corev1.PodTemplateSpec) {
	return func(t *corev1.PodTemplateSpec) {
		t.Spec.InitContainers = []corev1.Container{{Name: "init", Image: name}}
	}
}

// slug makes the name of a case that of an object.
func slug(name string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(name)), "-")
}

// row is one change of a Deployment that is not admissible any more.
type row struct {
	before func(*appsv1.Deployment)
	change func(*appsv1.Deployment)
	want   string
}

func TestChangingDeployments(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		revisions string // before
		labels    []string
		row
	}{
		"A13: a finalizer": {revisions: "orders-2", row: row{change: func(d *appsv1.Deployment) { d.Finalizers = []string{"test.forewarn.dev/hold"} }}},
		"A13: metadata of the workload": {revisions: "orders-2", row: row{change: func(d *appsv1.Deployment) {
			d.Labels, d.Annotations = map[string]string{"app": "orders"}, map[string]string{"forewarn.dev/revision": "orders-2"}
		}}},
		"A13: how it is rolled out":    {revisions: "orders-2", row: row{change: func(d *appsv1.Deployment) { d.Spec.MinReadySeconds = 5 }}},
		"A13: from three pods to five": {revisions: "orders-2", row: row{before: replicas(3), change: replicas(5)}},
		"A13: from three pods to none": {revisions: "orders-2", row: row{before: replicas(3), change: replicas(0)}},
		"from no pods to some":         {revisions: "orders-2", row: row{change: replicas(1), want: breaks}},
		"from no pods to one by default": {revisions: "orders-2", row: row{
			change: func(d *appsv1.Deployment) { d.Spec.Replicas = nil }, want: breaks,
		}},
		"from no pods to some, admitted": {revisions: "orders-1", row: row{change: replicas(1)}},
		"held back":                      {revisions: "orders-2", row: row{change: paused(true)}},
		"bypass 18: let go":              {revisions: "orders-2", row: row{before: paused(true), change: paused(false), want: breaks}},
		"let go, admitted":               {revisions: "orders-1", row: row{before: paused(true), change: paused(false)}},
		"an annotation of the pods is a restart": {revisions: "orders-2", row: row{
			change: func(d *appsv1.Deployment) { d.Spec.Template.Annotations["restarted"] = "now" }, want: breaks,
		}},
		"a restart of what is admitted": {revisions: "orders-1", row: row{
			change: func(d *appsv1.Deployment) { d.Spec.Template.Annotations["restarted"] = "now" },
		}},
		"back to what is admitted": {revisions: "orders-2", row: row{change: revision("orders-1")}},
		"on to what is not":        {revisions: "orders-1", row: row{change: revision("orders-2"), want: breaks}},
		"the name is taken away":   {revisions: "orders-1", row: row{change: revision(""), want: "orders" + nameIt}},
		"pods that serve nothing": {revisions: "orders-2", labels: []string{"app", "backoffice"}, row: row{
			change: func(d *appsv1.Deployment) { image("shop/backoffice:2")(&d.Spec.Template) },
		}},
		"R11: a restart of what never named a revision": {labels: []string{"app", "legacy"}, row: row{
			change: func(d *appsv1.Deployment) { d.Spec.Template.Annotations = map[string]string{"restarted": "now"} },
		}},
		"what never named a revision changes": {labels: []string{"app", "legacy"}, row: row{
			change: func(d *appsv1.Deployment) { d.Spec.Template.Spec.Containers[0].Args = []string{"-v"} }, want: "legacy" + nameIt,
		}},
		"what never named a revision changes a label": {labels: []string{"app", "legacy"}, row: row{
			change: func(d *appsv1.Deployment) { d.Spec.Template.Labels["tier"] = "back" }, want: "legacy" + nameIt,
		}},
		"R11: what never named a revision goes back to an image that ran": {labels: []string{"app", "legacy"}, row: row{
			change: func(d *appsv1.Deployment) { image("shop/proxy:1")(&d.Spec.Template) },
		}},
		"R11: and to what else was in its template then": {labels: []string{"app", "legacy"}, row: row{
			change: func(d *appsv1.Deployment) {
				image("shop/proxy:1")(&d.Spec.Template)
				d.Spec.Template.Spec.Containers[0].Args = []string{"-v"}
			},
		}},
		"R11: and to one container less": {labels: []string{"app", "legacy"}, row: row{
			before: func(d *appsv1.Deployment) { initImage("shop/proxy:1")(&d.Spec.Template) },
			change: func(d *appsv1.Deployment) { d.Spec.Template.Spec.InitContainers = nil },
		}},
		"it goes to one that ran and one that did not": {labels: []string{"app", "legacy"}, row: row{
			change: func(d *appsv1.Deployment) {
				image("shop/proxy:1")(&d.Spec.Template)
				initImage("shop/init:1")(&d.Spec.Template)
			}, want: "legacy" + nameIt,
		}},
		"it goes back to an image that ran, with another label": {labels: []string{"app", "legacy"}, row: row{
			change: func(d *appsv1.Deployment) {
				image("shop/proxy:1")(&d.Spec.Template)
				d.Spec.Template.Labels["tier"] = "back"
			}, want: "legacy" + nameIt,
		}},
		"its images change places": {labels: []string{"app", "legacy"}, row: row{
			before: func(d *appsv1.Deployment) { initImage("shop/proxy:1")(&d.Spec.Template) },
			change: func(d *appsv1.Deployment) {
				image("shop/proxy:1")(&d.Spec.Template)
				initImage("shop/orders:1")(&d.Spec.Template)
			}, want: "legacy" + nameIt,
		}},
		"it runs the same images twice": {labels: []string{"app", "legacy"}, row: row{
			change: func(d *appsv1.Deployment) { initImage("shop/orders:1")(&d.Spec.Template) }, want: "legacy" + nameIt,
		}},
		"it goes back to an image of another API": {labels: []string{"app", "orders"}, row: row{
			change: func(d *appsv1.Deployment) { image("shop/proxy:1")(&d.Spec.Template) }, want: "orders" + nameIt,
		}},
		"what never named a revision names its first": {labels: []string{"app", "legacy"}, row: row{change: revision("legacy-1")}},
		"R11: back to what ran before the first name": {revisions: "legacy-1", labels: []string{"app", "legacy"}, row: row{
			before: func(d *appsv1.Deployment) { d.Spec.Template.Spec.Containers[0].Args = []string{"-v"} },
			change: func(d *appsv1.Deployment) {
				d.Spec.Template.Annotations, d.Spec.Template.Spec.Containers[0].Args = nil, nil
			},
		}},
		"back, but not to an image that ran": {revisions: "legacy-1", labels: []string{"app", "legacy"}, row: row{
			change: func(d *appsv1.Deployment) {
				d.Spec.Template.Annotations = nil
				image("shop/orders:2")(&d.Spec.Template)
			}, want: "legacy" + nameIt,
		}},
		"a comma was never a name": {revisions: ",", labels: []string{"app", "legacy"}, row: row{
			change: func(d *appsv1.Deployment) {
				d.Spec.Template.Annotations, d.Spec.Template.Spec.Containers[0].Args = nil, []string{"-v"}
			}, want: "legacy" + nameIt,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tc.labels == nil {
				tc.labels = []string{"app", "orders"}
			}
			d := deployment("", slug(name), tc.revisions, tc.labels...)
			if tc.before != nil {
				tc.before(d)
			}
			s := governed(t, shop(), d)
			s.judged(s.change(s.tenant, d, tc.change), rollouts, tc.want)
		})
	}
}

// change writes a Deployment as it is with a change, again where a controller
// was faster.
func (s *space) change(u *user, d *appsv1.Deployment, change func(*appsv1.Deployment)) error {
	return retryConflicts(func() error {
		if err := u.Get(s.Context(), client.ObjectKeyFromObject(d), d); err != nil {
			return err
		}
		change(d)
		return u.Update(s.Context(), d)
	})
}

func replicas(n int32) func(*appsv1.Deployment) {
	return func(d *appsv1.Deployment) { d.Spec.Replicas = &n }
}

func paused(p bool) func(*appsv1.Deployment) {
	return func(d *appsv1.Deployment) { d.Spec.Paused = p }
}

func revision(name string) func(*appsv1.Deployment) {
	return func(d *appsv1.Deployment) {
		if name == "" {
			d.Spec.Template.Annotations = nil
			return
		}
		d.Spec.Template.Annotations = map[string]string{v1alpha1.RevisionAnnotation: name}
	}
}
