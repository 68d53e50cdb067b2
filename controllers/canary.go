package controllers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-logr/logr"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

// How often a violation is rehearsed: soon again until it is refused for the first time, since a policy bites only
// seconds after it was written, and from then on to find out when it no longer is.
const (
	canaryFirst = 2 * time.Second
	canaryEvery = time.Minute
	canaryLimit = 10 * time.Second
)

// Canary rehearses a known violation against every API server, as a dry run, and remembers what became of it (A14).
type Canary struct {
	config    *rest.Config
	live      client.Client
	namespace string
	clock     clock.WithTicker
	metrics   *metrics
	policies  *waker
	log       logr.Logger

	mu     sync.Mutex
	result canaryResult
	// changed says which policies are not as they were shipped; empty where all are.
	changed string
	proven  chan struct{} // closed once a violation was refused
}

type canaryResult struct{ reason, message string }

// NeedLeaderElection is false: each replica reports ready only where the API servers refuse what they must.
func (c *Canary) NeedLeaderElection() bool { return false }

// +kubebuilder:rbac:groups=apps,resources=deployments,verbs=create,namespace=forewarn-system
// +kubebuilder:rbac:groups=discovery.k8s.io,resources=endpointslices,verbs=list

// Start rehearses until ctx ends.
func (c *Canary) Start(ctx context.Context) error {
	ctx = ctrl.LoggerInto(ctx, c.log)
	for {
		c.rehearse(ctx)
		pause := canaryEvery
		if c.Ready(nil) != nil {
			pause = canaryFirst
		}
		timer := c.clock.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C():
		}
	}
}

// Ready is a readiness check. What was proven once is not taken back: a manager that is not ready helps nobody when
// admission is switched off later; the condition and the metric tell of that.
func (c *Canary) Ready(*http.Request) error {
	select {
	case <-c.proven:
		return nil
	default:
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return errors.New("not seen yet that the API server refuses a rehearsed violation: " + c.result.message)
}

// Proven is closed once a violation was refused.
func (c *Canary) Proven() <-chan struct{} { return c.proven }

func (c *Canary) rehearse(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, canaryLimit)
	defer cancel()
	result := c.try(ctx)
	if c.Ready(nil) != nil && result.reason == v1alpha1.ReasonCanaryRefused {
		close(c.proven)
	}
	c.tell(ctx, func() { c.result = result })
}

// installed takes what differs between the policies that are installed and those that this version ships.
func (c *Canary) installed(ctx context.Context, differences string) {
	c.tell(ctx, func() { c.changed = differences })
}

// tell takes something new, and tells of it where that makes a difference.
func (c *Canary) tell(ctx context.Context, take func()) {
	c.mu.Lock()
	before := c.shown()
	take()
	after := c.shown()
	c.metrics.canarySays(after.reason)
	c.mu.Unlock()
	if before != after {
		ctrl.LoggerFrom(ctx).Info("Looked whether admission works", "reason", after.reason, "result", after.message)
		c.wakePolicies(ctx)
	}
}

// shown is what is known of admission. That a policy was deleted or edited counts though the rehearsed violation is
// refused: it need not be one that this policy refused.
func (c *Canary) shown() canaryResult {
	switch {
	case c.changed == "":
		return c.result
	case c.result.reason == v1alpha1.ReasonCanaryPassed:
		return canaryResult{c.result.reason, c.result.message + "; " + c.changed}
	}
	return canaryResult{v1alpha1.ReasonPoliciesChanged, c.changed}
}

// wakePolicies has the result shown on every policy.
func (c *Canary) wakePolicies(ctx context.Context) {
	var policies v1alpha1.NoticePolicyList
	if err := c.live.List(ctx, &policies); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "Listing notice policies")
		return
	}
	for i := range policies.Items {
		c.policies.wake(types.NamespacedName{Name: policies.Items[i].Name})
	}
}

func (c *Canary) setCondition(set conditions) {
	c.mu.Lock()
	result := c.shown()
	c.mu.Unlock()
	status := metav1.ConditionUnknown
	switch result.reason {
	case v1alpha1.ReasonCanaryRefused:
		status = metav1.ConditionTrue
	case v1alpha1.ReasonCanaryPassed, v1alpha1.ReasonPoliciesChanged:
		status = metav1.ConditionFalse
	case "":
		result = canaryResult{v1alpha1.ReasonCanaryFailed, "not tried yet"}
	}
	set.set(v1alpha1.ConditionAdmissionWorks, status, result.reason, result.message)
}

// try rehearses once against each API server.
func (c *Canary) try(ctx context.Context) canaryResult {
	if err := c.keepGate(ctx); err != nil {
		return canaryResult{v1alpha1.ReasonCanaryFailed, oneLine(err.Error())}
	}
	servers, err := c.servers(ctx)
	if err != nil {
		return canaryResult{v1alpha1.ReasonCanaryFailed, oneLine(err.Error())}
	}
	var passed, failed []string
	for _, server := range servers {
		refused, err := c.violate(ctx, server)
		switch {
		case err != nil:
			failed = append(failed, fmt.Sprintf("%s: %s", server.Host, oneLine(err.Error())))
		case !refused:
			passed = append(passed, server.Host)
		}
	}
	switch {
	case len(passed) > 0:
		return canaryResult{v1alpha1.ReasonCanaryPassed, "a rehearsed violation was let through by " + strings.Join(passed, ", ") +
			": are the admission policies of forewarn installed?"}
	case len(failed) > 0:
		return canaryResult{v1alpha1.ReasonCanaryFailed, "a violation could not be rehearsed: " + strings.Join(failed, "; ")}
	}
	return canaryResult{v1alpha1.ReasonCanaryRefused, fmt.Sprintf("a rehearsed violation is refused by each of %d API servers", len(servers))}
}

