package bento

import (
	"context"
	"fmt"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/warpstreamlabs/bento/public/service"

	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// When the context ends, Bento is told to end the output, and neither to acknowledge nor to reject messages.
func TestStopped(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	db := dynamodesttest.NewTable("users", "id:S")
	db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
		if c.Op == "DescribeTable" {
			return dynamodesttest.Fault{}
		}
		cancel()
		return dynamodesttest.Stall(nil)
	})
	server := httptest.NewServer(db)
	defer server.Close()
	parsed, err := Spec().ParseYAML(fmt.Sprintf(`
table: users
region: eu-west-1
endpoint: %q
credentials: { access_key_id: AKIAEXAMPLE, secret_access_key: secret }
`, server.URL), nil)
	require.NoError(t, err)
	out, _, _, err := New(parsed, service.MockResources())
	require.NoError(t, err)
	require.NoError(t, out.Connect(ctx))

	err = out.WriteBatch(ctx, service.MessageBatch{service.NewMessage([]byte(`{"id":"a"}`)), service.NewMessage([]byte(`1`))})
	var rejected *service.BatchError
	assert.NotErrorAs(t, err, &rejected, "nor is the message that is no row")
	assert.ErrorIs(t, err, service.ErrEndOfInput)
	assert.ErrorIs(t, err, context.Canceled)
	assert.NoError(t, out.Close(t.Context()))
}
