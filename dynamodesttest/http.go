package dynamodesttest

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"strconv"
	"syscall"
	"time"
)

// maxBody is the largest accepted request body, in bytes.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
const maxBody = 16 << 20

// ServeHTTP handles a request of DynamoDB's JSON protocol, version 1.0. To send requests to it,
// give a client the URL of [net/http/httptest.NewServer] as Options.BaseEndpoint. As at DynamoDB, a
// body of more than 16 MiB is rejected with status 413 before it is parsed, and is not recorded as
// a [Call]. Signatures must be well-formed; [DB.Keys] has them verified. Every response has the Date
// of the DB's clock, unless a handler around the DB has set one.
func (db *DB) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, tooLarge, err := readBody(r)
	if err != nil {
		panic(http.ErrAbortHandler) // the client is gone
	}
	auth := db.verifier()
	given := w.Header().Get("Date") // by a handler around the DB
	w.Header().Set("Date", cmp.Or(given, httpDate(auth.time())))
	if tooLarge {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	if r.Method != http.MethodPost {
		http.Error(w, "healthy: dynamodesttest", http.StatusOK)
		return
	}
	resp := db.serve(r.Context(), r.Header, body, auth.check(r, body), func() {})
	resp.setHeaders()
	resp.header.Set("Date", cmp.Or(resp.header.Get("Date"), given, httpDate(auth.time())))
	if resp.ending == unreachable {
		resp.ending = reset
	}
	switch resp.ending {
	case whole:
		writeHead(w.Header(), resp)
		w.WriteHeader(resp.status)
		_, _ = w.Write(resp.body)
	case stalledBody:
		writeHead(w.Header(), resp)
		w.WriteHeader(resp.status)
		_, _ = w.Write(resp.half())
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	default:
		breakOff(w, resp)
	}
}

func httpDate(t time.Time) string { return t.UTC().Format(http.TimeFormat) }

// readBody reads a request body. It reads a body that is too large to the end but does not keep it,
// so that the client reads the response.
func readBody(r *http.Request) (body string, tooLarge bool, err error) {
	var b bytes.Buffer
	b.Grow(int(min(max(r.ContentLength, 0), maxBody)) + bytes.MinRead)
	n, err := b.ReadFrom(io.LimitReader(r.Body, maxBody+1))
	if err != nil || n <= maxBody {
		return b.String(), false, err
	}
	_, err = io.Copy(io.Discard, r.Body)
	return "", true, err
}

// setHeaders adds the headers that every response of DynamoDB has. Headers that are already set
// take precedence.
func (resp *response) setHeaders() {
	given := resp.header
	resp.header = http.Header{
		"Content-Type":   {"application/x-amz-json-1.0"},
		"X-Amz-Crc32":    {strconv.FormatUint(uint64(crc32.ChecksumIEEE(resp.body)), 10)},
		"Content-Length": {strconv.Itoa(len(resp.body))},
	}
	if resp.requestID != "" {
		resp.header["X-Amzn-Requestid"] = []string{resp.requestID}
	}
	for name, values := range given {
		resp.header[name] = values
	}
}

func (resp *response) half() []byte { return resp.body[:len(resp.body)/2] }

func writeHead(header http.Header, resp response) {
	for name, values := range resp.header {
		header[name] = values
	}
}

// breakOff ends the connection itself, as resp.ending says. If the connection cannot be hijacked,
// it asks the server to abort it.
func breakOff(w http.ResponseWriter, resp response) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer func() { _ = conn.Close() }()
	body := resp.body
	switch resp.ending {
	case resetInBody, closedInBody:
		body = resp.half()
	case reset, closed:
		body = nil
	}
	if resp.ending != reset && resp.ending != closed {
		var head bytes.Buffer
		fmt.Fprintf(&head, "HTTP/1.1 %d %s\r\n", resp.status, http.StatusText(resp.status))
		_ = resp.header.Write(&head)
		_, _ = conn.Write(append(append(head.Bytes(), "\r\n"...), body...))
	}
	if tcp, ok := conn.(*net.TCPConn); ok && (resp.ending == reset || resp.ending == resetInBody) {
		_ = tcp.SetLinger(0)
	}
}

// transport carries requests from the DB's own client to the DB without a network. It returns the
// errors that a network would.
type transport struct{ db *DB }

func (t transport) Do(r *http.Request) (*http.Response, error) {
	ctx := r.Context()
	fail := func(err error) (*http.Response, error) {
		return nil, &url.Error{Op: "Post", URL: r.URL.String(), Err: err}
	}
	if err := ctx.Err(); err != nil {
		return fail(err)
	}
	connected := func() {
		if trace := httptrace.ContextClientTrace(ctx); trace != nil && trace.GotConn != nil {
			trace.GotConn(httptrace.GotConnInfo{})
		}
	}
	body, tooLarge := "", false
	if r.Body != nil {
		var err error
		if body, tooLarge, err = readBody(r); err != nil {
			return fail(err)
		}
		_ = r.Body.Close()
	}
	resp := response{status: http.StatusRequestEntityTooLarge}
	if tooLarge {
		connected()
	} else {
		resp = t.db.serve(ctx, r.Header, body, verifier{}.check(r, body), connected)
	}
	resp.setHeaders()
	if err := ctx.Err(); err != nil {
		return fail(err)
	}
	switch resp.ending {
	case reset:
		return fail(connectionReset())
	case closed:
		return fail(io.EOF)
	case unreachable:
		return fail(&net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)})
	}
	return &http.Response{
		Status: strconv.Itoa(resp.status) + " " + http.StatusText(resp.status), StatusCode: resp.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: resp.header, ContentLength: int64(len(resp.body)), Body: resp.reader(ctx),
	}, nil
}

func connectionReset() error {
	return &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
}

// reader returns the body, cut short as resp.ending says.
func (resp *response) reader(ctx context.Context) io.ReadCloser {
	switch resp.ending {
	case resetInBody:
		return &brokenBody{rest: resp.half(), end: connectionReset}
	case closedInBody:
		return &brokenBody{rest: resp.half(), end: func() error { return io.ErrUnexpectedEOF }}
	case stalledBody:
		return &brokenBody{rest: resp.half(), end: func() error {
			<-ctx.Done()
			return ctx.Err()
		}}
	default:
		return io.NopCloser(bytes.NewReader(resp.body))
	}
}

// brokenBody is a body that ends with an error.
type brokenBody struct {
	rest []byte
	end  func() error
}

func (b *brokenBody) Read(p []byte) (int, error) {
	if len(b.rest) == 0 {
		return 0, b.end()
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

func (b *brokenBody) Close() error { return nil }
