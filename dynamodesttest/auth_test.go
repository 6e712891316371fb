package dynamodesttest_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// signedRequest returns a request that the SDK's signer has signed at a time with the keys
// AKIDEXAMPLE and "secret".
func signedRequest(t *testing.T, at time.Time) *http.Request {
	t.Helper()
	const body = `{"TableName":"users"}`
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	r.Header.Set("X-Amz-Target", "DynamoDB_20120810.DescribeTable")
	hash := sha256.Sum256([]byte(body))
	keys := aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}
	require.NoError(t, v4.NewSigner().SignHTTP(t.Context(), keys, r, hex.EncodeToString(hash[:]), "dynamodb", "us-east-1", at))
	return r
}

// codeOf returns the code and the body of db's response to r.
func codeOf(t *testing.T, db *dynamodesttest.DB, r *http.Request) (code, body string) {
	t.Helper()
	w := httptest.NewRecorder()
	db.ServeHTTP(w, r)
	got := readReply(t, w.Result(), w.Body.Bytes())
	if got.code != success {
		assert.Equal(t, http.StatusBadRequest, w.Code)
	}
	return got.code, got.body
}

// codeAt returns the code and the body of an endpoint's response to r.
func codeAt(t *testing.T, endpoint string, r *http.Request) (code, body string) {
	t.Helper()
	u, err := url.Parse(endpoint)
	require.NoError(t, err)
	r.URL.Scheme, r.URL.Host, r.RequestURI = u.Scheme, u.Host, ""
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	got := readReply(t, resp, text)
	return got.code, got.body
}

