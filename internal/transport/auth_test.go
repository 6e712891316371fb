package transport

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/dynamodesttest"
	"github.com/dynamodest/dynamodest/internal/fault"
)

// What an endpoint that verifies signatures says of the credentials or the clock has the meaning
// that it has at DynamoDB, and the text shows nothing of a message that quotes the session token.
func TestClassifyVerifiedSignatures(t *testing.T) {
	t.Parallel()
	resend := meaning{fault.Credentials, fault.Reauthorize, false}
	stop := meaning{fault.Credentials, fault.Abort, false}
	for name, tt := range map[string]struct {
		id, secret, token string
		skew              time.Duration
		want              meaning
		code              string
	}{
		"wrong secret":  {testKeyID, "other", testToken, 0, resend, "InvalidSignatureException"},
		"unknown id":    {"AKIDOTHER", testSecret, testToken, 0, stop, "UnrecognizedClientException"},
		"unknown token": {testKeyID, testSecret, testToken + "x", 0, stop, "UnrecognizedClientException"},
		"expired":       {"ASIAOLD", testSecret, testToken, 0, resend, "ExpiredTokenException"},
		"clock behind":  {testKeyID, testSecret, testToken, time.Hour, resend, "InvalidSignatureException"},
		"clock ahead":   {testKeyID, testSecret, testToken, -time.Hour, resend, "InvalidSignatureException"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := dynamodesttest.NewTable("users", "id:N")
			db.Keys(testKeyID, testSecret, testToken)
			db.Keys("ASIAOLD", testSecret, testToken)
			db.ExpireKeys("ASIAOLD")
			db.SetClock(func() time.Time { return time.Now().Add(tt.skew) })
			server := httptest.NewServer(db)
			t.Cleanup(server.Close)
			client := Build(Options{
				Region: dynamodesttest.Region, Endpoint: server.URL,
				AWS: aws.Config{Credentials: credentials.NewStaticCredentialsProvider(tt.id, tt.secret, tt.token)},
			})
			_, failure := putBatch(t.Context(), client)
			require.NotNil(t, failure)
			assert.Equal(t, tt.want, meaningOf(failure))
			assert.Contains(t, failure.Err.Error(), tt.code)
			assertNoSecret(t, failure.Err.Error())
			assert.Zero(t, db.Len("users"))
			if tt.skew == 0 {
				return
			}
			_, failure = putBatch(t.Context(), client)
			assert.Nil(t, failure, "the first response corrects the client's clock")
			assert.Equal(t, 2, db.Len("users"))
		})
	}
}
