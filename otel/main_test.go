package otel_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	global "go.opentelemetry.io/otel"
	"go.uber.org/goleak"
)

// TestMain fails if the tests leave a goroutine behind. The OpenTelemetry SDK reads settings from the environment, which
// must not be those of the machine.
func TestMain(m *testing.M) {
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if !strings.HasPrefix(name, "OTEL_") {
			continue
		}
		if err := os.Unsetenv(name); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	global.SetErrorHandler(global.ErrorHandlerFunc(func(error) {})) // of exports that fail, which are tested
	goleak.VerifyTestMain(m)
}
