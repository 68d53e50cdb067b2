package gate

import (
	"fmt"
	"slices"
	"strings"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/downtime"
)

// spentText says how much was used of what, when that is over, and what passes until then.
func (s *spending) spentText(over []budget, o *Overspent) string {
	const most = 2
	over, unread := parted(over)
	all := slices.Concat(over, unread) // it is what nobody can read that has to be put right
	var used []string
	for _, b := range over[:min(len(over), most)] {
		used = append(used, s.usedText(b)+" (budget "+short(b.Name)+")")
	}
	text := short(s.API.Name) + " is out of downtime: " + strings.Join(used, " and ")
	if len(over) == 0 {
		text = "nobody knows whether " + short(s.API.Name) + " is out of downtime"
	}
	if more := len(over) - most; more > 0 {
		text += " and " + countOf(more, "more budget")
	}
	switch {
	case len(unread) > 0:
		text += "; " + s.unreadText(unread)
	case o.Frees != nil:
		text += "; it frees up " + o.Frees.Format(time.RFC3339)
	default:
		text += "; nobody knows yet when it frees up"
	}
	return singleLine(text+"; "+fixText(all, o)+s.seeBudgets(), maxText)
}

// parted are those that can be read, and those that cannot.
func parted(budgets []budget) (read, unread []budget) {
	for _, b := range budgets {
		if _, is := b.unread(); is {
			unread = append(unread, b)
		} else {
			read = append(read, b)
		}
	}
	return read, unread
}

// mayApprove is who passes, and whom to ask for it.
const mayApprove = "who may approve (ClusterRole forewarn-approve)"

// unreadText says what does not fit in the first budget that cannot be read, and who puts it right how.
func (s *spending) unreadText(unread []budget) string {
	why, _ := unread[0].unread()
	text := "budget " + short(unread[0].Name) + " cannot be read (" + why + ")"
	if more := len(unread) - 1; more > 0 {
		text += ", nor can " + countOf(more, "more budget")
	}
	return text + "; " + mayApprove + " puts it right: kubectl edit downtimebudget " + short(unread[0].Name) + " -n " + short(s.API.Namespace)
}

// usedText is how much of a budget is used, such as "45m of 43m used in 30 days".
func (s *spending) usedText(b budget) string {
	used := b.Status.Used
	if used == "" {
		allowed := int32(0)
		if b.Spec.AllowedMinutes != nil {
			allowed = *b.Spec.AllowedMinutes
		}
		used = "all of " + inMinutes(time.Duration(allowed)*time.Minute)
	}
	return used + " used in " + windowText(b.Spec.Window)
}

func windowText(w v1alpha1.DowntimeWindow) string {
	switch {
	case w.Calendar != "":
		return "this month"
	case w.Days == 0:
		return "30 days"
	}
	return countOf(int(w.Days), "day")
}

// fixText says what may be rolled out all the same.
func fixText(over []budget, o *Overspent) string {
	if len(o.Fixes) == 0 {
		return "until then what serves can be restarted and scaled, and what ran lately rolled back to (" + short(over[0].Name) + " lets nothing else pass)"
	}
	return "a fix passes with " + v1alpha1.FixesAnnotation + ": " + strings.Join(o.Fixes, ",") + " by " + mayApprove
}

// longText says how long a rollout takes, and how much is left.
func (s *spending) longText(b budget, workload v1alpha1.WorkloadRef, need time.Duration, window *downtime.Window, o *Overspent) string {
	left, _ := b.left(s.Now)
	text := fmt.Sprintf("a rollout of %s/%s takes %s down for %s, as its last ones say, and %s are left in %s (budget %s)",
		strings.ToLower(short(workload.Kind)), short(workload.Name), short(s.API.Name), inMinutes(need), inMinutes(left), windowText(b.Spec.Window), short(b.Name))
	if window != nil {
		text += fmt.Sprintf(" besides its planned downtime, which ends %s (notice %s)", window.End.UTC().Format(time.RFC3339), short(window.Notice))
	}
	text += "; plan a downtime that is long enough"
	if len(o.Fixes) > 0 {
		text += ", or a fix passes with " + v1alpha1.FixesAnnotation + ": " + strings.Join(o.Fixes, ",") + " by " + mayApprove
	}
	return singleLine(text+s.seeBudgets(), maxText)
}

func (s *spending) seeBudgets() string {
	return "; see: kubectl get downtimebudgets -n " + short(s.API.Namespace)
}

// inMinutes is how long something takes, such as "45m", "12m30s" or "1h".
func inMinutes(d time.Duration) string {
	text := d.Truncate(time.Second).String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