// A malformed signature has the codes that dynalite's test/connection.js and index.js recorded from
// the service, with keys and without.
func TestMalformedSignature(t *testing.T) {
	t.Parallel()
	const (
		missing, incomplete = "MissingAuthenticationTokenException", "IncompleteSignatureException"
		invalid, unknown    = "InvalidSignatureException", "UnrecognizedClientException"
	)
	replace := func(old, with string) func(*http.Request) {
		return func(r *http.Request) {
			header := r.Header.Get("Authorization")
			changed := strings.Replace(header, old, with, 1)
			require.NotEqual(t, header, changed)
			r.Header.Set("Authorization", changed)
		}
	}
	set := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	for name, tt := range map[string]struct {
		change     func(*http.Request)
		code, text string
		dynalite   bool // it checks this much
	}{
		"none":                  {func(r *http.Request) { r.Header.Del("Authorization") }, missing, "Request is missing Authentication Token", true},
		"empty":                 {set("Authorization", ""), missing, "", true},
		"garbage":               {set("Authorization", "garbage"), missing, "", true},
		"Bearer":                {set("Authorization", "Bearer AWS4-HMAC-SHA256"), missing, "", true},
		"AWS4":                  {set("Authorization", "AWS4"), missing, "", true},
		"version 2":             {set("Authorization", "AWS AKIDEXAMPLE:c2lnbmF0dXJl"), missing, "", true},
		"in query and header":   {func(r *http.Request) { r.URL.RawQuery = "X-Amz-Algorithm" }, invalid, "Found both 'X-Amz-Algorithm'", true},
		"algorithm alone":       {set("Authorization", "AWS4-HMAC-SHA256"), incomplete, "requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. Authorization=AWS4-HMAC-SHA256", true},
		"AWS4-":                 {set("Authorization", "AWS4-"), incomplete, "", true},
		"no credential":         {replace("Credential=", "Credentials="), incomplete, "requires 'Credential' parameter.", true},
		"no signed headers":     {replace("SignedHeaders=", "Headers="), incomplete, "requires 'SignedHeaders' parameter.", true},
		"no signature":          {replace("Signature=", "Sig="), incomplete, "requires 'Signature' parameter.", true},
		"space in the key id":   {replace("AKIDEXAMPLE", "AKID EXAMPLE"), incomplete, "not a valid key=value pair (missing equal-sign)", false},
		"no date":               {func(r *http.Request) { r.Header.Del("X-Amz-Date") }, incomplete, "requires existence of either a 'X-Amz-Date'", true},
		"date of another form":  {set("X-Amz-Date", time.Now().UTC().Format(time.RFC3339)), incomplete, "Date must be in ISO-8601 'basic format'", false},
		"host not signed":       {replace("host;", ""), invalid, "'Host' or ':authority' must be a 'SignedHeader'", false},
		"date not signed":       {replace("x-amz-date;", ""), invalid, "'x-amz-date' must be a 'SignedHeader'", false},
		"operation not signed":  {replace(";x-amz-target", ""), invalid, "'x-amz-target' must be a 'SignedHeader'", false},
		"other algorithm":       {replace("HMAC-SHA256", "ECDSA-P256-SHA256"), incomplete, "Unsupported AWS 'algorithm'", false},
		"credential of 4 parts": {replace("/us-east-1", ""), incomplete, "exactly 5 slash-delimited elements", false},
		"no region":             {replace("us-east-1", ""), invalid, "valid region, not ''", false},
		"region in capitals":    {replace("us-east-1", "US-EAST-1"), invalid, "valid region, not 'US-EAST-1'", false},
		"other service":         {replace("/dynamodb/", "/s3/"), invalid, "correct service: 'dynamodb'", false},
		"other terminator":      {replace("aws4_request", "aws5_request"), invalid, "valid terminator", false},
		"other date":            {func(r *http.Request) { replace("/"+r.Header.Get("X-Amz-Date")[:8]+"/", "/20150830/")(r) }, invalid, "Date in Credential scope does not match YYYYMMDD", false},
		"no key id":             {replace("AKIDEXAMPLE", ""), unknown, "security token included in the request is invalid", false},
		"ill-formed key id":     {replace("AKIDEXAMPLE", "AKID-EXAMPLE"), unknown, "", false},
		"too long key id":       {replace("AKIDEXAMPLE", strings.Repeat("A", 129)), unknown, "", false},
		"signature not hex":     {replace("Signature=", "Signature=x"), invalid, "does not match the signature you provided", false},
		"cut signature":         {func(r *http.Request) { a := r.Header.Get("Authorization"); r.Header.Set("Authorization", a[:len(a)-1]) }, invalid, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := dynamodesttest.NewTable("users", "id:S")
			check := func() {
				r := signedRequest(t, time.Now())
				code, body := codeOf(t, db, r)
				require.Equal(t, success, code, body)
				r = signedRequest(t, time.Now())
				tt.change(r)
				code, body = codeOf(t, db, r)
				assert.Equal(t, tt.code, code, body)
				assert.Contains(t, body, tt.text)
			}
			check()
			db.Keys("AKIDEXAMPLE", "secret", "")
			check()
			if endpoint := os.Getenv("DYNAMODEST_ENDPOINT"); endpoint != "" && tt.dynalite && kindOfEndpoint() == "dynalite" {
				r := signedRequest(t, time.Now())
				tt.change(r)
				code, body := codeAt(t, endpoint, r)
				assert.Equal(t, tt.code, code, body)
				assert.Contains(t, body, tt.text)
			}
		})
	}
	t.Run("in the query", func(t *testing.T) {
		t.Parallel()
		r := signedRequest(t, time.Now())
		r.Header.Del("Authorization")
		r.URL.RawQuery = "X-Amz-Algorithm=AWS4-HMAC-SHA256"
		code, body := codeOf(t, dynamodesttest.NewTable("users", "id:S"), r)
		assert.Equal(t, validationCode, code)
		assert.Contains(t, body, "does not support")
	})
	t.Run("commas without spaces", func(t *testing.T) {
		t.Parallel()
		r := signedRequest(t, time.Now())
		r.Header.Set("Authorization", strings.ReplaceAll(r.Header.Get("Authorization"), ", ", ","))
		db := dynamodesttest.NewTable("users", "id:S")
		db.Keys("AKIDEXAMPLE", "secret", "")
		code, body := codeOf(t, db, r)
		assert.Equal(t, success, code, body)
	})
}

