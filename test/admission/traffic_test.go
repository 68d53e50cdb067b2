//go:build unix

package admission

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	traffic = "forewarn-traffic"
	why2    = "orders-2 breaks v1: 3 changes nobody was told of; see: forewarn explain apirevision/orders-2 -n shop"
)

// led is shop with what customers come by: blue and green run, and half a dozen others.
func led() *gate {
	return shop().
		carries("orders", "services/orders", "services/orders-next").
		carries("cart", "services/shared").
		runs("orders",
			"r+orders-1,app=orders,slot=blue,rollouts-pod-template-hash=aaa",
			"r+orders-1b,app=orders,slot=green,rollouts-pod-template-hash=bbb",
			"n+orders-1b,app=orders,slot=late",
			"r-orders-2,app=orders,slot=red,rollouts-pod-template-hash=ccc",
			"n-orders-2,app=orders,slot=dim",
			"r-,app=orders,slot=nameless",
			"r-orders-3,app=orders,slot=untold",
			"r+orders-1,role=orders-batch,tier=back,slot=batch").
		runs("cart", "r+cart-1,cart=v1,app=orders,slot=both").
		line("bar", "orders-2", why2)
}

func planned(s *space) string {
	return "publish a ChangeNotice with downtimeMinutes and do it in its window; see: kubectl get promises -n " + s.name
}

func (s *space) strays(to string) string {
	return "orders: Service orders would select " + to + ", and the pods of orders have app=orders or role=orders-batch,tier=back" +
		"; name the labels, or a Service that has them, in carriedBy first: kubectl edit customerapi orders -n " + s.name + "; or " + planned(s)
}

func (s *space) unready(to string) string {
	return "orders: no pod is ready that Service orders would select by " + to + "; wait: kubectl get pods -n " + s.name + " -l " + to + "; or " + planned(s)
}

const leadsTo = "orders: Service orders would lead customers to "

func labels(pairs ...string) map[string]string {
	made := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		made[pairs[i]] = pairs[i+1]
	}
	return made
}

func ordersService(name string) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: corev1.ServiceSpec{
			Selector: labels("app", "orders", "slot", "blue"),
			Ports: []corev1.ServicePort{
				{Name: "http", Port: 80, TargetPort: intstr.FromString("http")},
				{Name: "dns", Port: 53, TargetPort: intstr.FromInt32(5353), Protocol: corev1.ProtocolUDP},
			},
		},
	}
}

func selecting(pairs ...string) func(*corev1.Service) {
	return func(s *corev1.Service) { s.Spec.Selector = labels(pairs...) }
}

func toExternalName(s *corev1.Service) {
	s.Spec.Type, s.Spec.ExternalName = corev1.ServiceTypeExternalName, "else.example"
	s.Spec.ClusterIP, s.Spec.ClusterIPs = "", nil
}

var labelList = regexp.MustCompile(`[-./\w]+=[-.\w]*(,[-./\w]+=[-.\w]*)+`)

// orderly is a refusal with the labels in it in order: the selector of a Service has none.
func orderly(err error) error {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return err
	}
	said := status.Status()
	said.Message = labelList.ReplaceAllStringFunc(said.Message, func(list string) string {
		return strings.Join(slices.Sorted(slices.Values(strings.Split(list, ","))), ",")
	})
	return printed{said}
}

