//go:build unix

package admission

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

const (
	outOf = "orders is out of downtime: 45m of 43m used in 30 days (budget orders-slo); it frees up 2027-03-01T10:12:00Z; " +
		"a fix passes with forewarn.dev/fixes: orders-slo by who may approve (ClusterRole forewarn-approve); see: kubectl get downtimebudgets -n shop"
	tooLong = "a rollout of deployment/slow takes orders down for 12m, as its last ones say, and 3m are left in 30 days (budget orders-slo)"
)

// outOfDowntime is shop while orders is out of downtime. orders:1 serves and orders:0 ran lately.
func outOfDowntime(fixes string) *gate {
	return shop().spent("orders", fixes, outOf, "shop/orders:0", "shop/orders:1")
}

func TestSpentCreating(t *testing.T) {
	t.Parallel()
	governed(t, outOfDowntime("orders-slo")).creates(t, map[string]creation{
		"R11: what serves, created anew":  {revisions: "orders-1", labels: []string{"app", "orders"}},
		"R11: what ran lately":            {revisions: "orders-1", labels: []string{"app", "orders"}, change: image("shop/orders:0")},
		"what never ran":                  {revisions: "orders-1", labels: []string{"app", "orders"}, change: image("shop/orders:2"), want: outOf},
		"one image ran, and another not":  {revisions: "orders-1", labels: []string{"app", "orders"}, change: initImage("shop/init:1"), want: outOf},
		"part of a name that ran":         {revisions: "orders-1", labels: []string{"app", "orders"}, change: image("shop/orders"), want: outOf},
		"what is refused anyway":          {revisions: "orders-2", labels: []string{"app", "orders"}, change: image("shop/orders:2"), want: breaks + "; " + outOf},
		"what is refused, called a fix":   {revisions: "orders-2", labels: []string{"app", "orders"}, change: fixing("orders-slo", "shop/orders:2"), want: breaks},
		"a fix, by who may not approve":   {revisions: "orders-1", labels: []string{"app", "orders"}, change: fixing("orders-slo", "shop/orders:2"), want: outOf},
		"another API is not out of it":    {revisions: "cart-1", labels: []string{"cart", "v1"}, change: image("shop/cart:2")},
		"pods that serve nothing":         {labels: []string{"app", "backoffice"}, change: image("shop/orders:2")},
		"both APIs, one of which is":      {revisions: "orders-1,cart-1", labels: []string{"app", "orders", "cart", "v1"}, change: image("shop/orders:2"), want: outOf},
		"an image that is a line of text": {revisions: "orders-1", labels: []string{"app", "orders"}, change: image("shop/orders:1 shop/orders:0"), want: outOf},
	})
}

// fixing marks pods as mending budgets, with another image.
func fixing(budgets, name string) func(*corev1.PodTemplateSpec) {
	return func(t *corev1.PodTemplateSpec) {
		if t.Annotations == nil {
			t.Annotations = map[string]string{}
		}
		if t.Annotations[v1alpha1.FixesAnnotation] = budgets; budgets == "" {
			delete(t.Annotations, v1alpha1.FixesAnnotation)
		}
		image(name)(t)
	}
}

func setEnv(t *corev1.PodTemplateSpec) {
	t.Spec.Containers[0].Env = []corev1.EnvVar{{Name: "LEVEL", Value: "debug"}}
}

// ofTemplate is a change of the pods of a Deployment.
func ofTemplate(changes ...func(*corev1.PodTemplateSpec)) func(*appsv1.Deployment) {
	return func(d *appsv1.Deployment) {
		for _, change := range changes {
			change(&d.Spec.Template)
		}
	}
}

func all(changes ...func(*appsv1.Deployment)) func(*appsv1.Deployment) {
	return func(d *appsv1.Deployment) {
		for _, change := range changes {
			change(d)
		}
	}
}

func annotated(key, value string) func(*corev1.PodTemplateSpec) {
	return func(t *corev1.PodTemplateSpec) { t.Annotations[key] = value }
}

