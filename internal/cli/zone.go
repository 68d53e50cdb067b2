package cli

import (
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice"
)

// zone is where the days that customers count begin and end.
type zone struct {
	name     string
	location *time.Location
}

var utc = zone{name: "UTC", location: time.UTC}

// zoneOf is the zone of the policy of that name or, where it says nothing, of
// the first that has one other than UTC.
func zoneOf(policies []v1alpha1.NoticePolicy, binding string) zone {
	found := utc
	read, _ := notice.ReadPolicies(policies) // one that cannot be read is a finding of the verdict
	for _, policy := range read {
		for _, term := range policy.Terms {
			location, err := notice.ParseZone(term.Period.Zone)
			if err != nil {
				continue
			}
			if policy.Name == binding {
				return zone{name: term.Period.Zone, location: location}
			}
			if found == utc {
				found = zone{name: term.Period.Zone, location: location}
			}
		}
	}
	return found
}

// moment is t for people and, to the second, for everybody else.
func (z zone) moment(t time.Time) string {
	precise := t.UTC().Format(time.RFC3339)
	if z.location == time.UTC {
		return precise
	}
	layout := "2006-01-02 15:04"
	if t.Second() != 0 {
		layout = time.DateTime
	}
	return t.In(z.location).Format(layout) + " " + z.name + " (" + precise + ")"
}

// day is t in a table: the date where it is midnight, and the minute where not.
func (z zone) day(t time.Time) string {
	local := t.In(z.location)
	switch h, m, s := local.Clock(); {
	case s != 0:
		return local.Format(time.DateTime)
	case h != 0 || m != 0:
		return local.Format("2006-01-02 15:04")
	}
	return local.Format(time.DateOnly)
}
