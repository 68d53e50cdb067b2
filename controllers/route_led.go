package controllers

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

// LedReconciler looks at the HTTPRoutes of a CustomerAPI: by what ports they lead to its Services and to what
// listeners of Gateways they attach, which goes into the gate, and whether their parents accept them, which goes into its conditions.
type LedReconciler struct {
	shared
}

// +kubebuilder:rbac:groups=gateway.networking.k8s.io,resources=httproutes,verbs=get;list;watch
// +kubebuilder:rbac:groups=forewarn.dev,resources=customerapis/status,verbs=update

// Reconcile looks at those of one API.
func (r *LedReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	api := &v1alpha1.CustomerAPI{}
	if err := r.client.Get(ctx, req.NamespacedName, api); err != nil {
		if apierrors.IsNotFound(err) {
			r.led.drop(req.NamespacedName)
			err = nil
		}
		return ctrl.Result{}, err
	}
	now, err := r.clock.Now(ctx)
	if err != nil {
		return ctrl.Result{}, err
	}
	seen, err := r.see(ctx, api)
	if err != nil {
		return ctrl.Result{}, err
	}
	led := gate.LedTo{Now: ledNow(api, seen.routes), Listeners: listenersOf(seen.routes)}
	if len(seen.routes) > 0 {
		if led.Ports, err = r.ports(ctx, api); err != nil {
			return ctrl.Result{}, err
		}
	}
	if r.led.put(req.NamespacedName, led) {
		r.board.gates.wake(types.NamespacedName{Name: req.Namespace})
	}
	return ctrl.Result{}, r.say(ctx, api, seen, now)
}

// say writes down what the parents of the routes say. It stands beside the one that looks after the API, writes no more of
// its status than that condition, and both write the version that they read.
func (r *LedReconciler) say(ctx context.Context, api *v1alpha1.CustomerAPI, seen routesSeen, now time.Time) error {
	before := api.DeepCopy()
	if len(api.Spec.CarriedBy.HTTPRoutes) == 0 {
		apimeta.RemoveStatusCondition(&api.Status.Conditions, v1alpha1.ConditionRoutesAccepted)
	} else {
		is := accepted(api, seen)
		c := conditions{list: &api.Status.Conditions, generation: api.Generation, now: now}
		c.set(v1alpha1.ConditionRoutesAccepted, is.status, is.reason, oneLine(is.message))
	}
	if err := r.writeStatus(ctx, api, apiequality.Semantic.DeepEqual(before.Status, api.Status)); err != nil {
		return err
	}
	r.announceConditions(api, before.Status.Conditions, api.Status.Conditions, v1alpha1.ConditionRoutesAccepted)
	return nil
}

// routesSeen are the HTTPRoutes that an API names.
type routesSeen struct {
	routes       []gatewayv1.HTTPRoute
	missing      []string
	noGatewayAPI bool
}

// see reads them as they are now: their metadata alone is cached.
func (r *LedReconciler) see(ctx context.Context, api *v1alpha1.CustomerAPI) (seen routesSeen, err error) {
	for _, name := range api.Spec.CarriedBy.HTTPRoutes {
		key := types.NamespacedName{Namespace: api.Namespace, Name: name}
		object := newHTTPRoute()
		switch err := r.live.Get(ctx, key, object); {
		case apimeta.IsNoMatchError(err):
			seen.noGatewayAPI = true
			continue
		case apierrors.IsNotFound(err):
			seen.missing = append(seen.missing, name)
			continue
		case err != nil:
			return seen, fmt.Errorf("reading HTTPRoute %s: %w", key, err)
		}
		var route gatewayv1.HTTPRoute
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &route); err != nil {
			return seen, fmt.Errorf("reading HTTPRoute %s: %w", key, err)
		}
		seen.routes = append(seen.routes, route)
	}
	return seen, nil
}

// ledNow are the ports by which routes lead to the Services of an API with some weight.
func ledNow(api *v1alpha1.CustomerAPI, routes []gatewayv1.HTTPRoute) []gate.LedPort {
	services := gate.ServicesOf(api)
	seen := map[gate.LedPort]bool{}
	var ports []gate.LedPort
	for i := range routes {
		for _, rule := range routes[i].Spec.Rules {
			for _, backend := range rule.BackendRefs {
				port, ok := ledBy(routes[i].Namespace, backend)
				if ok && !seen[port] && slices.Contains(services, port.Service) {
					seen[port] = true
					ports = append(ports, port)
				}
			}
		}
	}
	return ports
}

// ledBy is the port of a Service of the same namespace that a backend leads to.
func ledBy(namespace string, backend gatewayv1.HTTPBackendRef) (gate.LedPort, bool) {
	of := backend.BackendObjectReference
	if of.Port == nil || of.Kind != nil && *of.Kind != "Service" || of.Group != nil && *of.Group != "" ||
		of.Namespace != nil && string(*of.Namespace) != namespace || backend.Weight != nil && *backend.Weight <= 0 {
		return gate.LedPort{}, false
	}
	return gate.LedPort{Service: string(of.Name), Port: *of.Port}, true
}

