package gate

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// maxListeners and maxListenerBytes bound what is written of an API in tableListen. Beyond them its HTTPRoutes attach to any
// listener of their Gateways.
const (
	maxListeners     = 64
	maxListenerBytes = 8 << 10
	anyListener      = "*"
)

// Listener is what an HTTPRoute attaches to of a Gateway of its namespace.
type Listener struct {
	Gateway string
	// Section is the name of the listener, nothing for any.
	Section string
	// Port is that of the listener, 0 for any.
	Port int32
	// Hostname is one of the route, nothing where it has none.
	Hostname string
}

// word is "https/443/api.shop.example", with "*" for what is not given and for what cannot be in a line.
func (l Listener) word() string {
	port := anyListener
	if l.Port != 0 {
		port = strconv.Itoa(int(l.Port))
	}
	part := func(text string) string {
		if strings.ContainsAny(text, " \n/") {
			return anyListener
		}
		return cmp.Or(text, anyListener)
	}
	return part(l.Section) + "/" + port + "/" + part(l.Hostname)
}

// ListenersIn is what the data of a gate remembers of each API.
func ListenersIn(data map[string]string) map[string][]Listener {
	known := map[string][]Listener{}
	for gateway, words := range lines(data, tableListen) {
		for word := range strings.FieldsSeq(words) {
			parts := strings.Split(word, "/")
			if len(parts) != 4 {
				continue
			}
			for i := range parts {
				parts[i] = strings.TrimSuffix(parts[i], anyListener) // no name ends so
			}
			port, _ := strconv.ParseInt(parts[2], 10, 32) // nothing for any
			known[parts[0]] = append(known[parts[0]], Listener{
				Gateway: gateway, Section: parts[1], Port: int32(port), Hostname: parts[3],
			})
		}
	}
	return known
}

// keepGateways has the Gateways kept through which customers come, and their listeners, but in a planned downtime.
func (g *gate) keepGateways(a PublishedAPI) {
	if a.WindowOpen != "" {
		return
	}
	words, count, size := map[string][]string{}, 0, 0
	for _, l := range a.Led.Listeners {
		if word := l.word(); legalRoute(l.Gateway) && !slices.Contains(words[l.Gateway], word) {
			words[l.Gateway] = append(words[l.Gateway], word)
			count, size = count+1, size+len(a.API.Name)+len(word)
		}
	}
	for gateway, of := range words {
		if count > maxListeners || size > maxListenerBytes {
			of = []string{Listener{}.word()}
		}
		g.tables.append(tableKeep, "gateways/"+gateway, a.API.Name)
		for _, word := range slices.Sorted(slices.Values(of)) {
			g.tables.append(tableListen, gateway, a.API.Name+"/"+word)
		}
	}
}

// gatewaysOf are the Gateways of such listeners.
func gatewaysOf(listeners []Listener) []string {
	var gateways []string
	for _, l := range listeners {
		if legalRoute(l.Gateway) {
			gateways = append(gateways, "gateways/"+l.Gateway)
		}
	}
	slices.Sort(gateways)
	return slices.Compact(gateways)
}
