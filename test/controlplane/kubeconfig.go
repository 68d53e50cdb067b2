//go:build unix

package controlplane

import (
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

const mastersGroup = "system:masters"

// ConfigFor is the configuration of any user in any groups, proved by a client
// certificate. Clients made from it are not throttled.
func (c *Cluster) ConfigFor(user string, groups ...string) (*rest.Config, error) {
	certPEM, key, err := c.users.issue(pkix.Name{CommonName: user, Organization: groups}, nil)
	if err != nil {
		return nil, fmt.Errorf("issuing a certificate for %s: %w", user, err)
	}
	keyPEM, err := encodeKey(key)
	if err != nil {
		return nil, err
	}
	return &rest.Config{
		Host:            c.URL(),
		TLSClientConfig: rest.TLSClientConfig{CAData: c.users.pem, CertData: certPEM, KeyData: keyPEM},
		QPS:             -1,
	}, nil
}

// identify makes what this program itself proves who it is with.
func (c *Cluster) identify() (err error) {
	if c.admin, err = c.ConfigFor("admin", mastersGroup); err != nil {
		return err
	}
	if c.developer, err = c.ConfigFor(DeveloperUser); err != nil {
		return err
	}
	if c.adminClient, err = kubernetes.NewForConfig(c.admin); err != nil {
		return err
	}
	tlsConfig, err := rest.TLSConfigFor(c.admin)
	if err != nil {
		return err
	}
	c.probe = &http.Client{Transport: &http.Transport{TLSClientConfig: tlsConfig}, Timeout: 5 * time.Second}
	return nil
}

// writeKubeconfigs writes the one for people and those of the components,
// each under the name it has on a real cluster.
func (c *Cluster) writeKubeconfigs() error {
	if err := os.Mkdir(filepath.Join(c.dir, configDir), 0o700); err != nil {
		return err
	}
	people := map[string]*rest.Config{"admin": c.admin, DeveloperUser: c.developer}
	return errors.Join(
		writeKubeconfig(c.Kubeconfig(), "admin", people),
		c.writeComponentKubeconfig(controllerManager, "system:kube-controller-manager"),
		c.writeComponentKubeconfig(scheduler, "system:kube-scheduler"),
		c.writeComponentKubeconfig(kwok, kubeletUser, nodesGroup),
	)
}

func (c *Cluster) writeComponentKubeconfig(name component, user string, groups ...string) error {
	config, err := c.ConfigFor(user, groups...)
	if err != nil {
		return err
	}
	return writeKubeconfig(c.componentKubeconfig(name), user, map[string]*rest.Config{user: config})
}

func (c *Cluster) componentKubeconfig(name component) string {
	return filepath.Join(c.dir, configDir, name+".kubeconfig")
}

func writeKubeconfig(path, current string, users map[string]*rest.Config) error {
	const cluster = "forewarn-local"
	file := clientcmdapi.NewConfig()
	file.CurrentContext = current
	for user, config := range users {
		file.Clusters[cluster] = &clientcmdapi.Cluster{Server: config.Host, CertificateAuthorityData: config.CAData}
		file.AuthInfos[user] = &clientcmdapi.AuthInfo{ClientCertificateData: config.CertData, ClientKeyData: config.KeyData}
		file.Contexts[user] = &clientcmdapi.Context{Cluster: cluster, AuthInfo: user}
	}
	if err := clientcmd.WriteToFile(*file, path); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}
