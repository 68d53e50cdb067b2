//go:build unix

package admission

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

const gateways = "forewarn-gateways"

// listened is shop with routes of orders that attach to parts of the Gateway public: "https/443/a.example".
func listened(parts ...string) *gate {
	return shop().keep("orders", held, "gateways/public").line("listen", "public", "orders/"+strings.Join(parts, " orders/"))
}

// notLetIn is what a Gateway is refused with that would close these.
func notLetIn(s *space, closed string) string {
	return "orders: customers come by Gateway public, and these would not take them as they do: " + closed +
		"; leave them (a listener its name, port, protocol, hostname and allowedRoutes) and add others, or publish a ChangeNotice" +
		" with downtimeMinutes and do it in its window; see: kubectl get promises -n " + s.name
}

func listener(name string, port gatewayv1.PortNumber, protocol gatewayv1.ProtocolType, hostname string) gatewayv1.Listener {
	l := gatewayv1.Listener{Name: gatewayv1.SectionName(name), Port: port, Protocol: protocol}
	if hostname != "" {
		l.Hostname = ptr.To(gatewayv1.Hostname(hostname))
	}
	if protocol == gatewayv1.HTTPSProtocolType {
		l.TLS = &gatewayv1.ListenerTLSConfig{CertificateRefs: []gatewayv1.SecretObjectReference{{Name: "first"}}}
	}
	return l
}

// publicGateway lets in by https, by the wildcard web, and by http; other is for others, raw for no HTTPRoute.
func publicGateway() *gatewayv1.Gateway {
	return &gatewayv1.Gateway{
		ObjectMeta: metav1.ObjectMeta{Name: "public"},
		Spec: gatewayv1.GatewaySpec{GatewayClassName: "example", Listeners: []gatewayv1.Listener{
			listener("https", 443, gatewayv1.HTTPSProtocolType, "api.shop.example"),
			listener("web", 8080, gatewayv1.HTTPProtocolType, "*.shop.example"),
			listener("http", 80, gatewayv1.HTTPProtocolType, ""),
			listener("other", 443, gatewayv1.HTTPSProtocolType, "else.example"),
			listener("raw", 9000, gatewayv1.TCPProtocolType, ""),
		}},
	}
}

func from(i int, namespaces gatewayv1.FromNamespaces) func(*gatewayv1.GatewaySpec) {
	return func(s *gatewayv1.GatewaySpec) {
		s.Listeners[i].AllowedRoutes = &gatewayv1.AllowedRoutes{Namespaces: &gatewayv1.RouteNamespaces{From: &namespaces}}
		if namespaces == gatewayv1.NamespacesFromSelector {
			s.Listeners[i].AllowedRoutes.Namespaces.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{"a": "b"}}
		}
	}
}

func kinds(i int, kinds ...gatewayv1.Kind) func(*gatewayv1.GatewaySpec) {
	return func(s *gatewayv1.GatewaySpec) {
		s.Listeners[i].AllowedRoutes = &gatewayv1.AllowedRoutes{}
		for _, kind := range kinds {
			s.Listeners[i].AllowedRoutes.Kinds = append(s.Listeners[i].AllowedRoutes.Kinds, gatewayv1.RouteGroupKind{Kind: kind})
		}
	}
}

func removed(i int) func(*gatewayv1.GatewaySpec) {
	return func(s *gatewayv1.GatewaySpec) { s.Listeners = append(s.Listeners[:i:i], s.Listeners[i+1:]...) }
}

func hostname(i int, name string) func(*gatewayv1.GatewaySpec) {
	return func(s *gatewayv1.GatewaySpec) {
		if s.Listeners[i].Hostname = nil; name != "" {
			s.Listeners[i].Hostname = ptr.To(gatewayv1.Hostname(name))
		}
	}
}

