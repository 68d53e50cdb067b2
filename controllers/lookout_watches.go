package controllers

import (
	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// looks are the kinds that are looked at, and what is done with each event.
func (l *lookout) looks() []look {
	return []look{
		{&coordinationv1.Lease{}, onEach(l.seeLease, func(*coordinationv1.Lease) {})},
		{&v1alpha1.CustomerAPI{}, onEach(l.seeAPI, l.loseAPI)},
		{&v1alpha1.DowntimeBudget{}, onEach(l.seeBudget, l.loseBudget)},
		{&corev1.Service{}, onEach(l.seeService, l.loseService)},
		{&discoveryv1.EndpointSlice{}, onEach(l.seeSlice, l.loseSlice)},
		{&corev1.Pod{}, onEach(l.seePod, l.losePod)},
		{&appsv1.Deployment{}, onEach(l.seeDeployment, func(d *appsv1.Deployment) { l.seeWorkload(d, "Deployment", nil) })},
		{&appsv1.ReplicaSet{}, onEach(l.seeReplicaSet, func(s *appsv1.ReplicaSet) { l.seeWorkload(s, "ReplicaSet", nil) })},
		{&appsv1.StatefulSet{}, onEach(l.seeStatefulSet, func(s *appsv1.StatefulSet) { l.seeWorkload(s, "StatefulSet", nil) })},
		{&appsv1.DaemonSet{}, onEach(l.seeDaemonSet, func(s *appsv1.DaemonSet) { l.seeWorkload(s, "DaemonSet", nil) })},
	}
}
