// Package admission holds the policies as they are shipped, for the manager to compare with what is installed.
package admission

import "embed"

// Manifests are the policies and their bindings, and how kustomize gathers them. They name the namespace forewarn-system.
//
//go:embed *.yaml
var Manifests embed.FS
