package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// server is a development server of Temporal that runs as a child of this process.
type server struct {
	address string
	command *exec.Cmd
	stdin   io.Closer
	built   string // folder of the program, if it was built here
}

// startServer starts the server with the path, or else the one that it builds from ./server. The caller stops it. It
// ends with this process too, since it watches its standard input.
func startServer(ctx context.Context, path string, out output) (*server, error) {
	s := &server{}
	if path == "" {
		var err error
		if path, err = s.build(ctx, out); err != nil {
			return nil, err
		}
	}
	fmt.Fprintln(out.stderr, "temporal: starting a development server of Temporal on loopback")
	s.command = exec.Command(path, "-address", "127.0.0.1:0", "-stdin") //nolint:noctx // stop ends it, after its clients
	s.command.Stderr = out.stderr
	detach(s.command)
	stdin, err := s.command.StdinPipe()
	if err != nil {
		s.remove()
		return nil, err
	}
	stdout, err := s.command.StdoutPipe()
	if err != nil {
		s.remove()
		return nil, err
	}
	if err := s.command.Start(); err != nil {
		s.remove()
		return nil, &exitError{exitTemporal, fmt.Errorf("-server: %w", err)}
	}
	s.stdin = stdin
	interrupted := context.AfterFunc(ctx, func() { _ = stdin.Close() })
	line, err := bufio.NewReader(stdout).ReadString('\n')
	interrupted()
	address, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if err != nil || !ok {
		s.stop()
		return nil, errors.Join(ctx.Err(), fmt.Errorf("the server %s did not say where it listens", filepath.Base(path)))
	}
	s.address = address
	s.remove() // a program that runs does not need its file; on Windows stop removes it
	return s, nil
}

// build builds the server, which takes minutes the first time.
func (s *server) build(ctx context.Context, out output) (string, error) {
	if _, err := os.Stat(filepath.Join("server", "go.mod")); err != nil {
		return "", &exitError{exitUsage, errors.New("no ./server to build: run this in examples/temporal of a clone, or give -server PATH or -address HOST:PORT")}
	}
	dir, err := os.MkdirTemp("", "dynamodest-temporal-server-")
	if err != nil {
		return "", err
	}
	s.built = dir
	fmt.Fprintln(out.stderr, "temporal: building the development server of Temporal from ./server; the first time takes minutes")
	path := filepath.Join(dir, "server")
	build := exec.CommandContext(ctx, "go", "build", "-o", path, ".")
	build.Dir, build.Stdout, build.Stderr = "server", out.stderr, out.stderr
	build.Cancel = func() error { return build.Process.Signal(os.Interrupt) } // so that it ends its own children
	build.WaitDelay = stopLimit
	if err := build.Run(); err != nil {
		s.remove()
		return "", errors.Join(ctx.Err(), fmt.Errorf("the server could not be built: %w", err))
	}
	return path, nil
}

// stopLimit is how long the server may take to end.
const stopLimit = 30 * time.Second

// stop ends the server, and waits for that.
func (s *server) stop() {
	_ = s.stdin.Close()
	timer := time.AfterFunc(stopLimit, func() { _ = s.command.Process.Kill() })
	_ = s.command.Wait()
	timer.Stop()
	s.remove()
}

func (s *server) remove() {
	if s.built != "" {
		_ = os.RemoveAll(s.built)
	}
}
