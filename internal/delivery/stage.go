package delivery

import (
	"strconv"
	"strings"
)

// Stage is the occasion on which customers are told: Published, Withdrawn, Superseded and InForce as such,
// Reminder, Postponed and Updated with a number behind it, as in "Reminder-30".
type Stage string

// The stages, and the kinds of those that have a number.
const (
	// Published: the notice is new.
	Published Stage = "Published"
	// Reminder-<days>: the day comes nearer.
	Reminder Stage = "Reminder"
	// Postponed-<n>: the date moved to later, for the n-th time.
	Postponed Stage = "Postponed"
	// Updated-<n>: the n-th clarification was added.
	Updated Stage = "Updated"
	// Withdrawn: the change does not come.
	Withdrawn Stage = "Withdrawn"
	// Superseded: another notice says what holds.
	Superseded Stage = "Superseded"
	// InForce: the change serves for the first time.
	InForce Stage = "InForce"
)

// ReminderStage is the reminder so many days before the change, at least 1.
func ReminderStage(days int) Stage { return Reminder + Stage("-"+strconv.Itoa(days)) }

// PostponedStage is the n-th postponement, from 1.
func PostponedStage(n int) Stage { return Postponed + Stage("-"+strconv.Itoa(n)) }

// UpdatedStage is the n-th clarification, from 1.
func UpdatedStage(n int) Stage { return Updated + Stage("-"+strconv.Itoa(n)) }

// Kind is the stage without its number.
func (s Stage) Kind() Stage {
	kind, _, _ := strings.Cut(string(s), "-")
	return Stage(kind)
}
