package transport

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain fails if the tests leave a goroutine behind.
func TestMain(m *testing.M) {
	flag.Parse()
	ForTests.Way = Way(*way)
	code := m.Run()
	// Idle connections may outlive the tests: each has two goroutines.
	CloseIdleConnections()
	http.DefaultClient.CloseIdleConnections()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// way is the first way to the wire that clients which the library builds may take.
var way = flag.Uint("way", uint(Direct), "how writes go to the wire at best: 1 directly, 2 by calls of the SDK, 3 by its inputs")
