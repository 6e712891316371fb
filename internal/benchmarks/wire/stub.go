package wire

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Stub is an http.RoundTripper that reads the request to its end and answers it at once, in the same process.
type Stub struct {
	answers *Answers
	bodies  sync.Pool // of *[]byte
	header  atomic.Pointer[datedHeader]
}

// datedHeader is the header of all responses of one second. Whoever gets a response only reads it.
type datedHeader struct {
	second  int64
	headers sync.Map // by checksum: http.Header
	date    string
}

// NewStub returns a stub with the given answers.
func NewStub(answers *Answers) *Stub { return &Stub{answers: answers} }

// RoundTrip implements [http.RoundTripper].
func (s *Stub) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.ContentLength < 0 {
		return nil, errors.New("a request without a Content-Length")
	}
	pooled, _ := s.bodies.Get().(*[]byte)
	if pooled == nil {
		pooled = new([]byte)
	}
	defer s.bodies.Put(pooled)
	if n := int(r.ContentLength); n > cap(*pooled) {
		*pooled = make([]byte, n)
	}
	body := (*pooled)[:r.ContentLength]
	_, err := io.ReadFull(r.Body, body)
	if closed := r.Body.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return nil, err
	}
	answer, err := s.answers.For(r.Header.Get("X-Amz-Target"), body)
	if err != nil {
		return nil, err
	}
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: s.headerOf(answer), Request: r,
		Body: io.NopCloser(strings.NewReader(answer.Body)), ContentLength: int64(len(answer.Body)),
	}, nil
}

// headerOf returns the header of a response, which is made once a second.
func (s *Stub) headerOf(a Answer) http.Header {
	now := time.Now()
	dated := s.header.Load()
	if dated == nil || dated.second != now.Unix() {
		dated = &datedHeader{second: now.Unix(), date: now.UTC().Format(http.TimeFormat)}
		s.header.Store(dated)
	}
	if h, ok := dated.headers.Load(a.Checksum); ok {
		header, _ := h.(http.Header)
		return header
	}
	header := http.Header{
		"Content-Length":   {strconv.Itoa(len(a.Body))},
		"Content-Type":     {contentType},
		"Date":             {dated.date},
		"Server":           {"Server"},
		"X-Amz-Crc32":      {a.Checksum},
		"X-Amzn-Requestid": {requestID},
	}
	dated.headers.Store(a.Checksum, header)
	return header
}

// What the responses of a table have in their headers.
const (
	contentType = "application/x-amz-json-1.0"
	requestID   = "0123456789ABCDEFGHIJKLMNOPQRSTUV0123456789ABCDEFGHIJ"
)