// Bypass 22: what a Service that customers come by may become.
func TestBypass22MovingServices(t *testing.T) {
	t.Parallel()
	s := governed(t, led())
	const external = "orders: customers come by Service orders, and as an ExternalName it would lead them elsewhere; "
	shut := func(ports string) string {
		return "orders: customers come by " + ports + "; leave it and add others, or " + planned(s)
	}
	for name, tc := range map[string]struct {
		change func(*corev1.Service)
		want   string
	}{
		"nothing":                   {change: func(*corev1.Service) {}},
		"its own labels":            {change: func(s *corev1.Service) { s.Labels = labels("app", "else") }},
		"how clients stick":         {change: func(s *corev1.Service) { s.Spec.SessionAffinity = corev1.ServiceAffinityClientIP }},
		"green, ready and admitted": {change: selecting("app", "orders", "slot", "green")},
		"no slot, but one of the pods is of what is not admissible": {
			change: selecting("app", "orders"), want: leadsTo + why2 + "; " +
				leadsTo + "pods that name no revision and never served customers; name it in forewarn.dev/revision of their template; " +
				leadsTo + "orders-3, which is not admissible: its status says why",
		},
		"other labels by which it is governed": {change: selecting("role", "orders-batch", "tier", "back")},
		"half of those":                        {change: selecting("role", "orders-batch"), want: s.strays("role=orders-batch")},
		"pods of nobody":                       {change: selecting("app", "decoy"), want: s.strays("app=decoy")},
		"pods of another API":                  {change: selecting("cart", "v1"), want: s.strays("cart=v1")},
		"no pods at all":                       {change: selecting(), want: s.strays("nothing")},
		"green, not ready":                     {change: selecting("app", "orders", "slot", "late"), want: s.unready("app=orders,slot=late")},
		"a slot that is nowhere":               {change: selecting("app", "orders", "slot", "gone"), want: s.unready("app=orders,slot=gone")},
		"what is not admissible":               {change: selecting("app", "orders", "slot", "red"), want: leadsTo + why2},
		"not admissible and not ready": {
			change: selecting("app", "orders", "slot", "dim"), want: leadsTo + why2 + "; " + s.unready("app=orders,slot=dim"),
		},
		"pods that name nothing": {
			change: selecting("app", "orders", "slot", "nameless"),
			want:   leadsTo + "pods that name no revision and never served customers; name it in forewarn.dev/revision of their template",
		},
		"a refusal without a text": {change: selecting("app", "orders", "slot", "untold"), want: leadsTo + "orders-3, which is not admissible: its status says why"},
		"an external name":         {change: toExternalName, want: external + planned(s)},
		"an external name with the selector gone": {
			change: func(s *corev1.Service) { toExternalName(s); s.Spec.Selector = nil }, want: external + planned(s),
		},
		"one port more": {change: func(s *corev1.Service) {
			s.Spec.Ports = append(s.Spec.Ports, corev1.ServicePort{Name: "more", Port: 81})
		}},
		"a port by another name": {change: func(s *corev1.Service) { s.Spec.Ports[0].Name = "web" }},
		"ports in another order": {change: func(s *corev1.Service) {
			s.Spec.Ports[0], s.Spec.Ports[1] = s.Spec.Ports[1], s.Spec.Ports[0]
		}},
		"a port less": {
			change: func(s *corev1.Service) { s.Spec.Ports = s.Spec.Ports[1:] },
			want:   shut("port 80 of Service orders, which leads to http"),
		},
		"a port that leads elsewhere": {
			change: func(s *corev1.Service) { s.Spec.Ports[0].TargetPort = intstr.FromInt32(8080) },
			want:   shut("port 80 of Service orders, which leads to http"),
		},
		"a port of another protocol": {
			change: func(s *corev1.Service) { s.Spec.Ports[1].Protocol = corev1.ProtocolTCP },
			want:   shut("port 53 of Service orders, which leads to 5353"),
		},
		"both ports": {
			change: func(s *corev1.Service) { s.Spec.Ports = []corev1.ServicePort{{Port: 443}} },
			want:   shut("port 80 of Service orders, which leads to http, and by port 53 of Service orders, which leads to 5353"),
		},
	} {
		for how, write := range writers() {
			t.Run(name+" by "+how, func(t *testing.T) {
				s := s.with(t)
				service := ordersService("orders")
				s.must(client.IgnoreAlreadyExists(s.admin.Create(t.Context(), inNamespace(s.name, service))))
				s.must(s.admin.Get(t.Context(), client.ObjectKeyFromObject(service), service))
				before := service.DeepCopy()
				tc.change(service)
				s.judged(orderly(write(t, s.tenant, before, service)), traffic, tc.want)
			})
		}
	}
}

// What customers reach from outside of the cluster is not drawn back into it.
func TestBypass22DrawingServicesBack(t *testing.T) {
	t.Parallel()
	const inside, port, balancer = corev1.ServiceTypeClusterIP, corev1.ServiceTypeNodePort, corev1.ServiceTypeLoadBalancer
	for _, from := range []corev1.ServiceType{inside, port, balancer} {
		service := ordersService("orders")
		service.Spec.Type = from
		s := governed(t, led(), service)
		for _, to := range []corev1.ServiceType{inside, port, balancer} {
			changed := service.DeepCopy()
			if changed.Spec.Type = to; to == inside {
				for i := range changed.Spec.Ports {
					changed.Spec.Ports[i].NodePort = 0
				}
			}
			want := ""
			if from == port && to == inside || from == balancer && to != balancer {
				want = fmt.Sprintf("orders: customers come by Service orders from outside of the cluster, and as a %s it would not let them in as a %s does; %s", to, from, planned(s))
			}
			s.judged(s.tenant.Update(t.Context(), changed, client.DryRunAll), traffic, want)
		}
	}
}

