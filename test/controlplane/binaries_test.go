//go:build unix

package controlplane

import (
	"os"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"
)

func TestFindBinDir(t *testing.T) {
	complete := func(t *testing.T) string {
		dir := t.TempDir()
		for _, name := range []string{etcd, apiServer, controllerManager, scheduler, kwok, kubectl, stagesDir} {
			NewWithT(t).Expect(os.WriteFile(filepath.Join(dir, name), nil, 0o700)).To(Succeed())
		}
		return dir
	}
	t.Run("the named folder wins", func(t *testing.T) {
		named, assets := complete(t), complete(t)
		t.Setenv("FOREWARN_CONTROLPLANE", named)
		t.Setenv("KUBEBUILDER_ASSETS", assets)
		NewWithT(t).Expect(FindBinDir()).To(Equal(named))
	})
	t.Run("a folder that lacks something is passed over", func(t *testing.T) {
		named, assets := complete(t), complete(t)
		NewWithT(t).Expect(os.Remove(filepath.Join(named, kwok))).To(Succeed())
		t.Setenv("FOREWARN_CONTROLPLANE", named)
		t.Setenv("KUBEBUILDER_ASSETS", assets)
		NewWithT(t).Expect(FindBinDir()).To(Equal(assets))
	})
	t.Run("none says what lacks where and what to run", func(t *testing.T) {
		g := NewWithT(t)
		named, checkout := t.TempDir(), t.TempDir()
		g.Expect(os.MkdirAll(filepath.Join(checkout, filepath.Dir(versionFile)), 0o700)).To(Succeed())
		g.Expect(os.WriteFile(filepath.Join(checkout, versionFile), []byte("module m\nrequire k8s.io/kubernetes v1.99.1\n"), 0o600)).To(Succeed())
		t.Chdir(checkout)
		t.Setenv("FOREWARN_CONTROLPLANE", named)
		t.Setenv("KUBEBUILDER_ASSETS", "")
		_, err := FindBinDir()
		g.Expect(err).To(MatchError(And(
			ContainSubstring("FOREWARN_CONTROLPLANE="+named+" lacks etcd, "),
			ContainSubstring(filepath.Join("bin", "controlplane", "v1.99.1")+" lacks etcd, "),
			HaveSuffix("run: make controlplane"))))
	})
}
