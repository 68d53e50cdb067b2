package answer

import (
	"errors"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// What a form says, as it stands in it.
const (
	FormUnderstood = "understood"
	FormNeedsTime  = "needs-time"
	FormTakeBack   = "take-back"
	// dateForm is how browsers send a date.
	dateForm = "2006-01-02"
)

const (
	// linkDays is how long after the date that a letter tells its link may be used: objections also come late.
	linkDays = 90
	// maxYears is how far from now a date may be that a customer asks for: a mistyped year is to be noticed.
	maxYears = 10
)

// Why an answer is none.
var (
	ErrNoAnswer = errors.New("it is none of the answers there are")
	ErrNoDate   = errors.New("there is no day in it")
	ErrPast     = errors.New("the day is not after today")
	ErrFar      = errors.New("the day is too far away")
	ErrEarly    = errors.New("the change comes no sooner than that")
)

// Answer is what a customer answers.
type Answer struct {
	// Kind is empty where the customer takes its answer back.
	Kind v1alpha1.CustomerAnswer
	// NeededUntil is the end of the last day that the customer asks for, with AnswerNeedsTime.
	NeededUntil time.Time
}

// Given is an answer that was kept, with the moment of it. Its zero value is none.
type Given struct {
	Answer
	Time time.Time
}

// Expires is when the links of a letter that tells this date expire.
func Expires(effective time.Time) time.Time { return effective.UTC().AddDate(0, 0, linkDays) }

// Read reads what a form says: an answer and a day, in UTC. effective is the date of the notice.
func Read(kind, until string, now, effective time.Time) (Answer, error) {
	switch kind {
	case FormUnderstood:
		return Answer{Kind: v1alpha1.AnswerUnderstood}, nil
	case FormTakeBack:
		return Answer{}, nil
	case FormNeedsTime:
	default:
		return Answer{}, ErrNoAnswer
	}
	day, err := time.Parse(dateForm, until)
	if err != nil {
		return Answer{}, ErrNoDate
	}
	switch first, last := Days(now, effective); {
	case day.After(last):
		return Answer{}, ErrFar
	case !day.After(today(now)):
		return Answer{}, ErrPast
	case day.Before(first):
		return Answer{}, ErrEarly
	}
	return Answer{Kind: v1alpha1.AnswerNeedsTime, NeededUntil: day.AddDate(0, 0, 1)}, nil
}

// Days are the first and the last day that a customer may ask for: after today, not over before the change comes, and
// at most ten years on.
func Days(now, effective time.Time) (first, last time.Time) {
	first, last = today(now).AddDate(0, 0, 1), today(now).AddDate(maxYears, 0, 0)
	if day := today(effective); day.After(first) {
		first = day
	}
	return first, last
}

// Day is a day as a form has it.
func Day(t time.Time) string { return t.UTC().Format(dateForm) }

func today(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }
