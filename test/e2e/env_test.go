//go:build unix

package e2e

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/controllers"
	"forewarn.dev/forewarn/test/controlplane"
)

// patience is for a machine that builds something else meanwhile; nothing here takes that long by itself.
const (
	patience = 30 * time.Second
	interval = 50 * time.Millisecond
)

// env is one test's namespace, and the people who work in it.
type env struct {
	*WithT
	t         testing.TB
	ctx       context.Context
	namespace string
	admin     client.Client
	developer client.Client
	metrics   *prometheus.Registry
	stop      func()
	// metricsAddress is where the manager serves metrics; empty for nowhere.
	metricsAddress string
	// feedAddress is where it serves what customers can subscribe to; empty for nowhere.
	feedAddress string
	// answersAddress is where customers answer, and answersKeys a folder with the keys of their links; empty for nowhere.
	answersAddress, answersKeys string
	// brownoutAddress is where it answers in a brownout; empty for nowhere.
	brownoutAddress string
	// transport is put between the manager and the API server; nil for nothing.
	transport func(http.RoundTripper) http.RoundTripper
	// clock is the own clock of the managers; nil for that of the machine.
	clock clock.WithTicker
	// logs are all that the managers of the test logged.
	logs logs
}

// logs collect lines from several goroutines.
type logs struct {
	mu    sync.Mutex
	lines []string
}

func (l *logs) add(prefix, args string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, prefix+" "+args)
}

// Write takes what a process logs.
func (l *logs) Write(text []byte) (int, error) {
	l.add("", string(text))
	return len(text), nil
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "\n")
}

// loopback is where the servers of the tests are.
var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

var namespaces atomic.Int32

// newEnv makes a namespace and starts a manager that judges for now.
func newEnv(t testing.TB) *env {
	t.Helper()
	e := &env{
		WithT: NewWithT(t), t: t, ctx: t.Context(), admin: cluster.admin,
		namespace: fmt.Sprintf("shop-%d", namespaces.Add(1)),
	}
	e.SetDefaultEventuallyTimeout(patience)
	e.SetDefaultEventuallyPollingInterval(interval)
	labels := map[string]string{"test": e.namespace}
	e.create(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: e.namespace, Labels: labels}})
	e.Expect(controlplane.GrantDeveloper(e.ctx, cluster.AdminConfig(), e.namespace)).To(Succeed())
	developer, err := client.New(cluster.DeveloperConfig(), client.Options{Scheme: e.admin.Scheme()})
	e.Expect(err).NotTo(HaveOccurred())
	e.developer = developer
	e.startManager(0)
	return e
}

// startManager runs a manager, under its own account, that judges as though it were that much later. It is ready when
// this returns, and ends with the test at the latest.
func (e *env) startManager(offset time.Duration) {
	e.t.Helper()
	e.Eventually(e.launchManager(offset)).Should(Succeed())
}

// launchManager does not wait, and returns what fails until the manager is ready.
func (e *env) launchManager(offset time.Duration) (ready func() error) {
	e.t.Helper()
	e.metrics = prometheus.NewRegistry()
	file := e.t.TempDir() + "/ready"
	ctx, cancel := context.WithCancel(context.WithoutCancel(e.ctx))
	ctx = ctrl.LoggerInto(ctx, e.log())
	config := rest.CopyConfig(cluster.manager)
	if e.transport != nil {
		config.Wrap(e.transport)
	}
	answersURL := ""
	if e.answersAddress != "" {
		answersURL = "http://" + e.answersAddress
	}
	own := e.clock
	if own == nil {
		own = clock.RealClock{}
	}
	mgr, err := controllers.NewManager(ctx, config, controllers.ManagerOptions{
		AnswersAddress: e.answersAddress, AnswersURL: answersURL, AnswersKeyDir: e.answersKeys,
		BrownoutAddress: e.brownoutAddress,
		Namespace:       ownNamespace, MetricsAddress: cmp.Or(e.metricsAddress, "0"), HealthAddress: "0",
		EgressRanges: loopback, FeedAddress: e.feedAddress, FeedURL: feedURL, Clock: own, Offset: offset, ReadyFile: file, Metrics: e.metrics,
	})
	e.Expect(err).NotTo(HaveOccurred())
	ended := make(chan error, 1)
	go func() { ended <- mgr.Start(ctx) }()
	var once sync.Once
	e.stop = func() {
		once.Do(func() {
			cancel()
			if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
				e.t.Errorf("the manager ended: %v", err)
			}
		})
	}
	e.t.Cleanup(e.stop)
	return func() error { _, err := os.Stat(file); return err }
}

// log keeps what the manager logs, and shows it where FOREWARN_TEST_LOG is set.
func (e *env) log() logr.Logger {
	show := os.Getenv("FOREWARN_TEST_LOG") != ""
	return funcr.New(func(prefix, args string) {
		e.logs.add(prefix, args)
		if show {
			e.t.Log(prefix, args)
		}
	}, funcr.Options{Verbosity: 1})
}

// restartManager ends the manager and starts another, which knows nothing but what is in the cluster.
func (e *env) restartManager(offset time.Duration) {
	e.t.Helper()
	e.stop()
	e.startManager(offset)
}

// rehearse marks the cluster as one in which the clock may be moved on.
func (e *env) rehearse() {
	e.t.Helper()
	patch := fmt.Sprintf(`{"metadata":{"labels":{%q:"true"}}}`, v1alpha1.RehearsalLabel)
	own := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: ownNamespace}}
	e.Expect(e.admin.Patch(e.ctx, own, client.RawPatch(types.MergePatchType, []byte(patch)))).To(Succeed())
}
