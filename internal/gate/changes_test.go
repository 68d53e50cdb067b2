package gate_test

import (
	"testing"

	"forewarn.dev/forewarn/internal/contract"
	"forewarn.dev/forewarn/internal/gate"
)

// A version that is gone is one change, whether the comparison or the gate notices it, so that a notice for one stands
// for the other.
func TestAVersionThatIsGoneIsOneChange(t *testing.T) {
	document, err := contract.Parse(contract.OpenAPI, []byte(`{"openapi":"3.0.3","info":{"title":"Orders","version":"1"},"paths":{}}`))
	if err != nil {
		t.Fatal(err)
	}
	want, err := contract.Compare("v1", document, nil)
	if err != nil || len(want) != 1 {
		t.Fatalf("got %v, want one change: %v", want, err)
	}
	in := proposing(func(in *gate.Input) { in.Revision.Spec.Contracts[0].Version = "v2" })
	changes := gate.Evaluate(in).Changes
	if len(changes) != 1 {
		t.Fatalf("got %v, want one change", changes)
	}
	got := changes[0]
	if got.Rule != want[0].Rule || string(got.Fingerprint) != want[0].Fingerprint || string(got.Class) != string(want[0].Class) || got.Text != want[0].Text {
		t.Errorf("got %+v, want %+v", got, want[0])
	}
}
