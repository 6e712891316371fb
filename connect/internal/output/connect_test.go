package output

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

func TestConnectWaitsLongerWithEachTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.New()
		o, _ := newOutput(db)
		for i, bound := range append([]time.Duration{0}, waitBounds[:8]...) {
			began := time.Now()
			require.ErrorIs(t, o.Connect(t.Context()), dynamodest.ErrNoTable)
			if bound == 0 {
				assert.Zero(t, time.Since(began))
			} else {
				requireBetween(t, time.Since(began), bound/2, bound)
			}
			assert.Equal(t, i+1, calls(db, dynamodest.OpDescribeTable))
		}
		db.AddTable(table, "id:S")
		require.NoError(t, o.Connect(t.Context()))
		assert.Empty(t, settle(t, o, numbered(2)))
	})
}

func TestConnectEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.New()
		o, _ := newOutput(db)
		for range 7 {
			require.ErrorIs(t, o.Connect(t.Context()), dynamodest.ErrNoTable)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		require.ErrorIs(t, o.Connect(ctx), context.DeadlineExceeded)
		assert.Equal(t, time.Second, time.Since(began))
		assert.Equal(t, 7, calls(db, dynamodest.OpDescribeTable))

		began = time.Now()
		require.ErrorIs(t, o.Connect(ctx), context.DeadlineExceeded)
		assert.Zero(t, time.Since(began))
	})
}

// TestKeysThatExpireAreReadAgain has a Destination whose access keys are refused until another one is made, as with
// keys that are read once, from a file.
func TestKeysThatExpireAreReadAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		o, _ := connected(t, db)
		first := o.dest
		refused := 0
		db.SetFault(func(dynamodesttest.Call) dynamodesttest.Fault {
			if refused++; refused <= 4 {
				return dynamodesttest.Error(400, "UnrecognizedClientException", "the security token is invalid")
			}
			return dynamodesttest.Fault{}
		})
		assert.Empty(t, settle(t, o, numbered(3)))
		requireNumbered(t, db, 3)
		assert.NotSame(t, first, o.dest)
	})
}

func TestTest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.New()
		o, e := newOutput(db)
		require.ErrorIs(t, o.Test(t.Context()), dynamodest.ErrNoTable)
		db.AddTable(table, "id:S")
		require.NoError(t, o.Test(t.Context()))
		deny(db, 0)
		require.ErrorIs(t, o.Test(t.Context()), dynamodest.ErrAccess)
		assert.Empty(t, db.Writes())
		assert.Empty(t, e.counted())
		assert.Nil(t, o.dest, "a test connects nothing")
	})
}
