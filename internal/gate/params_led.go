package gate

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// maxLedPorts bounds the ports in the line of an API in tableLead. A Service whose ports do not fit is one of which nothing
// is known.
const maxLedPorts = 128

// LedPort is a port by which an HTTPRoute leads to a Service.
type LedPort struct {
	Service string
	Port    int32
}

func (p LedPort) String() string { return p.Service + ":" + strconv.Itoa(int(p.Port)) }

// ServicePort is a port that a Service has.
type ServicePort struct {
	LedPort
	// Target is the port of the pods that it leads to.
	Target string
}

// LedTo is by what ports customers come to the Services of an API.
type LedTo struct {
	// Now are those by which its HTTPRoutes lead to them.
	Now []LedPort
	// Known are those that the gate held last.
	Known []LedPort
	// Ports are all that these Services have. Of one that has none here, none is known.
	Ports []ServicePort
	// Listeners are what these HTTPRoutes attach to of the Gateways of the same namespace.
	Listeners []Listener
}

// ServicesOf are the Services by which customers come to an API.
func ServicesOf(api *v1alpha1.CustomerAPI) []string { return servicesOf(api) }

// LedIn is what the data of a gate remembers of the ports of each API.
func LedIn(data map[string]string) map[string][]LedPort {
	known := map[string][]LedPort{}
	for api, words := range lines(data, tableLead) {
		for _, word := range strings.Fields(words) {
			service, number, ok := strings.Cut(word, ":")
			port, err := strconv.ParseInt(number, 10, 32)
			if ok && err == nil {
				known[api] = append(known[api], LedPort{Service: service, Port: int32(port)})
			}
		}
	}
	return known
}

// ledPorts are the ports by which a Service of an API that left an HTTPRoute may come back: those by which one led there
// when the gate first saw it, or in a planned downtime. What is led to later is not added: a rule that nobody comes by is
// soon written, and its port would be known. To know of no port is to let any pass.
//
// A port that leads to the same port of the pods leads nowhere else, and is known, too. So is that of a Service which no
// route led to yet, where the others are led to such a one.
func ledPorts(a PublishedAPI) []string {
	known := map[string][]int32{}
	for _, service := range servicesOf(a.API) {
		known[service] = rememberedPorts(a, service)
	}
	targets := map[string]bool{}
	for _, p := range a.Led.Ports {
		if slices.Contains(known[p.Service], p.Port) {
			targets[p.Target] = true
		}
	}
	for _, p := range a.Led.Ports {
		if _, ours := known[p.Service]; ours && targets[p.Target] {
			known[p.Service] = append(known[p.Service], p.Port)
		}
	}
	var words []string
	for _, service := range slices.Sorted(maps.Keys(known)) {
		ports := known[service]
		slices.Sort(ports)
		ports = slices.Compact(ports)
		if len(words)+len(ports) > maxLedPorts {
			continue
		}
		for _, port := range ports {
			words = append(words, LedPort{Service: service, Port: port}.String())
		}
	}
	return words
}

// rememberedPorts leaves out what the Service has no more: none are closed but in a planned downtime.
func rememberedPorts(a PublishedAPI, service string) []int32 {
	var has []int32
	for _, p := range a.Led.Ports {
		if p.Service == service {
			has = append(has, p.Port)
		}
	}
	of := func(ports []LedPort) (numbers []int32) {
		for _, p := range ports {
			if p.Service == service && (len(has) == 0 || slices.Contains(has, p.Port)) {
				numbers = append(numbers, p.Port)
			}
		}
		return numbers
	}
	known, now := of(a.Led.Known), of(a.Led.Now)
	if len(known) == 0 || a.WindowOpen != "" && len(now) > 0 {
		return now
	}
	return known
}
