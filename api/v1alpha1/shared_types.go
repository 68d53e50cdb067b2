package v1alpha1

// ChangeClass says what a change means to customers.
//
// Removal, Breaking, Deprecation and Addition are found by comparing
// contracts. Behaviour, Limits, Price, Terms, Access, Ownership, Renewal,
// Downtime and Correction are declared by people, since no schema shows them.
// A NoticePolicy may use names of its own.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=63
// +kubebuilder:validation:Pattern=`^[A-Z][A-Za-z0-9]*$`
type ChangeClass string

// Classes that forewarn itself knows.
const (
	ClassRemoval     ChangeClass = "Removal"
	ClassBreaking    ChangeClass = "Breaking"
	ClassDeprecation ChangeClass = "Deprecation"
	ClassAddition    ChangeClass = "Addition"
	ClassBehaviour   ChangeClass = "Behaviour"
	ClassDowntime    ChangeClass = "Downtime"
	ClassCorrection  ChangeClass = "Correction"
)

// Stability is what customers were told they may expect of a version.
//
// +kubebuilder:validation:Enum=Stable;Beta;Alpha
type Stability string

// Stabilities, the strongest promise first.
const (
	StabilityStable Stability = "Stable"
	StabilityBeta   Stability = "Beta"
	StabilityAlpha  Stability = "Alpha"
)

// Enforcement is what the API server does with a rollout that is not
// admissible.
//
// +kubebuilder:validation:Enum=Deny;Warn;Audit
type Enforcement string

// Enforcements, the strictest first.
const (
	EnforcementDeny  Enforcement = "Deny"
	EnforcementWarn  Enforcement = "Warn"
	EnforcementAudit Enforcement = "Audit"
)

// ContractFormat is the format of a contract document.
//
// +kubebuilder:validation:Enum=OpenAPI
type ContractFormat string

// FormatOpenAPI is OpenAPI 3.0, 3.1 or Swagger 2.0, as JSON or YAML.
const FormatOpenAPI ContractFormat = "OpenAPI"

// VersionName names a version of an API as customers know it.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=63
// +kubebuilder:validation:Pattern=`^[a-z0-9]([-._a-z0-9]*[a-z0-9])?$`
type VersionName string

// ObjectName is the name of an object of forewarn in the same namespace. It
// is a DNS label, because the gate uses it as part of a key.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=63
// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
type ObjectName string

// Digest is the SHA-256 of what was judged, in hex.
//
// +kubebuilder:validation:MinLength=64
// +kubebuilder:validation:MaxLength=64
// +kubebuilder:validation:Pattern=`^[0-9a-f]{64}$`
type Digest string

// APIRef names a CustomerAPI in the same namespace.
type APIRef struct {
	// name is the name of the CustomerAPI, for example "orders".
	// +required
	Name ObjectName `json:"name,omitempty"`
}

// WorkloadRef names a workload in the same namespace.
type WorkloadRef struct {
	// kind is the kind of the workload, for example "Deployment".
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Kind string `json:"kind,omitempty"`

	// name is the name of the workload, for example "orders".
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name,omitempty"`
}

// OwedNotice is how much notice was found to be owed, with who binds.
// +kubebuilder:validation:XValidation:rule="has(self.policy) != has(self.customer)",message="a policy binds, or a contract with a customer"
type OwedNotice struct {
	// version is the version of the API whose customers are owed it.
	// +required
	Version VersionName `json:"version,omitempty"`

	// class is the class of change that it is owed for.
	// +required
	Class ChangeClass `json:"class,omitempty"`

	// policy is the NoticePolicy that binds, for example "public-apis". Left
	// out, the contract with customer does.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Policy string `json:"policy,omitempty"`

	// customer is a customer whose contract binds.
	// +optional
	Customer CustomerID `json:"customer,omitempty"`

	// days is the number of full days owed.
	// +required
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=3650
	Days *int32 `json:"days,omitempty"`

	// unusedForDays says that the days are fewer than the policy owes otherwise,
	// since nobody used what changes for so many days. Left out, they are not.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=365
	UnusedForDays int32 `json:"unusedForDays,omitempty"`

	// countedAs says which days count. Left out, it means Days.
	// +optional
	CountedAs DayCount `json:"countedAs,omitempty"`

	// timeZone is the IANA time zone in which a day begins and ends. Left
	// out, it means UTC.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	TimeZone string `json:"timeZone,omitempty"`

	// holidays are the calendars whose days do not count as business days.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=16
	Holidays []string `json:"holidays,omitempty"`

	// closedDates are further dates that do not count as business days.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=366
	// +kubebuilder:validation:items:MinLength=10
	// +kubebuilder:validation:items:MaxLength=10
	ClosedDates []string `json:"closedDates,omitempty"`
}

// DayCount says which days count towards a period.
//
// +kubebuilder:validation:Enum=Days;BusinessDays
type DayCount string

// Ways to count days.
const (
	CountDays         DayCount = "Days"
	CountBusinessDays DayCount = "BusinessDays"
)
