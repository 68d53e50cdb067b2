//go:build unix

package controlplane

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"
)

// versionFile says which Kubernetes hack/controlplane/build.sh builds.
var versionFile = filepath.Join("hack", "controlplane", "kubernetes", "go.mod")

// FindBinDir finds the folder with the binaries and kwok's stages: the one
// named by FOREWARN_CONTROLPLANE or by KUBEBUILDER_ASSETS when it is complete,
// else what make controlplane built.
func FindBinDir() (string, error) {
	var tried []string
	for _, variable := range []string{"FOREWARN_CONTROLPLANE", "KUBEBUILDER_ASSETS"} {
		dir := os.Getenv(variable)
		if dir == "" {
			continue
		}
		missing := missingFrom(dir)
		if len(missing) == 0 {
			return dir, nil
		}
		tried = append(tried, fmt.Sprintf("%s=%s lacks %s", variable, dir, strings.Join(missing, ", ")))
	}
	dir, err := builtDir()
	if err != nil {
		return "", err
	}
	missing := missingFrom(dir)
	if len(missing) == 0 {
		return dir, nil
	}
	tried = append(tried, fmt.Sprintf("%s lacks %s", dir, strings.Join(missing, ", ")))
	return "", fmt.Errorf("no control plane (%s); run: make controlplane", strings.Join(tried, "; "))
}

func missingFrom(dir string) []string {
	var missing []string
	for _, name := range []string{etcd, apiServer, controllerManager, scheduler, kwok, kubectl, stagesDir} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			missing = append(missing, name)
		}
	}
	return missing
}

// builtDir is where make controlplane puts the binaries of this checkout.
func builtDir() (string, error) {
	root, err := repository()
	if err != nil {
		return "", err
	}
	path := filepath.Join(root, versionFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	mod, err := modfile.ParseLax(path, text, nil)
	if err != nil {
		return "", err
	}
	for _, r := range mod.Require {
		if r.Mod.Path == "k8s.io/kubernetes" {
			return filepath.Join(root, "bin", "controlplane", r.Mod.Version), nil
		}
	}
	return "", fmt.Errorf("%s requires no k8s.io/kubernetes", path)
}

// repository is the checkout that the working folder is in.
func repository() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, versionFile)); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no control plane: the working folder is in no checkout; set FOREWARN_CONTROLPLANE")
		}
		dir = parent
	}
}
