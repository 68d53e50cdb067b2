package gate

import (
	"fmt"
	"strings"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice"
	"forewarn.dev/forewarn/internal/notice/content"
)

// apology says that a notice tells of what happened, and not of what will.
func (n *notification) apology() bool { return n.Notice.Spec.ApologyFor != "" }

// owesNothing: nobody is owed time to get ready for what is over, and whatever the notice lists may not serve by it.
func (n *notification) owesNothing() {
	n.required, n.readable, n.whole = n.Now, true, notice.Coverage{Notice: n.Notice.Name}
	n.binding = notice.Owed{Period: notice.Period{Zone: "UTC"}, End: n.Now}
}

// proposedApology is the verdict on an apology that was not published yet.
func (n *notification) proposedApology() NoticeVerdict {
	spec := &n.Notice.Spec
	missing := append(n.missing(), n.missingApology()...)
	switch _, by := n.ledger.Standing(n.Notice.Name, n.Now); {
	case spec.State == v1alpha1.NoticeDraft && len(content.Unfinished(spec)) > 0:
		return n.unpublished(v1alpha1.ReasonDraft, "it is a draft: put your words where [[ and ]] stand in "+
			enumerate(content.Unfinished(spec))+", and publish it"+n.afterQuiet()+n.rulesBroken())
	case spec.State == v1alpha1.NoticeDraft:
		return n.unpublished(v1alpha1.ReasonDraft, "it is a draft: it can be published now"+n.afterQuiet()+n.rulesBroken())
	case len(missing) > 0:
		v := n.unpublished(v1alpha1.ReasonIncomplete, strings.Join(missing, "; "))
		if spec.EffectiveTime != nil {
			v.NextChange = firstOf(momentsAfter(n.Now, map[time.Time]bool{spec.EffectiveTime.UTC(): true}))
		}
		return v
	case by != "":
		v := n.unpublished(v1alpha1.ReasonSuperseded, fmt.Sprintf("notice %s, which is published, replaces it", short(by)))
		v.SupersededBy = by
		return v
	case len(n.content) > 0:
		return n.unpublished(v1alpha1.ReasonContentRefused, contentText(n.content, n.Notice.Name))
	case n.waits != nil:
		return n.unpublished(v1alpha1.ReasonQuietHours, quietText(*n.waits))
	}
	v := n.apologized()
	v.Publishable, v.Digest, v.Roles = true, notice.Digest(spec), content.Roles(n.asked())
	return v
}

// missingApology says what keeps an apology from being one.
func (n *notification) missingApology() (missing []string) {
	spec := &n.Notice.Spec
	if left := content.Unfinished(spec); len(left) > 0 {
		missing = append(missing, "it is not finished: put your words where [[ and ]] stand in "+enumerate(left))
	}
	if spec.EffectiveTime != nil && spec.EffectiveTime.After(n.Now) {
		missing = append(missing, fmt.Sprintf("its effectiveTime %s lies ahead, and an apology is about what was: set it to when that was",
			spec.EffectiveTime.UTC().Format(time.RFC3339)))
	}
	for i, entry := range spec.Covers {
		if entry.Class != v1alpha1.ClassDowntime {
			missing = append(missing, fmt.Sprintf("covers[%d] has not the class Downtime: an apology tells of nothing else", i))
		}
	}
	return missing
}

// apologized is the verdict on an apology that customers were told.
func (n *notification) apologized() NoticeVerdict {
	return NoticeVerdict{
		Published: true, Reason: v1alpha1.ReasonPublished, Message: "customers were told what happened, and what happens next",
		MaturedReason: v1alpha1.ReasonApology, MaturedMessage: "an apology covers nothing",
		Owed: n.Notice.Status.Owed, Digest: n.Notice.Status.PublishedDigest,
	}
}
