package main

import (
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/dynamodesttest"
)

func TestQuickstartAccountsForEveryRow(t *testing.T) {
	t.Parallel()

	var out strings.Builder
	require.NoError(t, run(t.Context(), nil, &out))

	rows, err := earthquakes()
	require.NoError(t, err)
	bad := len(badRows())
	require.Len(t, rows, 1707+revised+bad)

	got := out.String()
	assert.Regexp(t, `(?m)^ +7 not written$`, got)
	assert.Regexp(t, `(?m)^ +0 unknown`, got)
	assert.Regexp(t, `(?m)^warning: no row has the column "locationSource" of the mapping, so its attribute is in no item$`, got)
	assert.Equal(t, 1, strings.Count(got, "warning: "))
	assert.Contains(t, got, "Read back: 1707 items, 1707 of them exactly as written, 0 others")
	assert.Len(t, regexp.MustCompile(`(?m)^not written: row \d+: .+; remedy: .+$`).FindAllString(got, -1), bad)
}

func TestQuickstartAtAnEndpoint(t *testing.T) {
	server := httptest.NewServer(dynamodesttest.New())
	defer server.Close()
	var out strings.Builder
	t.Setenv("AWS_ACCESS_KEY_ID", "any")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	require.ErrorContains(t, run(t.Context(), []string{"-endpoint", server.URL}, &out), "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
	assert.Empty(t, out.String())

	t.Setenv("AWS_SECRET_ACCESS_KEY", "any")
	require.NoError(t, run(t.Context(), []string{"-endpoint", server.URL}, &out))
	assert.Contains(t, out.String(), "Table dynamodest-quickstart in "+server.URL)
	assert.Contains(t, out.String(), "1707 of them exactly as written, 0 others")
}
