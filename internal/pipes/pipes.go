// Package pipes is a network in memory, by which clients and servers of HTTP work in virtual time.
// Only tests import it, and it imports nothing of the module.
package pipes

import (
	"context"
	"net"
	"net/http"
	"sync"
	"testing"
)

// Network connects those who dial with the server that listens. It is the server's net.Listener.
type Network struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

// Serve returns a Network on which handler responds until the test ends. The server tells watch, unless it is nil, of
// its connections.
func Serve(t testing.TB, handler http.Handler, watch func(net.Conn, http.ConnState)) *Network {
	t.Helper()
	n := &Network{conns: make(chan net.Conn), closed: make(chan struct{})}
	server := &http.Server{Handler: handler, ConnState: watch} //nolint:gosec // no client is slow
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(n) })
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		serving.Wait()
	})
	return n
}

// Connect has tr dial the server, whatever the address of a request.
func (n *Network) Connect(tr *http.Transport) { tr.Proxy, tr.DialContext = nil, n.DialContext }

// DialContext connects to the server, whatever address is given, as http.Transport wants it.
func (n *Network) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case n.conns <- server:
		return client, nil
	case <-n.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept implements net.Listener.
func (n *Network) Accept() (net.Conn, error) {
	select {
	case conn := <-n.conns:
		return conn, nil
	case <-n.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (n *Network) Close() error {
	n.once.Do(func() { close(n.closed) })
	return nil
}

// Addr implements net.Listener.
func (n *Network) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }
