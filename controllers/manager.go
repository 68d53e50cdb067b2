package controllers

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/uuid"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	coordinationv1client "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics/filters"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/snapshot"
)

// LeaseName is the Lease by which one of several managers leads.
const LeaseName = "forewarn-manager"

// ManagerOptions say how the manager runs.
type ManagerOptions struct {
	// Namespace is that of forewarn itself.
	Namespace string
	// MetricsAddress and HealthAddress are where it listens; "0" for nowhere.
	MetricsAddress string
	HealthAddress  string
	// FeedAddress is where what customers can subscribe to is served; empty or "0" for nowhere.
	FeedAddress string
	// FeedURL is where customers reach it. Empty: nobody said.
	FeedURL string
	// AnswersAddress is where customers answer notices; empty or "0" for nowhere.
	AnswersAddress string
	// AnswersURL is where customers reach it: links begin with it.
	AnswersURL string
	// AnswersKeyDir is a folder with the keys that links are signed with: "current" and, while it is replaced, "previous".
	AnswersKeyDir string
	// BrownoutAddress is where requests are answered in a brownout; empty or "0" for nowhere.
	BrownoutAddress string
	// EgressRanges are the ranges of the network inside that a NoticeChannel may open for itself.
	EgressRanges []netip.Prefix
	// Clock is our own clock.
	Clock clock.WithTicker
	// Offset moves verdicts on to a later time. It is refused where the cluster is not marked for rehearsals (A19).
	Offset time.Duration
	// ReadyFile is written once the manager leads and the API server refuses what it must. Empty: none is.
	ReadyFile string
	// Metrics takes the metrics.
	Metrics prometheus.Registerer
}

// NewScheme knows all kinds that forewarn works with.
func NewScheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	return scheme, errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme))
}

// +kubebuilder:rbac:groups=coordination.k8s.io,resources=leases,verbs=get;create;update,namespace=forewarn-system
// +kubebuilder:rbac:groups=authentication.k8s.io,resources=tokenreviews,verbs=create
// +kubebuilder:rbac:groups=authorization.k8s.io,resources=subjectaccessreviews,verbs=create

// NewManager returns a manager with everything set up, ready to be started.
func NewManager(ctx context.Context, restConfig *rest.Config, o ManagerOptions) (manager.Manager, error) {
	scheme, err := NewScheme()
	if err != nil {
		return nil, fmt.Errorf("making the scheme: %w", err)
	}
	restConfig = rest.CopyConfig(restConfig)
	restConfig.QPS = -1 // the API server's own priority and fairness does it better
	live, err := client.New(restConfig, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	if err := checkOffset(ctx, live, o); err != nil {
		return nil, err
	}
	lock, err := newLock(restConfig, o.Namespace)
	if err != nil {
		return nil, err
	}
	line := newLookoutLine(o.Clock)
	mgr, err := ctrl.NewManager(restConfig, manager.Options{
		Scheme: scheme,
		Cache:  CacheOptions(),
		NewCache: func(config *rest.Config, options cache.Options) (cache.Cache, error) {
			return newCache(config, options, line)
		},
		Logger:                 ctrl.LoggerFrom(ctx),
		Metrics:                metricsOptions(o.MetricsAddress),
		HealthProbeBindAddress: o.HealthAddress,
		LeaderElection:         true,
		// Whoever stops hands over at once: main ends when Start returns.
		LeaderElectionReleaseOnCancel:       true,
		LeaderElectionResourceLockInterface: lock,
		// Tests run one manager after another in one process.
		Controller: config.Controller{SkipNameValidation: ptr.To(true)},
	})
	if err != nil {
		return nil, fmt.Errorf("making the manager: %w", err)
	}
	return mgr, setupAll(ctx, mgr, live, lock, line, o)
}

func setupAll(ctx context.Context, mgr manager.Manager, live client.Client, lock resourcelock.Interface, line *lookoutLine, o ManagerOptions) error {
	served, err := newFeed(ctx, mgr, o)
	if err != nil {
		return err
	}
	answers, err := newAnswers(ctx, o)
	if err != nil {
		return err
	}
	canary, err := Setup(ctx, mgr, Options{
		Namespace: o.Namespace,
		Clock:     snapshot.ServerClock{Own: o.Clock, Leases: mgr.GetCache(), Offset: o.Offset},
		Own:       o.Clock,
		Offset:    o.Offset,
		Leader: Leader{
			Live:     live,
			Lease:    types.NamespacedName{Namespace: o.Namespace, Name: LeaseName},
			Identity: lock.Identity(),
		},
		Metrics: o.Metrics,
		Feed:    served,
		Answers: answers,
		line:    line,

		Brownouts:    o.BrownoutAddress,
		EgressRanges: o.EgressRanges,
	})
	if err != nil {
		return err
	}
	return errors.Join(
		mgr.AddHealthzCheck("ping", healthz.Ping),
		mgr.AddReadyzCheck("canary", canary.Ready),
		mgr.Add(manager.RunnableFunc(func(ctx context.Context) error { return announceReady(ctx, canary, o.ReadyFile) })),
	)
}

// announceReady runs once this process leads.
func announceReady(ctx context.Context, canary *Canary, file string) error {
	if file == "" {
		return nil
	}
	select {
	case <-ctx.Done():
		return nil
	case <-canary.Proven():
		return os.WriteFile(file, []byte("ready\n"), 0o644)
	}
}

func metricsOptions(address string) metricsserver.Options {
	return metricsserver.Options{
		BindAddress:    address,
		SecureServing:  true,
		FilterProvider: filters.WithAuthenticationAndAuthorization,
	}
}

// newLock is ours and not the manager's, because the gates carry what it says.
func newLock(restConfig *rest.Config, namespace string) (resourcelock.Interface, error) {
	name, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("reading the host name: %w", err)
	}
	restConfig = rest.AddUserAgent(rest.CopyConfig(restConfig), "leader-election")
	restConfig.Timeout = 5 * time.Second // half of the time in which the Lease must be renewed
	leases, err := coordinationv1client.NewForConfig(restConfig)
	if err != nil {
		return nil, fmt.Errorf("connecting for leader election: %w", err)
	}
	return &resourcelock.LeaseLock{
		LeaseMeta:  metav1.ObjectMeta{Namespace: namespace, Name: LeaseName},
		Client:     leases,
		LockConfig: resourcelock.ResourceLockConfig{Identity: name + "_" + string(uuid.NewUUID())},
	}, nil
}

// checkOffset refuses to move the clock on in a cluster that is not marked for it: its stamps would stay (A19).
func checkOffset(ctx context.Context, live client.Reader, o ManagerOptions) error {
	if o.Offset == 0 {
		return nil
	}
	if o.Offset < 0 {
		return fmt.Errorf("the clock is not moved back: --clock-offset=%s", o.Offset)
	}
	var own corev1.Namespace
	if err := live.Get(ctx, client.ObjectKey{Name: o.Namespace}, &own); err != nil {
		return fmt.Errorf("reading namespace %s: %w", o.Namespace, err)
	}
	if own.Labels[v1alpha1.RehearsalLabel] != "true" {
		return fmt.Errorf("--clock-offset=%s is for rehearsals, and what it stamps stays: label namespace %s with %s=true "+
			"if this cluster is for nothing else", o.Offset, o.Namespace, v1alpha1.RehearsalLabel)
	}
	ctrl.LoggerFrom(ctx).Info("REHEARSAL: the clock is moved on, no verdict is about today", "offset", o.Offset.String())
	return nil
}
