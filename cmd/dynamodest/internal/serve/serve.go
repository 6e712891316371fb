// Package serve serves tables in memory as DynamoDB does, over HTTP on the loopback interface, with less capacity and
// more delay on request.
package serve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// Options say what to serve.
type Options struct {
	Addr        string        // HOST:PORT of the loopback interface; the port 0 is any that is free
	Tables      []string      // each as users(id:S) or users(id:S,at:N)
	Throttle    float64       // write units a second that each table takes; 0 is no limit
	Unprocessed float64       // the share of the items that are returned as unprocessed, from 0 to 1
	Least, Most time.Duration // how long a request takes
	Seed        uint64        // of what is random
}

// Time limits of the server. A request takes as long as Options.Most in addition.
const (
	headerTimeout  = 10 * time.Second
	requestTimeout = time.Minute
	idleTimeout    = 2 * time.Minute
)

// Server is a server that listens.
type Server struct {
	DB  *dynamodesttest.DB
	URL string // of the endpoint

	listener net.Listener
	http     *http.Server
}

// Listen makes the tables of o, and listens at its address. The caller calls Serve, and Shutdown.
func Listen(ctx context.Context, o Options) (*Server, error) {
	addr, err := loopback(ctx, o.Addr)
	if err != nil {
		return nil, err
	}
	db := dynamodesttest.New()
	db.KeepHistory(0)
	if o.Throttle > 0 {
		db.LimitNewTables(dynamodesttest.Capacity{UnitsPerSecond: o.Throttle, Full: true})
	}
	for i, table := range o.Tables {
		name, key, err := parseTable(table)
		if err == nil {
			err = AddTable(ctx, db, name, key)
		}
		if err != nil {
			return nil, fmt.Errorf("-table number %d: %w", i+1, err)
		}
	}
	if o.Unprocessed > 0 {
		fault := dynamodesttest.Unprocessed(dynamodesttest.Share(o.Unprocessed, o.Seed))
		db.SetFault(func(dynamodesttest.Call) dynamodesttest.Fault { return fault })
	}
	db.SetLatency(o.Least, o.Most, o.Seed)
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return &Server{
		DB: db, URL: "http://" + listener.Addr().String(), listener: listener,
		http: &http.Server{
			Handler:           handler(db),
			ReadHeaderTimeout: headerTimeout,
			ReadTimeout:       requestTimeout,
			WriteTimeout:      requestTimeout + o.Most,
			IdleTimeout:       idleTimeout,
		},
	}, nil
}

// loopback returns addr with an address of the loopback interface as its host.
func loopback(ctx context.Context, addr string) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", fmt.Errorf("-addr %q is not HOST:PORT, such as 127.0.0.1:8000", addr)
	}
	refused := fmt.Errorf("-addr %q is not an address of the loopback interface, and others are refused, since every request is served: use 127.0.0.1:%s", addr, port)
	if host == "" {
		return "", refused
	}
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return "", fmt.Errorf("-addr %q: %w", addr, err)
	}
	if len(ips) == 0 || slices.ContainsFunc(ips, func(ip netip.Addr) bool { return !ip.Unmap().IsLoopback() }) {
		return "", refused
	}
	first := max(slices.IndexFunc(ips, func(ip netip.Addr) bool { return ip.Unmap().Is4() }), 0)
	return net.JoinHostPort(ips[first].Unmap().String(), port), nil
}

// handler serves db at the root, and nothing elsewhere.
func handler(db *dynamodesttest.DB) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path != "/":
			http.Error(w, "DynamoDB is served at / alone", http.StatusNotFound)
		case r.Method != http.MethodPost && r.Method != http.MethodGet && r.Method != http.MethodHead:
			w.Header().Set("Allow", "POST, GET, HEAD")
			http.Error(w, "DynamoDB takes requests by POST", http.StatusMethodNotAllowed)
		default:
			db.ServeHTTP(w, r)
		}
	})
}

// Serve serves until Shutdown. It returns why it ended before; nil after Shutdown.
func (s *Server) Serve() error {
	if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Shutdown ends the server. The requests in flight are finished, and those that have not ended when ctx ends are
// cut off.
func (s *Server) Shutdown(ctx context.Context) error {
	if s.http.Shutdown(ctx) == nil {
		return nil
	}
	return s.http.Close()
}
