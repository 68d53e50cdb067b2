// The manager judges every proposed change against what customers were promised, and publishes the verdicts for the
// API server to act upon.
package main

import (
	"flag"
	"log/slog"
	"net/netip"
	"os"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"forewarn.dev/forewarn/controllers"
)

func main() {
	o := controllers.ManagerOptions{Clock: clock.RealClock{}, Metrics: metrics.Registry}
	flag.StringVar(&o.Namespace, "namespace", "forewarn-system", "the namespace that forewarn itself runs in")
	flag.StringVar(&o.MetricsAddress, "metrics-bind-address", ":8443", "where metrics are served, over TLS and to those who may get /metrics; 0 for nowhere")
	flag.StringVar(&o.HealthAddress, "health-probe-bind-address", ":8081", "where /healthz and /readyz are served; 0 for nowhere")
	flag.StringVar(&o.FeedAddress, "feed-address", "0", "where what customers can subscribe to is served, over HTTP and to anybody; 0 for nowhere")
	flag.StringVar(&o.FeedURL, "feed-url", "", "where customers reach it, such as https://notices.acme.example/; feeds and calendars then hold full addresses")
	flag.StringVar(&o.AnswersAddress, "answers-address", "0", "where customers answer notices, over HTTP and by signed links; 0 for nowhere")
	flag.StringVar(&o.AnswersURL, "answers-url", "", "where customers reach it, such as https://answers.acme.example/; links in messages begin with it")
	flag.StringVar(&o.AnswersKeyDir, "answers-key-dir", "", "a folder with the keys that links are signed with: current and, while that is replaced, previous")
	flag.StringVar(&o.BrownoutAddress, "brownout-address", "0", "where requests are answered while a brownout takes away what they are for, over HTTP and for the Service forewarn-brownout; 0 for nowhere, and no brownout happens")
	flag.Func("egress-ranges", "a range of addresses inside the network that notice channels may connect to, such as 10.1.2.0/24; may be given several times", func(text string) error {
		allowed, err := netip.ParsePrefix(text)
		o.EgressRanges = append(o.EgressRanges, allowed.Masked())
		return err
	})
	flag.DurationVar(&o.Offset, "clock-offset", 0, "judge as though it were that much later; for rehearsals, in clusters marked for them")
	flag.StringVar(&o.ReadyFile, "ready-file", "", "a file to write once this process leads and the API server refuses what it must")
	verbosity := flag.Int("v", 0, "how much is logged: 0 for what changes, 1 and more for the rest")
	flag.Parse()

	log := logr.FromSlogHandler(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: slog.Level(-*verbosity)}))
	ctrl.SetLogger(log)
	klog.SetLogger(log)
	if err := run(o); err != nil {
		ctrl.Log.Error(err, "Manager ended")
		os.Exit(1)
	}
}

func run(o controllers.ManagerOptions) error {
	config, err := ctrl.GetConfig()
	if err != nil {
		return err
	}
	ctx := ctrl.LoggerInto(ctrl.SetupSignalHandler(), ctrl.Log)
	mgr, err := controllers.NewManager(ctx, config, o)
	if err != nil {
		return err
	}
	return mgr.Start(ctx)
}