// writers are the ways to change an object, each as a dry run.
func writers() map[string]func(*testing.T, *user, client.Object, client.Object) error {
	return map[string]func(*testing.T, *user, client.Object, client.Object) error{
		"update": func(t *testing.T, u *user, _, after client.Object) error {
			return u.Update(t.Context(), after, client.DryRunAll)
		},
		"patch": func(t *testing.T, u *user, before, after client.Object) error {
			return u.Patch(t.Context(), after, client.MergeFrom(before), client.DryRunAll)
		},
	}
}

// Bypass 15 for Services: server-side apply with force, and what is not there yet.
func TestBypass15Bypass22Services(t *testing.T) {
	t.Parallel()
	s := governed(t, led(), ordersService("orders"))
	apply := func(name, selector string) error {
		manifest := fmt.Sprintf(`{"apiVersion":"v1","kind":"Service","metadata":{"name":%q},"spec":{"selector":%s,"ports":[{"port":80,"targetPort":"http"}]}}`, name, selector)
		object := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: s.name, Name: name}}
		return s.tenant.Patch(t.Context(), object, client.RawPatch(types.ApplyPatchType, []byte(manifest)), client.ForceOwnership, client.FieldOwner("somebody"))
	}
	s.refused(apply("orders", `{"app":"decoy"}`), traffic, s.strays("app=decoy"))
	s.must(apply("orders", `{"app":"orders","slot":"green"}`))
	s.refused(apply("orders", `{"app":"orders","slot":"red"}`), traffic, leadsTo+why2)

	// Of a name that carries an API and is not there, a Service has nobody to lose: its pods need not be ready.
	next := func(selector ...string) *corev1.Service {
		service := ordersService("orders-next")
		service.Spec.Selector = labels(selector...)
		return inNamespace(s.name, service)
	}
	s.refused(s.tenant.Create(t.Context(), next("app", "orders", "slot", "red")), traffic,
		"orders: Service orders-next would lead customers to "+why2)
	s.must(s.tenant.Create(t.Context(), next("app", "orders", "slot", "late")))
	late := next("app", "orders", "slot", "gone") // and moves on, as long as it leads to nobody
	s.must(s.tenant.Get(t.Context(), client.ObjectKeyFromObject(late), late))
	late.Spec.Selector["slot"] = "gone"
	s.must(s.tenant.Update(t.Context(), late))
	s.must(s.tenant.Delete(t.Context(), late))
	s.must(s.tenant.Create(t.Context(), next("app", "orders", "slot", "blue")))

	generated := inNamespace(s.name, ordersService(""))
	generated.GenerateName, generated.Spec.Selector = "orders", labels("app", "decoy")
	s.must(s.tenant.Create(t.Context(), generated)) // no name that carries an API can come of it

	// A status takes nothing with it.
	service := inNamespace(s.name, ordersService("orders"))
	s.must(s.admin.Get(t.Context(), client.ObjectKeyFromObject(service), service))
	service.Spec.Selector = labels("app", "decoy")
	s.must(s.admin.Status().Update(t.Context(), service))
	s.must(s.admin.Get(t.Context(), client.ObjectKeyFromObject(service), service))
	if service.Spec.Selector["app"] != "orders" {
		t.Errorf("a write to the status changed the selector to %v", service.Spec.Selector)
	}
}

