//go:build unix

package controlplane

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// Two authorities: a certificate that speaks for a Kubernetes user must open
// nothing in etcd.
const (
	clientCA = "ca"
	etcdCA   = "etcd-ca"
)

// A day more than anybody keeps a local cluster.
const keyLife = 366 * 24 * time.Hour

// authority signs certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

// writeKeys makes everything that the components prove themselves with, and
// returns the authority for Kubernetes users.
func writeKeys(dir string) (authority, error) {
	if err := os.Mkdir(filepath.Join(dir, keysDir), 0o700); err != nil {
		return authority{}, err
	}
	users, err := writeAuthority(dir, clientCA)
	if err != nil {
		return authority{}, err
	}
	store, err := writeAuthority(dir, etcdCA)
	if err != nil {
		return authority{}, err
	}
	names := []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"}
	err = errors.Join(
		users.write(dir, "apiserver", pkix.Name{CommonName: "kube-apiserver"}, names),
		// etcd talks to itself as a client, too.
		store.write(dir, "etcd", pkix.Name{CommonName: "etcd"}, []string{"localhost"}),
		store.write(dir, "etcd-client", pkix.Name{CommonName: "kube-apiserver"}, nil),
		writeServiceAccountKeys(dir),
	)
	return users, err
}

func newAuthority(name string) (authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return authority{}, err
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(keyLife),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return authority{}, err
	}
	cert, err := x509.ParseCertificate(der)
	return authority{cert: cert, key: key, pem: encode("CERTIFICATE", der)}, err
}

func writeAuthority(dir, name string) (authority, error) {
	a, err := newAuthority("forewarn local " + name)
	if err != nil {
		return authority{}, err
	}
	return a, writePair(dir, name, a.pem, a.key)
}

func readAuthority(dir, name string) (authority, error) {
	certPEM, err := os.ReadFile(keyFile(dir, name+".crt"))
	if err != nil {
		return authority{}, err
	}
	keyPEM, err := os.ReadFile(keyFile(dir, name+".key"))
	if err != nil {
		return authority{}, err
	}
	certBlock, _ := pem.Decode(certPEM)
	keyBlock, _ := pem.Decode(keyPEM)
	if certBlock == nil || keyBlock == nil {
		return authority{}, fmt.Errorf("reading %s: not PEM", keyFile(dir, name))
	}
	cert, err := x509.ParseCertificate(certBlock.Bytes)
	if err != nil {
		return authority{}, err
	}
	key, err := x509.ParseECPrivateKey(keyBlock.Bytes)
	return authority{cert: cert, key: key, pem: certPEM}, err
}

// issue signs a certificate for loopback, as server and as client.
func (a authority) issue(subject pkix.Name, dnsNames []string) (certPEM []byte, key *ecdsa.PrivateKey, err error) {
	if key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      subject,
		NotBefore:    a.cert.NotBefore,
		NotAfter:     a.cert.NotAfter,
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	if len(dnsNames) > 0 {
		template.ExtKeyUsage = append(template.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
		template.DNSNames, template.IPAddresses = dnsNames, []net.IP{net.IPv4(127, 0, 0, 1)}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	return encode("CERTIFICATE", der), key, err
}

func (a authority) write(dir, name string, subject pkix.Name, dnsNames []string) error {
	certPEM, key, err := a.issue(subject, dnsNames)
	if err != nil {
		return err
	}
	return writePair(dir, name, certPEM, key)
}

func writeServiceAccountKeys(dir string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return err
	}
	private, err := encodeKey(key)
	return errors.Join(err,
		os.WriteFile(keyFile(dir, "service-accounts.key"), private, 0o600),
		os.WriteFile(keyFile(dir, "service-accounts.pub"), encode("PUBLIC KEY", public), 0o600))
}

func writePair(dir, name string, certPEM []byte, key *ecdsa.PrivateKey) error {
	private, err := encodeKey(key)
	return errors.Join(err,
		os.WriteFile(keyFile(dir, name+".crt"), certPEM, 0o600),
		os.WriteFile(keyFile(dir, name+".key"), private, 0o600))
}

func keyFile(dir, name string) string { return filepath.Join(dir, keysDir, name) }

func encodeKey(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalECPrivateKey(key)
	return encode("EC PRIVATE KEY", der), err
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
