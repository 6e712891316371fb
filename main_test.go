package dynamodest

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/dynamodest/dynamodest/internal/transport"
)

// The flag -http is read by newDest.
var _ = flag.Bool("http", false, "tests whose client is the test double talk to it by HTTP, with the client that the library builds")

// TestMain fails if the tests leave a goroutine behind, and says what they do
// not cover.
func TestMain(m *testing.M) {
	flag.Parse()
	transport.ForTests.Way = transport.Way(*way)
	if os.Getenv("DYNAMODEST_ENDPOINT") == "" {
		fmt.Fprintln(os.Stderr, "\n*** DYNAMODEST_ENDPOINT is not set: the library is NOT tested against another DynamoDB ***")
	}
	code := m.Run()
	// Idle connections may outlive the tests: each has two goroutines.
	transport.CloseIdleConnections()
	http.DefaultClient.CloseIdleConnections()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// way is the first way to the wire that clients which the library builds may take.
var way = flag.Uint("way", uint(transport.Direct), "how writes go to the wire at best: 1 directly, 2 by calls of the SDK, 3 by its inputs")
