package dynamodesttest

import (
	"bytes"
	"context"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
)

// maxBody is the most bytes of a request's body.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
const maxBody = 16 << 20

var authorization = regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=[^/\s]+/[0-9]{8}/[a-z0-9-]+/dynamodb/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=[0-9a-f]{64}$`)

// checkSignature looks at the shape of a SigV4 signature. What it signs is not
// checked: a DB knows no secrets.
func checkSignature(header http.Header) *apiError {
	value := header.Get("Authorization")
	if value == "" {
		return apiErrorf("MissingAuthenticationTokenException", "Request is missing Authentication Token")
	}
	m := authorization.FindStringSubmatch(value)
	if m == nil || header.Get("X-Amz-Date") == "" {
		return apiErrorf("IncompleteSignatureException", "Authorization header requires 'Credential', 'Signature' and 'SignedHeaders' parameters, and a date in 'X-Amz-Date'")
	}
	for _, name := range []string{"host", "x-amz-date", "x-amz-target"} {
		if !strings.Contains(";"+m[1]+";", ";"+name+";") {
			return apiErrorf("InvalidSignatureException", "The header %s must be signed", name)
		}
	}
	return nil
}

// ServeHTTP answers a request of DynamoDB's JSON protocol, version 1.0. Point a
// client at it with [net/http/httptest.NewServer] and Options.BaseEndpoint. As at
// DynamoDB, a body of more than 16 MiB is turned away (413) before it is looked
// at, and is no [Call].
func (db *DB) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, tooLarge, err := readBody(r)
	if err != nil {
		panic(http.ErrAbortHandler) // the client went away
	}
	if tooLarge {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	if r.Method != http.MethodPost {
		http.Error(w, "healthy: dynamodesttest", http.StatusOK)
		return
	}
	a := db.serve(r.Context(), r.Header, body, func() {})
	a.complete()
	if a.ending == unreachable {
		a.ending = reset
	}
	switch a.ending {
	case whole:
		writeHead(w.Header(), a)
		w.WriteHeader(a.status)
		_, _ = w.Write(a.body)
	case stalledBody:
		writeHead(w.Header(), a)
		w.WriteHeader(a.status)
		_, _ = w.Write(a.half())
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	default:
		breakOff(w, a)
	}
}

// readBody reads a body. One that is too large is read to its end but not kept,
// so that the client gets to read the answer.
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

// complete adds what every answer of DynamoDB's has.
func (a *answer) complete() {
	given := a.header
	a.header = http.Header{
		"Content-Type":     {"application/x-amz-json-1.0"},
		"X-Amz-Crc32":      {strconv.FormatUint(uint64(crc32.ChecksumIEEE(a.body)), 10)},
		"X-Amzn-Requestid": {"DYNAMODESTTEST"},
		"Content-Length":   {strconv.Itoa(len(a.body))},
	}
	for name, values := range given {
		a.header[name] = values
	}
}

func (a *answer) half() []byte { return a.body[:len(a.body)/2] }

func writeHead(header http.Header, a answer) {
	for name, values := range a.header {
		header[name] = values
	}
}

// breakOff takes the connection over and ends it as the answer says. Where it
// cannot be taken over, the server is asked to break it.
func breakOff(w http.ResponseWriter, a answer) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer func() { _ = conn.Close() }()
	body := a.body
	switch a.ending {
	case resetInBody, closedInBody:
		body = a.half()
	case reset, closed:
		body = nil
	}
	if a.ending != reset && a.ending != closed {
		var head bytes.Buffer
		fmt.Fprintf(&head, "HTTP/1.1 %d %s\r\n", a.status, http.StatusText(a.status))
		_ = a.header.Write(&head)
		_, _ = conn.Write(append(append(head.Bytes(), "\r\n"...), body...))
	}
	if tcp, ok := conn.(*net.TCPConn); ok && (a.ending == reset || a.ending == resetInBody) {
		_ = tcp.SetLinger(0)
	}
}

// transport is the way from the DB's own client to the DB, without a network.
// It gives the errors that a network would.
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
	a := answer{status: http.StatusRequestEntityTooLarge}
	if tooLarge {
		connected()
	} else {
		a = t.db.serve(ctx, r.Header, body, connected)
	}
	a.complete()
	if err := ctx.Err(); err != nil {
		return fail(err)
	}
	switch a.ending {
	case reset:
		return fail(connectionReset())
	case closed:
		return fail(io.EOF)
	case unreachable:
		return fail(&net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)})
	}
	return &http.Response{
		Status: strconv.Itoa(a.status) + " " + http.StatusText(a.status), StatusCode: a.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: a.header, ContentLength: int64(len(a.body)), Body: a.reader(ctx),
	}, nil
}

func connectionReset() error {
	return &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
}

// reader gives the body, or what the answer's ending leaves of it.
func (a *answer) reader(ctx context.Context) io.ReadCloser {
	switch a.ending {
	case resetInBody:
		return &brokenBody{rest: a.half(), end: connectionReset}
	case closedInBody:
		return &brokenBody{rest: a.half(), end: func() error { return io.ErrUnexpectedEOF }}
	case stalledBody:
		return &brokenBody{rest: a.half(), end: func() error {
			<-ctx.Done()
			return ctx.Err()
		}}
	default:
		return io.NopCloser(bytes.NewReader(a.body))
	}
}

// brokenBody is a body whose end is an error.
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
