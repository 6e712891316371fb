package dynamodest_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// end is how rows end: all of them alike.
type end struct {
	outcome dynamodest.Outcome
	reason  dynamodest.Reason // "" with Written
}

var (
	good      = end{dynamodest.Written, ""}
	doubtful  = end{dynamodest.Unknown, dynamodest.ErrUnavailable}
	throttled = end{dynamodest.NotWritten, dynamodest.ErrThrottled}
	refused   = end{dynamodest.NotWritten, dynamodest.ErrRefused}
	again     = []end{good, good}
)

// wireFaults is what goes wrong with the first request that writes, and how its
// rows end when no request may follow: sent by BatchWriteItem, and by PutItem.
// Where they can be sent again they end as retried says, Written if it is nil.
var wireFaults = []struct {
	name       string
	fault      dynamodesttest.Fault
	batch, put end
	retried    []end
}{
	{"500", dynamodesttest.Error(500, "InternalServerError", ""), doubtful, doubtful, nil},
	{"500 after the write", dynamodesttest.Error(500, "InternalServerError", "").AfterWrite(), doubtful, doubtful, nil},
	{"500 after half of the write", dynamodesttest.Error(500, "InternalServerError", "").AfterWriting(dynamodesttest.First(12)), doubtful, doubtful, nil},
	{"500 InternalFailure", dynamodesttest.Error(500, "InternalFailure", ""), doubtful, doubtful, nil},
	{"500 without a body", dynamodesttest.Answer(500, "", ""), doubtful, doubtful, nil},
	{"500 throttling", dynamodesttest.Error(500, "ThrottlingException", "").AfterWrite(), end{dynamodest.Unknown, dynamodest.ErrThrottled}, end{dynamodest.Unknown, dynamodest.ErrThrottled}, nil},
	{"500 with retry-after", dynamodesttest.Error(500, "InternalServerError", "").WithHeader("X-Amz-Retry-After", "1500"), doubtful, doubtful, nil},
	{"502 HTML after the write", dynamodesttest.Answer(502, "text/html", "<html>bad gateway</html>").AfterWrite(), doubtful, doubtful, nil},
	{"503 HTML", dynamodesttest.Answer(503, "text/html", "<html>"), doubtful, doubtful, nil},
	{"504 without a body", dynamodesttest.Answer(504, "", "").AfterWrite(), doubtful, doubtful, nil},
	{"507", dynamodesttest.Answer(507, "", ""), doubtful, doubtful, nil},

	{"throughput exceeded", dynamodesttest.Throttled("ProvisionedThroughputExceededException", dynamodesttest.ARN(table), "TableWriteProvisionedThroughputExceeded"), throttled, throttled, nil},
	{"throttling", dynamodesttest.Throttled("ThrottlingException", dynamodesttest.ARN(table)), throttled, throttled, nil},
	{"request limit", dynamodesttest.Throttled("RequestLimitExceeded", dynamodesttest.ARN(table)), throttled, throttled, nil},
	{"limit", dynamodesttest.Error(400, "LimitExceededException", ""), throttled, throttled, nil},
	{"throttling by header", dynamodesttest.Error(400, "ThrottlingException", "").CodeInHeader(), throttled, throttled, nil},
	{"429 without a body", dynamodesttest.Answer(429, "", ""), throttled, throttled, nil},
	{"all unprocessed", dynamodesttest.Unprocessed(dynamodesttest.All), end{dynamodest.NotWritten, dynamodest.ErrUnprocessed}, throttled, nil},
	{"a stranger unprocessed", dynamodesttest.Unprocessed(dynamodesttest.All).WithStranger(), doubtful, throttled, nil},
	{"an empty request unprocessed", dynamodesttest.Unprocessed(dynamodesttest.All).WithEmptyRequest(), doubtful, throttled, nil},

	{"closed", dynamodesttest.Close(), doubtful, doubtful, nil},
	{"closed after the write", dynamodesttest.Close().AfterWrite(), doubtful, doubtful, nil},
	{"reset", dynamodesttest.Reset(), doubtful, doubtful, nil},
	{"reset after the write", dynamodesttest.Reset().AfterWrite(), doubtful, doubtful, nil},
	{"reset in the answer", dynamodesttest.ResetInBody(), doubtful, doubtful, nil},
	{"closed in the answer", dynamodesttest.CloseInBody(), doubtful, doubtful, nil},
	{"truncated answer", dynamodesttest.Truncated(), doubtful, doubtful, nil},
	{"closed after the answer", dynamodesttest.CloseAfter(), good, good, nil},
	{"wrong checksum", dynamodesttest.Fault{}.WithHeader("X-Amz-Crc32", "1"), good, good, nil},
	{"unreadable checksum", dynamodesttest.Fault{}.WithHeader("X-Amz-Crc32", "abc"), good, good, nil},

	{"200 HTML", dynamodesttest.Answer(200, "text/html", "<html>log in</html>"), doubtful, doubtful, nil},
	{"200 HTML after the write", dynamodesttest.Answer(200, "text/html", "<html>log in</html>").AfterWrite(), doubtful, doubtful, nil},
	{"200 array", dynamodesttest.Answer(200, "", "[]"), doubtful, doubtful, nil},
	{"200 without a body", dynamodesttest.Answer(200, "", ""), doubtful, doubtful, nil},
	{"200 {}", dynamodesttest.Answer(200, "", "{}").AfterWrite(), doubtful, good, nil},
	{"no map", dynamodesttest.NoMap(), doubtful, good, nil},
	{"map null", dynamodesttest.NullMap(), doubtful, good, nil},
	{"307", dynamodesttest.Answer(307, "", "").WithHeader("Location", "http://127.0.0.1:1/"), doubtful, doubtful, nil},
	{"400 HTML", dynamodesttest.Answer(400, "text/html", "<html>"), doubtful, doubtful, nil},
	{"400 without a body", dynamodesttest.Answer(400, "", ""), doubtful, doubtful, nil},
	{"404 XML", dynamodesttest.Answer(404, "text/xml", "<UnknownOperationException/>"), doubtful, doubtful, nil},

	// A batch is halved, which counts against no row.
	{"413", dynamodesttest.Answer(413, "", ""), good, end{dynamodest.NotWritten, dynamodest.ErrTooLarge}, []end{good, {dynamodest.NotWritten, dynamodest.ErrTooLarge}}},
	{"validation", dynamodesttest.Error(400, "ValidationException", ""), good, refused, []end{good, refused}},
	{"serialization", dynamodesttest.Error(400, "SerializationException", ""), good, refused, []end{good, refused}},
	{"collection size", dynamodesttest.Error(400, "ItemCollectionSizeLimitExceededException", ""), good, refused, []end{good, refused}},
	{"write conflict", dynamodesttest.Error(400, "ReplicatedWriteConflictException", ""), doubtful, end{dynamodest.NotWritten, dynamodest.ErrUnavailable}, nil},

	// Sent once more at once.
	{"expired token", dynamodesttest.Error(400, "ExpiredTokenException", ""), good, good, nil},
	{"invalid signature", dynamodesttest.Error(400, "InvalidSignatureException", ""), good, good, nil},

	// Every row would meet these: no second request.
	{"access denied", dynamodesttest.Error(400, "AccessDeniedException", ""), end{0, dynamodest.ErrAccess}, end{0, dynamodest.ErrAccess}, []end{{0, dynamodest.ErrAccess}, {0, dynamodest.ErrAccess}}},
	{"no table", dynamodesttest.Error(400, "ResourceNotFoundException", ""), end{0, dynamodest.ErrNoTable}, end{0, dynamodest.ErrNoTable}, []end{{0, dynamodest.ErrNoTable}, {0, dynamodest.ErrNoTable}}},
	{"bad key id", dynamodesttest.Error(400, "UnrecognizedClientException", ""), end{0, dynamodest.ErrCredentials}, end{0, dynamodest.ErrCredentials}, []end{{0, dynamodest.ErrCredentials}, {0, dynamodest.ErrCredentials}}},
	{"403 HTML after the write", dynamodesttest.Answer(403, "text/html", "<html>").AfterWrite(), end{dynamodest.Unknown, dynamodest.ErrAccess}, end{dynamodest.Unknown, dynamodest.ErrAccess}, []end{{dynamodest.Unknown, dynamodest.ErrAccess}, {dynamodest.Unknown, dynamodest.ErrAccess}}},
}

