package feed

import (
	"net/http"
	"time"
)

// NewServer is a server for a port that anybody may reach: what one client can hold is bounded in time and in
// size. It speaks HTTP; TLS is for whatever stands before it. Whoever starts it says by ErrorLog where its own
// trouble goes, which may hold addresses of clients.
func NewServer(addr string, handler http.Handler) *http.Server {
	return &http.Server{
		Addr:              addr,
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      time.Minute,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
}
