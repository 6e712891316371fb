package wire

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Settings are those of a server.
type Settings struct {
	UnitsPerItem       float64       // the write units that each item takes
	MinDelay, MaxDelay time.Duration // how long a request takes, evenly distributed; 0: no time
}

// Stats is what a server has seen.
type Stats struct {
	Requests    int // all requests
	Connections int // all connections
	Peak        int // the most connections open at the same time
}

// server answers requests over HTTP/1.1. It is no http.Server since its client is to be the bottleneck, on the same
// cores.
type server struct {
	settings Settings
	answers  *Answers

	mu    sync.Mutex
	stats Stats
	open  map[net.Conn]struct{}
	ended bool
	conns sync.WaitGroup
}

// serve answers requests until ctx ends. It returns when all of its goroutines have ended.
func serve(ctx context.Context, listener net.Listener, settings Settings) (Stats, error) {
	s := &server{settings: settings, answers: NewAnswers(settings.UnitsPerItem), open: map[net.Conn]struct{}{}}
	stop := context.AfterFunc(ctx, func() { _ = listener.Close() })
	defer stop()
	for {
		conn, err := listener.Accept()
		if err != nil {
			s.closeAll()
			if errors.Is(err, net.ErrClosed) {
				err = nil
			}
			return s.stats, err
		}
		s.conns.Go(func() {
			if s.opened(conn) {
				s.answer(conn)
				s.closed(conn)
			}
		})
	}
}

func (s *server) opened(conn net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		_ = conn.Close()
		return false
	}
	s.open[conn] = struct{}{}
	s.stats.Connections++
	s.stats.Peak = max(s.stats.Peak, len(s.open))
	return true
}

func (s *server) closed(conn net.Conn) {
	_ = conn.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, conn)
}

// closeAll closes all connections and waits for their goroutines.
func (s *server) closeAll() {
	s.mu.Lock()
	s.ended = true
	for conn := range s.open {
		_ = conn.Close()
	}
	s.mu.Unlock()
	s.conns.Wait()
}

// answer answers the requests of one connection until the client closes it.
func (s *server) answer(conn net.Conn) {
	reader := bufio.NewReaderSize(conn, 64<<10)
	var body, response []byte
	requests := 0
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.stats.Requests += requests
	}()
	for {
		head, err := readHead(reader)
		if err != nil {
			return
		}
		if head.length > cap(body) {
			body = make([]byte, head.length)
		}
		body = body[:head.length]
		if _, err := io.ReadFull(reader, body); err != nil {
			return
		}
		requests++
		s.delay()
		response = s.respond(response[:0], head, body)
		if _, err := conn.Write(response); err != nil {
			return
		}
	}
}

// delay waits as long as a request takes.
func (s *server) delay() {
	d := s.settings.MinDelay
	if spread := s.settings.MaxDelay - d; spread > 0 {
		d += rand.N(spread)
	}
	if d > 0 {
		time.Sleep(d)
	}
}

// respond appends the response to a request.
func (s *server) respond(dst []byte, head requestHead, body []byte) []byte {
	status := "200 OK"
	answer, err := s.answers.For(head.target, body)
	if err != nil {
		status = "400 Bad Request"
		answer = newAnswer(fmt.Sprintf(`{"__type":"com.amazon.coral.validate#ValidationException","message":%q}`, err))
	}
	dst = append(dst, "HTTP/1.1 "+status+"\r\nServer: Server\r\nDate: "...)
	dst = time.Now().UTC().AppendFormat(dst, http.TimeFormat)
	dst = append(dst, "\r\nContent-Type: "+contentType+"\r\nConnection: keep-alive\r\nx-amzn-RequestId: "+requestID+"\r\nx-amz-crc32: "...)
	dst = append(dst, answer.Checksum...)
	dst = append(dst, "\r\nContent-Length: "...)
	dst = strconv.AppendInt(dst, int64(len(answer.Body)), 10)
	dst = append(dst, "\r\n\r\n"...)
	return append(dst, answer.Body...)
}

// requestHead is what matters of a request's head.
type requestHead struct {
	target string
	length int
}

// readHead reads the head of a request.
func readHead(r *bufio.Reader) (head requestHead, err error) {
	if _, err := r.ReadSlice('\n'); err != nil { // the request line
		return head, err
	}
	head.length = -1
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return head, err
		}
		name, value, found := bytes.Cut(bytes.TrimRight(line, "\r\n"), []byte(":"))
		switch {
		case !found && head.length < 0:
			return head, errors.New("a request without a Content-Length")
		case !found:
			return head, nil
		case bytes.EqualFold(name, []byte("Content-Length")):
			if head.length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return head, err
			}
		case bytes.EqualFold(name, []byte("X-Amz-Target")):
			head.target = string(bytes.TrimSpace(value))
		}
	}
}
