package answer

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

func TestRead(t *testing.T) {
	july := time.Date(2027, 7, 1, 0, 0, 0, 0, time.UTC)
	until := func(year, month, day int) Answer {
		return Answer{Kind: v1alpha1.AnswerNeedsTime, NeededUntil: time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)}
	}
	for name, tc := range map[string]struct {
		kind, until    string
		now, effective time.Time
		want           Answer
		wantErr        error
	}{
		"understood":                        {FormUnderstood, "", noon, july, Answer{Kind: v1alpha1.AnswerUnderstood}, nil},
		"understood, with a day left over":  {FormUnderstood, "2027-08-01", noon, july, Answer{Kind: v1alpha1.AnswerUnderstood}, nil},
		"taken back":                        {FormTakeBack, "", noon, july, Answer{}, nil},
		"more time, to the end of that day": {FormNeedsTime, "2027-08-01", noon, july, until(2027, 8, 2), nil},
		"the day of the change":             {FormNeedsTime, "2027-07-01", noon, july, until(2027, 7, 2), nil},
		"the day before the change":         {FormNeedsTime, "2027-06-30", noon, july, Answer{}, ErrEarly},
		"the day, a second after it began":  {FormNeedsTime, "2027-07-01", noon, july.Add(time.Second), until(2027, 7, 2), nil},
		"the day, a second before its end":  {FormNeedsTime, "2027-06-30", noon, july.Add(-time.Second), until(2027, 7, 1), nil},
		"the change is in force, tomorrow":  {FormNeedsTime, "2026-11-23", noon, noon.AddDate(0, -1, 0), until(2026, 11, 24), nil},
		"the change is in force, today":     {FormNeedsTime, "2026-11-22", noon, noon.AddDate(0, -1, 0), Answer{}, ErrPast},
		"today, in its first second":        {FormNeedsTime, "2026-11-22", noon.Truncate(24 * time.Hour), noon.AddDate(0, -1, 0), Answer{}, ErrPast},
		"tomorrow, in today's last second":  {FormNeedsTime, "2026-11-22", noon.Truncate(24 * time.Hour).Add(-time.Second), noon.AddDate(0, -1, 0), until(2026, 11, 23), nil},
		"yesterday":                         {FormNeedsTime, "2026-11-21", noon, july, Answer{}, ErrPast},
		"ten years on":                      {FormNeedsTime, "2036-11-22", noon, july, until(2036, 11, 23), nil},
		"ten years and a day on":            {FormNeedsTime, "2036-11-23", noon, july, Answer{}, ErrFar},
		"the year mistyped":                 {FormNeedsTime, "9999-12-31", noon, july, Answer{}, ErrFar},
		"a day of a leap year":              {FormNeedsTime, "2028-02-29", noon, july, until(2028, 3, 1), nil},
		"a day that there is not":           {FormNeedsTime, "2027-02-29", noon, july, Answer{}, ErrNoDate},
		"no day":                            {FormNeedsTime, "", noon, july, Answer{}, ErrNoDate},
		"a day in another order":            {FormNeedsTime, "01.08.2027", noon, july, Answer{}, ErrNoDate},
		"a day and more":                    {FormNeedsTime, "2027-08-01T00:00:00Z", noon, july, Answer{}, ErrNoDate},
		"a blank before the day":            {FormNeedsTime, " 2027-08-01", noon, july, Answer{}, ErrNoDate},
		"nothing":                           {"", "2027-08-01", noon, july, Answer{}, ErrNoAnswer},
		"something else":                    {"Understood", "", noon, july, Answer{}, ErrNoAnswer},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Read(tc.kind, tc.until, tc.now, tc.effective)
			if diff := cmp.Diff(tc.want, got); !errors.Is(err, tc.wantErr) || diff != "" {
				t.Errorf("got the error %v, want %v\n%s", err, tc.wantErr, diff)
			}
		})
	}
}

func TestExpires(t *testing.T) {
	effective := time.Date(2027, 7, 1, 2, 0, 0, 0, time.FixedZone("", 7200))
	if got, want := Expires(effective), time.Date(2027, 9, 29, 0, 0, 0, 0, time.UTC); got != want {
		t.Errorf("a link expires at %v, want %v", got, want)
	}
}
