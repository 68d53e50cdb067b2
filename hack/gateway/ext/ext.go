// Package ext stands in for a folder of Traefik that its module leaves out: what a build of its own may add to its
// configuration. It adds nothing.
package ext

// HTTP is what is added to the configuration of HTTP.
type HTTP struct{}

// Router is what is added to that of a router.
type Router struct{}
