package notice

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// UsageBelieved is how long an answer counts, from the moment that it was asked for.
const UsageBelieved = 24 * time.Hour

// Usage is who used what lately, as far as that is known.
type Usage struct {
	// all is the number of customers there are.
	all int32
	// used is how many customers used what, and nil where that is not known.
	used   UsageIndex[int32]
	window int
	// versions are those that the API has.
	versions []string
	answers  map[Used]Affected
	// from and until are when the answer counts; zero where there is none.
	from, until time.Time
}

// ReadUsage reads what the last answer says, for an API with these versions. Nobody knows who used what where the
// Audience does not ask, where the answer is to another query, and from the moment on at which it is 24 hours old.
func ReadUsage(a *v1alpha1.Audience, versions []string, now time.Time) Usage {
	if a == nil {
		return Usage{}
	}
	u := Usage{versions: versions, answers: map[Used]Affected{}}
	if a.Status.Customers != nil {
		u.all = *a.Status.Customers
	}
	answer := &a.Status.Usage
	if a.Spec.Usage.Query == "" || answer.Time == nil || answer.QueryDigest != UsageDigest(&a.Spec.Usage) {
		return u
	}
	u.window = int(answer.WindowDays)
	u.from, u.until = answer.Time.UTC(), answer.Time.Add(UsageBelieved).UTC()
	if !now.Before(u.from) && now.Before(u.until) {
		u.used = counts(answer)
	}
	return u
}

// counts is how many customers used what: those who are not in the list used it all the same. Nil: it cannot be read.
func counts(answer *v1alpha1.CustomerUsage) UsageIndex[int32] {
	used := UsageIndex[int32]{}
	for i := range answer.Versions {
		v := &answer.Versions[i]
		if v.Customers == nil {
			return nil
		}
		used[Used{Version: string(v.Version)}] = *v.Customers + v.Unlisted
	}
	for i := range answer.Operations {
		o := &answer.Operations[i]
		if o.Customers == nil || o.Operation == "" {
			return nil
		}
		used[Used{Version: string(o.Version), Operation: o.Operation}] = *o.Customers + o.Unlisted
	}
	return used
}

// UsageDigest is the digest of a query: the answer to another is none to this one.
func UsageDigest(query *v1alpha1.UsageQuery) v1alpha1.Digest {
	document, err := json.Marshal(query)
	if err != nil {
		panic(fmt.Sprintf("a struct of strings was not encoded: %v", err))
	}
	sum := sha256.Sum256(document)
	return v1alpha1.Digest(hex.EncodeToString(sum[:]))
}

// Affected is how many customers a change affects: those who used what changes and, where that is not known, all.
type Affected struct {
	Customers int32
	// UnusedFor is for how many days nobody used it; 0 where somebody did, and where nobody knows.
	UnusedFor int
}

// Affected is whom a change affects. Of what is of no operation, and not the removal of a version, nobody knows who
// used it.
func (u Usage) Affected(c Change) Affected {
	all := Affected{Customers: u.all}
	if u.used == nil || c.Operation == "" && c.Rule != RuleVersionRemoved {
		return all
	}
	asked := Used{c.Version, c.Operation}
	answer, answered := u.answers[asked]
	if !answered {
		customers, known := u.used.Of(c.Version, c.Operation, u.versions)
		switch {
		case !known:
			answer = all
		case customers == 0:
			answer.UnusedFor = u.window
		default:
			answer.Customers = customers
		}
		u.answers[asked] = answer // thousands of changes share a handful
	}
	if len(c.Classes) > 1 {
		answer.UnusedFor = 0 // a notice freezes what is owed by one class
	}
	return answer
}

// Window is how many days back the answer looks; 0 where nothing is known.
func (u Usage) Window() int {
	if u.used == nil {
		return 0
	}
	return u.window
}

// Turns are the moments from which the answer counts, and counts no more.
func (u Usage) Turns() []time.Time {
	if u.until.IsZero() {
		return nil
	}
	return []time.Time{u.from, u.until}
}

// Unused are the policies as they bind for what nobody used for so many days: what each of them owes itself is no more
// than its unusedDays, where it says so and takes the days for long enough. What contracts promise stays.
func (ps Policies) Unused(days int) Policies {
	all := slices.Clone(ps)
	for i := range all {
		p := &all[i]
		if p.UnusedDays == nil || days < p.UnusedWindow || days == 0 {
			continue
		}
		p.Terms = slices.Clone(p.Terms)
		for j := range p.Terms {
			if t := &p.Terms[j]; t.Customer == "" {
				t.Unused, t.UnusedFor = &Period{Days: int(*p.UnusedDays), Zone: t.Period.Zone}, days
			}
		}
	}
	return all
}
