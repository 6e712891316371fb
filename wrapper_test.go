package dynamodest_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// unheeding is a wrapper of the SDK's client that drops the options of a call,
// so that the SDK's own retries go on unseen.
type unheeding struct{ *dynamodb.Client }

func (u unheeding) BatchWriteItem(ctx context.Context, in *dynamodb.BatchWriteItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error) {
	return u.Client.BatchWriteItem(ctx, in)
}

func (u unheeding) PutItem(ctx context.Context, in *dynamodb.PutItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	return u.Client.PutItem(ctx, in)
}

// Outcomes are true also where a wrapper hides what the SDK does.
func TestWrapperDropsOptions(t *testing.T) {
	t.Parallel()
	throttled := dynamodesttest.Throttled("ThrottlingException", dynamodesttest.ARN(table))
	refused := dynamodesttest.Error(400, "AccessDeniedException", "")
	lost := dynamodesttest.Reset().AfterWrite()
	tests := map[string]struct {
		faults []dynamodesttest.Fault
		rows   int
		want   dynamodest.Outcome
	}{
		"an empty answer to a batch":      {[]dynamodesttest.Fault{dynamodesttest.Answer(200, "", "")}, 2, dynamodest.Unknown},
		"{} to a batch":                   {[]dynamodesttest.Fault{dynamodesttest.Answer(200, "", "{}")}, 2, dynamodest.Unknown},
		"a message to a batch":            {[]dynamodesttest.Fault{dynamodesttest.Answer(200, "", `{"message":"x"}`)}, 2, dynamodest.Unknown},
		"an empty answer to a row":        {[]dynamodesttest.Fault{dynamodesttest.Answer(200, "", "")}, 1, dynamodest.Unknown},
		"lost, then throttled to the end": {[]dynamodesttest.Fault{lost, throttled, throttled, throttled}, 3, dynamodest.Unknown},
		"lost, then refused":              {[]dynamodesttest.Fault{lost, refused}, 3, dynamodest.Unknown},
		"refused":                         {[]dynamodesttest.Fault{refused}, 3, dynamodest.NotWritten},
		"throttled, then taken":           {[]dynamodesttest.Fault{throttled}, 3, dynamodest.Written},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := dynamodesttest.NewTable(table, "id:S")
			cfg := wireConfig(t, db)
			client := dynamodb.New(dynamodb.Options{
				Region: cfg.Region, BaseEndpoint: &cfg.Endpoint, Credentials: aws.CredentialsProviderFunc(staticKeys),
				Retryer: retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = time.Millisecond }),
			})
			dest := newDest(t, dynamodest.Config{Table: table, Client: unheeding{client}, Retry: dynamodest.Retry{MaxAttempts: 1}})
			db.FailWrites(tt.faults...)
			res, _ := dest.Write(t.Context(), numbered(tt.rows))
			assert.Equal(t, map[dynamodest.Outcome]int{tt.want: tt.rows}, outcomes(res.Rows))
			assertTrue(t, db, res)
		})
	}

	t.Run("an empty answer to a row, of unknown length", func(t *testing.T) {
		t.Parallel()
		db := dynamodesttest.NewTable(table, "id:S")
		cfg := wireConfig(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.Header.Get("X-Amz-Target"), "DescribeTable") {
				db.ServeHTTP(w, r)
				return
			}
			w.WriteHeader(http.StatusOK)
			_ = http.NewResponseController(w).Flush()
		}))
		client := dynamodb.New(dynamodb.Options{Region: cfg.Region, BaseEndpoint: &cfg.Endpoint, Credentials: aws.CredentialsProviderFunc(staticKeys)})
		dest := newDest(t, dynamodest.Config{Table: table, Client: unheeding{client}, Retry: dynamodest.Retry{MaxAttempts: 1}})
		res, _ := dest.Write(t.Context(), numbered(1))
		assert.Equal(t, map[dynamodest.Outcome]int{dynamodest.Unknown: 1}, outcomes(res.Rows))
	})

	// An item of an attempt that was lost is this row's own.
	db := dynamodesttest.NewTable(table, "id:S")
	cfg := wireConfig(t, db)
	client := dynamodb.New(dynamodb.Options{Region: cfg.Region, BaseEndpoint: &cfg.Endpoint, Credentials: aws.CredentialsProviderFunc(staticKeys)})
	dest := newDest(t, dynamodest.Config{Table: table, Client: unheeding{client}, Mode: dynamodest.Insert, OnExisting: dynamodest.Fail})
	db.FailWrites(lost)
	res, err := dest.Write(t.Context(), numbered(1))
	require.NoError(t, err)
	assert.Equal(t, dynamodest.Written, res.Rows[0].Outcome)
}