func TestSpentChanging(t *testing.T) {
	t.Parallel()
	two := ofTemplate(image("shop/orders:2"))
	for name, tc := range map[string]row{
		"another image":                          {change: two, want: outOf},
		"another image and a restart":            {change: ofTemplate(image("shop/orders:2"), annotated("restarted", "now")), want: outOf},
		"R11: a restart":                         {change: ofTemplate(annotated("restarted", "now"))},
		"R11: back to what ran":                  {change: ofTemplate(image("shop/orders:0"))},
		"R11: back, to what else was in it":      {change: ofTemplate(image("shop/orders:0"), setEnv)},
		"the same image with another spec":       {change: ofTemplate(setEnv), want: outOf},
		"another spec, called a restart":         {change: ofTemplate(setEnv, annotated("restarted", "now")), want: outOf},
		"the images change places":               {before: ofTemplate(initImage("shop/orders:0")), change: ofTemplate(image("shop/orders:0"), initImage("shop/orders:1")), want: outOf},
		"another label":                          {change: func(d *appsv1.Deployment) { d.Spec.Template.Labels["tier"] = "back" }, want: outOf},
		"another revision of the same pods":      {change: revision("orders-1b"), want: outOf},
		"R11: from no pods to some":              {change: replicas(2)},
		"R11: from two pods to five":             {before: replicas(2), change: replicas(5)},
		"R11: down to one pod":                   {before: replicas(2), change: replicas(1)},
		"from no pods to some of what never ran": {before: two, change: replicas(2), want: outOf},
		"more pods of what never ran, once some": {before: all(two, replicas(1)), change: replicas(5)},
		"held back":                              {change: paused(true)},
		"R11: let go, what ran":                  {before: paused(true), change: paused(false)},
		"bypass 18: let go, what never ran":      {before: all(two, paused(true)), change: paused(false), want: outOf},
		"bypass 18: let go as by a restart":      {before: all(two, paused(true)), change: all(paused(false), ofTemplate(annotated("restarted", "now"))), want: outOf},
		"changed while held back":                {before: paused(true), change: two, want: outOf},
		"A13: a finalizer":                       {before: two, change: func(d *appsv1.Deployment) { d.Finalizers = []string{"test.forewarn.dev/hold"} }},
		"A13: how it is rolled out":              {before: two, change: func(d *appsv1.Deployment) { d.Spec.MinReadySeconds = 5 }},
		"bypass 16: a label goes with it":        {change: all(two, func(d *appsv1.Deployment) { delete(d.Spec.Template.Labels, "app") }), want: outOf},
		"a fix, by who may not approve":          {change: ofTemplate(fixing("orders-slo", "shop/orders:2")), want: outOf},
		"a restart that is called a fix":         {change: ofTemplate(annotated(v1alpha1.FixesAnnotation, "orders-slo")), want: outOf},
		"a fix from before does not count":       {before: ofTemplate(fixing("orders-slo", "shop/orders:1")), change: two, want: outOf},
		"R11: a restart of what was a fix":       {before: ofTemplate(fixing("orders-slo", "shop/orders:2")), change: ofTemplate(annotated("restarted", "now"))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := deployment("", slug(name), "orders-1", "app", "orders")
			if tc.before != nil {
				tc.before(d)
			}
			s := governed(t, outOfDowntime("orders-slo"), d)
			s.judged(s.change(s.tenant, d, tc.change), rollouts, tc.want)
		})
	}
}

// A dry run is told what a real request would be.
func TestSpentDryRun(t *testing.T) {
	t.Parallel()
	d := deployment("", "d", "orders-1", "app", "orders")
	s := governed(t, outOfDowntime("orders-slo"), d)
	change := client.RawPatch(types.StrategicMergePatchType, []byte(`{"spec":{"template":{"spec":{"containers":[{"name":"main","image":"shop/orders:2"}]}}}}`))
	s.refused(s.tenant.Patch(t.Context(), d, change, client.DryRunAll), rollouts, outOf)
}

// editor is somebody who may edit everything in the namespace, and approve budgets: those named, or all.
func (s *space) editor(name string, budgets ...string) *user {
	s.Helper()
	u := person(s, name)
	s.must(s.admin.Create(s.Context(), &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.name, Name: name},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "forewarn-developer"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: name}},
	}))
	s.permit(u, name, "downtimebudgets", "approve", budgets...)
	NewWithT(s).Eventually(func() error {
		return u.Get(s.Context(), client.ObjectKey{Namespace: s.name, Name: "none"}, &appsv1.Deployment{})
	}).WithTimeout(patience).WithPolling(often).Should(Satisfy(apierrors.IsNotFound))
	return u
}