// The SDK's client is accepted over HTTP with the right keys, and with nothing else.
func TestKeys(t *testing.T) {
	t.Parallel()
	signAs := func(id, secret, token string) func(*dynamodb.Options) {
		return func(o *dynamodb.Options) {
			o.Credentials = credentials.NewStaticCredentialsProvider(id, secret, token)
		}
	}
	onTheWay := func(change func(*http.Request)) func(*dynamodb.Options) {
		return func(o *dynamodb.Options) {
			signAs("AKID1", "secret 1", "")(o)
			o.HTTPClient = smithyhttp.ClientDoFunc(func(r *http.Request) (*http.Response, error) {
				change(r)
				return doPlain(r)
			})
		}
	}
	for name, tt := range map[string]struct {
		change func(*dynamodb.Options)
		code   string
	}{
		"long-term keys":       {signAs("AKID1", "secret 1", ""), ""},
		"other long-term keys": {signAs("AKID2", "secret/2+=", ""), ""},
		"session keys":         {signAs("ASIA1", "secret 3", "token/+=="), ""},
		"other session":        {signAs("ASIA1", "secret 4", "token 4"), ""},
		"path with a space": {func(o *dynamodb.Options) {
			signAs("AKID1", "secret 1", "")(o)
			o.BaseEndpoint = aws.String(*o.BaseEndpoint + "/a%20b/ü")
		}, ""},
		"wrong secret":             {signAs("AKID1", "secret 2", ""), "InvalidSignatureException"},
		"secret of another":        {signAs("ASIA1", "secret 3", "token 4"), "InvalidSignatureException"},
		"unknown id":               {signAs("AKID3", "secret 1", ""), "UnrecognizedClientException"},
		"id in lower case":         {signAs("akid1", "secret 1", ""), "UnrecognizedClientException"},
		"unknown token":            {signAs("ASIA1", "secret 3", "token"), "UnrecognizedClientException"},
		"no token":                 {signAs("ASIA1", "secret 3", ""), "UnrecognizedClientException"},
		"token of long-term keys":  {signAs("AKID1", "secret 1", "token/+=="), "UnrecognizedClientException"},
		"expired session":          {signAs("ASIA2", "secret 5", "token 5"), "ExpiredTokenException"},
		"renewed id":               {signAs("ASIA2", "secret 6", "token 6"), ""},
		"expired and wrong secret": {signAs("ASIA2", "secret 6", "token 5"), "InvalidSignatureException"},
		"other region":             {func(o *dynamodb.Options) { signAs("AKID1", "secret 1", "")(o); o.Region = "eu-west-1" }, "InvalidSignatureException"},
		"unchanged on the way":     {onTheWay(func(*http.Request) {}), ""},
		"other host":               {onTheWay(func(r *http.Request) { r.Host = "example.com" }), "InvalidSignatureException"},
		"other path":               {onTheWay(func(r *http.Request) { r.URL.Path = "/a" }), "InvalidSignatureException"},
		"other query":              {onTheWay(func(r *http.Request) { r.URL.RawQuery = "a=b" }), "InvalidSignatureException"},
		"other operation":          {onTheWay(func(r *http.Request) { r.Header.Set("X-Amz-Target", "DynamoDB_20120810.GetItem") }), "InvalidSignatureException"},
		"second value":             {onTheWay(func(r *http.Request) { r.Header.Add("X-Amz-Target", "x") }), "InvalidSignatureException"},
		"no content type":          {onTheWay(func(r *http.Request) { r.Header.Del("Content-Type") }), "InvalidSignatureException"},
		"unsigned header":          {onTheWay(func(r *http.Request) { r.Header.Set("Via", "1.1 proxy") }), ""},
		"other body": {onTheWay(func(r *http.Request) {
			b, err := io.ReadAll(r.Body)
			assert.NoError(t, err)
			r.Body = io.NopCloser(strings.NewReader(strings.Replace(string(b), `"1"`, `"2"`, 1)))
		}), "InvalidSignatureException"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := dynamodesttest.NewTable("users", "id:S", "at:N")
			db.Keys("AKID1", "secret 0", "")
			db.Keys("AKID1", "secret 1", "")
			db.Keys("AKID2", "secret/2+=", "")
			db.Keys("ASIA1", "secret 3", "token/+==")
			db.Keys("ASIA1", "secret 4", "token 4")
			db.Keys("ASIA2", "secret 5", "token 5")
			db.ExpireKeys("ASIA2")
			db.Keys("ASIA2", "secret 6", "token 6")
			_, err := overHTTP(t, db).PutItem(t.Context(), putItem("users", user("a", "1")), tt.change)
			calls := db.Calls()
			require.Len(t, calls, 1)
			if tt.code != "" {
				require.ErrorContains(t, err, tt.code)
				assert.Equal(t, tt.code, calls[0].Outcome)
				assert.Zero(t, db.Len("users"))
				return
			}
			require.NoError(t, err)
			assert.Equal(t, 1, db.Len("users"))
			out, err := db.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String("users"), Key: user("a", "1")})
			require.NoError(t, err, "the methods of the DB need no keys")
			assert.Equal(t, user("a", "1"), out.Item)
		})
	}
}

