package gate

import (
	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/downtime"
	"forewarn.dev/forewarn/internal/notice"
)

// Windows are the planned downtimes of an API that customers were told of, by start: also those that are over, for what
// was down then was announced. The revision of the input does not count.
func Windows(in Input) []downtime.Window {
	if in.API == nil {
		return nil
	}
	policies, _ := owedTo(in.Policies, in.Audience) // what cannot be read owes what it did
	ledger := notice.NewLedger(in.API, in.Notices, policies)
	strongest := strongestOf(in.API)
	return ledger.Windows(func(string) v1alpha1.Stability { return strongest }, in.Now.UTC().Round(0))
}

// strongestOf is the stability by which a planned downtime is owed, whichever version it is of: that of the most stable
// version. What is away in a brownout is what the rules of a route lead to that somebody lists for it, and no rule says of
// which version it is.
func strongestOf(api *v1alpha1.CustomerAPI) v1alpha1.Stability {
	strongest := v1alpha1.StabilityAlpha
	for _, version := range Versions(api) {
		switch s := stabilityOf(api, version); {
		case s == v1alpha1.StabilityStable, strongest == v1alpha1.StabilityAlpha:
			strongest = s
		}
	}
	return strongest
}