// TestFaultsOnTheWire runs each fault against the client that the library
// builds: the outcome is the true one, with one attempt and with several.
func TestFaultsOnTheWire(t *testing.T) {
	t.Parallel()
	for _, tt := range wireFaults {
		if tt.retried == nil {
			tt.retried = again
		}
		for i, n := range []int{25, 1} {
			for attempts, want := range map[int]end{1: []end{tt.batch, tt.put}[i], 5: tt.retried[i]} {
				t.Run(fmt.Sprintf("%s/rows %d/attempts %d", tt.name, n, attempts), func(t *testing.T) {
					t.Parallel()
					db := dynamodesttest.NewTable(table, "id:S")
					cfg := wireConfig(t, db)
					cfg.Retry = dynamodest.Retry{MaxAttempts: attempts, MinDelay: 1, MaxDelay: time.Millisecond}
					dest := newDest(t, cfg)
					db.FailWrites(tt.fault)
					res, err := dest.Write(t.Context(), numbered(n))
					assertTrue(t, db, res)
					for _, r := range res.Rows {
						require.Equal(t, want.outcome, r.Outcome, "%v", r.Err)
						if want == good {
							continue
						}
						require.ErrorIs(t, r.Err, want.reason)
						require.ErrorIs(t, err, want.reason)
						var row *dynamodest.RowError
						require.ErrorAs(t, r.Err, &row)
						require.NotEmpty(t, row.Remedy())
					}
					if want == good {
						require.NoError(t, err)
						assert.Equal(t, n, db.Len(table))
					}
				})
			}
		}
	}
}

