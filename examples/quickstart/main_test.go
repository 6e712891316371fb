package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestQuickstartAccountsForEveryRow(t *testing.T) {
	t.Parallel()

	var out strings.Builder
	require.NoError(t, run(t.Context(), nil, &out))

	rows, err := earthquakes()
	require.NoError(t, err)
	bad := len(badRows())
	require.Equal(t, 1707+revised+bad, len(rows))

	got := out.String()
	assert.Regexp(t, `(?m)^ +7 not written$`, got)
	assert.Regexp(t, `(?m)^ +0 unknown`, got)
	assert.Contains(t, got, "Read back: 1707 items, 1707 of them exactly as written, 0 others")
	assert.Len(t, regexp.MustCompile(`(?m)^not written: row \d+: .+; remedy: .+$`).FindAllString(got, -1), bad)
}

func TestQuickstartRefusesAnEndpointWithoutRegion(t *testing.T) {
	t.Parallel()

	var out strings.Builder
	err := run(t.Context(), []string{"-endpoint", "http://127.0.0.1:1"}, &out)
	require.ErrorContains(t, err, "Region")
}
