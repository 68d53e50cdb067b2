//go:build unix

package admission

import (
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// Bypass 21: a pod of nobody with the labels of the Service.
func TestBypass21CreatingPods(t *testing.T) {
	t.Parallel()
	s := governed(t, shop())
	for name, tc := range map[string]struct {
		revisions string
		labels    []string
		image     string
		want      string
	}{
		"an admitted revision":           {revisions: "orders-1", labels: []string{"app", "orders"}},
		"a refused one":                  {revisions: "orders-2", labels: []string{"app", "orders"}, want: breaks},
		"no name":                        {labels: []string{"app", "orders"}, want: "orders" + nameIt},
		"nobody judged it":               {revisions: "orders-9", labels: []string{"app", "orders"}, want: "orders-9" + notYet},
		"no name at all":                 {revisions: "Orders", labels: []string{"app", "orders"}, want: noName},
		"two lines behind a name":        {revisions: "orders-1,orders-1 \norders-1b", labels: []string{"app", "orders"}, want: noName},
		"A8: admitted and refused":       {revisions: "orders-1,orders-2", labels: []string{"app", "orders"}, want: "orders" + exactly1 + "orders-1 of orders, orders-2 of orders; " + breaks},
		"it serves nothing":              {labels: []string{"app", "backoffice"}},
		"it has no labels":               {},
		"R11: it ran without a name":     {labels: []string{"app", "legacy"}},
		"it did not run with that image": {labels: []string{"app", "legacy"}, image: "shop/orders:2", want: "legacy" + nameIt},
		"A9: a listed image":             {revisions: "pinned-1", labels: []string{"app", "pinned"}},
		"A9: another image":              {revisions: "pinned-1", labels: []string{"app", "pinned"}, image: "shop/orders:2", want: "pinned-1 does not list the image shop/orders:2"},
	} {
		t.Run(name, func(t *testing.T) {
			pod := bare(slug(name), tc.revisions, tc.labels...)
			pod.Namespace = s.name
			if tc.image != "" {
				pod.Spec.Containers[0].Image = tc.image
			}
			s.with(t).judged(s.tenant.Create(t.Context(), pod), pods, tc.want)
		})
	}
}

func TestBypass6Bypass21ChangingPods(t *testing.T) {
	t.Parallel()
	inPlace := " does not list the image that the pod is changed to; roll it out instead"
	for name, tc := range map[string]struct {
		revisions string
		labels    []string
		change    func(*corev1.Pod)
		want      string
	}{
		"bypass 21: labels of the Service on another pod": {labels: []string{"app", "other"}, change: labelled("app", "orders"), want: "orders" + nameIt},
		"bypass 21: the same on a pod of another revision": {
			revisions: "orders-2", labels: []string{"app", "other"}, change: labelled("app", "orders"), want: breaks,
		},
		"labels of the Service on an admitted one": {revisions: "orders-1", labels: []string{"app", "other"}, change: labelled("app", "orders")},
		"taken out of the Service to look at it":   {revisions: "orders-1", labels: []string{"app", "orders"}, change: labelled("app", "debug")},
		"A10: another slot":                        {revisions: "orders-2", labels: []string{"app", "orders"}, change: labelled("slot", "blue"), want: breaks},
		"another name":                             {revisions: "orders-1", labels: []string{"app", "orders"}, change: named("orders-2"), want: breaks},
		"no name any more":                         {revisions: "orders-1", labels: []string{"app", "orders"}, change: named(""), want: "orders" + nameIt},
		"bypass 2: another image":                  {revisions: "orders-1", labels: []string{"app", "orders"}, change: runs("shop/orders:2"), want: "orders-1" + inPlace},
		"bypass 2: another image, name of an admitted one": {revisions: "orders-1", labels: []string{"app", "orders"}, change: func(p *corev1.Pod) {
			runs("shop/orders:2")(p)
			named("orders-1b")(p)
		}, want: "orders-1b" + inPlace},
		"bypass 2: an image that is listed":     {revisions: "pinned-1", labels: []string{"app", "pinned"}, change: runs("shop/init:1")},
		"bypass 2: an image that is not listed": {revisions: "pinned-1", labels: []string{"app", "pinned"}, change: runs("shop/orders:2"), want: "pinned-1 does not list the image shop/orders:2"},
		"bypass 2: an image that ran, no name":  {labels: []string{"app", "legacy"}, change: runs("shop/proxy:1")},
		"bypass 2: an image that did not run":   {labels: []string{"app", "legacy"}, change: runs("shop/orders:2"), want: "legacy" + nameIt},
		"another image of what serves nothing": {
			labels: []string{"app", "other"}, change: runs("shop/orders:2"),
		},
		"an annotation of somebody else": {revisions: "orders-2", labels: []string{"app", "orders"}, change: func(p *corev1.Pod) {
			p.Annotations["somebody.example/else"] = "x"
		}},
		"a finalizer": {revisions: "orders-2", labels: []string{"app", "orders"}, change: func(p *corev1.Pod) {
			p.Finalizers = append(p.Finalizers, "test.forewarn.dev/hold")
		}},
		"tolerations": {revisions: "orders-2", labels: []string{"app", "orders"}, change: func(p *corev1.Pod) {
			p.Spec.Tolerations = append(p.Spec.Tolerations, corev1.Toleration{Key: "x", Operator: corev1.TolerationOpExists})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pod := bare(slug(name), tc.revisions, tc.labels...)
			s := governed(t, shop(), pod)
			change := func(write func() error) error {
				return retryConflicts(func() error {
					s.must(s.tenant.Get(t.Context(), client.ObjectKeyFromObject(pod), pod))
					tc.change(pod)
					return write()
				})
			}
			// Row 6: labels and annotations can be written through the status, too.
			if tc.want != "" && pod.Spec.Containers[0].Image == "shop/orders:1" {
				before := pod.DeepCopy()
				if tc.change(before); before.Spec.Containers[0].Image == "shop/orders:1" {
					s.refused(change(func() error { return s.tenant.Status().Update(t.Context(), pod) }), pods, tc.want)
				}
			}
			s.judged(change(func() error { return s.tenant.Update(t.Context(), pod) }), pods, tc.want)
		})
	}
}

func labelled(key, value string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Labels[key] = value }
}