// Bypass 23: a listener that a route attaches to does not go, nor stop to take it.
func TestBypass23Listeners(t *testing.T) {
	t.Parallel()
	const (
		https, web, http, other = 0, 1, 2, 3
		section                 = "https/*/api.shop.example"
		wild                    = "web/*/api.shop.example"
		anywhere                = "*/*/api.shop.example"
		lostHTTPS               = "listener https (443 HTTPS api.shop.example)"
		lostWeb                 = "listener web (8080 HTTP *.shop.example)"
		lostHTTP                = "listener http (80 HTTP)"
	)
	port := func(i int, port gatewayv1.PortNumber) func(*gatewayv1.GatewaySpec) {
		return func(s *gatewayv1.GatewaySpec) { s.Listeners[i].Port = port }
	}
	renamed := func(i int) func(*gatewayv1.GatewaySpec) {
		return func(s *gatewayv1.GatewaySpec) { s.Listeners[i].Name = "renamed" }
	}
	plain := func(s *gatewayv1.GatewaySpec) {
		s.Listeners[https].Protocol, s.Listeners[https].TLS = gatewayv1.HTTPProtocolType, nil
	}
	for name, tc := range map[string]struct {
		uses   string
		change func(*gatewayv1.GatewaySpec)
		want   string
	}{
		"removed":                         {section, removed(https), lostHTTPS},
		"renamed":                         {section, renamed(https), lostHTTPS},
		"another port":                    {section, port(https, 8443), lostHTTPS},
		"another protocol":                {section, plain, lostHTTPS},
		"another hostname":                {section, hostname(https, "new.example"), lostHTTPS},
		"a narrower hostname":             {wild, hostname(web, "www.shop.example"), lostWeb},
		"the hostname of the route":       {wild, hostname(web, "api.shop.example"), ""},
		"a wider hostname":                {section, hostname(https, "*.shop.example"), ""},
		"a wider hostname still":          {section, hostname(https, "*.example"), ""},
		"a wider hostname, of others":     {section, hostname(https, "*.pi.shop.example"), lostHTTPS},
		"any hostname":                    {section, hostname(https, ""), ""},
		"a hostname where there was none": {"http/*/*", hostname(http, "shop.example"), lostHTTP},
		"that of the route, where none":   {"http/*/api.shop.example", hostname(http, "api.shop.example"), ""},
		"one of two hostnames":            {wild + " orders/web/*/www.shop.example", hostname(web, "api.shop.example"), lostWeb},
		"routes of all namespaces":        {section, from(https, gatewayv1.NamespacesFromAll), ""},
		"routes of some namespaces":       {section, from(https, gatewayv1.NamespacesFromSelector), lostHTTPS},
		"routes of another kind":          {section, kinds(https, "GRPCRoute"), lostHTTPS},
		"routes of another kind, too":     {section, kinds(https, "GRPCRoute", "HTTPRoute"), ""},
		"routes that are called alike": {section, func(s *gatewayv1.GatewaySpec) {
			kinds(https, "HTTPRoute")(s)
			s.Listeners[https].AllowedRoutes.Kinds[0].Group = ptr.To(gatewayv1.Group("example.com"))
		}, lostHTTPS},
		"another certificate": {section, func(s *gatewayv1.GatewaySpec) {
			s.Listeners[https].TLS.CertificateRefs[0].Name = "second"
		}, ""},
		"one is added": {section, func(s *gatewayv1.GatewaySpec) {
			s.Listeners = append([]gatewayv1.Listener{listener("new", 81, gatewayv1.HTTPProtocolType, "")}, s.Listeners...)
		}, ""},
		"another is removed":             {section, removed(web), ""},
		"several":                        {section + " orders/web/*/* orders/http/*/*", func(s *gatewayv1.GatewaySpec) { s.Listeners = s.Listeners[3:] }, lostHTTPS + "; " + lostWeb + " and 1 more"},
		"by port, removed":               {"*/80/api.shop.example", removed(http), lostHTTP},
		"by port, another":               {"*/80/api.shop.example", removed(web), ""},
		"any, removed":                   {anywhere, removed(web), lostWeb},
		"any, renamed":                   {anywhere, renamed(web), ""},
		"any, of another hostname":       {anywhere, removed(other), ""},
		"any, moved":                     {anywhere, port(http, 81), lostHTTP},
		"any hostname, of another":       {"*/*/*", removed(other), "listener other (443 HTTPS else.example)"},
		"any hostname, for no HTTPRoute": {"*/*/*", removed(4), ""},
		"a wildcard of the route":        {"*/*/*.shop.example", removed(https), lostHTTPS},
		"a wildcard of others":           {"*/*/*.op.example", removed(web), ""},
		"another class":                  {section, func(s *gatewayv1.GatewaySpec) { s.GatewayClassName = "nobody" }, "gatewayClassName example"},
		"an address added": {section, func(s *gatewayv1.GatewaySpec) {
			s.Addresses = []gatewayv1.GatewaySpecAddress{{Value: "192.0.2.1"}, {Value: "192.0.2.2"}}
		}, ""},
		"another address": {section, func(s *gatewayv1.GatewaySpec) {
			s.Addresses = []gatewayv1.GatewaySpecAddress{{Value: "192.0.2.2"}}
		}, "address 192.0.2.1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := publicGateway()
			before.Spec.Addresses = []gatewayv1.GatewaySpecAddress{{Value: "192.0.2.1"}}
			s := governed(t, listened(tc.uses))
			before.Namespace = s.name
			s.must(s.admin.Create(t.Context(), before))
			changed := before.DeepCopy()
			tc.change(&changed.Spec)
			want := tc.want
			if want != "" {
				want = notLetIn(s, want)
			}
			s.judged(s.admin.Update(t.Context(), changed.DeepCopy(), client.DryRunAll), gateways, want)
			s.judged(s.admin.Patch(t.Context(), changed, client.MergeFrom(before), client.DryRunAll), gateways, want)
		})
	}
}