// A Service of two APIs leads to both, and each says what it has against it.
func TestMovingAServiceOfTwoAPIs(t *testing.T) {
	t.Parallel()
	shared := ordersService("shared")
	shared.Spec.Selector = labels("cart", "v1", "app", "orders", "slot", "both")
	deny := led().carries("orders", "services/shared").runs("orders", "r+orders-1,cart=v1,app=orders,slot=both", "r+orders-1,app=orders")
	s := governed(t, deny, shared)
	shared.Spec.Selector = labels("app", "orders")
	s.refused(s.tenant.Update(t.Context(), shared, client.DryRunAll), traffic,
		"cart: Service shared would select app=orders, and the pods of cart have cart=v1"+
			"; name the labels, or a Service that has them, in carriedBy first: kubectl edit customerapi cart -n "+s.name+"; or "+planned(s))
	s.gates["deny"].line("open", "cart", "2200-01-01T00:00:00Z") // planned for one of them
	s.rewrite("deny")
	s.must(s.tenant.Update(t.Context(), shared, client.DryRunAll))
	shared.Spec.Selector = labels("cart", "v1")
	s.refused(s.tenant.Update(t.Context(), shared, client.DryRunAll), traffic,
		"orders: Service shared would select cart=v1, and the pods of orders have app=orders or role=orders-batch,tier=back"+
			"; name the labels, or a Service that has them, in carriedBy first: kubectl edit customerapi orders -n "+s.name+"; or "+planned(s))
}

// In a planned downtime all of it passes, and after it nothing does.
func TestServicesMoveInAWindow(t *testing.T) {
	t.Parallel()
	s := governed(t, led().line("open", "orders", "2200-01-01T00:00:00Z"), ordersService("orders"))
	changes := map[string]func(*corev1.Service){
		"selector": selecting("app", "decoy"), "not ready": selecting("app", "orders", "slot", "gone"),
		"external": toExternalName, "port": func(s *corev1.Service) { s.Spec.Ports = s.Spec.Ports[:1] },
	}
	try := func(change func(*corev1.Service)) error {
		service := inNamespace(s.name, ordersService("orders"))
		s.must(s.tenant.Get(t.Context(), client.ObjectKeyFromObject(service), service))
		change(service)
		return s.tenant.Update(t.Context(), service, client.DryRunAll)
	}
	for name, change := range changes {
		if err := try(change); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	s.gates["deny"].without("open")
	s.rewrite("deny")
	for name, change := range changes {
		if try(change) == nil {
			t.Errorf("%s passed after the window", name)
		}
	}
}

// A5: a gate lacks whatever it has nothing to say about.
func TestA5GatesWithoutTraffic(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		gate *gate
		want func(*space) string // of a move to pods that are not known
	}{
		"no gate":               {gate: newGate()},
		"nothing carries":       {gate: led().without("carry")},
		"carries without a key": {gate: led().blanked("carry")},
		"no selectors":          {gate: led().without("select").set("apis", "1")},
		"no sets":               {gate: led().without("run"), want: nil},
		"empty sets":            {gate: led().blanked("run"), want: nil},
		"too many sets": {gate: led().runs("orders", "?"), want: func(s *space) string {
			return "orders: too many kinds of pods run to know which Service orders would select by app=orders,slot=green; wait: kubectl get pods -n " +
				s.name + " -l app=orders,slot=green; or " + planned(s)
		}},
		"no texts": {gate: led().without("bar")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service := ordersService("orders")
			s := governed(t, tc.gate, service)
			s.must(s.tenant.Get(t.Context(), client.ObjectKeyFromObject(service), service))
			service.Spec.Selector = labels("app", "orders", "slot", "green")
			want := ""
			if tc.want != nil {
				want = tc.want(s)
			}
			s.judged(orderly(s.tenant.Update(t.Context(), service, client.DryRunAll)), traffic, want)
		})
	}
	// A Service without anything.
	s := governed(t, led())
	bare := inNamespace(s.name, &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "orders"}})
	bare.Spec.ClusterIP = corev1.ClusterIPNone
	s.refused(s.tenant.Create(t.Context(), bare, client.DryRunAll), traffic, s.strays("nothing"))
}

// Where the API is only warned of, a Service moves, and its owner is told.
func TestMovingServicesElsewhere(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	service := ordersService("orders")
	s.create(service)
	s.govern(map[string]*gate{"warn": led()})
	s.rewrite("warn")
	s.tenant.warnings.take()
	service.Spec.Selector = labels("app", "orders", "slot", "red")
	s.must(s.tenant.Update(t.Context(), service))
	s.warned(traffic, leadsTo+why2)
	free := newSpace(t)
	other := ordersService("orders")
	free.create(other)
	other.Spec.Selector = labels("app", "decoy")
	free.must(free.tenant.Update(t.Context(), other))
}

