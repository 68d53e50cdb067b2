package cli

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// BudgetResult explains a DowntimeBudget.
type BudgetResult struct {
	// API is the CustomerAPI that it is for.
	API string `json:"api"`
	// State is Up, Degraded, Down or Unobserved, since StateTime.
	State     string       `json:"state"`
	StateTime *metav1.Time `json:"stateTime,omitempty"`
	// Measured is the condition of that name.
	Measured ConditionResult `json:"measured"`
	// WindowStartTime is where the window begins: that of so many days, or of the present month where days is 0.
	WindowStartTime metav1.Time `json:"windowStartTime"`
	Days            int         `json:"days"`
	// UsedSeconds of AllowedSeconds are used, and LeftSeconds left.
	AllowedSeconds int64 `json:"allowedSeconds"`
	UsedSeconds    int64 `json:"usedSeconds"`
	LeftSeconds    int64 `json:"leftSeconds"`
	// UnplannedSeconds, PlannedSeconds and UnobservedSeconds are what lies in the window.
	UnplannedSeconds  int64 `json:"unplannedSeconds"`
	PlannedSeconds    int64 `json:"plannedSeconds"`
	UnobservedSeconds int64 `json:"unobservedSeconds"`
	// BurnRatePercent is how fast it went in the last 24 hours: with 100 it is spent just as the window ends.
	BurnRatePercent int64 `json:"burnRatePercent"`
	// ExhaustedTime is when it will be spent, SpentTime when it was, and FreesTime when something is left again.
	ExhaustedTime *metav1.Time `json:"exhaustedTime,omitempty"`
	SpentTime     *metav1.Time `json:"spentTime,omitempty"`
	FreesTime     *metav1.Time `json:"freesTime,omitempty"`
	// Refused is what is refused because of it.
	Refused string `json:"refused"`
	// Intervals are the times at which the API was down or nobody looked, the latest last. Those of Older days are
	// summed up.
	Intervals []v1alpha1.DowntimeInterval `json:"intervals,omitempty"`
	Older     int                         `json:"older,omitempty"`
	// Apology is the ChangeNotice that was drafted.
	Apology string `json:"apology,omitempty"`
}
