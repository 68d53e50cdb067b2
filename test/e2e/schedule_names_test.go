//go:build unix

package e2e

import (
	"testing"

	. "github.com/onsi/gomega"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// Customers are not told that an operation goes away which their contract has not, not even by another name of a parameter:
// no notice would cover its removal.
func TestAScheduleNamesWhatItsContractHas(t *testing.T) {
	s := &telling{env: adopted(t)}
	s.retiring(400, func(spec *v1alpha1.DeprecationScheduleSpec) {
		spec.Operations = []string{"GET /orders", "DELETE /orders/{key}"}
		spec.Notice.Help = "https://help.shop.example"
	})
	s.Expect(s.scheduleIs(v1alpha1.ConditionPublished, "False Incomplete")).To(Equal(
		"operations[1]: the contract of v1 has no DELETE /orders/{key}: it has DELETE /orders/{id}, GET /orders"))
	s.Expect(s.noticeNames()).To(BeEmpty())
	s.reschedule(func(spec *v1alpha1.DeprecationScheduleSpec) { spec.Operations[1] = "delete /orders/{id}" })
	s.scheduleIs(v1alpha1.ConditionPublished, "True Published")
}
