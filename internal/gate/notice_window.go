package gate

import (
	"fmt"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice"
)

const maxDowntimeMinutes = 7 * 24 * 60

// missingWindow says what is wrong with how long a downtime is planned for.
func missingWindow(spec *v1alpha1.ChangeNoticeSpec) (missing []string) {
	minutes := spec.DowntimeMinutes
	if minutes < 0 || minutes > maxDowntimeMinutes {
		missing = append(missing, fmt.Sprintf("its downtimeMinutes %d are not between 1 and %d: plan several windows, each by a notice of its own",
			minutes, maxDowntimeMinutes))
	}
	for i, entry := range spec.Covers {
		if minutes != 0 && entry.Class != v1alpha1.ClassDowntime {
			missing = append(missing, fmt.Sprintf("covers[%d] has not the class Downtime: a notice of downtime tells of nothing else", i))
		}
	}
	return missing
}

// windowed is standing for a planned downtime: its window comes, is open, or is over.
func (n *notification) windowed(v NoticeVerdict) NoticeVerdict {
	zone := n.binding.Period.Zone
	api := short(n.API.Name)
	w, planned := n.ledger.Window(n.Notice.Name, n.stability, n.Now)
	if !planned {
		return n.unopened(v)
	}
	v.Matures, v.Lapses, v.Partial = &w.Start, &w.End, w.Partial
	from, until := w.Start.Format(time.RFC3339), w.End.Format(time.RFC3339) // a date alone says nothing of half an hour
	down, open := api+" may be down", api+" may be taken down, and not be deleted"
	if w.Partial {
		down = "some of " + api + " may be away"
		open = "what it lists may be away, and " + api + " as a whole may not be down"
	}
	v.Message = fmt.Sprintf("customers were told that %s from %s until %s%s", down, from, until, delayText(n.whole.Silence))
	moments := map[time.Time]bool{w.Start: true, w.End: true}
	switch {
	case !n.Now.Before(w.End):
		v.MaturedReason = v1alpha1.ReasonLapsed
		v.MaturedMessage = fmt.Sprintf("its window was open from %s until %s and is over: to be down again, publish a new notice", from, until)
	case w.Contains(n.Now):
		v.Matured, v.MaturedReason = true, v1alpha1.ReasonMatured
		v.MaturedMessage = fmt.Sprintf("its window is open until %s: %s", until, open)
		v.DaysLeft = new(int32)
	default:
		v.MaturedReason = v1alpha1.ReasonRunning
		v.MaturedMessage = fmt.Sprintf("its window opens %s and closes %s", from, until)
		v.DaysLeft = n.daysLeft(w.Start)
		if tick, ok := (notice.Period{Days: 1, Zone: zone}).Tick(n.Now); ok && *v.DaysLeft > 0 {
			moments[tick] = true
		}
	}
	v.NextChange = firstOf(momentsAfter(n.Now, moments))
	return v
}

// unopened is the verdict on a planned downtime that opens no window: customers were told of it, or of its date, too late.
func (n *notification) unopened(v NoticeVerdict) NoticeVerdict {
	v.Matures = nil
	v.Message = "customers were told"
	v.MaturedReason, v.MaturedMessage = v1alpha1.ReasonRunning, fmt.Sprintf(
		"it opens no window: when all that customers are owed has run since they were told of this date, it is over; %s: publish a new one",
		owedText(n.binding))
	if at, lapsed := notice.LapsedBy(n.Notice, n.Now); lapsed || !n.Now.Before(n.whole.Lapses) {
		if !lapsed {
			at = n.whole.Lapses
		}
		v.Lapses, v.MaturedReason = &at, v1alpha1.ReasonLapsed
		return v
	}
	v.NextChange = firstOf(momentsAfter(n.Now, map[time.Time]bool{n.whole.Lapses: true}))
	return v
}
