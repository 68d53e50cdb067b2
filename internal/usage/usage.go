// Package usage reads what a Prometheus server answers to the question which customers used what. It is pure. What it
// says of an answer never holds what stood in it: a label may hold anything.
package usage

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice"
)

// What the status of an Audience can hold, as its schema has it, and how many bytes of it: the spec is long, too, and
// etcd takes 1.5 MiB for both.
const (
	maxVersions   = 64
	maxOperations = 2000
	maxBytes      = 128 << 10
	maxOperation  = 512
)

// Window stands in a query for the days that it looks back.
const Window = "$window"

// Query is the PromQL of a query.
func Query(q *v1alpha1.UsageQuery) string {
	return strings.ReplaceAll(q.Query, Window, fmt.Sprintf("%dd", q.WindowDays))
}

// Labels are those of the samples of a query.
type Labels struct{ Customer, Operation, Version string }

// LabelsOf are those that a query names, and else the usual ones.
func LabelsOf(q *v1alpha1.UsageQuery) Labels {
	return Labels{
		Customer:  string(cmp.Or(q.CustomerLabel, "customer")),
		Operation: string(cmp.Or(q.OperationLabel, "operation")),
		Version:   string(cmp.Or(q.VersionLabel, "version")),
	}
}

// Sample is one of an answer: how often a customer used an operation.
type Sample struct {
	Customer, Operation, Version string
	Value                        float64
}

// Problem is why an answer cannot be believed, and what to do.
type Problem struct {
	Reason string // a reason of UsageKnown
	Text   string
}

// Answer is who used what.
type Answer struct {
	// listed are the customers of the list. A customer is its number in it; those who are not in the list have the
	// numbers that follow.
	listed []v1alpha1.CustomerID
	used   notice.UsageIndex[[]int32]
}

// Read reads an answer about the customers of a list. One sample that cannot be understood spoils it all: what it was
// about would look as though nobody used it.
func Read(samples []Sample, labels Labels, listed []v1alpha1.CustomerID) (*Answer, *Problem) {
	if len(samples) == 0 {
		return nil, &Problem{v1alpha1.ReasonUsageEmpty, "the answer holds no sample. A metric that does not exist answers the same: " +
			"try the query on the server, and take the condition > 0 away where nobody used anything"}
	}
	a := &Answer{listed: slices.Sorted(slices.Values(listed)), used: notice.UsageIndex[[]int32]{}}
	numbers := make(map[v1alpha1.CustomerID]int32, len(a.listed))
	for i, id := range a.listed {
		numbers[id] = int32(i)
	}
	for i := range samples {
		s := &samples[i]
		operation, problem := operationOf(s, labels)
		if problem != nil {
			return nil, problem
		}
		if math.IsNaN(s.Value) { // whether it was used is what nobody knows
			return nil, &Problem{v1alpha1.ReasonUsageInvalid, "a sample is not a number: let the query divide by nothing that may be 0"}
		}
		if s.Value <= 0 {
			continue
		}
		id := v1alpha1.CustomerID(s.Customer)
		number, known := numbers[id]
		if !known {
			number = int32(len(numbers))
			numbers[id] = number
		}
		for _, key := range []notice.Used{{Version: s.Version, Operation: operation}, {Version: s.Version}} {
			a.used[key] = append(a.used[key], number)
		}
	}
	a.unite()
	return a, nil
}

var versionForm = regexp.MustCompile(`^[a-z0-9]([-._a-z0-9]{0,61}[a-z0-9])?$`)

// operationOf is the operation that a sample is about, and why it cannot be told.
func operationOf(s *Sample, labels Labels) (string, *Problem) {
	invalid := func(text string, args ...any) (string, *Problem) {
		return "", &Problem{v1alpha1.ReasonUsageInvalid, fmt.Sprintf(text, args...)}
	}
	switch {
	case s.Customer == "":
		return invalid("a sample has no label %s: let the query keep it (sum by), and leave out what is of no customer", labels.Customer)
	case s.Operation == "":
		return invalid("a sample has no label %s: let the query keep it (sum by), and leave out what is of no operation", labels.Operation)
	case s.Version != "" && !versionForm.MatchString(s.Version):
		return invalid("the label %s of a sample is no version such as v1: let the query write it so (label_replace)", labels.Version)
	}
	operation, ok := notice.UsedOperation(s.Operation)
	if !ok || len(operation) > maxOperation || strings.ContainsAny(operation, "@%?#") {
		return invalid("the label %s of a sample is no operation such as DELETE /orders/{id}: let the query write it so (label_replace), and leave out what is none",
			labels.Operation)
	}
	return operation, nil
}

