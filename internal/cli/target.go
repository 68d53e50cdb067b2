package cli

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// kind is a kind of object that can be explained.
type kind struct {
	gvk schema.GroupVersionKind
	// names are what people call it, the first of them in full.
	names []string
}

func (k *kind) String() string { return k.names[0] }

var (
	kindRevision    = ownKind("APIRevision", "apirevision", "apirevisions", "arev")
	kindNotice      = ownKind("ChangeNotice", "changenotice", "changenotices", "notice")
	kindCustomerAPI = ownKind("CustomerAPI", "customerapi", "customerapis", "cusapi")
	kindSchedule    = ownKind("DeprecationSchedule", "deprecationschedule", "deprecationschedules", "dsched")
	kindBudget      = ownKind("DowntimeBudget", "downtimebudget", "downtimebudgets", "dtb")
	kindPod         = &kind{schema.GroupVersionKind{Version: "v1", Kind: "Pod"}, []string{"pod", "pods", "po"}}
)

// kinds are all that can be explained.
var kinds = []*kind{
	kindRevision, kindNotice, kindCustomerAPI, kindSchedule, kindBudget, kindPod,
	workloadKind("apps", "v1", "Deployment", "deployment", "deployments", "deploy"),
	workloadKind("apps", "v1", "StatefulSet", "statefulset", "statefulsets", "sts"),
	workloadKind("apps", "v1", "DaemonSet", "daemonset", "daemonsets", "ds"),
	workloadKind("apps", "v1", "ReplicaSet", "replicaset", "replicasets", "rs"),
	workloadKind("argoproj.io", "v1alpha1", "Rollout", "rollout", "rollouts", "ro"),
}

func ownKind(name string, names ...string) *kind {
	return &kind{schema.GroupVersionKind{Group: "forewarn.dev", Version: "v1alpha1", Kind: name}, names}
}

func workloadKind(group, version, name string, names ...string) *kind {
	return &kind{schema.GroupVersionKind{Group: group, Version: version, Kind: name}, names}
}

// target is an object that somebody asks about.
type target struct {
	kind *kind
	name string
}

func (t target) String() string { return t.kind.String() + "/" + t.name }

// readTarget reads KIND/NAME, as kubectl prints and takes it.
func readTarget(arg string) (target, error) {
	called, name, ok := strings.Cut(arg, "/")
	if !ok || name == "" || strings.Contains(name, "/") {
		return target{}, fmt.Errorf("%q is no object: write KIND/NAME, for example deployment/orders", arg)
	}
	called, _, _ = strings.Cut(strings.ToLower(called), ".") // deployment.apps/orders
	for _, k := range kinds {
		if slices.Contains(k.names, called) {
			return target{kind: k, name: name}, nil
		}
	}
	var known []string
	for _, k := range kinds {
		known = append(known, k.String())
	}
	return target{}, fmt.Errorf("%q is no kind that can be explained: write one of %s", called, strings.Join(known, ", "))
}