// Applied and unanswered is never NotWritten, also where a later attempt is
// refused.
func TestUnknownIsNotDowngraded(t *testing.T) {
	t.Parallel()
	for name, later := range map[string]dynamodesttest.Fault{
		"throttled":   dynamodesttest.Throttled("ThrottlingException", dynamodesttest.ARN(table)),
		"unprocessed": dynamodesttest.Unprocessed(dynamodesttest.All),
		"validation":  dynamodesttest.Error(400, "ValidationException", ""),
		"denied":      dynamodesttest.Error(400, "AccessDeniedException", ""),
		"413":         dynamodesttest.Answer(413, "", ""),
	} {
		for _, n := range []int{1, 10} {
			t.Run(fmt.Sprint(name, n), func(t *testing.T) {
				t.Parallel()
				db := dynamodesttest.NewTable(table, "id:S")
				cfg := wireConfig(t, db)
				cfg.Retry = dynamodest.Retry{MaxAttempts: 3, MinDelay: 1, MaxDelay: 1}
				dest := newDest(t, cfg)
				db.FailWrites(dynamodesttest.Reset().AfterWrite())
				db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault { return later })
				res, err := dest.Write(t.Context(), numbered(n))
				require.Error(t, err)
				assert.Equal(t, map[dynamodest.Outcome]int{dynamodest.Unknown: n}, outcomes(res.Rows))
				assert.Equal(t, n, db.Len(table))
			})
		}
	}
}

// A server that closes idle connections just before they are used again costs
// no row.
func TestIdleConnectionsClosedByTheServer(t *testing.T) {
	t.Parallel()
	db := dynamodesttest.NewTable(table, "id:S")
	cfg := wireConfig(t, db)
	cfg.Retry.MinDelay, cfg.Retry.MaxDelay = 1, time.Millisecond
	dest := newDest(t, cfg)
	db.SetFault(func(dynamodesttest.Call) dynamodesttest.Fault { return dynamodesttest.CloseAfter() })
	for range 50 {
		res, err := dest.Write(t.Context(), numbered(30))
		require.NoError(t, err)
		assertTrue(t, db, res)
	}
	assert.Equal(t, 30, db.Len(table))
}

