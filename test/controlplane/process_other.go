//go:build unix && !linux

package controlplane

import (
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// attributes detach the child. Otherwise it stays in this process group, so
// that Ctrl-C ends it too: only Linux ties the life of a child to its parent.
func attributes(detached bool) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: detached}
}

// startTime tells a live process from a later one with the same id. A process
// that has ended but was not waited for counts as gone.
func startTime(pid int) (string, bool) {
	out, err := exec.Command("ps", "-o", "stat=,lstart=", "-p", strconv.Itoa(pid)).Output()
	status, started, ok := strings.Cut(strings.TrimSpace(string(out)), " ")
	if err != nil || !ok || strings.HasPrefix(status, "Z") {
		return "", false
	}
	return strings.TrimSpace(started), true
}
