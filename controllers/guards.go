package controllers

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/utils/ptr"
)

// shippedNamespace is the one that the manifests name; kustomize renders another in its place.
const shippedNamespace = "forewarn-system"

// guards are the specs of admission policies and their bindings, by kind and name: "policy forewarn-pods".
type guards map[string]any

// readGuards reads what this version ships, for a manager in namespace.
func readGuards(manifests fs.FS, scheme *runtime.Scheme, namespace string) (guards, error) {
	files, err := fs.Glob(manifests, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("listing the admission policies: %w", err)
	}
	read := guards{}
	decoder := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
	for _, file := range files {
		if file == "kustomization.yaml" {
			continue
		}
		text, err := fs.ReadFile(manifests, file)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", file, err)
		}
		text = bytes.ReplaceAll(text, []byte(shippedNamespace), []byte(namespace))
		if err := read.add(text, decoder); err != nil {
			return nil, fmt.Errorf("reading %s: %w", file, err)
		}
	}
	return read, nil
}

func (g guards) add(text []byte, decoder runtime.Decoder) error {
	documents := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		object, _, err := decoder.Decode(document, nil, nil)
		if err != nil {
			return err
		}
		switch o := object.(type) {
		case *admissionregistrationv1.ValidatingAdmissionPolicy:
			g.policy(o)
		case *admissionregistrationv1.ValidatingAdmissionPolicyBinding:
			g.binding(o)
		default:
			return fmt.Errorf("%T is no admission policy", object)
		}
	}
}

// policy adds one as the API server keeps it.
func (g guards) policy(policy *admissionregistrationv1.ValidatingAdmissionPolicy) {
	spec := policy.Spec.DeepCopy()
	spec.FailurePolicy = orElse(spec.FailurePolicy, admissionregistrationv1.Fail)
	fillMatchResources(spec.MatchConstraints)
	g["policy "+policy.Name] = spec
}

// binding adds one as the API server keeps it.
func (g guards) binding(binding *admissionregistrationv1.ValidatingAdmissionPolicyBinding) {
	spec := binding.Spec.DeepCopy()
	fillMatchResources(spec.MatchResources)
	g["binding "+binding.Name] = spec
}

// fillMatchResources does what the API server does to what is left out.
func fillMatchResources(match *admissionregistrationv1.MatchResources) {
	if match == nil {
		return
	}
	match.MatchPolicy = orElse(match.MatchPolicy, admissionregistrationv1.Equivalent)
	match.NamespaceSelector = orElse(match.NamespaceSelector, metav1.LabelSelector{})
	match.ObjectSelector = orElse(match.ObjectSelector, metav1.LabelSelector{})
	for _, rules := range [][]admissionregistrationv1.NamedRuleWithOperations{match.ResourceRules, match.ExcludeResourceRules} {
		for i := range rules {
			rules[i].Scope = orElse(rules[i].Scope, admissionregistrationv1.AllScopes)
		}
	}
}

func orElse[T any](value *T, otherwise T) *T { return ptr.To(ptr.Deref(value, otherwise)) }

// differences say in one line which of the guards are not in installed, or not as they are here; empty where all are.
// What is installed besides can only refuse more.
func (g guards) differences(installed guards) string {
	var missing, changed []string
	for _, name := range slices.Sorted(maps.Keys(g)) {
		found, ok := installed[name]
		switch {
		case !ok:
			missing = append(missing, name)
		case !apiequality.Semantic.DeepEqual(found, g[name]):
			changed = append(changed, name)
		}
	}
	var said []string
	if len(missing) > 0 {
		said = append(said, "missing: "+strings.Join(missing, ", "))
	}
	if len(changed) > 0 {
		said = append(said, "not as this version of forewarn ships it: "+strings.Join(changed, ", "))
	}
	return strings.Join(said, "; ")
}
