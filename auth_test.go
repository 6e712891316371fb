package dynamodest_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// authFlight is how many requests the tests of credentials and clocks have in flight at once.
const authFlight = 64

// together returns a hook that holds the first n batches until all of them are in flight.
func together(n int) func(dynamodesttest.Call) dynamodesttest.Fault {
	var arrived atomic.Int32
	all := make(chan struct{})
	return func(c dynamodesttest.Call) dynamodesttest.Fault {
		if c.Op != "BatchWriteItem" {
			return dynamodesttest.Fault{}
		}
		switch k := int(arrived.Add(1)); {
		case k > n:
			return dynamodesttest.Fault{}
		case k == n:
			close(all)
		}
		return dynamodesttest.Stall(all)
	}
}

// callOutcomes counts the outcomes of db's calls of one operation.
func callOutcomes(db *dynamodesttest.DB, op string) map[string]int {
	counts := map[string]int{}
	for _, c := range db.Calls() {
		if c.Op == op {
			counts[c.Outcome]++
		}
	}
	return counts
}

// skewed returns a table, and a Config for it, whose clock differs by what skew holds. The
// endpoint verifies signatures.
func skewed(t *testing.T, skew *atomic.Int64) (*dynamodesttest.DB, dynamodest.Config) {
	t.Helper()
	db := dynamodesttest.NewTable(table, "id:S")
	cfg := wireConfig(t, db)
	db.Keys(cfg.Credentials.AccessKeyID, cfg.Credentials.SecretAccessKey, "")
	db.SetClock(func() time.Time { return time.Now().Add(time.Duration(skew.Load())) })
	cfg.Retry.MaxAttempts, cfg.Concurrency = 1, authFlight
	return db, cfg
}

// A clock that is wrong from the start costs one DescribeTable request, and no write.
func TestClockSkewInNew(t *testing.T) {
	t.Parallel()
	for _, off := range []time.Duration{time.Hour, -time.Hour} {
		t.Run(off.String(), func(t *testing.T) {
			t.Parallel()
			var skew atomic.Int64
			skew.Store(int64(off))
			db, cfg := skewed(t, &skew)
			dest := newDest(t, cfg)
			assert.Equal(t, map[string]int{"InvalidSignatureException": 1, "ok": 1}, callOutcomes(db, "DescribeTable"))

			res, err := dest.Write(t.Context(), numbered(10*25))
			require.NoError(t, err)
			assert.Equal(t, map[dynamodest.Outcome]int{dynamodest.Written: 10 * 25}, outcomes(res.Rows))
			assert.Equal(t, map[string]int{"ok": 10}, callOutcomes(db, "BatchWriteItem"))

			skew.Store(0) // the clocks agree again
			require.NoError(t, dest.Check(t.Context()))
			assert.Equal(t, map[string]int{"InvalidSignatureException": 2, "ok": 2}, callOutcomes(db, "DescribeTable"))
		})
	}
}

// A clock that jumps while many requests are in flight is corrected once: each of them is sent
// again once, and no later one is refused.
func TestClockSkewDuringWrite(t *testing.T) {
	t.Parallel()
	for _, off := range []time.Duration{time.Hour, -time.Hour} {
		for _, inFlight := range []int{1, authFlight} {
			t.Run(fmt.Sprintf("%v, %d in flight", off, inFlight), func(t *testing.T) {
				t.Parallel()
				const rows = 2 * authFlight * 25
				var skew atomic.Int64
				db, cfg := skewed(t, &skew)
				cfg.Concurrency = inFlight
				dest := newDest(t, cfg)
				skew.Store(int64(off))
				db.SetFault(together(inFlight))
				res, err := dest.Write(t.Context(), numbered(rows))
				require.NoError(t, err)
				assert.Equal(t, map[dynamodest.Outcome]int{dynamodest.Written: rows}, outcomes(res.Rows))
				assert.Equal(t, rows, db.Len(table))
				assert.Equal(t, map[string]int{"InvalidSignatureException": inFlight, "ok": rows / 25}, callOutcomes(db, "BatchWriteItem"))
				assert.Equal(t, inFlight*25, res.Summary.Resent)
				attempts := map[int]int{}
				for _, r := range res.Rows {
					attempts[r.Attempts]++
				}
				assert.Equal(t, map[int]int{1: rows - inFlight*25, 2: inFlight * 25}, attempts)
			})
		}
	}
}

// session provides session keys of which the DB knows every one that it has provided.
type session struct {
	db      *dynamodesttest.DB
	renews  bool // provides other keys each time
	fetched atomic.Int32
}

func (s *session) Retrieve(context.Context) (aws.Credentials, error) {
	n := s.fetched.Add(1)
	keys := aws.Credentials{AccessKeyID: "ASIA1", SecretAccessKey: "secret", SessionToken: "token"}
	if s.renews {
		keys.AccessKeyID, keys.SessionToken = fmt.Sprint("ASIA", n), fmt.Sprint("token ", n)
	}
	if n == 1 || s.renews {
		s.db.Keys(keys.AccessKeyID, keys.SecretAccessKey, keys.SessionToken)
	}
	return keys, nil
}