// listenersOf are what routes attach to of the Gateways of their namespace.
func listenersOf(routes []gatewayv1.HTTPRoute) []gate.Listener {
	var listeners []gate.Listener
	for i := range routes {
		for _, ref := range routes[i].Spec.ParentRefs {
			if ref.Kind != nil && *ref.Kind != "Gateway" || ref.Group != nil && *ref.Group != gatewayv1.GroupName ||
				ref.Namespace != nil && string(*ref.Namespace) != routes[i].Namespace {
				continue
			}
			listener := gate.Listener{
				Gateway: string(ref.Name), Section: string(ptr.Deref(ref.SectionName, "")), Port: ptr.Deref(ref.Port, 0),
			}
			if len(routes[i].Spec.Hostnames) == 0 {
				listeners = append(listeners, listener)
			}
			for _, hostname := range routes[i].Spec.Hostnames {
				listener.Hostname = string(hostname)
				listeners = append(listeners, listener)
			}
		}
	}
	return listeners
}

// ports are those of the Services of an API, and what they lead to.
func (r *LedReconciler) ports(ctx context.Context, api *v1alpha1.CustomerAPI) ([]gate.ServicePort, error) {
	var ports []gate.ServicePort
	for _, name := range gate.ServicesOf(api) {
		service := &corev1.Service{}
		key := types.NamespacedName{Namespace: api.Namespace, Name: name}
		if err := r.client.Get(ctx, key, service); apierrors.IsNotFound(err) {
			continue
		} else if err != nil {
			return nil, fmt.Errorf("reading Service %s: %w", key, err)
		}
		for _, p := range service.Spec.Ports {
			if p.Protocol == corev1.ProtocolTCP || p.Protocol == "" { // which is all that an HTTPRoute leads to
				ports = append(ports, gate.ServicePort{
					LedPort: gate.LedPort{Service: name, Port: p.Port}, Target: p.TargetPort.String(),
				})
			}
		}
	}
	return ports, nil
}

// matterOfCarriers is by what an API is carried.
func matterOfCarriers(api *v1alpha1.CustomerAPI) any {
	return []any{api.Generation, gate.ServicesOf(api)}
}

// matterOfPorts is what a Service leads to.
func matterOfPorts(service *corev1.Service) any { return service.Spec.Ports }

// matterOfLeading is what is done again for: of what parents say no more than this is seen.
func matterOfLeading(route *metav1.PartialObjectMetadata) any { return route.ResourceVersion }

// toListed maps an HTTPRoute to the APIs that list it.
func (r *routes) toListed(ctx context.Context, route client.Object) []ctrl.Request {
	var apis v1alpha1.CustomerAPIList
	if err := r.client.List(ctx, &apis, client.InNamespace(route.GetNamespace()), client.UnsafeDisableDeepCopy); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "Listing what an event concerns")
		return nil
	}
	var keys []types.NamespacedName
	for i := range apis.Items {
		if slices.Contains(apis.Items[i].Spec.CarriedBy.HTTPRoutes, route.GetName()) {
			keys = append(keys, keyOf(&apis.Items[i]))
		}
	}
	return requests(keys...)
}

// ledBook holds by what ports customers come to each API, as was last seen. It begins empty: the gates remember.
type ledBook struct {
	mu  sync.Mutex
	led map[types.NamespacedName]gate.LedTo
}

func newLedBook() *ledBook { return &ledBook{led: map[types.NamespacedName]gate.LedTo{}} }

func (b *ledBook) put(api types.NamespacedName, led gate.LedTo) (changed bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	before, known := b.led[api]
	b.led[api] = led
	return !known || !reflect.DeepEqual(before, led)
}

func (b *ledBook) drop(api types.NamespacedName) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.led, api)
}

// fill adds what was seen of the APIs of a namespace, and what its gates remember.
func (b *ledBook) fill(input *gate.NamespaceInput, gates gateMaps) {
	b.mu.Lock()
	defer b.mu.Unlock()
	known, kept := map[string][]gate.LedPort{}, map[string][]gate.Listener{}
	for _, e := range enforcements {
		for api, ports := range gate.LedIn(gates[e].Data) {
			known[api] = append(known[api], ports...)
		}
		for api, listeners := range gate.ListenersIn(gates[e].Data) {
			kept[api] = append(kept[api], listeners...)
		}
	}
	for i := range input.APIs {
		name := input.APIs[i].API.Name
		led, looked := b.led[types.NamespacedName{Namespace: input.Namespace, Name: name}]
		if led.Known = known[name]; !looked {
			led.Listeners = kept[name]
		}
		input.APIs[i].Led = led
	}
}
