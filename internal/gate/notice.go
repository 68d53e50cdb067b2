package gate

import (
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice"
	"forewarn.dev/forewarn/internal/notice/content"
)

// EvaluateNotice says whether a notice can be published and, when it was, from when on and until when what it
// covers may serve.
func EvaluateNotice(in NoticeInput) NoticeVerdict {
	v := evaluateNotice(in)
	if known := in.Notice.Status.LapsesTime; v.Lapses == nil && in.Notice.Status.PublishedTime != nil && known != nil {
		lapses := known.UTC() // it stays known, whatever else becomes of the notice or the API
		v.Lapses = &lapses
	}
	return v
}

func evaluateNotice(in NoticeInput) NoticeVerdict {
	if ref := string(in.Notice.Spec.APIRef.Name); in.API == nil || ref != in.API.Name {
		return NoticeVerdict{
			Reason:        v1alpha1.ReasonIncomplete,
			Message:       fmt.Sprintf("there is no customerapi/%s: create it, or name another in apiRef", short(ref)),
			MaturedReason: v1alpha1.ReasonNotPublished, MaturedMessage: "it was not published",
		}
	}
	n := newNotification(in)
	switch {
	case in.Notice.Status.PublishedTime != nil:
		return n.published()
	case in.Notice.DeletionTimestamp != nil: // it goes as soon as nothing holds it, and so would the stamp
		return n.unpublished(v1alpha1.ReasonTerminating, "it is being deleted: publish a new one under another name")
	case in.Notice.Spec.State == v1alpha1.NoticeWithdrawn:
		return n.unpublished(v1alpha1.ReasonWithdrawn, "it was withdrawn before it was published")
	case n.unlisted() != "":
		return n.unpublished(v1alpha1.ReasonNotPublished, n.unlisted())
	case len(in.Policies) > 0 && audienceUnknown(in.API, in.Audience) != "":
		return n.unpublished(v1alpha1.ReasonAudienceUnknown, audienceUnknown(in.API, in.Audience))
	case len(n.policyErrors) > 0:
		return n.unpublished(v1alpha1.ReasonPolicyInvalid, "what customers are owed is not known: "+n.policyErrors[0].Error())
	case audienceMissing(in.API, n.policies) != "":
		return n.unpublished(v1alpha1.ReasonAudienceUnknown, audienceMissing(in.API, n.policies))
	case in.NoAnswers && !n.apology() && n.acknowledgement() != "":
		return n.unpublished(v1alpha1.ReasonNoAnswers, n.acknowledgement())
	case !n.readable:
		return n.unpublished(v1alpha1.ReasonPolicyInvalid, "what customers are owed cannot be counted from now")
	}
	return n.whenOpen()
}

// notification is a NoticeInput with what is worked out once.
type notification struct {
	NoticeInput
	policies     notice.Policies
	policyErrors []*notice.PolicyError
	usage        notice.Usage
	unused       notice.Policies // as they bind for what nobody used
	// ledger holds the notice as it was published or, before, as it would be now.
	ledger *notice.Ledger
	// required is the moment until which customers are owed that all stays as it is, by binding.
	required time.Time
	binding  notice.Owed
	// whole is what the notice does with the date that it has.
	whole notice.Coverage
	// content is what its policies find in it. waits is until when quiet hours hold it up; all else then is as it will
	// be at that moment.
	content []content.Finding
	waits   *notice.Quiet
	// readable is false where that is not known. started says that the clock of one that was published has started.
	readable, started bool
}

func newNotification(in NoticeInput) *notification {
	in.Now = in.Now.UTC().Round(0)
	n := &notification{NoticeInput: in}
	n.policies, n.policyErrors = owedTo(in.Policies, in.Audience)
	n.usage, n.unused = usageOf(in.API, in.Audience, n.policies, in.Now)
	subject := in.Notice.DeepCopy()
	if subject.Status.PublishedTime == nil {
		subject.Spec.State = v1alpha1.NoticePublished
		subject.Status = v1alpha1.ChangeNoticeStatus{
			PublishedTime:   &metav1.Time{Time: in.Now},
			PublishedDigest: notice.Digest(&subject.Spec),
			Owed:            n.owedByUsage(),
		}
	}
	subject.Status.Removal, subject.Status.RemovalUse = n.removal(), n.removalUse()
	undated := subject.DeepCopy()
	undated.Spec.EffectiveTime = nil
	owed, _ := n.ledgerWith(undated).Whole(subject.Name, n.stability)
	n.required, n.binding = owed.Matures, owed.Owed
	n.ledger = n.ledgerWith(subject)
	n.whole, n.readable = n.ledger.Whole(subject.Name, n.stability)
	_, n.started = notice.StartOf(n.Notice)
	if n.apology() {
		n.owesNothing()
	}
	return n
}

