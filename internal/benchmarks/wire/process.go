package wire

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strings"

	"github.com/dynamodest/dynamodest/internal/cmd/again"
)

// Serve runs a server in this process. It writes the server's URL to out and, when in ends, what the server has
// seen. The process that started this one holds the other ends.
func Serve(ctx context.Context, settings Settings, in io.Reader, out io.Writer) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(out, "http://%s\n", listener.Addr()); err != nil {
		return errors.Join(err, listener.Close())
	}
	serving, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		_, _ = io.Copy(io.Discard, in)
		stop()
	}()
	stats, err := serve(serving, listener, settings)
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(stats)
}

// Server is a server in another process.
type Server struct {
	URL     string
	process *exec.Cmd
	in      io.Closer
	out     *bufio.Reader
}

// Start starts a server: this program with the given arguments, with which it must call [Serve].
func Start(ctx context.Context, arguments ...string) (*Server, error) {
	process, in, out, err := again.Start(ctx, arguments...)
	if err != nil {
		return nil, err
	}
	s := &Server{process: process, in: in, out: bufio.NewReader(out)}
	url, err := s.out.ReadString('\n')
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the server did not start: %w", err), in.Close(), process.Wait())
	}
	s.URL = strings.TrimSpace(url)
	return s, nil
}

// Stop ends the server, waits for its process, and returns what it has seen.
func (s *Server) Stop() (stats Stats, err error) {
	closed := s.in.Close()
	read := json.NewDecoder(s.out).Decode(&stats)
	return stats, errors.Join(closed, read, s.process.Wait())
}
