package main

import (
	"fmt"
	"net"
	"strconv"

	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/temporal"
)

// choosePorts returns a port of 127.0.0.1 for each service of the server: for the frontend the port of
// address, for the others free ones.
func choosePorts(address string) (map[primitives.ServiceName]int, error) {
	name, wanted, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("-address: %w", err)
	}
	if name != host {
		return nil, fmt.Errorf("-address %q: the host must be %s, as anybody who reaches this server may use it", address, host)
	}
	if _, err := strconv.ParseUint(wanted, 10, 16); err != nil {
		return nil, fmt.Errorf("-address %q: %q is not a port number", address, wanted)
	}
	ports := make(map[primitives.ServiceName]int)
	for _, service := range temporal.DefaultServices {
		port := "0"
		if service == string(primitives.FrontendService) {
			port = wanted
		}
		listener, err := net.Listen("tcp4", net.JoinHostPort(host, port))
		if err != nil {
			return nil, fmt.Errorf("%w: choose another -address, or port 0 for a free one", err)
		}
		defer func() { _ = listener.Close() }() // at the end of choosePorts, so that the ports differ
		if port == "0" {
			if err := reserve(listener); err != nil {
				return nil, err
			}
		}
		ports[primitives.ServiceName(service)] = listener.Addr().(*net.TCPAddr).Port
	}
	return ports, nil
}

// reserve keeps the port of listener from other processes for a minute after listener is closed.
//
// The server opens its listeners itself, so this one must be closed before. The end of a connection that
// the listening side closes first stays in TIME_WAIT; meanwhile Linux neither offers the port to those
// that listen on port 0 nor to those that connect, while SO_REUSEADDR, which Go sets, allows to listen on
// it by its number.
func reserve(listener net.Listener) error {
	client, err := net.Dial("tcp4", listener.Addr().String())
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	accepted, err := listener.Accept()
	if err != nil {
		return err
	}
	return accepted.Close()
}
