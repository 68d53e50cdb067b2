// Package controllers keeps verdicts, the promise and the gates as they should be.
//
// Each reconciler reads through internal/snapshot, decides through internal/gate and writes. Nothing is decided from
// a condition that was written earlier. What other objects or a later time change comes as another request: by a
// watch, by the moment at which a verdict changes by itself, or by a waker.
//
//	ConfigMap --Proposal--> APIRevision --verdict--> board --> Gate --> ConfigMaps, label, until
//	                             ^                     |         |
//	                             +--- Judged, only when the gate holds the verdict
package controllers
