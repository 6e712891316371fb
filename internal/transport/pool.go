package transport

import (
	"context"
	"net"
	"net/http"
	"runtime"
	"sync"
	"time"
	"weak"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// idleTimeout is how long an idle connection is kept.
const idleTimeout = 30 * time.Second

// pools holds the connections of all clients that [Build] makes. Clients with the same settings and
// endpoint share idle connections. A pool keeps a connection for every request that any number of
// clients had in flight at once, up to MaxConcurrency an endpoint, for idleTimeout. It knows no
// endpoint and no secret.
//
// A pool is held by its clients and by its connections alone, so it is gone after the last of them.
var pools = struct {
	sync.Mutex
	transports map[poolKey]weak.Pointer[http.Transport]
}{transports: map[poolKey]weak.Pointer[http.Transport]{}}

// poolKey says which clients share connections. It keeps no caller's BuildableClient alive.
type poolKey struct {
	base weak.Pointer[awshttp.BuildableClient] // the caller's, zero for none
	// What the SDK derives from the DefaultsMode and the environment.
	connect, handshake, read time.Duration
}

// pooled returns an HTTP client with the settings given, over the connections of all clients whose
// settings were derived from base, nil for the SDK's own, in the same way.
func pooled(base, settings *awshttp.BuildableClient) *http.Client {
	key := poolKey{connect: settings.GetDialer().Timeout, handshake: settings.GetTransport().TLSHandshakeTimeout}
	if read, ok := settings.GetReadTimeout(); ok && read < requestTimeout { // which ends the request otherwise
		key.read = read
	}
	if base != nil {
		key.base = weak.Make(base)
	}
	client := &http.Client{Transport: transportFor(key, base, settings), Timeout: settings.GetTimeout(), CheckRedirect: noRedirect}
	if ForTests.RoundTripper != nil {
		client.Transport = ForTests.RoundTripper
	}
	return client
}

// transportFor returns the pool of key, which it makes if there is none.
func transportFor(key poolKey, base, settings *awshttp.BuildableClient) *http.Transport {
	pools.Lock()
	defer pools.Unlock()
	pool, known := pools.transports[key]
	if t := pool.Value(); t != nil {
		return t
	}
	t := settings.GetTransport()
	configureTransport(t, key.read)
	pools.transports[key] = weak.Make(t)
	if base != nil && !known {
		runtime.AddCleanup(base, forgetPool, key)
	}
	return t
}

// forgetPool drops the key of a pool whose BuildableClient is gone. Clients of the pool keep it.
func forgetPool(key poolKey) {
	pools.Lock()
	defer pools.Unlock()
	delete(pools.transports, key)
}

// configureTransport gives t the settings of every pool, and the longest silence of a connection that
// is read from, 0 for no limit.
func configureTransport(t *http.Transport, silence time.Duration) {
	t.MaxIdleConns = 0 // no limit over all endpoints
	t.MaxIdleConnsPerHost = MaxConcurrency
	t.MaxConnsPerHost = 0 // no limit: the caller's concurrency is one
	t.IdleConnTimeout = idleTimeout
	t.OnProxyConnectResponse = reportProxyRefusal(t.OnProxyConnectResponse)
	if silence <= 0 {
		return
	}
	dial := t.DialContext
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &readTimeoutConn{conn, silence}, nil
	}
}

// readTimeoutConn fails a read to which the connection gives nothing for timeout, as
// BuildableClient.WithReadTimeout says. The SDK's own is made only by a client that follows redirects.
type readTimeoutConn struct {
	net.Conn
	timeout time.Duration
}

func (c *readTimeoutConn) Read(p []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.timeout)); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

// noRedirect keeps items from being sent on to wherever a response points. DynamoDB never
// redirects.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// CloseIdleConnections closes the idle connections of all clients that [Build] has made. A test
// that looks for leaked goroutines calls it first.
func CloseIdleConnections() {
	pools.Lock()
	defer pools.Unlock()
	for _, pool := range pools.transports {
		if t := pool.Value(); t != nil {
			t.CloseIdleConnections()
		}
	}
}