// A fix names what it fixes, anew each time, and takes the verb approve on it.
func TestSpentFixes(t *testing.T) {
	t.Parallel()
	const three = "orders-slo,orders-gold,orders-all"
	for name, tc := range map[string]struct {
		needs    string
		approves []string // nil: all
		before   string   // the annotation
		names    string
		want     string
	}{
		"who may":                          {needs: "orders-slo", approves: []string{"orders-slo"}, names: "orders-slo"},
		"who may for all":                  {needs: "orders-slo", names: "orders-slo"},
		"who may for another":              {needs: "orders-slo", approves: []string{"orders-gold"}, names: "orders-slo", want: outOf},
		"naming another":                   {needs: "orders-slo", names: "orders-gold", want: outOf},
		"naming none":                      {needs: "orders-slo", want: outOf},
		"naming what is no name":           {needs: "orders-slo", names: "orders-slo,Orders SLO", approves: []string{"orders-slo"}, want: outOf},
		"with blanks":                      {needs: "orders-slo", approves: []string{"orders-slo"}, names: " orders-slo "},
		"carried along is none":            {needs: "orders-slo", before: "orders-slo", names: "orders-slo", want: outOf},
		"once more":                        {needs: "orders-slo", approves: []string{"orders-slo"}, before: "orders-slo", names: "orders-slo@2"},
		"where no fix passes":              {needs: "-", names: "orders-slo", want: outOf},
		"where none passes, naming that":   {needs: "-", names: "-", want: outOf},
		"two budgets":                      {needs: "orders-slo,orders-gold", approves: []string{"orders-slo", "orders-gold"}, names: "orders-gold,orders-slo"},
		"two budgets, naming one":          {needs: "orders-slo,orders-gold", names: "orders-slo", want: outOf},
		"two budgets, who may for one":     {needs: "orders-slo,orders-gold", approves: []string{"orders-slo"}, names: "orders-slo,orders-gold", want: outOf},
		"three budgets, who may for all":   {needs: three, names: three},
		"three budgets, who may for three": {needs: three, approves: []string{"orders-slo", "orders-gold", "orders-all"}, names: three, want: outOf},
		"more text than anybody needs":     {needs: "orders-slo", names: "orders-slo@" + strings.Repeat("x", 1024), want: outOf},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := deployment("", slug(name), "orders-1", "app", "orders")
			fixing(tc.before, "shop/orders:1")(&d.Spec.Template)
			s := governed(t, outOfDowntime(tc.needs), d)
			u := s.editor(slug("approver "+name), tc.approves...)
			s.judged(s.change(u, d, ofTemplate(fixing(tc.names, "shop/orders:2"))), rollouts, tc.want)
		})
	}
}

// What passed as a fix rolls out: its ReplicaSet and its pods are the controllers' to make, who approve nothing.
func TestSpentFixRollsOut(t *testing.T) {
	t.Parallel()
	d := serving("orders", "orders-1")
	s := governed(t, outOfDowntime("orders-slo"), d)
	u := s.editor("approver-of-a-rollout", "orders-slo")
	s.must(s.change(u, d, ofTemplate(fixing("orders-slo", "shop/orders:2"))))
	s.rolledOut("deployment/orders")
	s.must(s.change(s.tenant, d, replicas(4)))
	s.must(s.kubectl("rollout", "restart", "deployment/orders"))
	s.rolledOut("deployment/orders")
	s.must(s.kubectl("delete", "pod", "--all"))
	s.rolledOut("deployment/orders")
	s.must(s.kubectl("rollout", "undo", "deployment/orders", "--to-revision=1"))
	s.rolledOut("deployment/orders")
	s.refused(asStatus(s.kubectl("set", "image", "deployment/orders", "main=shop/orders:3")), rollouts, outOf)
}

// A fix that waits is let go by who may approve it, as it stands: were it named once more, its controller would begin anew.
func TestSpentFixGoesOn(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	waiting := map[string]client.Object{}
	for _, names := range []string{"orders-slo", "orders-gold", "none"} {
		d := deployment("", "held-"+names, "orders-1", "app", "orders")
		d.Spec.Paused = true
		fixing(names, "shop/orders:2")(&d.Spec.Template)
		green := argo("", "green-"+names, map[string]any{"template": plain(&d.Spec.Template), "strategy": s.fromJSON(blueGreen)})
		s.create(d, green)
		put(s.fromJSON(`{"stableRS":"a","currentPodHash":"b","pauseConditions":[{"reason":"BlueGreenPause"}]}`), "status")(green)
		s.must(s.admin.Status().Update(t.Context(), green))
		waiting["held "+names], waiting["green "+names] = d, green
	}
	s.govern(map[string]*gate{"deny": outOfDowntime("orders-slo")})
	letGo := func(u *user, object client.Object) error {
		object = object.DeepCopyObject().(client.Object)
		if _, green := object.(*unstructured.Unstructured); green {
			return u.Status().Patch(t.Context(), object, client.RawPatch(types.MergePatchType, []byte(`{"status":{"pauseConditions":null}}`)), client.DryRunAll)
		}
		return u.Patch(t.Context(), object, client.RawPatch(types.MergePatchType, []byte(`{"spec":{"paused":false}}`)), client.DryRunAll)
	}
	for name, object := range waiting {
		want := outOf
		if strings.HasSuffix(name, " orders-slo") {
			want = ""
		}
		t.Run(name, func(t *testing.T) {
			s := s.with(t)
			s.judged(letGo(s.tenant, object), rollouts, outOf)
			s.judged(letGo(s.admin, object), rollouts, want)
		})
	}
}