// Verified signatures are for the Region of the DB.
func TestKeysInAnotherRegion(t *testing.T) {
	t.Parallel()
	db := dynamodesttest.New()
	db.SetRegion("eu-west-1")
	db.AddTable("users", "id:S", "at:N")
	db.Keys("AKIDEXAMPLE", "secret", "")
	client := overHTTP(t, db) // signs for us-east-1
	_, err := client.PutItem(t.Context(), putItem("users", user("a", "1")))
	require.ErrorContains(t, err, "InvalidSignatureException")
	require.ErrorContains(t, err, "valid region, not 'us-east-1'")
	_, err = client.PutItem(t.Context(), putItem("users", user("a", "1")), func(o *dynamodb.Options) { o.Region = "eu-west-1" })
	require.NoError(t, err)
	assert.Equal(t, 1, db.Len("users"))
}

// As at DynamoDB, the message of a wrong signature quotes the request's headers, session token
// included.
func TestWrongSignatureQuotesTheRequest(t *testing.T) {
	t.Parallel()
	db := dynamodesttest.NewTable("users", "id:S", "at:N")
	db.Keys("ASIA1", "secret", "the token")
	_, err := overHTTP(t, db).PutItem(t.Context(), putItem("users", user("a", "1")), func(o *dynamodb.Options) {
		o.Credentials = credentials.NewStaticCredentialsProvider("ASIA1", "other", "the token")
	})
	require.ErrorContains(t, err, "x-amz-security-token:the token")
	require.ErrorContains(t, err, "The String-to-Sign should have been\n'AWS4-HMAC-SHA256\n")
}

func TestClock(t *testing.T) {
	t.Parallel()
	now := time.Date(2020, 2, 29, 23, 59, 59, 500, time.UTC)
	for name, tt := range map[string]struct {
		after time.Duration
		text  string
	}{
		"in time":        {0, ""},
		"just in time":   {-15 * time.Minute, ""},
		"just not early": {15 * time.Minute, ""},
		"too late":       {-15*time.Minute - time.Second, "Signature expired: 20200229T234458Z is now earlier than 20200229T234459Z (20200229T235959Z - 15 min.)"},
		"too early":      {15*time.Minute + time.Second, "Signature not yet current: 20200301T001500Z is still later than 20200301T001459Z (20200229T235959Z + 15 min.)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := dynamodesttest.NewTable("users", "id:S")
			code, body := codeOf(t, db, signedRequest(t, now.Add(tt.after)))
			require.Equal(t, success, code, "without a clock: %s", body)
			db.SetClock(func() time.Time { return now })
			for range 2 {
				code, body = codeOf(t, db, signedRequest(t, now.Add(tt.after)))
				if tt.text == "" {
					assert.Equal(t, success, code, body)
				} else {
					assert.Equal(t, "InvalidSignatureException", code)
					assert.Contains(t, body, tt.text)
				}
				db.Keys("AKIDEXAMPLE", "secret", "")
			}
			db.SetClock(nil)
			code, _ = codeOf(t, db, signedRequest(t, now))
			assert.Equal(t, "InvalidSignatureException", code, "with keys the time is verified")
		})
	}
}