func (n *notification) ledgerWith(subject *v1alpha1.ChangeNotice) *notice.Ledger {
	all := []v1alpha1.ChangeNotice{*subject}
	for _, other := range n.Others {
		if other.Name != subject.Name {
			all = append(all, other)
		}
	}
	return notice.NewLedger(n.API, all, n.policies)
}

// stability is that by which is owed what the notice says of a version.
func (n *notification) stability(version string) v1alpha1.Stability {
	if n.Notice.Spec.DowntimeMinutes > 0 {
		return strongestOf(n.API)
	}
	return stabilityOf(n.API, version)
}

// proposed is the verdict on a notice that was not published yet.
func (n *notification) proposed() NoticeVerdict {
	spec := &n.Notice.Spec
	if n.apology() {
		return n.proposedApology()
	}
	if spec.State == v1alpha1.NoticeDraft {
		return n.unpublished(v1alpha1.ReasonDraft, "it is a draft: published now"+n.afterQuiet()+", its effectiveTime can be "+
			n.earliest().Format(time.RFC3339)+" or later"+n.atOnce()+n.rulesBroken())
	}
	if missing := n.missing(); len(missing) > 0 {
		return n.unpublished(v1alpha1.ReasonIncomplete, strings.Join(missing, "; "))
	}
	if _, by := n.ledger.Standing(n.Notice.Name, n.Now); by != "" {
		v := n.unpublished(v1alpha1.ReasonSuperseded, fmt.Sprintf("notice %s, which is published, replaces it", short(by)))
		v.SupersededBy = by
		return v
	}
	effective := spec.EffectiveTime.UTC()
	if effective.Before(n.required) || effective.Before(n.Now) {
		return n.unpublished(v1alpha1.ReasonTooSoon, fmt.Sprintf(
			"its effectiveTime %s is too soon%s, %s: set it to %s or later%s",
			effective.Format(time.RFC3339), n.afterQuiet(), owedText(n.binding), n.earliest().Format(time.RFC3339), n.atOnce()))
	}
	switch {
	case len(n.content) > 0:
		return n.unpublished(v1alpha1.ReasonContentRefused, contentText(n.content, n.Notice.Name))
	case n.waits != nil:
		return n.unpublished(v1alpha1.ReasonQuietHours, quietText(*n.waits))
	}
	v := n.stamped()
	v.Publishable, v.Digest, v.Owed = true, notice.Digest(spec), n.owed()
	v.Roles = content.Roles(n.asked())
	v.Validity, v.Removal = n.policies.Validity(effective).Frozen(), n.removal()
	return v
}

// unpublished is the verdict on a notice that covers nothing, and what would be if it were published now.
func (n *notification) unpublished(reason, message string) NoticeVerdict {
	v := NoticeVerdict{
		Reason: reason, Message: singleLine(message, maxMessageLength),
		MaturedReason: v1alpha1.ReasonNotPublished, MaturedMessage: "it was not published", Content: n.content,
	}
	switch reason {
	case v1alpha1.ReasonWithdrawn, v1alpha1.ReasonTerminating, v1alpha1.ReasonPolicyInvalid, v1alpha1.ReasonSuperseded:
		return v
	}
	if !n.readable || n.apology() {
		return v
	}
	earliest := n.earliest()
	v.Earliest, v.Owed = &earliest, n.owed()
	if n.Notice.Spec.EffectiveTime != nil && reason != v1alpha1.ReasonTooSoon {
		v.Matures, v.Lapses = &n.whole.Matures, &n.whole.Lapses
	}
	moments := map[time.Time]bool{}
	if !n.required.After(n.Now) {
		moments[earliest] = true
	}
	for _, entry := range n.Notice.Spec.Covers {
		classes := n.policies.ClassesCovered(entry)
		if tick, ok := n.unused.Tick(classes, n.stability(string(entry.Version)), n.Now); ok {
			moments[tick] = true
		}
	}
	usageTurns(n.usage, moments)
	v.NextChange = firstOf(momentsAfter(n.Now, moments))
	return v
}

// earliest is a date with which the notice could be published now. Where customers are owed no time, it is
// the next full hour: a date that is over by the time it is written would not do.
func (n *notification) earliest() time.Time {
	if n.required.After(n.Now) {
		return n.required
	}
	return nextHour(n.Now)
}

