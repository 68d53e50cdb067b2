package controllers

import (
	"errors"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/feed"
	"forewarn.dev/forewarn/internal/notice"
	"forewarn.dev/forewarn/internal/notice/content"
)

// errNotAsPublished says that a notice was changed past all guards: customers were told something else.
var errNotAsPublished = errors.New("it does not say any more what was published: restore it, or publish a new one that supersedes it")

// shownNotice is a notice as customers read it: what was published, and of its date and its updates what was stamped.
// All replicas read the same stamps, and none of them goes back.
func shownNotice(n *v1alpha1.ChangeNotice, now time.Time) (feed.Notice, error) {
	status := &n.Status
	switch {
	case status.PublishedTime == nil:
		return feed.Notice{}, errors.New("it was not published")
	case !intact(n):
		return feed.Notice{}, errNotAsPublished
	case status.EffectiveTime == nil:
		return feed.Notice{}, errors.New("its date was not stamped yet")
	}
	shown := feed.Notice{
		ID: string(n.UID), Name: n.Name,
		Title: n.Spec.Title, WhatChanges: n.Spec.WhatChanges, WhatToDo: n.Spec.WhatToDo, Help: n.Spec.Help,
		Published: status.PublishedTime.UTC(), Effective: status.EffectiveTime.UTC(),
		Sequence: len(status.UpdateTimes), Until: overAt(n), Apology: n.Spec.ApologyFor != "",
		SupersededBy: string(status.SupersededBy),
	}
	if shown.State = stateOf(status, shown.Until, now); shown.Apology && shown.State == feed.InForce {
		shown.State = feed.Over
	}
	shown.Versions, shown.Operations = coveredBy(&n.Spec)
	times := []*metav1.Time{status.PublishedTime, status.WithdrawnTime, status.SupersededTime}
	for i := range min(len(n.Spec.Updates), len(status.UpdateTimes)) {
		if content.IsOwn(&n.Spec, n.Spec.Updates[i].Locale) {
			shown.Updates = append(shown.Updates, feed.Update{Time: status.UpdateTimes[i].UTC(), Text: n.Spec.Updates[i].Text})
		}
		times = append(times, &status.UpdateTimes[i])
	}
	if count := len(status.Postponements); count > 0 {
		last := status.Postponements[count-1]
		shown.Sequence += int(last.Number)
		shown.Previous = timeOf(last.From)
		times = append(times, last.Time)
	}
	switch {
	case shown.State == feed.InForce:
		times = append(times, status.EffectiveTime)
	case shown.State == feed.Over && shown.Until != nil:
		times = append(times, &metav1.Time{Time: *shown.Until})
	}
	shown.Updated = latest(times)
	return shown, nil
}

// overAt is when a planned downtime is over, by what customers were told; nil for what is none.
func overAt(n *v1alpha1.ChangeNotice) *time.Time {
	if n.Spec.DowntimeMinutes <= 0 {
		return nil
	}
	over := n.Status.EffectiveTime.Add(time.Duration(n.Spec.DowntimeMinutes) * time.Minute).UTC()
	return &over
}

func stateOf(status *v1alpha1.ChangeNoticeStatus, until *time.Time, now time.Time) feed.State {
	switch {
	case status.WithdrawnTime != nil:
		return feed.Withdrawn
	case status.SupersededTime != nil:
		return feed.Superseded
	case now.Before(status.EffectiveTime.Time):
		return feed.Upcoming
	case until != nil && !now.Before(*until):
		return feed.Over
	}
	return feed.InForce
}

// coveredBy are the versions and the operations that a notice names, each once and in its order.
func coveredBy(spec *v1alpha1.ChangeNoticeSpec) (versions, operations []string) {
	for _, entry := range spec.Covers {
		if version := string(entry.Version); !slices.Contains(versions, version) {
			versions = append(versions, version)
		}
		if operation := notice.Operation(entry.Operation); operation != "" && !slices.Contains(operations, operation) {
			operations = append(operations, operation)
		}
	}
	return versions, operations
}

func latest(times []*metav1.Time) time.Time {
	var last time.Time
	for _, t := range times {
		if t != nil && t.After(last) {
			last = t.UTC()
		}
	}
	return last
}

// commonZone is the time zone that all of the policies count in, nil where they do not agree on one.
func commonZone(policies []*v1alpha1.NoticePolicy) *time.Location {
	name := ""
	for i, policy := range policies {
		read, _ := notice.ReadPolicy(policy) // what is wrong in it, its own status says
		if i > 0 && read.Validity.Zone != name {
			return nil
		}
		name = read.Validity.Zone
	}
	zone, err := notice.ParseZone(name)
	if err != nil {
		return nil
	}
	return zone
}
