package cli

import (
	"fmt"
	"os"
	"strings"
	"testing"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// Whoever reads a rule or a class in a verdict finds it explained.
func TestRulesAreDocumented(t *testing.T) {
	data, err := os.ReadFile("../../docs/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(data)
	for n := 1; n <= 16; n++ {
		if !strings.Contains(page, fmt.Sprintf("\n**R%d ", n)) {
			t.Errorf("docs/rules.md does not explain R%d", n)
		}
	}
	for reason, ruling := range rulings {
		for _, rule := range ruling.rules {
			if !strings.Contains(page, "\n**"+rule+" ") {
				t.Errorf("docs/rules.md does not explain %s, which %s follows from", rule, reason)
			}
		}
	}
	for _, class := range []v1alpha1.ChangeClass{
		v1alpha1.ClassRemoval, v1alpha1.ClassBreaking, v1alpha1.ClassDeprecation, v1alpha1.ClassAddition,
		v1alpha1.ClassBehaviour, v1alpha1.ClassCorrection,
	} {
		if !strings.Contains(page, "\n| `"+string(class)+"` |") {
			t.Errorf("docs/rules.md does not explain the class %s", class)
		}
	}
}
