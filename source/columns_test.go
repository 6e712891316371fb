package source_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/source"
)

func TestColumnsAreThoseOfTheHeader(t *testing.T) {
	t.Parallel()
	names, err := source.CSV{Comma: ';'}.Columns(strings.NewReader("\ufeffid;\"full\nname\";b\r\n1;2\n"))
	require.NoError(t, err)
	assert.Equal(t, []string{"id", "full\nname", "b"}, names)

	names, err = source.CSV{Header: []string{"x", "y"}}.Columns(strings.NewReader("1,2\n"))
	require.NoError(t, err)
	assert.Equal(t, []string{"x", "y"}, names)

	_, err = source.CSV{}.Columns(strings.NewReader("id,id\n"))
	assert.ErrorContains(t, err, `line 1: columns 1 and 2 are both named "id"`)
}