// A session that expires while many requests are in flight is renewed once, and every row is written.
func TestSessionExpiresDuringWrite(t *testing.T) {
	t.Parallel()
	for _, inFlight := range []int{1, authFlight} {
		t.Run(fmt.Sprintf("%d in flight", inFlight), func(t *testing.T) {
			t.Parallel()
			const rows = 2 * authFlight * 25
			db := dynamodesttest.NewTable(table, "id:S")
			keys := &session{db: db, renews: true}
			cfg := wireConfig(t, db)
			cfg.Credentials, cfg.CredentialsProvider = dynamodest.Credentials{}, keys
			cfg.Retry.MaxAttempts, cfg.Concurrency = 1, inFlight
			dest := newDest(t, cfg)
			db.ExpireKeys("ASIA1")
			db.SetFault(together(inFlight))
			res, err := dest.Write(t.Context(), numbered(rows))
			require.NoError(t, err)
			assert.Equal(t, map[dynamodest.Outcome]int{dynamodest.Written: rows}, outcomes(res.Rows))
			assert.Equal(t, rows, db.Len(table))
			assert.Equal(t, map[string]int{"ExpiredTokenException": inFlight, "ok": rows / 25}, callOutcomes(db, "BatchWriteItem"))
			assert.Equal(t, int32(2), keys.fetched.Load())
			for _, r := range res.Rows {
				require.LessOrEqual(t, r.Attempts, 2)
			}
		})
	}
}

// A session that is not renewed stops the call, with true outcomes.
func TestSessionExpiresForGood(t *testing.T) {
	t.Parallel()
	for _, inFlight := range []int{1, authFlight} {
		t.Run(fmt.Sprintf("%d in flight", inFlight), func(t *testing.T) {
			t.Parallel()
			const rows = 2 * authFlight * 25
			db := dynamodesttest.NewTable(table, "id:S")
			keys := &session{db: db}
			cfg := wireConfig(t, db)
			cfg.Credentials, cfg.CredentialsProvider = dynamodest.Credentials{}, keys
			cfg.Retry.MaxAttempts, cfg.Concurrency = 1, inFlight
			dest := newDest(t, cfg)
			var writes atomic.Int32
			db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
				if c.Op == "BatchWriteItem" && writes.Add(1) == authFlight {
					db.ExpireKeys("ASIA1")
				}
				return dynamodesttest.Fault{}
			})
			res, err := dest.Write(t.Context(), numbered(rows))
			require.ErrorIs(t, err, dynamodest.ErrCredentials)
			assertNoToken(t, err)
			assertTrue(t, db, res)
			got := outcomes(res.Rows)
			assert.Equal(t, db.Len(table), got[dynamodest.Written])
			assert.Equal(t, rows, got[dynamodest.Written]+got[dynamodest.NotWritten])
			assert.GreaterOrEqual(t, got[dynamodest.Written], authFlight*25)
			assert.LessOrEqual(t, callOutcomes(db, "BatchWriteItem")["ExpiredTokenException"], 2*inFlight)
			for _, r := range res.Rows {
				require.LessOrEqual(t, r.Attempts, 2)
			}
		})
	}
}

// Keys that the endpoint does not accept are ErrCredentials of New, and neither the error nor its
// remedy quotes a secret, although DynamoDB's message does.
func TestNewWithWrongKeys(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		keys  dynamodest.Credentials
		calls map[string]int
	}{
		"wrong secret": {dynamodest.Credentials{AccessKeyID: "ASIA1", SecretAccessKey: "other", SessionToken: "session-token"}, map[string]int{"InvalidSignatureException": 2}},
		"unknown id":   {dynamodest.Credentials{AccessKeyID: "ASIA2", SecretAccessKey: "secret", SessionToken: "session-token"}, map[string]int{"UnrecognizedClientException": 1}},
		"wrong token":  {dynamodest.Credentials{AccessKeyID: "ASIA1", SecretAccessKey: "secret", SessionToken: "session-token-2"}, map[string]int{"UnrecognizedClientException": 1}},
		"no token":     {dynamodest.Credentials{AccessKeyID: "AKID1", SecretAccessKey: "secret"}, map[string]int{"UnrecognizedClientException": 1}},
		"expired":      {dynamodest.Credentials{AccessKeyID: "ASIA3", SecretAccessKey: "secret", SessionToken: "session-token"}, map[string]int{"ExpiredTokenException": 2}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := dynamodesttest.NewTable(table, "id:S")
			db.Keys("ASIA1", "secret", "session-token")
			db.Keys("ASIA3", "secret", "session-token")
			db.ExpireKeys("ASIA3")
			cfg := wireConfig(t, db)
			cfg.Credentials = tt.keys
			_, err := dynamodest.New(t.Context(), cfg)
			require.ErrorIs(t, err, dynamodest.ErrCredentials)
			assertNoToken(t, err)
			assert.Equal(t, tt.calls, callOutcomes(db, "DescribeTable"))
		})
	}
}

// assertNoToken checks that err's text has no session token of these tests.
func assertNoToken(t *testing.T, err error) {
	t.Helper()
	for _, secret := range []string{"session-token", "token 1"} {
		assert.NotContains(t, err.Error(), secret)
	}
}
