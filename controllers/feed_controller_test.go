package controllers

import (
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-logr/logr/funcr"
	ctrl "sigs.k8s.io/controller-runtime"
)

// What is left out is said once, and again when it is something else.
func TestWhatIsLeftOutOfTheFeedIsSaidOnce(t *testing.T) {
	var said []string
	ctx := ctrl.LoggerInto(t.Context(), funcr.New(func(_, args string) { said = append(said, args) }, funcr.Options{}))
	r := &FeedReconciler{}
	const first, second = "leaving out notice shop/a: why", "leaving out notice shop/b: why"
	for i, step := range []struct {
		omitted []string
		want    int
	}{
		{nil, 0}, {[]string{first}, 1}, {[]string{first}, 1}, {[]string{first, second}, 2}, {nil, 2}, {[]string{first}, 3},
	} {
		r.report(ctx, step.omitted)
		if len(said) != step.want {
			t.Fatalf("step %d: said %q", i, said)
		}
	}
	if !strings.Contains(said[1], first) || !strings.Contains(said[1], second) {
		t.Errorf("nothing is named: %s", said[1])
	}
}

// Strangers wait for each other before they take the memory of what judges.
func TestAPortTakesSoManyConnections(t *testing.T) {
	listener, err := listenForStrangers(t.Context(), "feed", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	var ended atomic.Bool
	type taken struct {
		net.Conn
		afterAnEnd bool
	}
	all := make(chan taken, maxStrangers+1)
	go func() {
		for range maxStrangers + 1 {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			all <- taken{connection, ended.Load()}
		}
	}()
	for range maxStrangers + 1 { // all of them are there before the first one ends
		client, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = client.Close() }()
	}
	for i := range maxStrangers + 1 {
		connection := <-all
		if connection.afterAnEnd != (i == maxStrangers) {
			t.Errorf("connection %d was taken after an end: %v", i, connection.afterAnEnd)
		}
		if i == maxStrangers-1 {
			ended.Store(true)
		}
		if i >= maxStrangers-1 {
			_ = connection.Close()
		}
		defer func() { _ = connection.Close() }()
	}
}
