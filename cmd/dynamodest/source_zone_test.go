package main

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAZoneThatIsNotKnown(t *testing.T) {
	t.Parallel()
	var stderr strings.Builder
	code := run(t.Context(), []string{"load", "-local", "-zone", "Nowhere/Town", "rows.parquet"}, &system{stdin: strings.NewReader(""), stdout: io.Discard, stderr: &stderr})
	assert.Equal(t, exitUsage, code)
	assert.Contains(t, stderr.String(), "-zone: unknown time zone Nowhere/Town")
}
