package cli

import (
	"testing"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice"
)

func TestMomentsAreShownInTheZoneAndPrecisely(t *testing.T) {
	location, err := notice.ParseZone("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	berlin := zone{name: "Europe/Berlin", location: location}
	midnight := time.Date(2027, time.June, 30, 22, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		zone        zone
		at          time.Time
		moment, day string
	}{
		"midnight there":         {berlin, midnight, "2027-07-01 00:00 Europe/Berlin (2027-06-30T22:00:00Z)", "2027-07-01"},
		"a second before":        {berlin, midnight.Add(-time.Second), "2027-06-30 23:59:59 Europe/Berlin (2027-06-30T21:59:59Z)", "2027-06-30 23:59:59"},
		"in the morning":         {berlin, midnight.Add(9 * time.Hour), "2027-07-01 09:00 Europe/Berlin (2027-07-01T07:00:00Z)", "2027-07-01 09:00"},
		"midnight, where UTC is": {utc, midnight.Add(2 * time.Hour), "2027-07-01T00:00:00Z", "2027-07-01"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tt.zone.moment(tt.at); got != tt.moment {
				t.Errorf("moment: got %s, want %s", got, tt.moment)
			}
			if got := tt.zone.day(tt.at); got != tt.day {
				t.Errorf("day: got %s, want %s", got, tt.day)
			}
		})
	}
}

func TestZoneOf(t *testing.T) {
	policy := func(name, timeZone string) v1alpha1.NoticePolicy {
		p := tellBefore()
		p.Name, p.Spec.TimeZone = name, timeZone
		return p
	}
	for name, tt := range map[string]struct {
		policies []v1alpha1.NoticePolicy
		binding  string
		want     string
	}{
		"no policy":                                {nil, "", "UTC"},
		"the one that binds":                       {[]v1alpha1.NoticePolicy{policy("a", "Asia/Tokyo"), policy("b", "Europe/Berlin")}, "b", "Europe/Berlin"},
		"the one that binds says nothing":          {[]v1alpha1.NoticePolicy{policy("a", "Asia/Tokyo"), policy("b", "")}, "b", "UTC"},
		"none binds: the first that has one":       {[]v1alpha1.NoticePolicy{policy("b", "Europe/Berlin"), policy("a", "")}, "", "Europe/Berlin"},
		"one that cannot be read has none to show": {[]v1alpha1.NoticePolicy{policy("a", "CST")}, "a", "UTC"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := zoneOf(tt.policies, tt.binding).name; got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}
