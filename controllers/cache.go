package controllers

import (
	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/signal"
	"forewarn.dev/forewarn/internal/snapshot"
)

// CacheOptions keep the cache small: of what others own it holds the fields that something here reads, of ConfigMaps
// those that are proposals, without their documents, and of Leases those of the API servers.
func CacheOptions() cache.Options {
	return cache.Options{
		DefaultTransform: stripAny,
		// A kind that no reconciler watches must be read live: it is not to be cached by accident.
		ReaderFailOnMissingInformer: true,
		ByObject: map[client.Object]cache.ByObject{
			&corev1.ConfigMap{}: {Label: proposals(), Transform: stripped(stripConfigMap)},
			&coordinationv1.Lease{}: {Namespaces: map[string]cache.Config{snapshot.IdentityLeaseNamespace: {
				LabelSelector: labels.SelectorFromSet(labels.Set{snapshot.IdentityLeaseLabel: snapshot.IdentityLeaseValue}),
			}}},
			&corev1.Namespace{}:          {Transform: stripped(stripNamespace)},
			&corev1.Service{}:            {Transform: stripped(stripService)},
			&discoveryv1.EndpointSlice{}: {Transform: stripped(stripSlice)},
			&corev1.Pod{}:                {Transform: stripped(stripPod)},
			&appsv1.ReplicaSet{}:         {Transform: stripped(stripReplicaSet)},
			&appsv1.Deployment{}:         {Transform: stripped(stripDeployment)},
			&appsv1.StatefulSet{}:        {Transform: stripped(stripStatefulSet)},
			&appsv1.DaemonSet{}:          {Transform: stripped(stripDaemonSet)},
			&v1alpha1.APIRevision{}:      {Transform: stripped(stripRevision)},
			// HTTPRoutes are not here: a cluster may not serve them. Their definition says whether it does: addRoutes.
			definitionMetadata(): {Field: fields.OneTermEqualSelector("metadata.name", httpRouteCRD)},
		},
	}
}

func proposals() labels.Selector {
	exists, err := labels.NewRequirement(v1alpha1.APILabel, selection.Exists, nil)
	if err != nil {
		panic(err) // a constant of ours is no label
	}
	return labels.NewSelector().Add(*exists)
}

// stripped lifts a function over one kind to what a cache takes. What is of another kind, such as the tombstone of a
// deletion that was missed, passes as it is.
func stripped[T client.Object](strip func(T)) func(any) (any, error) {
	return func(object any) (any, error) {
		if typed, ok := object.(T); ok && snapshot.Read(typed) == nil {
			stripMeta(typed)
			strip(typed)
		}
		return object, nil
	}
}

func stripMeta(object client.Object) {
	object.SetManagedFields(nil)
	kept := map[string]string{}
	for _, key := range []string{
		v1alpha1.RevisionAnnotation, v1alpha1.DigestAnnotation, nudgedAnnotation, signal.RecordAnnotation, snapshot.TurnAnnotation,
	} {
		if value, ok := object.GetAnnotations()[key]; ok {
			kept[key] = value
		}
	}
	if _, ok := object.(*corev1.Namespace); ok {
		kept = marksOf(object.(*corev1.Namespace)).Until
	}
	object.SetAnnotations(kept)
}

// stripConfigMap leaves the keys, from which a revision is made.
func stripConfigMap(c *corev1.ConfigMap) {
	for key := range c.Data {
		c.Data[key] = ""
	}
	for key := range c.BinaryData {
		c.BinaryData[key] = nil
	}
}

func stripNamespace(n *corev1.Namespace) {
	n.Spec, n.Status = corev1.NamespaceSpec{}, corev1.NamespaceStatus{}
}

func stripService(s *corev1.Service) {
	var ports []corev1.ServicePort
	for _, p := range s.Spec.Ports {
		ports = append(ports, corev1.ServicePort{Port: p.Port, Protocol: p.Protocol, TargetPort: p.TargetPort})
	}
	s.Spec, s.Status = corev1.ServiceSpec{Selector: s.Spec.Selector, Ports: ports}, corev1.ServiceStatus{}
}

func stripPod(p *corev1.Pod) {
	p.Spec = strippedPodSpec(&p.Spec)
	status := corev1.PodStatus{Phase: p.Status.Phase}
	for _, c := range p.Status.Conditions {
		switch c.Type {
		case corev1.PodReady:
			status.Conditions = append(status.Conditions, corev1.PodCondition{
				Type: c.Type, Status: c.Status, LastTransitionTime: c.LastTransitionTime,
			})
		case corev1.DisruptionTarget:
			status.Conditions = append(status.Conditions, corev1.PodCondition{Type: c.Type, Status: c.Status, Reason: c.Reason})
		}
	}
	p.Status = status
}

func stripReplicaSet(s *appsv1.ReplicaSet) { stripTemplate(&s.Spec.Template) }

func stripDeployment(d *appsv1.Deployment) {
	stripTemplate(&d.Spec.Template)
	for i := range d.Status.Conditions {
		d.Status.Conditions[i].LastUpdateTime = metav1.Time{}
	}
}

func stripStatefulSet(s *appsv1.StatefulSet) {
	stripTemplate(&s.Spec.Template)
	s.Spec.VolumeClaimTemplates = nil
}

func stripDaemonSet(s *appsv1.DaemonSet) { stripTemplate(&s.Spec.Template) }

func stripTemplate(t *corev1.PodTemplateSpec) {
	stripped := metav1.ObjectMeta{Labels: t.Labels}
	if revision, ok := t.Annotations[v1alpha1.RevisionAnnotation]; ok {
		stripped.Annotations = map[string]string{v1alpha1.RevisionAnnotation: revision}
	}
	t.ObjectMeta, t.Spec = stripped, strippedPodSpec(&t.Spec)
}

// strippedPodSpec keeps the images.
func strippedPodSpec(spec *corev1.PodSpec) corev1.PodSpec {
	images := func(containers []corev1.Container) []corev1.Container {
		var kept []corev1.Container
		for i := range containers {
			kept = append(kept, corev1.Container{Image: containers[i].Image})
		}
		return kept
	}
	return corev1.PodSpec{InitContainers: images(spec.InitContainers), Containers: images(spec.Containers)}
}

// stripAny is for all other kinds. Of HTTPRoutes, which are read live, it leaves what says that one is to be read.
func stripAny(object any) (any, error) {
	metadata, ok := object.(*metav1.PartialObjectMetadata)
	if ok && metadata.GroupVersionKind() == httpRouteMetadata().GroupVersionKind() {
		stripMeta(metadata)
	}
	return cache.TransformStripManagedFields()(object)
}

// stripRevision leaves inline documents out: they are read live, and once.
func stripRevision(r *v1alpha1.APIRevision) {
	for i := range r.Spec.Contracts {
		r.Spec.Contracts[i].Inline = ""
	}
}
