//go:build unix

package controlplane

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
)

// freePorts finds free loopback ports below those the kernel gives to outgoing
// connections: such a one could be taken again before the component listens,
// or while the API server is stopped.
func freePorts(n int) ([]int, error) {
	const low, high, tries = 20000, 30000, 200
	var ports []int
	// Kept open until all are found, so that none is found twice.
	var listeners []net.Listener
	defer func() {
		for _, l := range listeners {
			_ = l.Close()
		}
	}()
	for range tries {
		port := low + rand.IntN(high-low)
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		listeners, ports = append(listeners, l), append(ports, port)
		if len(ports) == n {
			return ports, nil
		}
	}
	return nil, errors.New("finding free ports: none")
}
