//go:build unix

package controlplane

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// What Start writes into the state folder.
const (
	stateFile      = "state.json"
	kubeconfigFile = "kubeconfig"
	logsDir        = "logs"
	keysDir        = "keys"
	configDir      = "config"
	dataDir        = "etcd"

	partialStateFile = stateFile + ".partial"

	// What hack/run.sh writes beside the kubeconfig: a token, worth nothing once the cluster is gone.
	managerKubeconfigFile = "manager.kubeconfig"
)

// Exactly these are removed, so that a folder named by mistake loses nothing;
// the state last, since it names the processes.
var ownFiles = []string{dataDir, keysDir, configDir, logsDir, managerKubeconfigFile, kubeconfigFile, partialStateFile, stateFile}

// state is what Attach needs to find a detached control plane again.
type state struct {
	BinDir        string   `json:"binDir"`
	Nodes         int      `json:"nodes"`
	Detached      bool     `json:"detached"`
	APIServerArgs []string `json:"apiServerArgs,omitempty"`
	APIServerPort int      `json:"apiServerPort"`
	EtcdPort      int      `json:"etcdPort"`
	EtcdPeerPort  int      `json:"etcdPeerPort"`
	// Processes is written after each start, so that even a start that was
	// killed half way leaves nothing that cannot be found.
	Processes []record `json:"processes"`
	// Complete is set when everything was ready once.
	Complete bool `json:"complete"`
}

// remember replaces the record of a component.
func (s *state) remember(r record) {
	for i := range s.Processes {
		if s.Processes[i].Name == r.Name {
			s.Processes[i] = r
			return
		}
	}
	s.Processes = append(s.Processes, r)
}

// write replaces the file in one step: a half-written one could not be read.
func (s state) write(dir string) error {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	partial := filepath.Join(dir, partialStateFile)
	if err := os.WriteFile(partial, append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("writing the state: %w", err)
	}
	return os.Rename(partial, filepath.Join(dir, stateFile))
}

// Attach opens the control plane that a detached Start left in stateDir,
// whatever is still alive of it; Healthy says what is missing. Without one
// the error is fs.ErrNotExist.
func Attach(stateDir string) (*Cluster, error) {
	dir, err := filepath.Abs(stateDir)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(dir, stateFile))
	if err != nil {
		return nil, err
	}
	c := &Cluster{dir: dir, out: io.Discard, began: time.Now(), processes: map[component]*process{}}
	if err := json.Unmarshal(text, &c.state); err != nil {
		return nil, fmt.Errorf("reading %s: %w", filepath.Join(dir, stateFile), err)
	}
	for _, r := range c.state.Processes {
		c.processes[r.Name] = adopt(r)
	}
	if c.users, err = readAuthority(dir, clientCA); err != nil {
		return nil, err
	}
	return c, c.identify()
}

func (c *Cluster) process(name component) *process {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.processes[name]
}

// spawn starts one component and records it.
func (c *Cluster) spawn(name component) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p := c.processes[name]; p != nil && !p.ended() {
		return fmt.Errorf("starting %s: it runs already", name)
	}
	p, err := spawn(name, filepath.Join(c.state.BinDir, name), c.arguments(name), c.dir, c.state.Detached)
	if err != nil {
		return fmt.Errorf("starting %s: %w", name, err)
	}
	c.processes[name] = p
	c.state.remember(p.record)
	return c.state.write(c.dir)
}

// end stops the named components at the same time.
func (c *Cluster) end(ctx context.Context, names ...component) error {
	results := make(chan error, len(names))
	for _, name := range names {
		go func() { results <- c.process(name).stop(ctx) }()
	}
	var errs []error
	for range names {
		errs = append(errs, <-results)
	}
	return errors.Join(errs...)
}

// makeDir makes the state folder. Its path is absolute, because each component
// runs in it.
func (c *Cluster) makeDir(dir string) (err error) {
	if dir == "" {
		c.temporary = true
		c.dir, err = os.MkdirTemp("", "forewarn-controlplane-")
		return err
	}
	if c.dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return err
	}
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		// Without the state, the rest is from a start killed before it started anything.
		if entry.Name() == stateFile || !slices.Contains(ownFiles, entry.Name()) {
			return fmt.Errorf("state folder %s is in use: it holds %s", c.dir, entry.Name())
		}
	}
	for _, entry := range entries {
		if err := os.RemoveAll(filepath.Join(c.dir, entry.Name())); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cluster) removeFiles() error {
	var errs []error
	for _, name := range ownFiles {
		errs = append(errs, os.RemoveAll(filepath.Join(c.dir, name)))
	}
	// A folder that holds something else stays.
	if entries, err := os.ReadDir(c.dir); err == nil && len(entries) == 0 {
		errs = append(errs, os.Remove(c.dir))
	}
	return errors.Join(errs...)
}