func named(revision string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		if delete(p.Annotations, v1alpha1.RevisionAnnotation); revision != "" {
			p.Annotations[v1alpha1.RevisionAnnotation] = revision
		}
	}
}

func runs(image string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Spec.Containers[0].Image = image }
}

// Rows 3, 4 and 5 stay possible in an incident, whatever the verdict.
func TestIncidentsAreNotGated(t *testing.T) {
	t.Parallel()
	pod := bare("pod", "orders-2", "app", "orders")
	s := governed(t, shop(), pod)
	debug := pod.DeepCopy()
	s.must(s.tenant.Get(t.Context(), client.ObjectKeyFromObject(pod), debug))
	debug.Spec.EphemeralContainers = []corev1.EphemeralContainer{{
		EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "debug", Image: "busybox", TerminationMessagePolicy: "File", ImagePullPolicy: "Always"},
	}}
	s.must(s.tenant.SubResource("ephemeralcontainers").Update(t.Context(), debug))

	var resized corev1.Pod
	s.must(s.tenant.Get(t.Context(), client.ObjectKeyFromObject(pod), &resized))
	resized.Spec.Containers[0].Resources.Requests = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1m")}
	// Whether this pod may be resized is for the API server to say; only no policy of ours may refuse it.
	if err := s.tenant.SubResource("resize").Update(t.Context(), &resized); apierrors.IsForbidden(err) {
		t.Error(err)
	}
	s.must(s.tenant.Delete(t.Context(), pod))
}

// Bypass 21: a Job is not judged, its pods are.
func TestBypass21Jobs(t *testing.T) {
	t.Parallel()
	s := governed(t, shop())
	for revision, want := range map[string]string{"orders-2": breaks, "orders-1": ""} {
		job := &batchv1.Job{}
		job.Namespace, job.Name = s.name, "job-"+revision
		job.Spec.Template = template(revision, "app", "orders")
		job.Spec.Template.Spec.RestartPolicy = corev1.RestartPolicyNever
		s.must(s.tenant.Create(t.Context(), job))
		s.eventuallyHasPodsOrEvent(client.MatchingLabels{"job-name": job.Name}, job.Name, want)
	}
}