// Nobody brings what never ran by a ReplicaSet with an owner of his choice, a pod, or what makes pods unasked.
func TestSpentWaysRound(t *testing.T) {
	t.Parallel()
	d := serving("orders", "orders-1")
	s := governed(t, outOfDowntime("orders-slo"), d)
	s.rolledOut("deployment/orders")
	for _, kind := range []string{"Deployment", "Rollout"} {
		rs := workloads(s.name, slug("forged "+kind), template("orders-1", "app", "orders"))[3].(*appsv1.ReplicaSet)
		image("shop/orders:2")(&rs.Spec.Template)
		rs.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(d, appsv1.SchemeGroupVersion.WithKind(kind))}
		s.refused(s.tenant.Create(t.Context(), rs), rollouts, outOf)
	}
	pod := inNamespace(s.name, bare("pod", "orders-1", "app", "orders"))
	pod.Spec.Containers[0].Image = "shop/orders:2"
	s.refused(s.tenant.Create(t.Context(), pod), pods, outOf)
	pod.Annotations[v1alpha1.FixesAnnotation] = "orders-slo"
	s.refused(s.tenant.Create(t.Context(), pod), pods, outOf)
	owned := inNamespace(s.name, bare("owned", "orders-1", "app", "orders"))
	owned.Spec.Containers[0].Image = "shop/orders:2"
	owned.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(d, appsv1.SchemeGroupVersion.WithKind("ReplicaSet"))}
	s.refused(s.tenant.Create(t.Context(), owned), pods, outOf)
	s.must(s.tenant.Create(t.Context(), inNamespace(s.name, bare("ran", "orders-1", "app", "orders"))))

	// First somebody else's, and then a label by which it would serve.
	other := inNamespace(s.name, bare("other", "orders-1", "app", "other"))
	other.Spec.Containers[0].Image = "shop/orders:2"
	s.must(s.tenant.Create(t.Context(), other))
	s.refused(retryConflicts(func() error {
		s.must(s.tenant.Get(t.Context(), client.ObjectKeyFromObject(other), other))
		labelled("app", "orders")(other)
		return s.tenant.Update(t.Context(), other)
	}), pods, outOf)

	for name, want := range map[string]string{"shop/orders:2": outOf, "shop/orders:1": ""} {
		job := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: slug("job " + name)}}
		job.Spec.Template = template("orders-1", "app", "orders")
		job.Spec.Template.Labels["test-selector"] = job.Name
		job.Spec.Template.Spec.RestartPolicy = corev1.RestartPolicyNever
		image(name)(&job.Spec.Template)
		s.create(job)
		s.eventuallyHasPodsOrEvent(client.MatchingLabels{"test-selector": job.Name}, job.Name, want)
	}
}

// Rows of one workload refuse what would take it longer than is left, and nothing of the others.
func TestSpentTooLong(t *testing.T) {
	t.Parallel()
	slow, other := deployment("", "slow", "orders-1", "app", "orders"), deployment("", "other", "orders-1", "app", "orders")
	elsewhere := deployment("", "elsewhere", "cart-1", "cart", "v1")
	g := shop().spent("orders/deployments/slow", "orders-slo", tooLong, "shop/orders:0", "shop/orders:1").
		spent("orders/deployments/elsewhere", "orders-slo", tooLong, "shop/orders:0", "shop/orders:1")
	s := governed(t, g, slow, other, elsewhere)
	approver := s.editor("approver-of-slow", "orders-slo")
	two := ofTemplate(image("shop/orders:2"))
	s.refused(s.change(s.tenant, slow, two), rollouts, tooLong)
	s.must(s.change(s.tenant, other, two))
	s.must(s.change(s.tenant, elsewhere, two))
	s.must(s.change(s.tenant, slow, ofTemplate(annotated("restarted", "now"))))
	s.must(s.change(s.tenant, slow, ofTemplate(image("shop/orders:0"))))
	s.must(s.change(s.tenant, slow, replicas(1)))
	s.must(s.change(approver, slow, ofTemplate(fixing("orders-slo", "shop/orders:2"))))
}

