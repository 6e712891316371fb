package dynamodesttest_test

import (
	"fmt"
	"net/http"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain fails if the tests leave a goroutine behind, and prints which tests were not run.
func TestMain(m *testing.M) {
	if os.Getenv("DYNAMODEST_ENDPOINT") == "" {
		fmt.Fprintln(os.Stderr, "\n*** DYNAMODEST_ENDPOINT is not set: the double is NOT compared with another DynamoDB ***")
	}
	code := m.Run()
	http.DefaultClient.CloseIdleConnections()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}
