package dynamodest

import (
	"fmt"
	"net/http"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/dynamodest/dynamodest/internal/transport"
)

// TestMain fails if the tests leave a goroutine behind, and says what they do
// not cover.
func TestMain(m *testing.M) {
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
