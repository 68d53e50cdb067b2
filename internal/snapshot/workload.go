package snapshot

import (
	"cmp"
	"maps"
	"slices"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

// workload gathers what was read of one workload.
type workload struct {
	// templated says that current and completed come from the workload itself, not from its pods.
	templated bool
	completed bool
	current   string
	template  map[string]string // its labels
	traffic   bool
	ledBy     []string
	pods      int32
	ready     int32
	youngest  *corev1.Pod
	running   map[string]*gate.Running
	sets      []gate.ReplicaSet
}

func (w *workload) run(revision string) *gate.Running {
	found, ok := w.running[revision]
	if !ok {
		found = &gate.Running{Revision: revision}
		w.running[revision] = found
	}
	return found
}

func (w *workload) observation(ref v1alpha1.WorkloadRef) gate.Observation {
	observed := gate.Observation{
		Workload:     ref,
		Ready:        w.ready,
		TakesTraffic: w.traffic,
		LedBy:        slices.Sorted(slices.Values(w.ledBy)),
		Completed:    w.completed,
		Current:      w.current,
		Template:     w.template,
		ReplicaSets:  w.replicaSets(),
	}
	if !w.templated {
		// A kind we do not know, such as a Rollout or a Job, has arrived when all its pods agree and are ready.
		observed.Completed = w.pods > 0 && w.ready == w.pods && len(w.running) == 1
	}
	for _, running := range w.running {
		slices.Sort(running.Images)
		slices.Sort(running.Ran)
		observed.Running = append(observed.Running, *running)
	}
	slices.SortFunc(observed.Running, func(a, b gate.Running) int { return cmp.Compare(a.Revision, b.Revision) })
	return observed
}

// withImages takes the images of a pod in; ephemeral containers are not part of a revision.
func withImages(images []string, pod *corev1.PodSpec) []string {
	for _, container := range slices.Concat(pod.InitContainers, pod.Containers) {
		if !slices.Contains(images, container.Image) {
			images = append(images, container.Image)
		}
	}
	return images
}

// addLabels takes the labels of a pod in, but for those in which pods of one template differ.
func addLabels(running *gate.Running, labels map[string]string) {
	labels = gate.StripSlots(labels, nil)
	if !slices.ContainsFunc(running.Labels, func(known map[string]string) bool { return maps.Equal(known, labels) }) {
		running.Labels = append(running.Labels, labels)
	}
}

// addSet takes the labels of a pod in as a Service may select by them.
func (o *observer) addSet(running *gate.Running, labels map[string]string, ready bool) {
	set := gate.LabelSet{Labels: gate.SharedLabels(labels), Ready: ready, Led: o.carriers.leadsTo(labels)}
	i := slices.IndexFunc(running.Sets, func(known gate.LabelSet) bool { return maps.Equal(known.Labels, set.Labels) })
	if i < 0 {
		running.Sets = append(running.Sets, set)
		return
	}
	known := &running.Sets[i]
	known.Ready, known.Led = known.Ready || set.Ready, known.Led || set.Led
}

// lead takes in whether customers are led to pods with these labels, and by what.
func (o *observer) lead(w *workload, labels map[string]string) {
	w.traffic = w.traffic || o.carriers.takesTraffic(labels)
	for _, service := range o.carriers.ledBy(labels) {
		if !slices.Contains(w.ledBy, service) {
			w.ledBy = append(w.ledBy, service)
		}
	}
}

// rolledOut says whether the present template of a workload has been rolled out. Where that cannot be told it has
// not: what served before then keeps serving.
func rolledOut(object client.Object, kind schema.GroupVersionKind) bool {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		return false
	}
	u := &unstructured.Unstructured{Object: content}
	u.SetGroupVersionKind(kind)
	result, err := status.Compute(u)
	return err == nil && result.Status == status.CurrentStatus
}
