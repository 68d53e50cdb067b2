package gate

import (
	"fmt"
	"strings"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// maxTold is how many selectors a message names.
const maxTold = 3

// Message says in one line what is in force beside what carriedBy gives, why and what to do. It is empty where
// nothing is.
func (g Governing) Message() string {
	var parts []string
	for _, kept := range g.Kept[:min(len(g.Kept), maxTold)] {
		parts = append(parts, kept.text())
	}
	if more := len(g.Kept) - maxTold; more > 0 {
		parts = append(parts, fmt.Sprintf("%d more stay in force (status.selectors)", more))
	}
	if len(g.Waiting) > 0 {
		parts = append(parts, fmt.Sprintf("%s is not in force: status.selectors holds %d already, which are needed",
			selectorText(g.Waiting[0]), len(g.Selectors)))
	}
	return strings.Join(parts, "; ")
}

func (k KeptSelector) text() string {
	stays := selectorText(k.PodSelector) + " stays in force although carriedBy gives it no more: "
	switch {
	case k.KeptFor == v1alpha1.KeptForService:
		return stays + fmt.Sprintf("service/%s still selects by it; delete the Service, or name it in carriedBy", k.Service)
	case !k.Alone:
		return stays + fmt.Sprintf("service/%s still leads to what serves; name it in carriedBy, or another Service that leads there", k.Service)
	case k.Unseen:
		return stays + fmt.Sprintf("nothing is seen of %s, which served last; name it again, or roll out what carriedBy selects",
			workloadText(k.Workload))
	}
	return stays + fmt.Sprintf("%s serves by it alone; name it again, or roll out what carriedBy selects until no such pod is left",
		workloadText(k.Workload))
}

func selectorText(s v1alpha1.PodSelector) string {
	pairs := make([]string, 0, len(s.MatchLabels))
	for _, p := range pairsOf(s.MatchLabels) {
		pairs = append(pairs, p.String())
	}
	text := strings.Join(pairs, ",")
	if s.Service == "" {
		return short(text)
	}
	return fmt.Sprintf("%s (of service/%s)", short(text), s.Service)
}

func workloadText(w v1alpha1.WorkloadRef) string {
	if w.Name == "" {
		return "the workload"
	}
	return short(strings.ToLower(w.Kind) + "/" + w.Name)
}