// Where no connection is got, nothing was written.
func TestDialFailureIsNotWritten(t *testing.T) {
	t.Parallel()
	db := dynamodesttest.NewTable(table, "id:S")
	for name, dial := range map[string]error{
		"refused": &net.OpError{Op: "dial", Net: "tcp", Err: fmt.Errorf("connect: connection refused")},
		"DNS":     &net.DNSError{Err: "no such host", Name: "nonexistent.invalid", IsNotFound: true},
	} {
		cfg := wireConfig(t, db)
		var fail error
		transport := &http.Transport{DisableKeepAlives: true, Dial: func(network, addr string) (net.Conn, error) { //nolint:staticcheck // no context is needed
			if fail != nil {
				return nil, fail
			}
			return net.Dial(network, addr)
		}}
		cfg.Client = dynamodb.New(dynamodb.Options{
			Region: cfg.Region, BaseEndpoint: aws.String(cfg.Endpoint), HTTPClient: &http.Client{Transport: transport},
			Credentials: aws.CredentialsProviderFunc(staticKeys),
		})
		cfg.Endpoint, cfg.Credentials = "", dynamodest.Credentials{}
		cfg.Retry = dynamodest.Retry{MaxAttempts: 3, MinDelay: 1, MaxDelay: 1}
		dest := newDest(t, cfg)
		fail = dial
		for _, n := range []int{1, 30} {
			res, err := dest.Write(t.Context(), numbered(n))
			require.ErrorIs(t, err, dynamodest.ErrUnavailable, name)
			assert.Equal(t, map[dynamodest.Outcome]int{dynamodest.NotWritten: n}, outcomes(res.Rows), name)
			assert.Equal(t, 3, res.Rows[0].Attempts)
			require.ErrorIs(t, err, dial)
		}
	}
	assert.Zero(t, db.Len(table))
}

// holdPort keeps a connection at the port of listener until the test ends, so that the port goes to no
// other server when listener is closed.
func holdPort(t *testing.T, listener net.Listener) {
	t.Helper()
	near, err := net.Dial("tcp", listener.Addr().String())
	require.NoError(t, err)
	far, err := listener.Accept()
	require.NoError(t, err)
	t.Cleanup(func() {
		assert.NoError(t, near.Close())
		assert.NoError(t, far.Close())
	})
}

// unhurried accepts connections that read what the client still has to send before they close. A close
// with bytes unread resets the connection, and then it is a matter of time whether the client sees the
// response before it.
type unhurried struct{ net.Listener }

func (l unhurried) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return unhurriedConn{conn.(*net.TCPConn)}, nil
}

type unhurriedConn struct{ *net.TCPConn }

func (c unhurriedConn) Close() error {
	_ = c.CloseWrite()
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second)) // for a client that keeps it open
	_, _ = io.Copy(io.Discard, c.TCPConn)
	return c.TCPConn.Close()
}

// A server that goes away in mid-run, and one that was never there.
func TestUnreachableServers(t *testing.T) {
	t.Parallel()
	db := dynamodesttest.NewTable(table, "id:S")
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close") // so that no idle connection is tried
		db.ServeHTTP(w, r)
	}))
	holdPort(t, server.Listener)
	server.Start()
	cfg := wireConfig(t, db)
	cfg.Endpoint, cfg.Retry = server.URL, dynamodest.Retry{MaxAttempts: 2, MinDelay: 1, MaxDelay: 1}
	dest := newDest(t, cfg)
	server.Close()
	res, err := dest.Write(t.Context(), numbered(30))
	require.ErrorIs(t, err, dynamodest.ErrUnavailable)
	assert.ErrorContains(t, err, "connection refused")
	assert.Equal(t, map[dynamodest.Outcome]int{dynamodest.NotWritten: 30}, outcomes(res.Rows))

	secure := httptest.NewUnstartedServer(db)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.Listener = unhurried{secure.Listener}
	secure.StartTLS()
	defer secure.Close()
	plain := httptest.NewServer(db)
	defer plain.Close()
	noName := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.Proxy = nil
		t.DialContext = func(_ context.Context, network, address string) (net.Conn, error) { // what a server of names says depends on the machine
			host, _, _ := net.SplitHostPort(address)
			return nil, &net.OpError{Op: "dial", Net: network, Err: &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}}
		}
	})
	options := map[string][]func(*dynamodb.Options){
		"http://nonexistent.invalid": {func(o *dynamodb.Options) { o.HTTPClient = noName }},
	}
	for endpoint, text := range map[string]string{
		server.URL:                   "connection refused",
		"http://nonexistent.invalid": "lookup nonexistent.invalid: no such host",
		secure.URL:                   "certificate",
		strings.Replace(plain.URL, "http:", "https:", 1):  "HTTP response to HTTPS client",
		strings.Replace(secure.URL, "https:", "http:", 1): "400",
	} {
		cfg.Endpoint, cfg.ClientOptions = endpoint, options[endpoint]
		_, err := dynamodest.New(t.Context(), cfg)
		require.ErrorIs(t, err, dynamodest.ErrUnavailable, endpoint)
		require.ErrorContains(t, err, text)
		var fault *dynamodest.TableError
		require.ErrorAs(t, err, &fault)
		assert.Contains(t, fault.Remedy(), "Endpoint")
	}
}
