//go:build unix

package controlplane

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
)

// component is the name of a binary, of its log and of its record.
type component = string

const (
	etcd              component = "etcd"
	apiServer         component = "kube-apiserver"
	controllerManager component = "kube-controller-manager"
	scheduler         component = "kube-scheduler"
	kwok              component = "kwok"

	kubectl   = "kubectl"
	stagesDir = "stages"
)

func (c *Cluster) arguments(name component) []string {
	switch name {
	case etcd:
		return c.etcdArguments()
	case apiServer:
		return append(c.apiServerArguments(), c.state.APIServerArgs...)
	case controllerManager:
		return c.controllerManagerArguments()
	case scheduler:
		return []string{"--config=" + c.schedulerConfig(), "--secure-port=0"}
	default:
		return c.kwokArguments()
	}
}

func (c *Cluster) etcdArguments() []string {
	client := fmt.Sprintf("https://127.0.0.1:%d", c.state.EtcdPort)
	peer := fmt.Sprintf("https://127.0.0.1:%d", c.state.EtcdPeerPort)
	ca, cert, key := keyFile(c.dir, etcdCA+".crt"), keyFile(c.dir, "etcd.crt"), keyFile(c.dir, "etcd.key")
	return []string{
		"--data-dir=" + filepath.Join(c.dir, dataDir),
		// Nothing here outlives a power failure anyway.
		"--unsafe-no-fsync",
		"--listen-client-urls=" + client,
		"--advertise-client-urls=" + client,
		"--listen-peer-urls=" + peer,
		"--initial-advertise-peer-urls=" + peer,
		"--initial-cluster=default=" + peer,
		"--client-cert-auth", "--trusted-ca-file=" + ca, "--cert-file=" + cert, "--key-file=" + key,
		"--peer-client-cert-auth", "--peer-trusted-ca-file=" + ca, "--peer-cert-file=" + cert, "--peer-key-file=" + key,
		"--log-level=warn",
	}
}

func (c *Cluster) apiServerArguments() []string {
	return []string{
		fmt.Sprintf("--etcd-servers=https://127.0.0.1:%d", c.state.EtcdPort),
		"--etcd-cafile=" + keyFile(c.dir, etcdCA+".crt"),
		"--etcd-certfile=" + keyFile(c.dir, "etcd-client.crt"),
		"--etcd-keyfile=" + keyFile(c.dir, "etcd-client.key"),
		"--bind-address=127.0.0.1",
		fmt.Sprintf("--secure-port=%d", c.state.APIServerPort),
		"--advertise-address=127.0.0.1",
		// An EndpointSlice may not hold a loopback address, so the Service
		// kubernetes has none; otherwise each try is logged as an error.
		"--endpoint-reconciler-type=none",
		// Without it, ending with watches open takes a minute.
		"--shutdown-watch-termination-grace-period=1s",
		"--service-cluster-ip-range=10.96.0.0/16",
		"--tls-cert-file=" + keyFile(c.dir, "apiserver.crt"),
		"--tls-private-key-file=" + keyFile(c.dir, "apiserver.key"),
		"--client-ca-file=" + keyFile(c.dir, clientCA+".crt"),
		"--authorization-mode=RBAC",
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file=" + keyFile(c.dir, "service-accounts.pub"),
		"--service-account-signing-key-file=" + keyFile(c.dir, "service-accounts.key"),
	}
}

func (c *Cluster) controllerManagerArguments() []string {
	return []string{
		"--kubeconfig=" + c.componentKubeconfig(controllerManager),
		"--leader-elect=false",
		"--secure-port=0",
		// Each controller acts under a name of its own, as on real clusters.
		"--use-service-account-credentials",
		"--service-account-private-key-file=" + keyFile(c.dir, "service-accounts.key"),
		"--root-ca-file=" + keyFile(c.dir, clientCA+".crt"),
		// These make a folder for volume plug-ins outside the state folder.
		"--controllers=*,-persistentvolume-attach-detach-controller,-persistentvolume-binder-controller,-persistentvolume-expander-controller",
		// All controllers ask for their tokens at once: 20 a second take long.
		"--kube-api-qps=300", "--kube-api-burst=600",
		"--horizontal-pod-autoscaler-sync-period=1s",
		// A laptop that slept, or a machine under load, evicts no pods.
		"--node-monitor-grace-period=10m",
	}
}

func (c *Cluster) schedulerConfig() string {
	return filepath.Join(c.dir, configDir, "kube-scheduler.yaml")
}

// writeComponentConfigs makes the folders and files that the arguments name.
func (c *Cluster) writeComponentConfigs() error {
	if err := os.Mkdir(c.Logs(), 0o700); err != nil {
		return err
	}
	text := fmt.Sprintf(`apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
leaderElection: {leaderElect: false}
clientConnection: {kubeconfig: %q, qps: 300, burst: 600}
`, c.componentKubeconfig(scheduler))
	if err := os.WriteFile(c.schedulerConfig(), []byte(text), 0o600); err != nil {
		return err
	}
	if c.state.Nodes == 0 {
		return nil
	}
	return c.writeStages()
}

func (c *Cluster) etcdAnswers(ctx context.Context) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", c.state.EtcdPort))
	if err != nil {
		return err
	}
	return conn.Close()
}