// What took no HTTPRoute may change, and what took those of some namespaces takes no others.
func TestListenersThatTookNoRoute(t *testing.T) {
	t.Parallel()
	s := governed(t, listened("*/*/*"))
	gateway := inNamespace(s.name, publicGateway())
	kinds(0, "GRPCRoute")(&gateway.Spec)
	kinds(1, "GRPCRoute", "TCPRoute")(&gateway.Spec)
	from(2, gatewayv1.NamespacesFromSelector)(&gateway.Spec)
	s.must(s.admin.Create(t.Context(), gateway))
	changed := gateway.DeepCopy()
	changed.Spec.Listeners = changed.Spec.Listeners[2:]
	changed.Spec.Listeners[0].AllowedRoutes.Kinds = []gatewayv1.RouteGroupKind{{Kind: "HTTPRoute"}}
	s.must(s.admin.Update(t.Context(), changed, client.DryRunAll))
	changed.Spec.Listeners[0].AllowedRoutes.Namespaces.Selector.MatchLabels["a"] = "c"
	s.refused(s.admin.Update(t.Context(), changed, client.DryRunAll), gateways, notLetIn(s, "listener http (80 HTTP)"))
}

// The address that a Gateway was given counts where it asked for none.
func TestAGatewayKeepsTheAddressItWasGiven(t *testing.T) {
	t.Parallel()
	s := governed(t, listened("http/*/*"))
	gateway := inNamespace(s.name, publicGateway())
	s.must(s.admin.Create(t.Context(), gateway))
	gateway.Status.Addresses = []gatewayv1.GatewayStatusAddress{{Value: "192.0.2.1"}}
	s.must(s.admin.Status().Update(t.Context(), gateway))
	gateway.Spec.Addresses = []gatewayv1.GatewaySpecAddress{{Value: "192.0.2.2"}}
	s.refused(s.admin.Update(t.Context(), gateway.DeepCopy()), gateways, notLetIn(s, "address 192.0.2.1"))
	gateway.Spec.Addresses[0].Value = "192.0.2.1"
	s.must(s.admin.Update(t.Context(), gateway))
}

// By another version, in a planned downtime, another Gateway, and annotations; warned of and audited.
func TestBypass15Bypass23Gateways(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	s.govern(map[string]*gate{"deny": listened("https/*/*"), "warn": listened("http/*/*")})
	gateway, other := inNamespace(s.name, publicGateway()), inNamespace(s.name, publicGateway())
	other.Name = "my-public"
	s.must(s.admin.Create(t.Context(), gateway))
	s.must(s.admin.Create(t.Context(), other))
	other.Spec.Listeners = other.Spec.Listeners[3:]
	s.must(s.admin.Update(t.Context(), other))
	gateway.Annotations = map[string]string{"a": "b"}
	s.must(s.admin.Update(t.Context(), gateway))

	old := argo(s.name, "public", nil)
	old.SetAPIVersion("gateway.networking.k8s.io/v1beta1")
	old.SetKind("Gateway")
	s.must(s.admin.Get(t.Context(), client.ObjectKeyFromObject(gateway), old))
	listeners := old.Object["spec"].(map[string]any)["listeners"].([]any)
	old.Object["spec"].(map[string]any)["listeners"] = listeners[1:]
	closed := notLetIn(s, "listener https (443 HTTPS api.shop.example)")
	s.refused(s.admin.Update(t.Context(), old), gateways, closed)

	warned := gateway.DeepCopy()
	removed(2)(&warned.Spec)
	s.admin.warnings.take()
	s.must(s.admin.Update(t.Context(), warned, client.DryRunAll))
	if got, want := fmt.Sprint(s.admin.warned(gateways)), fmt.Sprint([]string{notLetIn(s, "listener http (80 HTTP)")}); got != want {
		t.Errorf("warned of %s, want %s", got, want)
	}
	s.gates["deny"].without("keep").without("listen") // as the gate is in a planned downtime
	s.rewrite("deny")
	removed(0)(&gateway.Spec)
	s.must(s.admin.Update(t.Context(), gateway))
}