// Every response over HTTP has the DB's Date, unless a fault sets another.
func TestDateOfResponses(t *testing.T) {
	t.Parallel()
	now := time.Date(2033, 1, 2, 3, 4, 5, 6, time.FixedZone("", 3600))
	db := dynamodesttest.NewTable("users", "id:S", "at:N")
	db.SetClock(func() time.Time { return now })
	server := httptest.NewServer(db)
	t.Cleanup(server.Close)
	date := func(method, body string, sign bool) string {
		r, err := http.NewRequestWithContext(t.Context(), method, server.URL, strings.NewReader(body))
		require.NoError(t, err)
		if sign {
			r.Header.Set("X-Amz-Target", "DynamoDB_20120810.PutItem")
			hash := sha256.Sum256([]byte(body))
			require.NoError(t, v4.NewSigner().SignHTTP(t.Context(), aws.Credentials{AccessKeyID: "A", SecretAccessKey: "s"}, r, hex.EncodeToString(hash[:]), "dynamodb", "us-east-1", now))
		}
		resp, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		return resp.Header.Get("Date")
	}
	const want, put = "Sun, 02 Jan 2033 02:04:05 GMT", `{"TableName":"users","Item":{"id":{"S":"a"},"at":{"N":"1"}}}`
	db.FailWrites(
		dynamodesttest.Fault{}, dynamodesttest.CloseAfter(), dynamodesttest.Answer(502, "text/html", ""),
		dynamodesttest.Error(400, "ThrottlingException", "").WithHeader("Date", "never"),
	)
	assert.Equal(t, want, date(http.MethodPost, put, true))
	assert.Equal(t, want, date(http.MethodPost, put, true), "of a connection that is closed")
	assert.Equal(t, want, date(http.MethodPost, put, true), "of a proxy")
	assert.Equal(t, "never", date(http.MethodPost, put, true))
	assert.Equal(t, want, date(http.MethodPost, put, false), "of a request that is denied")
	assert.Equal(t, want, date(http.MethodGet, "", false))
	assert.Equal(t, want, date(http.MethodPost, strings.Repeat(" ", 16<<20+1), false), "of a request that is too large")
}

// The SDK's own retryer corrects its clock by the DB's Date.
func TestSDKCorrectsItsClock(t *testing.T) {
	t.Parallel()
	for _, skew := range []time.Duration{time.Hour, -time.Hour} {
		db := dynamodesttest.NewTable("users", "id:S", "at:N")
		db.Keys("AKIDEXAMPLE", "secret", "")
		db.SetClock(func() time.Time { return time.Now().Add(skew) })
		server := httptest.NewServer(db)
		t.Cleanup(server.Close)
		c := dynamodb.New(dynamodb.Options{
			Region: "us-east-1", BaseEndpoint: &server.URL,
			Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
			}),
			Retryer: retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = 1 }),
		})
		for range 3 {
			_, err := c.PutItem(t.Context(), putItem("users", user("a", "1")))
			require.NoError(t, err)
		}
		var outcomes []string
		for _, call := range db.Calls() {
			outcomes = append(outcomes, call.Outcome)
		}
		assert.Equal(t, []string{"InvalidSignatureException", "ok", "ok", "ok"}, outcomes)
	}
}