// unite makes of what was counted sets, each sorted. Those of whom the version is not known used every version.
func (a *Answer) unite() {
	for key, numbers := range a.used {
		if key.Version != "" {
			numbers = append(numbers, a.used[notice.Used{Operation: key.Operation}]...)
		}
		slices.Sort(numbers)
		a.used[key] = slices.Compact(numbers)
	}
}

// Status is what is kept of an answer. It names no customer.
func (a *Answer) Status(q *v1alpha1.UsageQuery, at time.Time) (v1alpha1.CustomerUsage, *Problem) {
	var everybody []int32
	status := v1alpha1.CustomerUsage{
		Time: &metav1.Time{Time: at.UTC().Truncate(time.Second)}, QueryDigest: notice.UsageDigest(q), WindowDays: q.WindowDays,
	}
	keys := slices.SortedFunc(maps.Keys(a.used), func(a, b notice.Used) int {
		return cmp.Or(cmp.Compare(a.Version, b.Version), cmp.Compare(a.Operation, b.Operation))
	})
	for _, key := range keys {
		customers, unlisted := a.count(a.used[key])
		if key.Operation == "" {
			everybody = append(everybody, a.used[key]...)
			status.Versions = append(status.Versions, v1alpha1.UsedVersion{
				Version: v1alpha1.VersionName(key.Version), Customers: &customers, Unlisted: unlisted,
			})
			continue
		}
		status.Operations = append(status.Operations, v1alpha1.UsedOperation{
			Version: v1alpha1.VersionName(key.Version), Operation: key.Operation, Customers: &customers, Unlisted: unlisted,
		})
	}
	slices.Sort(everybody)
	customers, unlisted := a.count(slices.Compact(everybody))
	status.Customers, status.Unlisted = &customers, unlisted
	written, err := json.Marshal(&status)
	if len(status.Versions) > maxVersions || len(status.Operations) > maxOperations || len(written) > maxBytes || err != nil {
		return v1alpha1.CustomerUsage{}, &Problem{v1alpha1.ReasonUsageTooLarge, fmt.Sprintf(
			"it tells of %d operations of %d versions, and there is room for %d of %d in %d KiB: let the query leave out what is no operation of the API, or make several Audiences",
			len(status.Operations), len(status.Versions), maxOperations, maxVersions, maxBytes>>10)}
	}
	return status, nil
}

// count tells apart who is in the list and who is not.
func (a *Answer) count(numbers []int32) (listed, unlisted int32) {
	i, _ := slices.BinarySearch(numbers, int32(len(a.listed)))
	return int32(i), int32(len(numbers) - i)
}

// Customers are those of the list who used any of what changes, those included who used what may be it by another name;
// versions are those that the API has. known is false where it cannot be told of all of it who did.
func (a *Answer) Customers(changes []notice.Change, versions []string) (ids []v1alpha1.CustomerID, known bool) {
	ids, _, known = a.Users(changes, versions)
	return ids, known
}

// Users are Customers, and how many besides used it who are not in the list.
func (a *Answer) Users(changes []notice.Change, versions []string) (ids []v1alpha1.CustomerID, unlisted int32, known bool) {
	var numbers []int32
	for i := range changes {
		who, known := a.used.Of(changes[i].Version, changes[i].Operation, versions)
		if !known {
			return nil, 0, false
		}
		numbers = append(numbers, who...)
		for _, besides := range a.used.Besides(changes[i].Version, changes[i].Operation, versions) {
			numbers = append(numbers, besides...)
		}
	}
	slices.Sort(numbers)
	numbers = slices.Compact(numbers)
	listed, unlisted := a.count(numbers)
	for _, number := range numbers[:listed] {
		ids = append(ids, a.listed[number])
	}
	return ids, unlisted, true
}
