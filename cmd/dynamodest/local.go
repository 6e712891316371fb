package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/serve"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// local is a table in the memory of this process, which is reached over HTTP on the loopback interface.
type local struct {
	db     *dynamodesttest.DB
	table  string
	url    string
	server *http.Server
	served chan struct{}
}

// serveLocal makes a table with the given key, such as "id:S,at:N", and points c at it. The caller closes it.
func serveLocal(ctx context.Context, c *dynamodest.Config, key string) (*local, error) {
	if c.Table == "" {
		c.Table = "local"
	}
	l := &local{table: c.Table, served: make(chan struct{})}
	if err := l.addTable(ctx, key); err != nil {
		return nil, err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	l.url = "http://" + listener.Addr().String()
	l.server = &http.Server{Handler: l.db} //nolint:gosec // the only client is this process
	go func() {
		defer close(l.served)
		_ = l.server.Serve(listener) // until close
	}()
	c.Region, c.Endpoint = dynamodesttest.Region, l.url
	c.Credentials = dynamodest.Credentials{AccessKeyID: "local", SecretAccessKey: "local"}
	return l, nil
}

// addTable makes the table.
func (l *local) addTable(ctx context.Context, key string) error {
	l.db = dynamodesttest.New()
	l.db.KeepHistory(0)
	err := serve.AddTable(ctx, l.db, l.table, key)
	switch {
	case errors.Is(err, serve.ErrKey):
		return usageError("-key %s: %w", key, err)
	case err != nil:
		return usageError("-local: no table %s with the key %s: %w", l.table, key, err)
	}
	return nil
}

// cutLast splits s at the last separator; all of it is before if there is none.
func cutLast(s, separator string) (before, after string) {
	if i := strings.LastIndex(s, separator); i >= 0 {
		return s[:i], s[i+len(separator):]
	}
	return s, ""
}

// close ends the server.
func (l *local) close() {
	_ = l.server.Close() // of the listener, after which nothing is left to do
	<-l.served
}
