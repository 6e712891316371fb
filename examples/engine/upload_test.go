package main

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// single is a listener with one connection, whose time is that of the test.
type single struct {
	conns chan net.Conn
	close func()
}

func newSingle() (l single, client net.Conn) {
	client, conn := net.Pipe()
	l.conns = make(chan net.Conn, 1)
	l.conns <- conn
	l.close = sync.OnceFunc(func() { close(l.conns) })
	return l, client
}

func (l single) Accept() (net.Conn, error) {
	if conn, ok := <-l.conns; ok {
		return conn, nil
	}
	return nil, net.ErrClosed
}

func (l single) Close() error { l.close(); return nil }

func (l single) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8680} }

// A slow upload takes the time that it needs. One of which nothing comes in any more is refused, with what to do.
func TestSlowUpload(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for name, tt := range map[string]struct{ length, status int }{
		"slow":         {5 + 100*4, http.StatusOK},
		"stands still": {5 + 101*4, http.StatusRequestTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				listener, conn := newSingle()
				server := newServer(t.Context(), s.engine, listener, "")
				served := make(chan error)
				go func() { served <- server.Serve(listener) }()
				send := func(text string) {
					_, err := io.WriteString(conn, text)
					require.NoError(t, err)
				}
				send("POST /api/sources?name=a.csv HTTP/1.1\r\nHost: 127.0.0.1:8680\r\nConnection: close\r\n" +
					"Content-Type: text/csv\r\nContent-Length: " + strconv.Itoa(tt.length) + "\r\n\r\niata\n")
				for range 100 { // for more than half an hour
					time.Sleep(20 * time.Second)
					send("AAA\n")
				}
				response, err := http.ReadResponse(bufio.NewReader(conn), nil)
				require.NoError(t, err)
				text, err := io.ReadAll(response.Body)
				require.NoError(t, err)
				assert.Equal(t, tt.status, response.StatusCode, string(text))
				assert.Equal(t, tt.status == http.StatusOK, strings.Contains(string(text), `"rows":100`))
				assert.Equal(t, tt.status != http.StatusOK, strings.Contains(string(text), "nothing of the file came in for 30s: upload it again"))
				require.NoError(t, response.Body.Close())
				require.NoError(t, conn.Close())
				require.NoError(t, server.Close())
				assert.ErrorIs(t, <-served, http.ErrServerClosed)
			})
		})
	}
}