// Names that the admission policies know, too (config/admission).
const (
	canaryGate  = "forewarn-gate-canary-v1"
	canaryLabel = "forewarn.dev/canary"
	canaryName  = "forewarn-canary"
)

// keepGate keeps the gate that the rehearsal is measured by: it governs what carries the label, and admits nothing.
func (c *Canary) keepGate(ctx context.Context) error {
	wanted := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{
		Namespace: c.namespace, Name: canaryGate, Labels: map[string]string{partOfLabel: partOf},
	}}
	wanted.Data = canaryData()
	found := &corev1.ConfigMap{}
	err := c.live.Get(ctx, client.ObjectKeyFromObject(wanted), found)
	switch {
	case apierrors.IsNotFound(err):
		err = c.live.Create(ctx, wanted)
	case err == nil && !maps.Equal(found.Data, wanted.Data):
		found.Data = wanted.Data
		err = c.live.Update(ctx, found)
	}
	if err != nil && !apierrors.IsAlreadyExists(err) && !apierrors.IsConflict(err) { // another replica was faster
		return fmt.Errorf("keeping the gate of the canary: %w", err)
	}
	return nil
}

// canaryData is the gate of an API that pods with the label carry, that serves and has no revision.
func canaryData() map[string]string {
	api := &v1alpha1.CustomerAPI{ObjectMeta: metav1.ObjectMeta{Name: canaryName}}
	api.Status.Selectors = []v1alpha1.PodSelector{{MatchLabels: map[string]string{canaryLabel: "true"}}}
	published := gate.Publish(gate.NamespaceInput{
		Namespace: canaryName, // any but forewarn's own, which has no gate
		APIs:      []gate.PublishedAPI{{API: api, Governed: true, Enforcement: v1alpha1.EnforcementDeny}},
	})
	return published.Gates[v1alpha1.EnforcementDeny]
}

// violate tries to create what the canary's gate refuses, as a dry run.
func (c *Canary) violate(ctx context.Context, server *rest.Config) (refused bool, err error) {
	direct, err := client.New(server, client.Options{Scheme: c.live.Scheme(), Mapper: c.live.RESTMapper()})
	if err != nil {
		return false, err
	}
	err = direct.Create(ctx, violation(c.namespace), client.DryRunAll)
	if apierrors.IsForbidden(err) && strings.Contains(err.Error(), "ValidatingAdmissionPolicy") {
		return true, nil
	}
	return false, err
}

// violation is a rollout that names no revision.
func violation(namespace string) *appsv1.Deployment {
	labels := map[string]string{canaryLabel: "true"}
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: canaryName, Labels: labels},
		Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       harmlessPod(),
			},
		},
	}
}

// harmlessPod is one that no other policy has anything against.
func harmlessPod() corev1.PodSpec {
	return corev1.PodSpec{
		SecurityContext: &corev1.PodSecurityContext{
			RunAsNonRoot:   ptr.To(true),
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
		Containers: []corev1.Container{{
			Name: "canary", Image: "forewarn.dev/canary",
			SecurityContext: &corev1.SecurityContext{
				AllowPrivilegeEscalation: ptr.To(false),
				Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
			},
		}},
	}
}

// servers are the API servers, each by its own address; where none is announced, as on loopback, the one we know.
func (c *Canary) servers(ctx context.Context) ([]*rest.Config, error) {
	var slices discoveryv1.EndpointSliceList
	err := c.live.List(ctx, &slices, client.InNamespace(metav1.NamespaceDefault),
		client.MatchingLabels{discoveryv1.LabelServiceName: "kubernetes"})
	if err != nil {
		return nil, fmt.Errorf("listing the addresses of the API servers: %w", err)
	}
	addresses := addressesOf(slices.Items)
	if len(addresses) == 0 {
		return []*rest.Config{c.config}, nil
	}
	var configs []*rest.Config
	for _, address := range addresses {
		config := rest.CopyConfig(c.config)
		// The certificate is for the name by which we know the server, whatever the address.
		config.ServerName = cmp.Or(config.ServerName, hostName(c.config.Host))
		config.Host = "https://" + address
		configs = append(configs, config)
	}
	return configs, nil
}

func addressesOf(endpoints []discoveryv1.EndpointSlice) []string {
	var addresses []string
	for i := range endpoints {
		for _, port := range endpoints[i].Ports {
			if port.Port == nil {
				continue
			}
			for _, endpoint := range endpoints[i].Endpoints {
				for _, address := range endpoint.Addresses {
					addresses = append(addresses, net.JoinHostPort(address, strconv.Itoa(int(*port.Port))))
				}
			}
		}
	}
	slices.Sort(addresses)
	return slices.Compact(addresses)
}

func hostName(host string) string {
	if parsed, err := url.Parse(host); err == nil && parsed.Hostname() != "" {
		return parsed.Hostname()
	}
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		return host
	}
	return name
}
