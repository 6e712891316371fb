// Package testsize says how much a test does. There are three sizes: little
// with -short, a moderate amount in a plain go test, and all of it in the tests
// whose names begin with TestHeavy, which .ci/run selects by that name.
// Only tests import it, and it imports nothing of the module.
package testsize

import (
	"os"
	"strings"
	"testing"
)

// Pick returns short with -short and plain without.
func Pick[T any](short, plain T) T {
	if testing.Short() {
		return short
	}
	return plain
}

// Heavy skips a test whose name begins with TestHeavy unless DYNAMODEST_HEAVY
// is 1. Such a test calls it first.
func Heavy(t testing.TB) {
	t.Helper()
	if !strings.HasPrefix(t.Name(), "TestHeavy") {
		t.Fatal("the name does not begin with TestHeavy: .ci/run would not select the test")
	}
	if os.Getenv("DYNAMODEST_HEAVY") != "1" {
		t.Skip("set DYNAMODEST_HEAVY=1 to run the heavy tests")
	}
}

// Long multiplies n, a number of seeds, rows or runs of a heavy test, if
// DYNAMODEST_LONG is 1.
func Long(n, times int) int {
	if os.Getenv("DYNAMODEST_LONG") == "1" {
		return n * times
	}
	return n
}
