//go:build unix

package main

import (
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// To open a pipe waits for its other end, which would hold an activity of a worker.
func TestPipeIsRefused(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "rows.csv", "id\n")
	require.NoError(t, syscall.Mkfifo(filepath.Join(p.dir, "pipe.csv"), 0o600))
	p.spec.Source = "pipe.csv"
	assert.ErrorContains(t, p.tryPrepare(), "the source pipe.csv is not a regular file")
}
