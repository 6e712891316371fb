package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestVersion asks for the version with each way to write the flag. That an installed command reports the version of its
// release is checked by .ci/release-rehearsal.
func TestVersion(t *testing.T) {
	t.Parallel()

	for _, flag := range []string{"-version", "--version"} {
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), []string{flag}, &system{stdout: &stdout, stderr: &stderr})
		assert.Equal(t, exitOK, code)
		assert.Equal(t, "dynamodest "+version()+"\n", stdout.String())
		assert.Empty(t, stderr.String())
	}
}