// A5: the largest Gateway that there can be is judged, and a gate that says nothing of it says nothing.
func TestA5Gateways(t *testing.T) {
	t.Parallel()
	for name, g := range map[string]*gate{
		"nothing": newGate(), "no table": listened("*/*/*").without("keep"), "an empty one": listened("*/*/*").blanked("keep"),
		"no listeners": listened("*/*/*").without("listen"), "half a line": listened("https"), "an empty line": listened("*/*/*").blanked("listen"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := governed(t, g)
			gateway := inNamespace(s.name, publicGateway())
			s.must(s.admin.Create(t.Context(), gateway))
			gateway.Spec.Listeners = gateway.Spec.Listeners[3:]
			s.must(s.admin.Update(t.Context(), gateway))
		})
	}
	gateway := &gatewayv1.Gateway{ObjectMeta: metav1.ObjectMeta{Name: "public"}, Spec: gatewayv1.GatewaySpec{GatewayClassName: "example"}}
	var uses []string
	for i := range 64 {
		name := fmt.Sprintf("of-some-length-%d.customers.shop.example", i)
		gateway.Spec.Listeners = append(gateway.Spec.Listeners, listener(fmt.Sprintf("of-some-length-%d", i), 443, gatewayv1.HTTPSProtocolType, name))
		uses = append(uses, "*/*/"+name)
	}
	s := governed(t, listened(uses...))
	gateway.Namespace = s.name
	s.must(s.admin.Create(t.Context(), gateway))
	for i := range gateway.Spec.Listeners {
		gateway.Spec.Listeners[i].Name = gatewayv1.SectionName(fmt.Sprintf("renamed-%d", i))
	}
	s.must(s.admin.Update(t.Context(), gateway))
	for i := range gateway.Spec.Listeners {
		gateway.Spec.Listeners[i].Port = 444
	}
	s.refused(s.admin.Update(t.Context(), gateway), gateways, notLetIn(s,
		"listener renamed-0 (443 HTTPS of-some-length-0.customers.shop.example); "+
			"listener renamed-1 (443 HTTPS of-some-length-1.customers.shop.example) and 62 more"))
}

// A4: what a planned downtime let pass is refused when it is over, with nothing of ours running. Listeners may be added, and
// have other certificates.
func TestA4WindowsCloseGateways(t *testing.T) {
	t.Parallel()
	const over = "2001-01-01T00:00:00Z"
	public, spare := publicGateway(), publicGateway()
	spare.Name = "spare"
	s := open(t, over, public, spare)
	s.annotate(map[string]string{v1alpha1.WindowAnnotationPrefix + "orders": over + " gateways/public"})
	refusal := func(what string) string {
		return "orders: gateways/public " + what + ", and its planned downtime was over " + over + " (R15)" + tryThen
	}
	taken := refusal("would not take customers as it does")
	NewWithT(t).Eventually(func() error { return s.tenant.Delete(t.Context(), public, client.DryRunAll) }).WithTimeout(patience).
		WithPolling(often).Should(MatchError(ContainSubstring(refusal("would be deleted"))))
	for _, u := range []*user{s.tenant, s.admin} {
		s.refused(u.DeleteAllOf(t.Context(), public, client.InNamespace(s.name)),
			windows, refusal("would be deleted"))
		for name, tc := range map[string]struct {
			change func(*gatewayv1.GatewaySpec)
			want   string
		}{
			"a listener removed":        {removed(0), taken},
			"a listener renamed":        {func(s *gatewayv1.GatewaySpec) { s.Listeners[0].Name = "renamed" }, taken},
			"another port":              {func(s *gatewayv1.GatewaySpec) { s.Listeners[0].Port = 8443 }, taken},
			"another hostname":          {hostname(0, "new.example"), taken},
			"a hostname where none was": {hostname(2, "new.example"), taken},
			"routes of some namespaces": {from(0, gatewayv1.NamespacesFromSelector), taken},
			"another class":             {func(s *gatewayv1.GatewaySpec) { s.GatewayClassName = "nobody" }, taken},
			"an address where none was": {func(s *gatewayv1.GatewaySpec) { s.Addresses = []gatewayv1.GatewaySpecAddress{{Value: "192.0.2.1"}} }, taken},
			"another certificate":       {func(s *gatewayv1.GatewaySpec) { s.Listeners[0].TLS.CertificateRefs[0].Name = "second" }, ""},
			"one is added, others turned": {func(s *gatewayv1.GatewaySpec) {
				s.Listeners = append([]gatewayv1.Listener{listener("new", 81, gatewayv1.HTTPProtocolType, "")}, s.Listeners...)
				slices.Reverse(s.Listeners)
			}, ""},
		} {
			s.Logf("%s", name)
			changed := public.DeepCopy()
			tc.change(&changed.Spec)
			s.judged(u.Patch(t.Context(), changed, client.MergeFrom(public), client.DryRunAll), windows, tc.want)
			elsewhere := spare.DeepCopy()
			tc.change(&elsewhere.Spec)
			s.must(u.Patch(t.Context(), elsewhere, client.MergeFrom(spare), client.DryRunAll))
		}
	}
	s.must(s.tenant.Delete(t.Context(), spare))
}
