//go:build unix

// Package controlplane starts a real Kubernetes control plane on loopback
// ports: etcd and kube-apiserver, and on request kube-controller-manager,
// kube-scheduler and kwok with fake nodes. Deployments really roll out,
// ReplicaSets and EndpointSlices are real; only the containers are not.
//
//	etcd <--TLS-- kube-apiserver <--TLS-- kube-controller-manager
//	  (own CA)      RBAC, client           kube-scheduler
//	                certificates           kwok (plays the kubelets)
//
// The binaries are built by hack/controlplane/build.sh (make controlplane).
package controlplane

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// startLimit bounds Start when the context has no deadline: a cold start on
// a machine that is busy building takes several times the usual seconds.
const startLimit = 3 * time.Minute

// Options says what to start. The zero value starts etcd and kube-apiserver
// from the binaries that FindBinDir finds, in a temporary folder.
type Options struct {
	// BinDir holds the binaries; empty means FindBinDir.
	BinDir string
	// StateDir holds keys, logs, kubeconfig and etcd's data. Empty means a
	// temporary folder. A folder that is named must hold nothing else and no
	// other control plane.
	StateDir string
	// ControllerManager starts kube-controller-manager: garbage collection,
	// namespace deletion, ServiceAccounts, the workload controllers.
	ControllerManager bool
	// Nodes is the number of fake nodes. Any nodes also bring
	// kube-controller-manager, kube-scheduler and kwok, so that pods run.
	Nodes int
	// Detached lets the control plane outlive the calling process; Attach
	// finds it again. Otherwise it dies with the process (Linux), however
	// that ends.
	Detached bool
	// APIServerArgs are appended to the arguments of kube-apiserver.
	APIServerArgs []string
	// Out receives one line for each step; nil means silence.
	Out io.Writer
}

func (o Options) controllerManager() bool { return o.ControllerManager || o.Nodes > 0 }

// Cluster is a running control plane.
type Cluster struct {
	dir       string
	temporary bool
	out       io.Writer
	began     time.Time

	users            authority
	admin, developer *rest.Config
	adminClient      kubernetes.Interface
	probe            *http.Client

	mu    sync.Mutex // guards processes, and what changes in state
	state state
	// processes holds the last one started of each component.
	processes map[component]*process
}

// Start starts a control plane and returns when the API server is ready and,
// where asked for, the controllers work and the nodes take pods. When it
// returns an error, nothing of it is left running.
func Start(ctx context.Context, o Options) (*Cluster, error) {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	c, err := prepare(o)
	if err != nil {
		return nil, fmt.Errorf("preparing the control plane: %w", err)
	}
	if err := c.start(ctx, o); err != nil {
		// ctx may be what ended the start; ending the processes must not depend on it.
		err = errors.Join(err, c.halt(context.WithoutCancel(ctx)))
		if c.temporary { // elsewhere the logs stay for a look
			err = errors.Join(err, c.removeFiles())
		}
		return nil, err
	}
	return c, nil
}

// prepare makes the folder with everything that the components read.
func prepare(o Options) (*Cluster, error) {
	c := &Cluster{out: o.Out, began: time.Now(), processes: map[component]*process{}}
	if c.out == nil {
		c.out = io.Discard
	}
	bin := o.BinDir
	if bin == "" {
		found, err := FindBinDir()
		if err != nil {
			return nil, err
		}
		bin = found
	}
	bin, err := filepath.Abs(bin)
	if err != nil {
		return nil, err
	}
	if err := c.makeDir(o.StateDir); err != nil {
		return nil, err
	}
	c.state = state{BinDir: bin, Nodes: o.Nodes, Detached: o.Detached, APIServerArgs: o.APIServerArgs}
	if err := c.fill(); err != nil {
		return nil, errors.Join(err, c.removeFiles())
	}
	return c, nil
}

// fill chooses the ports and writes keys and configuration.
func (c *Cluster) fill() error {
	ports, err := freePorts(3)
	if err != nil {
		return err
	}
	c.state.APIServerPort, c.state.EtcdPort, c.state.EtcdPeerPort = ports[0], ports[1], ports[2]
	if c.users, err = writeKeys(c.dir); err != nil {
		return err
	}
	if err := c.identify(); err != nil {
		return err
	}
	if err := c.writeKubeconfigs(); err != nil {
		return err
	}
	return c.writeComponentConfigs()
}