// An Argo Rollout is judged as the others are; its controller makes ReplicaSets, and is no account of the namespace.
func TestSpentArgoRollouts(t *testing.T) {
	t.Parallel()
	old := argo("", "argo", map[string]any{"template": plainTemplate("orders-1")})
	s := governed(t, outOfDowntime("orders-slo"), old)
	container := []any{map[string]any{"name": "main", "image": "shop/orders:2"}}
	put(container, "spec", "template", "spec", "containers")(old)
	s.refused(s.tenant.Update(t.Context(), old), rollouts, outOf)

	made := func(change ...func(*appsv1.ReplicaSet)) *appsv1.ReplicaSet {
		rs := argoSet(old, "abc", "orders-1")
		image("shop/orders:2")(&rs.Spec.Template)
		for _, c := range change {
			c(rs)
		}
		return rs
	}
	elsewhere, here := s.argoRollouts(), s.account(s.name)
	s.judged(elsewhere.Create(t.Context(), made(), client.DryRunAll), rollouts, "")
	s.judged(here.Create(t.Context(), made(), client.DryRunAll), rollouts, outOf)
	for name, forge := range map[string]func(*appsv1.ReplicaSet){
		"of another group":     func(rs *appsv1.ReplicaSet) { rs.OwnerReferences[0].APIVersion = "example.dev/v1alpha1" },
		"of a group like that": func(rs *appsv1.ReplicaSet) { rs.OwnerReferences[0].APIVersion = "argoproj.io.example.dev/v1" },
		"of another kind":      func(rs *appsv1.ReplicaSet) { rs.OwnerReferences[0].Kind = "Experiment" },
		"of another name":      func(rs *appsv1.ReplicaSet) { rs.Name = "argo-abd" },
		"of a Deployment": func(rs *appsv1.ReplicaSet) {
			rs.Spec.Selector.MatchLabels = map[string]string{"pod-template-hash": "abc"}
			rs.Spec.Template.Labels["pod-template-hash"] = "abc"
		},
		"that owns and does not control": func(rs *appsv1.ReplicaSet) { rs.OwnerReferences[0].Controller = nil },
	} {
		t.Run(name, func(t *testing.T) {
			s.with(t).refused(elsewhere.Create(t.Context(), made(forge), client.DryRunAll), rollouts, outOf)
		})
	}
}

// Nobody is taken for the controller of Argo Rollouts who may write ReplicaSets here alone, from wherever he comes.
func TestSpentForgedRollouts(t *testing.T) {
	t.Parallel()
	s := governed(t, outOfDowntime("orders-slo"))
	never := argo(s.name, "never", nil) // was there
	never.SetUID("3f6238d9-5c0a-4f43-9be2-6c1c3d5fca11")
	rs := argoSet(never, "abc", "orders-1")
	rs.Namespace = s.name
	image("shop/orders:2")(&rs.Spec.Template)
	s.refused(s.account("tenants-of-others").Create(t.Context(), rs, client.DryRunAll), rollouts, outOf)
}

// In the Warn gate it passes, and whoever rolls out is told.
func TestSpentWarns(t *testing.T) {
	t.Parallel()
	d := deployment("", "d", "orders-1", "app", "orders")
	s := newSpace(t)
	s.create(d)
	s.govern(map[string]*gate{"warn": outOfDowntime("orders-slo")})
	s.rewrite("warn")
	s.tenant.warnings.take()
	s.must(s.change(s.tenant, d, ofTemplate(image("shop/orders:2"))))
	s.warned(rollouts, outOf)
}

// A5: a gate lacks whatever it has nothing to say about.
func TestA5SpentWithoutSomething(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		gate      *gate
		new, back string
	}{
		"nothing missing":   {gate: outOfDowntime("orders-slo"), new: outOf},
		"no count":          {gate: outOfDowntime("orders-slo").without("budgets")},
		"nothing spent":     {gate: outOfDowntime("orders-slo").without("spent.s")},
		"empty texts":       {gate: outOfDowntime("orders-slo").blanked("spent")},
		"no images":         {gate: outOfDowntime("orders-slo").without("ran.s"), new: outOf, back: outOf},
		"empty images":      {gate: outOfDowntime("orders-slo").blanked("ran"), new: outOf, back: outOf},
		"no image is known": {gate: shop().spent("orders", "orders-slo", outOf), new: outOf, back: outOf},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := deployment("", "d", "orders-1", "app", "orders")
			s := governed(t, tc.gate, d)
			s.must(s.change(s.tenant, d, ofTemplate(annotated("restarted", "now"))))
			s.judged(s.change(s.tenant, d, ofTemplate(image("shop/orders:0"))), rollouts, tc.back)
			s.judged(s.change(s.tenant, d, ofTemplate(image("shop/orders:2"))), rollouts, tc.new)
		})
	}
}