// A2: what is in a namespace that goes is let go, whatever is still written to it on the way.
func TestA2ServicesOfANamespaceThatGoes(t *testing.T) {
	t.Parallel()
	service := ordersService("orders")
	service.Finalizers = []string{"test.forewarn.dev/hold"}
	s := governed(t, led(), service)
	s.must(s.admin.Delete(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.name}}))
	s.must(retryConflicts(func() error {
		s.must(s.admin.Get(t.Context(), client.ObjectKeyFromObject(service), service))
		service.Finalizers = nil
		return s.admin.Update(t.Context(), service)
	}))
}

// What Argo Rollouts writes, down to the bytes (rollout/service.go), passes where the revision reached is
// admissible.
func TestArgoRolloutsSwitchServices(t *testing.T) {
	t.Parallel()
	service := ordersService("orders")
	service.Spec.Selector = labels("app", "orders", "rollouts-pod-template-hash", "aaa")
	s := governed(t, led(), service)
	adopts := func(hash string) error {
		patch := fmt.Sprintf(`{
	"metadata": {
		"annotations": {
			"argo-rollouts.argoproj.io/managed-by-rollouts": "orders"
		}
	},
	"spec": {
		"selector": {
			"rollouts-pod-template-hash": "%s"
		}
	}
}`, hash)
		return s.tenant.Patch(t.Context(), inNamespace(s.name, ordersService("orders")), client.RawPatch(types.StrategicMergePatchType, []byte(patch)))
	}
	switches := func(hash string) error {
		patch := fmt.Sprintf(`{
	"spec": {
		"selector": {
			"rollouts-pod-template-hash": "%s"
		}
	}
}`, hash)
		return s.tenant.Patch(t.Context(), inNamespace(s.name, ordersService("orders")), client.RawPatch(types.StrategicMergePatchType, []byte(patch)))
	}
	s.must(adopts("aaa"))
	s.must(switches("bbb"))                           // the canary, or green, is ready
	s.must(switches("aaa"))                           // aborted
	s.refused(switches("ccc"), traffic, leadsTo+why2) // its notice was withdrawn meanwhile
	s.refused(orderly(switches("ddd")), traffic, s.unready("app=orders,rollouts-pod-template-hash=ddd"))
}

// What Flagger writes (pkg/router/kubernetes_default.go): the selector of the Service, replaced as a whole, with
// its ports and metadata. Its copy of the Deployment is named by the Service orders-next, which is governed, too.
func TestFlaggerSwitchesServices(t *testing.T) {
	t.Parallel()
	deny := led().api("orders", "app=orders", "app=orders-primary").
		runs("orders", "r+orders-1,app=orders", "r+orders-1,app=orders-primary")
	service := ordersService("orders")
	service.Spec.Selector = labels("app", "orders")
	s := governed(t, deny, service)
	reconcile := func(selector string) error {
		var found corev1.Service
		s.must(s.tenant.Get(t.Context(), client.ObjectKeyFromObject(service), &found))
		clone := found.DeepCopy()
		clone.Spec.Ports = []corev1.ServicePort{
			{Name: "http", Port: 80, TargetPort: intstr.FromString("http"), Protocol: corev1.ProtocolTCP},
			{Name: "dns", Port: 53, TargetPort: intstr.FromInt32(5353), Protocol: corev1.ProtocolUDP},
		}
		clone.Spec.Selector = map[string]string{"app": selector}
		clone.Labels = map[string]string{"app": "orders"}
		return s.tenant.Update(t.Context(), clone)
	}
	s.must(reconcile("orders-primary"))
	s.must(reconcile("orders")) // finalized
	s.gates["deny"].runs("orders", "r+orders-1,app=orders", "r-orders-2,app=orders-primary")
	s.rewrite("deny")
	s.refused(reconcile("orders-primary"), traffic, leadsTo+why2)
	// Its Services are not named in carriedBy: it says what to type.
	s.gates["deny"].api("orders", "app=orders")
	s.rewrite("deny")
	s.refused(reconcile("orders-primary"), traffic, "orders: Service orders would select app=orders-primary, and the pods of orders have app=orders"+
		"; name the labels, or a Service that has them, in carriedBy first: kubectl edit customerapi orders -n "+s.name+"; or "+planned(s))
}