// published is the verdict on a notice that customers were told of.
func (n *notification) published() NoticeVerdict {
	reason, by := n.ledger.Standing(n.Notice.Name, n.Now)
	gone := func(text string) NoticeVerdict {
		return NoticeVerdict{
			Reason: reason, Message: text, MaturedReason: reason, MaturedMessage: text,
			Owed: n.Notice.Status.Owed, Digest: n.Notice.Status.PublishedDigest, SupersededBy: by,
		}
	}
	switch reason {
	case v1alpha1.ReasonWithdrawn:
		return gone("customers were told that the change does not come")
	case v1alpha1.ReasonSuperseded:
		return gone(fmt.Sprintf("notice %s replaces it", short(by)))
	case v1alpha1.ReasonDigestMismatch:
		return gone("it does not say any more what was published: restore it, or publish a new one that supersedes it")
	}
	if n.apology() {
		return n.apologized()
	}
	v := n.standing()
	if idle := n.idle(); idle != nil {
		v = *idle
	} else if kept := n.kept(); kept != nil {
		v = *kept
	} else if why := n.hushed(); why != "" {
		v = n.silent(why)
	}
	v.Owed, v.Digest = n.Notice.Status.Owed, n.Notice.Status.PublishedDigest
	v.Removal, v.RemovalUse = n.removal(), n.removalUse()
	return v
}

// standing is the verdict on a notice that runs, has matured or has lapsed.
func (n *notification) standing() NoticeVerdict {
	v := NoticeVerdict{Published: true, Reason: v1alpha1.ReasonPublished}
	if !n.readable {
		v.Message, v.MaturedReason = "customers were told", v1alpha1.ReasonPolicyInvalid
		v.MaturedMessage = "what customers are owed for it cannot be read"
		return v
	}
	v.Matures, v.Lapses = &n.whole.Matures, &n.whole.Lapses
	if n.Notice.Spec.DowntimeMinutes > 0 {
		return n.windowed(v)
	}
	zone := n.binding.Period.Zone
	if at, lapsed := notice.LapsedBy(n.Notice, n.Now); lapsed {
		return n.over(v, at, zone)
	}
	from, until := moment(*v.Matures, zone), moment(*v.Lapses, zone)
	delayed := delayText(n.whole.Silence) + n.besides()
	v.Message = fmt.Sprintf("customers were told; what it covers may serve from %s until %s%s", from, until, delayed)
	moments := map[time.Time]bool{*v.Matures: true, *v.Lapses: true}
	n.removalTurns(moments)
	switch {
	case !n.Now.Before(*v.Lapses):
		return n.over(v, *v.Lapses, zone)
	case !n.Now.Before(*v.Matures):
		v.Matured, v.MaturedReason = true, v1alpha1.ReasonMatured
		v.MaturedMessage = fmt.Sprintf("what it covers may serve until %s", until)
		v.DaysLeft = new(int32)
	default:
		v.MaturedReason = v1alpha1.ReasonRunning
		if n.whole.Silence != nil {
			v.MaturedReason = v1alpha1.ReasonRadioSilence
		}
		v.MaturedMessage = fmt.Sprintf("what it covers may serve from %s%s", from, delayed)
		v.DaysLeft = n.daysLeft(*v.Matures)
		if tick, ok := (notice.Period{Days: 1, Zone: zone}).Tick(n.Now); ok && *v.DaysLeft > 0 {
			moments[tick] = true
		}
	}
	v.NextChange = firstOf(momentsAfter(n.Now, moments))
	return v
}

// over is the verdict on a notice that lapsed at that moment, whatever date it has by now.
func (n *notification) over(v NoticeVerdict, at time.Time, zone string) NoticeVerdict {
	since := moment(at, zone)
	v.Lapses, v.MaturedReason = &at, v1alpha1.ReasonLapsed
	v.Message = fmt.Sprintf("customers were told; what it covers could serve until %s", since)
	v.MaturedMessage = fmt.Sprintf("it covers nothing since %s, and a later date does not bring it back: publish a new one", since)
	return v
}

func (n *notification) daysLeft(until time.Time) *int32 {
	zone, err := notice.ParseZone(n.binding.Period.Zone)
	if err != nil {
		zone = time.UTC
	}
	days := int32(notice.DaysLeft(n.Now, until, zone))
	return &days
}

// owed is what is frozen with the publication: for each version and class that the notice covers, how much
// is owed today, and nothing where no policy asks for a notice.
func (n *notification) owed() []v1alpha1.OwedNotice {
	var list []v1alpha1.OwedNotice
	for _, entry := range n.Notice.Spec.Covers {
		for _, class := range n.policies.ClassesCovered(entry) {
			owed, err := n.owedForEntry(entry, class)
			if err == nil && owed.By() != "" {
				list = append(list, notice.Freeze(entry.Version, class, owed))
			}
		}
	}
	slices.SortFunc(list, func(a, b v1alpha1.OwedNotice) int {
		return slices.Compare([]string{string(a.Version), string(a.Class)}, []string{string(b.Version), string(b.Class)})
	})
	return slices.CompactFunc(list, func(a, b v1alpha1.OwedNotice) bool { return a.Version == b.Version && a.Class == b.Class })
}

func firstOf(moments []time.Time) *time.Time {
	if len(moments) == 0 {
		return nil
	}
	return &moments[0]
}
