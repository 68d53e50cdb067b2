package controllers

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/netutil"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"forewarn.dev/forewarn/internal/feed"
)

const (
	// maxStrangers bounds the connections of a port, and so what strangers can take of the memory of what judges: at
	// most some 40 KiB each. Whoever comes later waits.
	maxStrangers = 512
	// strangersShutdown is how long those who are being answered have when the manager ends. The next leader waits for it.
	strangersShutdown = 3 * time.Second
)

// newFeed is what is served at the address, by every replica: the server is none of the leader's, and starts before
// anything was read. Without an address it is served by others, if at all, and where is known all the same.
func newFeed(ctx context.Context, mgr manager.Manager, o ManagerOptions) (Feed, error) {
	if err := feed.CheckURL(o.FeedURL); err != nil {
		return Feed{}, fmt.Errorf("reading --feed-url: %w", err)
	}
	if o.FeedAddress == "" || o.FeedAddress == "0" {
		return Feed{URL: o.FeedURL}, nil
	}
	served := Feed{Handler: &feed.Handler{}, URL: o.FeedURL}
	return served, serveStrangers(ctx, mgr, "feed", o.FeedAddress, served.Handler)
}

// serveStrangers adds a server for a port that anybody may reach, on every replica.
func serveStrangers(ctx context.Context, mgr manager.Manager, name, address string, handler http.Handler) error {
	listener, err := listenForStrangers(ctx, name, address)
	if err != nil {
		return err
	}
	server := feed.NewServer(address, handler)
	server.ErrorLog = log.New(io.Discard, "", 0) // it names the addresses of those who read
	return mgr.Add(&manager.Server{
		Name:            name,
		Server:          server,
		Listener:        listener,
		ShutdownTimeout: ptr.To(strangersShutdown),
	})
}

func listenForStrangers(ctx context.Context, name, address string) (net.Listener, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listening for the %s: %w", name, err)
	}
	return netutil.LimitListener(listener, maxStrangers), nil
}