func (c *Cluster) start(ctx context.Context, o Options) error {
	if err := c.spawn(etcd); err != nil {
		return err
	}
	// An API server that finds no etcd backs off for a second.
	if err := c.wait(ctx, "etcd to answer", etcd, c.etcdAnswers); err != nil {
		return err
	}
	if err := c.StartAPIServer(ctx); err != nil {
		return err
	}
	c.say("kube-apiserver ready")
	if o.controllerManager() {
		if err := c.startControllers(ctx, o); err != nil {
			return err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state.Complete = true
	return c.state.write(c.dir)
}

func (c *Cluster) startControllers(ctx context.Context, o Options) error {
	if err := c.spawn(controllerManager); err != nil {
		return err
	}
	if o.Nodes > 0 {
		if err := c.spawn(scheduler); err != nil {
			return err
		}
		if err := c.createNodes(ctx, o.Nodes); err != nil {
			return err
		}
		if err := c.spawn(kwok); err != nil {
			return err
		}
	}
	if err := c.wait(ctx, "the default ServiceAccount", controllerManager, c.hasServiceAccount); err != nil {
		return err
	}
	if o.Nodes > 0 {
		if err := c.wait(ctx, "the nodes to take pods", kwok, c.nodesReady); err != nil {
			return err
		}
	}
	c.say("controllers work, %d nodes ready,", o.Nodes)
	return nil
}

// AdminConfig is the configuration of the user admin in system:masters.
func (c *Cluster) AdminConfig() *rest.Config { return rest.CopyConfig(c.admin) }

// DeveloperConfig is the configuration of the user developer, who may do
// nothing until GrantDeveloper.
func (c *Cluster) DeveloperConfig() *rest.Config { return rest.CopyConfig(c.developer) }

// Kubeconfig is the path of a file with the contexts admin and developer.
func (c *Cluster) Kubeconfig() string { return filepath.Join(c.dir, kubeconfigFile) }

// URL is the address of the API server.
func (c *Cluster) URL() string { return fmt.Sprintf("https://127.0.0.1:%d", c.state.APIServerPort) }

// BinDir holds the binaries that run, and kubectl.
func (c *Cluster) BinDir() string { return c.state.BinDir }

// Logs is the folder with one log for each component.
func (c *Cluster) Logs() string { return filepath.Join(c.dir, logsDir) }

// StopAPIServer ends kube-apiserver and leaves everything else running.
func (c *Cluster) StopAPIServer(ctx context.Context) error { return c.end(ctx, apiServer) }

// StartAPIServer starts kube-apiserver on the port it had and returns when it
// is ready.
func (c *Cluster) StartAPIServer(ctx context.Context) error {
	if err := c.spawn(apiServer); err != nil {
		return err
	}
	return c.wait(ctx, "kube-apiserver to be ready", apiServer, c.apiServerReady)
}

// Stop ends every process that Start started, and nothing else, and removes
// the files that Start wrote.
func (c *Cluster) Stop(ctx context.Context) error {
	return errors.Join(c.halt(ctx), c.removeFiles())
}

// halt ends the processes; clients first, so that none of them spends its
// last seconds waiting for a server that is gone.
func (c *Cluster) halt(ctx context.Context) error {
	return errors.Join(c.end(ctx, kwok, scheduler, controllerManager), c.end(ctx, apiServer), c.end(ctx, etcd))
}

// Healthy says what is missing from a control plane, or nil.
func (c *Cluster) Healthy(ctx context.Context) error {
	c.mu.Lock()
	complete, processes := c.state.Complete, slices.Collect(maps.Values(c.processes))
	c.mu.Unlock()
	if !complete {
		return errors.New("its start was interrupted")
	}
	for _, p := range processes {
		if p.ended() {
			return fmt.Errorf("%s does not run", p.Name)
		}
	}
	return c.apiServerReady(ctx)
}

func (c *Cluster) apiServerReady(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL()+"/readyz", nil)
	if err != nil {
		return err
	}
	res, err := c.probe.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("/readyz answers %s: %s", res.Status, body)
	}
	return nil
}

// wait polls until the condition holds, and gives up at once when the
// component that should bring it about has ended.
func (c *Cluster) wait(ctx context.Context, what string, name component, condition func(context.Context) error) error {
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	p := c.process(name)
	for {
		err := condition(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("%s ended while waiting for %s:\n%s", name, what, logTail(c.dir, name))
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w (last: %w)\n%s", what, context.Cause(ctx), err, logTail(c.dir, name))
		case <-tick.C:
		}
	}
}

func (c *Cluster) say(format string, args ...any) {
	fmt.Fprintf(c.out, "cluster: %s after %.1f s\n", fmt.Sprintf(format, args...), time.Since(c.began).Seconds())
}
