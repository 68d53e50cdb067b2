package snapshot

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

// Observe returns what each workload that carries the API runs, sorted by kind and name.
//
//	Deployment ----- ReplicaSet ----- Pod      templates say what is wanted, pods what runs;
//	StatefulSet, DaemonSet, Job, ... - Pod     what matches a selector of the API counts
func (s *Snapshot) Observe(ctx context.Context, api *v1alpha1.CustomerAPI, carriers Carriers) ([]gate.Observation, error) {
	names, err := s.revisionNames(ctx, api)
	if err != nil {
		return nil, err
	}
	o := &observer{carriers: carriers, names: names, workloads: map[v1alpha1.WorkloadRef]*workload{}}
	// Sets before pods: they say whose the pods are.
	for _, read := range []func(context.Context, client.Reader, string) error{
		o.readReplicaSets, o.readDeployments, o.readStatefulSets, o.readDaemonSets, o.readPods,
	} {
		if err := read(ctx, s.objects, api.Namespace); err != nil {
			return nil, err
		}
	}
	return o.observations(), nil
}

// revisionNames are all names that mean a revision of this API in an annotation: those that exist, and those that
// served and were pruned.
func (s *Snapshot) revisionNames(ctx context.Context, api *v1alpha1.CustomerAPI) (map[string]bool, error) {
	var revisions v1alpha1.APIRevisionList
	err := s.objects.List(ctx, &revisions, client.InNamespace(api.Namespace), OfAPI(api.Name), client.UnsafeDisableDeepCopy)
	if err != nil {
		return nil, fmt.Errorf("listing revisions of %s: %w", api.Name, err)
	}
	names := map[string]bool{}
	for i := range revisions.Items {
		names[revisions.Items[i].Name] = true
	}
	for _, serving := range api.Status.Serving {
		names[string(serving.Revision)] = true
	}
	for _, past := range api.Status.WayBack {
		names[string(past.Revision)] = true
	}
	delete(names, "")
	return names, nil
}

type observer struct {
	carriers  Carriers
	names     map[string]bool
	sets      map[string]*appsv1.ReplicaSet
	workloads map[v1alpha1.WorkloadRef]*workload
}

// revisionOf returns the revision of the API that an annotation names, or nothing.
func (o *observer) revisionOf(annotations map[string]string) string {
	for name := range strings.SplitSeq(annotations[v1alpha1.RevisionAnnotation], ",") {
		if name = strings.TrimSpace(name); o.names[name] {
			return name
		}
	}
	return ""
}

func (o *observer) workload(ref v1alpha1.WorkloadRef) *workload {
	found, ok := o.workloads[ref]
	if !ok {
		found = &workload{running: map[string]*gate.Running{}}
		o.workloads[ref] = found
	}
	return found
}

func (o *observer) readReplicaSets(ctx context.Context, reader client.Reader, namespace string) error {
	var list appsv1.ReplicaSetList
	if err := reader.List(ctx, &list, client.InNamespace(namespace), client.UnsafeDisableDeepCopy); err != nil {
		return fmt.Errorf("listing replica sets in %s: %w", namespace, err)
	}
	o.sets = make(map[string]*appsv1.ReplicaSet, len(list.Items))
	for i := range list.Items {
		set := &list.Items[i]
		o.sets[set.Name] = set
		if wanted := replicas(set.Spec.Replicas); wanted > 0 && o.carriers.carries(set.Spec.Template.Labels) {
			o.addReplicaSet(set, wanted)
		}
	}
	return nil
}

func (o *observer) addReplicaSet(set *appsv1.ReplicaSet, wanted int32) {
	ref := MakerOf(set)
	running := o.workload(ref).run(o.revisionOf(set.Spec.Template.Annotations))
	running.Wanted += wanted
	running.Images = withImages(running.Images, &set.Spec.Template.Spec)
	addLabels(running, set.Spec.Template.Labels)
	o.addSet(running, set.Spec.Template.Labels, false)
	o.workload(ref).addReplicaSet(set, wanted)
	if ref.Kind == "ReplicaSet" {
		o.addTemplate(ref, &set.Spec.Template, rolledOut(set, appsv1.SchemeGroupVersion.WithKind("ReplicaSet")))
	}
}

func (o *observer) readDeployments(ctx context.Context, reader client.Reader, namespace string) error {
	var list appsv1.DeploymentList
	if err := reader.List(ctx, &list, client.InNamespace(namespace), client.UnsafeDisableDeepCopy); err != nil {
		return fmt.Errorf("listing deployments in %s: %w", namespace, err)
	}
	for i := range list.Items {
		d := &list.Items[i]
		ref := v1alpha1.WorkloadRef{Kind: "Deployment", Name: d.Name}
		o.addTemplate(ref, &d.Spec.Template, rolledOut(d, appsv1.SchemeGroupVersion.WithKind(ref.Kind)))
	}
	return nil
}

