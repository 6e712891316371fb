package dynamodesttest_test

import (
	"fmt"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	if os.Getenv("DYNAMODEST_ENDPOINT") == "" {
		fmt.Fprintln(os.Stderr, "\n*** DYNAMODEST_ENDPOINT is not set: the double is NOT held against another DynamoDB ***")
	}
	os.Exit(m.Run())
}
