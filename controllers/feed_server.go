package controllers

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"time"

	"golang.org/x/net/netutil"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"forewarn.dev/forewarn/internal/feed"
)

const (
	// maxFeedConnections bounds what strangers can take of the memory of what judges: at most some 40 KiB each.
	// Whoever comes later waits.
	maxFeedConnections = 512
	// feedShutdown is how long those who are being answered have when the manager ends. The next leader waits for it.
	feedShutdown = 3 * time.Second
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
	listener, err := listenForFeed(ctx, o.FeedAddress)
	if err != nil {
		return Feed{}, err
	}
	server := feed.NewServer(o.FeedAddress, served.Handler)
	server.ErrorLog = log.New(io.Discard, "", 0) // it names the addresses of those who read
	return served, mgr.Add(&manager.Server{
		Name:            "feed",
		Server:          server,
		Listener:        listener,
		ShutdownTimeout: ptr.To(feedShutdown),
	})
}

func listenForFeed(ctx context.Context, address string) (net.Listener, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listening for the feed: %w", err)
	}
	return netutil.LimitListener(listener, maxFeedConnections), nil
}
