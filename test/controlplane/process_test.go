//go:build unix

package controlplane

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

// playsParent makes this test binary a program that starts a child and waits.
const playsParent = "FOREWARN_TEST_PLAYS_PARENT"

func TestMain(m *testing.M) {
	if dir := os.Getenv(playsParent); dir != "" {
		p, err := spawn("sleeper", "/bin/sleep", []string{"600"}, dir, false)
		if err != nil {
			fmt.Fprintln(os.Stdout, err)
			os.Exit(1)
		}
		fmt.Fprintln(os.Stdout, p.PID, p.Started)
		<-p.done
	}
	os.Exit(m.Run())
}

func TestChildDiesWithItsParent(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux ties the life of a child to its parent")
	}
	g := NewWithT(t)
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), playsParent+"="+logsIn(t))
	out, err := parent.StdoutPipe()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(parent.Start()).To(Succeed())
	line, err := bufio.NewReader(out).ReadString('\n')
	g.Expect(err).NotTo(HaveOccurred())
	pid, started, ok := strings.Cut(strings.TrimSpace(line), " ")
	g.Expect(ok).To(BeTrue(), "the parent says %q", line)
	child := record{Name: "sleeper", Started: started}
	child.PID, err = strconv.Atoi(pid)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(alive(child)).To(BeTrue())

	g.Expect(parent.Process.Kill()).To(Succeed())
	_ = parent.Wait() // reports the kill
	g.Eventually(func() bool { return alive(child) }, patience, often).Should(BeFalse())
}

func TestProcessIdIsNotEnough(t *testing.T) {
	g := NewWithT(t)
	sleeper, err := spawn("sleeper", "/bin/sleep", []string{"600"}, logsIn(t), false)
	g.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { _ = sleeper.stop(context.WithoutCancel(t.Context())) })

	stranger := sleeper.record
	stranger.Started += "1"
	g.Expect(adopt(stranger).ended()).To(BeTrue())
	g.Expect(adopt(stranger).stop(t.Context())).To(Succeed())
	nameless := sleeper.record
	nameless.Started = ""
	g.Expect(adopt(nameless).stop(t.Context())).To(Succeed())
	g.Expect(sleeper.ended()).To(BeFalse(), "somebody else's process was ended")

	g.Expect(adopt(sleeper.record).stop(t.Context())).To(Succeed())
	g.Eventually(sleeper.done, patience).Should(BeClosed())
}

func TestProcessThatIgnoresSIGTERMIsKilled(t *testing.T) {
	g := NewWithT(t)
	dir := logsIn(t)
	deaf, err := spawn("deaf", "/bin/sh", []string{"-c", "trap '' TERM; echo deaf; while :; do read x </dev/zero; done"}, dir, false)
	g.Expect(err).NotTo(HaveOccurred())
	g.Eventually(func() string { return logTail(dir, "deaf") }, patience, often).Should(Equal("deaf"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // no grace
	g.Expect(deaf.stop(ctx)).To(Succeed())
	g.Expect(alive(deaf.record)).To(BeFalse())
}

func logsIn(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, logsDir), 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}
