//go:build unix

// Package prometheus runs a real Prometheus server for tests, with a memory that the test writes.
package prometheus

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// startLimit is how long a server may take to start.
const startLimit = 60 * time.Second

// Server is one at 127.0.0.1 that scrapes nothing.
type Server struct {
	URL string

	t       testing.TB
	folder  string
	command *exec.Cmd
	ended   chan struct{}
}

// Series counts what a customer asked for, from one moment to another.
type Series struct {
	Labels string // customer="c-1",operation="GET /orders"
	// Start and End are when it was counted, one step more each hour: 1, 2, 3. A Step of 0 counts nothing.
	Start, End time.Time
	Step       int
}

// Start runs one that remembers the series as orders_requests_total. Without the binaries of Prometheus (Debian:
// apt-get install prometheus) the test is skipped.
func Start(t testing.TB, series ...Series) *Server {
	t.Helper()
	for _, binary := range []string{"prometheus", "promtool"} {
		if _, err := exec.LookPath(binary); err != nil {
			t.Skipf("there is no %s to be run here: apt-get install prometheus", binary)
		}
	}
	s := &Server{t: t, folder: t.TempDir()}
	s.remember(series)
	if err := os.WriteFile(s.path("prometheus.yml"), []byte("scrape_configs: []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.listen()
	t.Cleanup(s.Stop)
	return s
}

func (s *Server) path(name string) string { return filepath.Join(s.folder, name) }

// remember writes blocks as the server keeps them. A block is of two hours at most: those of weeks are one each.
func (s *Server) remember(series []Series) {
	s.t.Helper()
	if len(series) == 0 {
		return
	}
	var text bytes.Buffer
	fmt.Fprintln(&text, "# TYPE orders_requests counter")
	for _, each := range series {
		value := 1
		for at := each.Start; !at.After(each.End); at = at.Add(time.Hour) {
			fmt.Fprintf(&text, "orders_requests_total{%s} %d %d\n", each.Labels, value, at.Unix())
			value += each.Step
		}
	}
	fmt.Fprintln(&text, "# EOF")
	if err := os.WriteFile(s.path("series"), text.Bytes(), 0o600); err != nil {
		s.t.Fatal(err)
	}
	promtool := exec.CommandContext(s.t.Context(), "promtool", "tsdb", "create-blocks-from", "--max-block-duration=2400h", "openmetrics", s.path("series"), s.path("data"))
	if output, err := promtool.CombinedOutput(); err != nil {
		s.t.Fatalf("writing the memory of Prometheus: %v\n%s", err, output)
	}
}

// listen starts the server at a port that was free a moment ago.
func (s *Server) listen() {
	s.t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		s.t.Fatal(err)
	}
	var log bytes.Buffer
	s.command = exec.Command("prometheus", "--config.file="+s.path("prometheus.yml"), "--storage.tsdb.path="+s.path("data"),
		"--storage.tsdb.retention.time=5y", "--web.listen-address="+address)
	s.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	s.command.Stdout, s.command.Stderr = &log, &log
	if err := s.command.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.ended = make(chan struct{})
	go func() {
		_ = s.command.Wait()
		close(s.ended)
	}()
	s.URL = "http://" + address
	s.untilReady(&log)
}

func (s *Server) untilReady(log io.Reader) {
	s.t.Helper()
	tick, limit := time.NewTicker(50*time.Millisecond), time.After(startLimit)
	defer tick.Stop()
	for {
		response, err := http.Get(s.URL + "/-/ready")
		if err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case <-tick.C:
			continue
		case <-s.ended:
		case <-limit:
			s.Stop()
		}
		said, _ := io.ReadAll(log)
		s.t.Fatalf("Prometheus did not start:\n%s", strings.TrimSpace(string(said)))
	}
}

// Stop ends it, and what it remembers stays.
func (s *Server) Stop() {
	_ = s.command.Process.Kill()
	<-s.ended
}

// Again starts it anew after Stop, at another address.
func (s *Server) Again() {
	s.t.Helper()
	s.listen()
}