func (o *observer) readStatefulSets(ctx context.Context, reader client.Reader, namespace string) error {
	var list appsv1.StatefulSetList
	if err := reader.List(ctx, &list, client.InNamespace(namespace), client.UnsafeDisableDeepCopy); err != nil {
		return fmt.Errorf("listing stateful sets in %s: %w", namespace, err)
	}
	for i := range list.Items {
		set := &list.Items[i]
		ref := v1alpha1.WorkloadRef{Kind: "StatefulSet", Name: set.Name}
		o.addTemplate(ref, &set.Spec.Template, rolledOut(set, appsv1.SchemeGroupVersion.WithKind(ref.Kind)))
	}
	return nil
}

func (o *observer) readDaemonSets(ctx context.Context, reader client.Reader, namespace string) error {
	var list appsv1.DaemonSetList
	if err := reader.List(ctx, &list, client.InNamespace(namespace), client.UnsafeDisableDeepCopy); err != nil {
		return fmt.Errorf("listing daemon sets in %s: %w", namespace, err)
	}
	for i := range list.Items {
		set := &list.Items[i]
		ref := v1alpha1.WorkloadRef{Kind: "DaemonSet", Name: set.Name}
		o.addTemplate(ref, &set.Spec.Template, rolledOut(set, appsv1.SchemeGroupVersion.WithKind(ref.Kind)))
	}
	return nil
}

// addTemplate takes what the workload is asked to run. A template that does not carry the API counts where pods of
// an earlier one still do.
func (o *observer) addTemplate(ref v1alpha1.WorkloadRef, template *corev1.PodTemplateSpec, completed bool) {
	if _, known := o.workloads[ref]; !known && !o.carriers.carries(template.Labels) {
		return
	}
	w := o.workload(ref)
	w.templated = true
	w.template = gate.StripSlots(template.Labels, nil)
	w.completed = completed
	w.current = o.revisionOf(template.Annotations)
	o.lead(w, template.Labels)
}

func (o *observer) readPods(ctx context.Context, reader client.Reader, namespace string) error {
	var list corev1.PodList
	if err := reader.List(ctx, &list, client.InNamespace(namespace), client.UnsafeDisableDeepCopy); err != nil {
		return fmt.Errorf("listing pods in %s: %w", namespace, err)
	}
	for i := range list.Items {
		pod := &list.Items[i]
		over := pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
		if !over && o.carriers.carries(pod.Labels) {
			o.addPod(pod)
		}
	}
	return nil
}

func (o *observer) addPod(pod *corev1.Pod) {
	w := o.workload(o.ownerOfPod(pod))
	revision := o.revisionOf(pod.Annotations)
	running := w.run(revision)
	running.Pods++
	running.Images = withImages(running.Images, &pod.Spec)
	addLabels(running, pod.Labels)
	ready := slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
	if ready {
		w.ready++
	}
	if ready && o.carriers.leadsTo(pod.Labels) {
		running.Ran = withImages(running.Ran, &pod.Spec)
	}
	o.addSet(running, pod.Labels, ready && pod.DeletionTimestamp == nil)
	if ready && pod.DeletionTimestamp == nil {
		w.lead(pod, o.carriers.waysTo(pod.Labels))
	}
	w.pods++
	o.lead(w, pod.Labels)
	// Where no template was read, the youngest pod says what is wanted.
	if !w.templated && younger(pod, w.youngest) {
		w.youngest, w.current = pod, revision
	}
}

// younger decides by name between pods of the same second: a cache has no order.
func younger(pod, than *corev1.Pod) bool {
	if than == nil {
		return true
	}
	return cmp.Or(pod.CreationTimestamp.Compare(than.CreationTimestamp.Time), cmp.Compare(pod.Name, than.Name)) > 0
}

func (o *observer) ownerOfPod(pod *corev1.Pod) v1alpha1.WorkloadRef {
	owner := ControllerOf(pod, v1alpha1.WorkloadRef{Kind: "Pod", Name: pod.Name})
	if owner.Kind != "ReplicaSet" {
		return owner
	}
	if set, ok := o.sets[owner.Name]; ok {
		return MakerOf(set)
	}
	// The cache of ReplicaSets is behind that of pods: the names tell as well.
	hash := pod.Labels[appsv1.DefaultDeploymentUniqueLabelKey]
	if name, ok := strings.CutSuffix(owner.Name, "-"+hash); ok && hash != "" {
		return v1alpha1.WorkloadRef{Kind: "Deployment", Name: name}
	}
	return owner
}

func (o *observer) observations() []gate.Observation {
	observed := make([]gate.Observation, 0, len(o.workloads))
	for ref, w := range o.workloads {
		observed = append(observed, w.observation(ref))
	}
	slices.SortFunc(observed, func(a, b gate.Observation) int {
		return cmp.Or(cmp.Compare(a.Workload.Kind, b.Workload.Kind), cmp.Compare(a.Workload.Name, b.Workload.Name))
	})
	return observed
}

func replicas(n *int32) int32 {
	if n == nil {
		return 1
	}
	return *n
}
