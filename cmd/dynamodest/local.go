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
	url    string
	server *http.Server
	served chan struct{}
}

// localName is the name of a local table that none was given for.
const localName = "local"

// checkLocal returns what is wrong with c if its table is a local one, which brings a region, an endpoint and access keys
// of its own: without them c is complete, but those that it has must be well-formed.
func checkLocal(c dynamodest.Config) error {
	arn := isARN(c.Table)
	if arn {
		c.Table = localName
	}
	c.Client = dynamodesttest.New() // as a client does
	faults := each(c.Validate())
	if arn {
		faults = append(faults, &dynamodest.ConfigError{Field: "Table", Pointer: "/table", Problem: "is an ARN, which the table of -local does not have: give a name alone"})
	}
	return errors.Join(faults...)
}

// serveLocal makes a table with the given key, and points c, which is valid, at it. The caller closes it.
func serveLocal(ctx context.Context, c *dynamodest.Config, key []dynamodest.KeyAttribute) (*local, error) {
	l := &local{db: dynamodesttest.New(), served: make(chan struct{})}
	l.db.KeepHistory(0)
	if err := serve.AddTable(ctx, l.db, c.Table, key); err != nil {
		return nil, usageError("-local: %w: give another key by -key NAME:TYPE", err) // of a column's name
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
