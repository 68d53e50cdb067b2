package gate

import (
	"cmp"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice"
)

const maxInForce = 64

// listed are the notices that stand and list a change of the revision, by name, each once.
func (r *reading) listed() []notice.Listing {
	var all []notice.Listing
	for _, w := range r.changes {
		if !r.unheard(w.Change) {
			all = append(all, r.ledger.Listing(w.subject, r.Now)...)
		}
	}
	slices.SortStableFunc(all, func(a, b notice.Listing) int { return cmp.Compare(a.Notice, b.Notice) })
	return slices.CompactFunc(all, func(a, b notice.Listing) bool { return a.Notice == b.Notice })
}

// inForce are the notices of which something serves, with those that were found now. Each is kept from the first
// moment on, whatever becomes of the revision: in the same status as the promise, since a revision whose contract is
// promised changes nothing any more, and nothing would tell that it once did.
func (p *pass) inForce() []v1alpha1.NoticeInForce {
	list := slices.Clone(p.prev.NoticesInForce)
	for _, name := range p.servingByName() {
		f, ok := p.factsOf(name)
		if !ok || !f.Decided {
			continue
		}
		for _, listing := range f.Listed {
			if p.reliedOnBefore(name, f, listing.Published) {
				continue
			}
			list = withInForce(list, v1alpha1.NoticeInForce{
				Notice: v1alpha1.ObjectName(listing.Notice), Revision: name,
				Time: &metav1.Time{Time: latest(stamp(p.now).Time, listing.Published)}, // which is rounded up
			}, listing.Published)
		}
	}
	return list[max(len(list)-maxInForce, 0):]
}

// reliedOnBefore says that customers relied on the revision as it is when they were told: what it declares is no news,
// and the notice is about something that is still to come.
func (p *pass) reliedOnBefore(name v1alpha1.ObjectName, f RevisionFacts, published time.Time) bool {
	return servesIn(p.prev.Serving, name) && published.After(p.since(name)) &&
		!slices.ContainsFunc(f.Contracts, func(c v1alpha1.JudgedContract) bool {
			return !slices.ContainsFunc(p.prev.Promised, func(promised v1alpha1.PromisedContract) bool {
				return promised.Version == c.Version && promised.Contract == c.Contract
			})
		})
}

// withInForce adds a notice that is not there yet at the end. One that was there before it was published was another,
// and had its name.
func withInForce(list []v1alpha1.NoticeInForce, found v1alpha1.NoticeInForce, published time.Time) []v1alpha1.NoticeInForce {
	list = slices.DeleteFunc(list, func(known v1alpha1.NoticeInForce) bool {
		return known.Notice == found.Notice && known.Time.Time.Before(published)
	})
	if slices.ContainsFunc(list, func(known v1alpha1.NoticeInForce) bool { return known.Notice == found.Notice }) {
		return list
	}
	return append(list, found)
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
