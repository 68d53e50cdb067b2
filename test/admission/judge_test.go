//go:build unix

package admission

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/apiserver/pkg/admission"
	plugincel "k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	apiuser "k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/cel/environment"
)

// judge evaluates a policy as the API server does, in this process: some thousand writes take seconds.
type judge struct {
	t                      *testing.T
	conditions, validation plugincel.ConditionEvaluator
}

// write is a request of a tenant; old is nil where it creates.
type write struct {
	kind                  schema.GroupVersionKind
	resource, subresource string
	old, object           *unstructured.Unstructured
}

// judgeOf looks at the first validation of a policy.
func judgeOf(t *testing.T, name string) judge {
	t.Helper()
	spec := render(t, admissionFolder).policies[name].Spec
	compiler, err := plugincel.NewCompositedCompiler(environment.MustBaseEnvSet(version.MajorMinor(1, 29)))
	if err != nil {
		t.Fatal(err)
	}
	options := plugincel.OptionalVariableDeclarations{HasParams: true, HasAuthorizer: true}
	var conditions []plugincel.ExpressionAccessor
	for _, c := range spec.MatchConditions {
		conditions = append(conditions, &matchconditions.MatchCondition{Name: c.Name, Expression: c.Expression})
	}
	for _, v := range spec.Variables {
		compiler.CompileAndStoreVariable(&validating.Variable{Name: v.Name, Expression: v.Expression}, options, environment.StoredExpressions)
	}
	return judge{
		t:          t,
		conditions: compiler.CompileCondition(conditions, options, environment.StoredExpressions),
		validation: compiler.CompileCondition([]plugincel.ExpressionAccessor{
			&validating.ValidationCondition{Expression: spec.Validations[0].Expression},
		}, options, environment.StoredExpressions),
	}
}

// asks says whether the match conditions let a write come as far as the validation, where the gate is data.
func (j judge) asks(data map[string]string, w write) bool {
	return j.holds(j.conditions, data, w, celconfig.RuntimeCELCostBudgetMatchConditions)
}

// allows is what the validation says, whether it would be asked or not.
func (j judge) allows(data map[string]string, w write) bool {
	return j.holds(j.validation, data, w, celconfig.RuntimeCELCostBudget)
}

func (j judge) holds(conditions plugincel.ConditionEvaluator, data map[string]string, w write, budget int64) bool {
	j.t.Helper()
	holds, err := j.try(conditions, data, w, budget)
	if err != nil {
		j.t.Fatal(err)
	}
	return holds
}

// try says whether all conditions hold, or that one errs.
func (j judge) try(conditions plugincel.ConditionEvaluator, data map[string]string, w write, budget int64) (bool, error) {
	j.t.Helper()
	resource := w.kind.GroupVersion().WithResource(w.resource)
	versioned := &admission.VersionedAttributes{VersionedKind: w.kind, VersionedObject: admission.NewLazyObject(w.object)}
	operation, old := admission.Create, runtime.Object(nil)
	if w.old != nil {
		operation, old = admission.Update, w.old
		versioned.VersionedOldObject = admission.NewLazyObject(w.old)
	}
	versioned.Attributes = admission.NewAttributesRecord(w.object, old, w.kind, w.object.GetNamespace(), w.object.GetName(), resource,
		w.subresource, operation, nil, false, &apiuser.DefaultInfo{Name: "tenant"})
	results, _, err := conditions.ForInput(j.t.Context(), versioned,
		plugincel.CreateAdmissionRequest(versioned.Attributes, metav1.GroupVersionResource(resource), metav1.GroupVersionKind(w.kind)),
		plugincel.OptionalVariableBindings{VersionedParams: &corev1.ConfigMap{Data: data}}, &corev1.Namespace{}, budget)
	if err != nil {
		return false, err
	}
	holds := true
	for _, r := range results {
		if r.Error != nil {
			return false, r.Error
		}
		holds = holds && r.EvalResult.Value() == true
	}
	return holds, nil
}

// untyped is an object as the API server gives it to a policy.
func untyped(t *testing.T, object runtime.Object, kind schema.GroupVersionKind) *unstructured.Unstructured {
	t.Helper()
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		t.Fatal(err)
	}
	u := &unstructured.Unstructured{Object: content}
	u.SetGroupVersionKind(kind)
	return u
}
