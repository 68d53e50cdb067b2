package gate

import (
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// Outage is whether an API may be down now.
type Outage struct {
	// Open is the end of the planned downtime that is open. Nil: none is, and what takes the API down is refused.
	Open *time.Time
	// Planned says that there is a window to come.
	Planned bool
	// Text says when the next one is or, where none is planned, what customers are owed for one.
	Text string
	// NextChange is the moment at which this changes by itself.
	NextChange *time.Time
}

// Downtime says whether an API may be down now, by what customers were told. The revision of the input does not count.
func Downtime(in Input) Outage {
	in.Now = in.Now.UTC().Round(0)
	var out Outage
	moments := map[time.Time]bool{}
	next := -1
	windows := Windows(in)
	for i, w := range windows {
		if w.Partial { // nobody was told that all of it is down
			continue
		}
		moments[w.Start], moments[w.End] = true, true
		switch {
		case w.Contains(in.Now) && (out.Open == nil || w.End.After(*out.Open)):
			out.Open = &windows[i].End
		case next < 0 && w.Start.After(in.Now):
			next = i
		}
	}
	out.NextChange = firstOf(momentsAfter(in.Now, moments))
	if next >= 0 {
		w := windows[next]
		out.Planned = true
		out.Text = fmt.Sprintf("the next is planned from %s until %s (notice %s)",
			w.Start.Format(time.RFC3339), w.End.Format(time.RFC3339), short(w.Notice))
		return out
	}
	out.Text = "none is planned, and " + owedForDowntime(in)
	return out
}

// owedForDowntime is what customers are owed for a planned downtime: the longest for any of their versions.
func owedForDowntime(in Input) string {
	policies, _ := owedTo(in.Policies, in.Audience)
	owed, err := policies.Owed([]v1alpha1.ChangeClass{v1alpha1.ClassDowntime}, strongestOf(in.API), in.Now)
	if err != nil {
		return "what customers are owed for one is not known: " + singleLine(err.Error(), maxMeritsLength)
	}
	return owedText(owed)
}

// windowLimit is how much of the annotations of a namespace says when planned downtimes end: besides untilLimit, and as
// much again for everybody else.
const windowLimit = 64 << 10

// windowsClosing are the annotations by which planned downtimes end even when nothing of forewarn runs, and what there was
// no room for: such a window does not open. An API server can only refuse at that moment, and not merely warn.
func windowsClosing(apis []PublishedAPI) (annotations map[string]string, dropped []string) {
	annotations = map[string]string{}
	size := 0
	for i := range apis {
		a := &apis[i]
		if !a.Governed || !a.Held || a.WindowOpen == "" || enforcementOf(*a) != v1alpha1.EnforcementDeny {
			continue
		}
		key, value := v1alpha1.WindowAnnotationPrefix+a.API.Name, a.WindowOpen
		for _, object := range append(needed(*a), gatewaysOf(a.Led.Listeners)...) {
			value += " " + object
		}
		if size += len(key) + len(value); size > windowLimit {
			a.WindowOpen = ""
			dropped = append(dropped, "annotation "+key)
			continue
		}
		annotations[key] = value
	}
	return annotations, dropped
}

// routesOf are the HTTPRoutes of an API. Such a name is one or several DNS labels.
func routesOf(api *v1alpha1.CustomerAPI) []string {
	var routes []string
	for _, route := range api.Spec.CarriedBy.HTTPRoutes {
		if len(validation.IsDNS1123Subdomain(route)) == 0 {
			routes = append(routes, route)
		}
	}
	slices.Sort(routes)
	return slices.Compact(routes)
}
