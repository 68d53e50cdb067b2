// Package v1alpha1 holds the kinds by which a company declares what it
// promised its customers, and reads what became of it.
//
// Fields left out are resolved by the code that judges, as each field's
// comment says, never by a schema default: the command line reads manifests
// that no API server has seen.
//
// +kubebuilder:object:generate=true
// +groupName=forewarn.dev
package v1alpha1
