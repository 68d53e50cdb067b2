//go:build unix

package controlplane

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

const (
	// stopGrace is how long a process may take to end after SIGTERM.
	stopGrace = 5 * time.Second
	// killGrace is how long the kernel may take to end it after SIGKILL.
	killGrace = 10 * time.Second
)

// record names a process beyond doubt: the kernel gives its id to another one
// day, but not with the same start time.
type record struct {
	Name    component `json:"name"`
	PID     int       `json:"pid"`
	Started string    `json:"started"`
}

// process is a component that this program started, or adopted.
type process struct {
	record
	handle *os.Process
	done   chan struct{} // closed when it has ended
}

// spawn starts a component in dir, with its output in the logs folder.
func spawn(name component, bin string, args []string, dir string, detached bool) (*process, error) {
	log, err := os.OpenFile(filepath.Join(dir, logsDir, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()
	cmd := exec.Command(bin, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	// kwok would read a configuration from the home folder.
	cmd.Env = []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH"), "TMPDIR=" + os.TempDir()}
	cmd.SysProcAttr = attributes(detached)

	p := &process{record: record{Name: name}, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		// "Dies with its parent" means the parent's thread: this one is kept
		// until the child has ended.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		if err == nil {
			p.handle, p.PID = cmd.Process, cmd.Process.Pid
			p.Started, _ = startTime(p.PID)
		}
		started <- err
		if err == nil {
			_ = cmd.Wait() // the log says why
			close(p.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// adopt finds a process that an earlier program started.
func adopt(r record) *process {
	p := &process{record: r, done: make(chan struct{})}
	// The handle comes before the look at the start time: it stays with the
	// process it was made for.
	handle, err := os.FindProcess(r.PID)
	if err != nil || !alive(r) {
		close(p.done)
		return p
	}
	p.handle = handle
	go func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for alive(r) {
			<-tick.C
		}
		close(p.done)
	}()
	return p
}

func alive(r record) bool {
	started, ok := startTime(r.PID)
	return ok && r.Started != "" && started == r.Started
}

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// stop ends the process: SIGTERM, and SIGKILL after stopGrace or when the
// context ends.
func (p *process) stop(ctx context.Context) error {
	if p == nil || p.ended() {
		return nil
	}
	if err := p.signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-p.done:
		return nil
	case <-time.After(stopGrace):
	case <-ctx.Done():
	}
	if err := p.signal(syscall.SIGKILL); err != nil {
		return err
	}
	select {
	case <-p.done:
		return nil
	case <-time.After(killGrace):
		return fmt.Errorf("%s (process %d) outlives SIGKILL", p.Name, p.PID)
	}
}

func (p *process) signal(s syscall.Signal) error {
	if err := p.handle.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("sending %s to %s (process %d): %w", s, p.Name, p.PID, err)
	}
	return nil
}

// logTail is the end of a component's log, for an error message.
func logTail(dir string, name component) string {
	text, err := os.ReadFile(filepath.Join(dir, logsDir, name+".log"))
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-12):], "\n")
}
