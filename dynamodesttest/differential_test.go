package dynamodesttest_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// TestStrictness checks the double against the cases.
func TestStrictness(t *testing.T) {
	t.Parallel()
	db := dynamodesttest.New()
	server := httptest.NewServer(db)
	t.Cleanup(server.Close)
	e := newEndpoint(t, server.URL)
	require.Empty(t, e.notCreated)
	db.Limit(e.prefix+"scarce", dynamodesttest.Capacity{UnitsPerSecond: 0.1, Burst: 10 * time.Second, Full: true})
	for _, c := range strictCases() {
		t.Run(c.name, func(t *testing.T) {
			got := e.run(t, c)
			assert.Equal(t, cmp.Or(c.code, success), got.code, got.body)
			assert.Contains(t, got.body, c.text)
			if c.shows != "" {
				assert.JSONEq(t, e.named(c.shows), got.shows)
			}
		})
	}
}

// TestEndpointAgrees runs the cases against another implementation, so that the double is not its
// own judge. The implementation is dynalite 4.0.0 unless DYNAMODEST_ENDPOINT_KIND names a different
// one. A known difference must still exist.
func TestEndpointAgrees(t *testing.T) {
	t.Parallel()
	url := os.Getenv("DYNAMODEST_ENDPOINT")
	if url == "" {
		if os.Getenv("DYNAMODEST_REQUIRE_ENDPOINT") == "1" {
			t.Fatal("DYNAMODEST_ENDPOINT is not set")
		}
		t.Skip("LEFT OUT: set DYNAMODEST_ENDPOINT to the URL of another DynamoDB to compare the double with it")
	}
	e := newEndpoint(t, url)
	kind := kindOfEndpoint()
	known, ok := differences[kind]
	require.True(t, ok, "DYNAMODEST_ENDPOINT_KIND is %q: it is one of %q", kind, slices.Sorted(maps.Keys(differences)))
	cases := strictCases()
	for name := range known {
		require.True(t, slices.ContainsFunc(cases, func(c strictCase) bool { return c.name == name }), "a known difference without a case: %s", name)
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			want, shows, about := cmp.Or(c.code, success), c.shows, "no difference is known"
			if d, ok := known[c.name]; ok {
				want, shows, about = d.code, d.shows, "the difference is gone: "+d.because
			}
			got := e.run(t, c)
			require.Equal(t, want, got.code, "%s: %s", about, got.body)
			if shows != "" {
				assert.JSONEq(t, e.named(shows), got.shows, about)
			}
		})
	}
}

// kindOfEndpoint returns which implementation DYNAMODEST_ENDPOINT is.
func kindOfEndpoint() string { return cmp.Or(os.Getenv("DYNAMODEST_ENDPOINT_KIND"), "dynalite") }

// endpoint is a DynamoDB server that has the tables of the cases.
type endpoint struct {
	url        string
	region     string
	prefix     string
	names      *strings.Replacer
	notCreated []string // tables that the server rejected
	creds      aws.Credentials
}

// caseTables are the tables of the cases, with their keys and indexes.
var caseTables = map[string]dynamodb.CreateTableInput{
	"plain":   tableInput("id:S"),
	"scarce":  tableInput("id:S"),
	"number":  tableInput("id:N"),
	"binary":  tableInput("id:B"),
	"pair":    tableInput("id:S", "sk:S"),
	"indexed": withIndex(tableInput("id:S"), "global", []string{"gk:S"}, []string{"gs:N"}),
	"many":    withIndex(tableInput("id:S"), "many", []string{"a:S", "b:N"}, []string{"c:B"}),
}

func tableInput(key ...string) dynamodb.CreateTableInput {
	in := dynamodb.CreateTableInput{BillingMode: types.BillingModePayPerRequest}
	in.KeySchema = addKey(&in, key[:1], key[1:])
	return in
}

func withIndex(in dynamodb.CreateTableInput, name string, hash, sort []string) dynamodb.CreateTableInput {
	in.GlobalSecondaryIndexes = []types.GlobalSecondaryIndex{{
		IndexName: &name, KeySchema: addKey(&in, hash, sort), Projection: &types.Projection{ProjectionType: types.ProjectionTypeAll},
	}}
	return in
}

func addKey(in *dynamodb.CreateTableInput, hash, sort []string) []types.KeySchemaElement {
	var schema []types.KeySchemaElement
	add := func(keys []string, role types.KeyType) {
		for _, k := range keys {
			name, kind, _ := strings.Cut(k, ":")
			schema = append(schema, types.KeySchemaElement{AttributeName: &name, KeyType: role})
			in.AttributeDefinitions = append(in.AttributeDefinitions, types.AttributeDefinition{AttributeName: &name, AttributeType: types.ScalarAttributeType(kind)})
		}
	}
	add(hash, types.KeyTypeHash)
	add(sort, types.KeyTypeRange)
	return schema
}

func newEndpoint(t *testing.T, url string) *endpoint {
	t.Helper()
	e := &endpoint{url: url, region: cmp.Or(os.Getenv("AWS_REGION"), "us-east-1"), prefix: fmt.Sprintf("dynamodest-%d-", time.Now().UnixNano())}
	e.creds = aws.Credentials{
		AccessKeyID: cmp.Or(os.Getenv("AWS_ACCESS_KEY_ID"), "AKIDEXAMPLE"), SecretAccessKey: cmp.Or(os.Getenv("AWS_SECRET_ACCESS_KEY"), "secret"),
		SessionToken: os.Getenv("AWS_SESSION_TOKEN"),
	}
	client := dynamodb.New(dynamodb.Options{
		Region: e.region, BaseEndpoint: &url, HTTPClient: http.DefaultClient,
		Credentials: credentials.StaticCredentialsProvider{Value: e.creds},
	})
	var names []string
	for name, in := range caseTables {
		full := e.prefix + name
		in.TableName = &full
		names = append(names, "$"+name, full)
		if _, err := client.CreateTable(t.Context(), &in); err != nil {
			t.Logf("%s: %v", name, err)
			e.notCreated = append(e.notCreated, name)
			continue
		}
		t.Cleanup(func() {
			_, err := client.DeleteTable(context.WithoutCancel(t.Context()), &dynamodb.DeleteTableInput{TableName: &full})
			assert.NoError(t, err)
		})
		require.Eventually(t, func() bool {
			out, err := client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &full})
			if err != nil || out.Table.TableStatus != types.TableStatusActive {
				return false
			}
			names = append(names, "$arn:"+name, *out.Table.TableArn)
			return true
		}, time.Minute, 50*time.Millisecond)
	}
	e.names = strings.NewReplacer(names...)
	return e
}

func (e *endpoint) named(text string) string { return e.names.Replace(text) }

// reply is a response: its code, its text, and its JSON without code and text.
type reply struct{ code, body, shows string }

// run returns the reply to the case's request, or to a setup request that failed.
func (e *endpoint) run(t *testing.T, c strictCase) reply {
	t.Helper()
	for _, r := range c.setup {
		if got := e.send(t, r); got.code != success {
			return got
		}
	}
	got := e.send(t, c.request)
	if c.op == "CreateTable" && got.code == success {
		e.drop(t, c.request)
	}
	return got
}

// drop deletes the table that a CreateTable created, and waits until it is gone.
func (e *endpoint) drop(t *testing.T, created request) {
	t.Helper()
	var in struct{ TableName string }
	require.NoError(t, json.Unmarshal([]byte(created.body), &in))
	call := func(op string) string { return e.send(t, request{op, `{"TableName":"` + in.TableName + `"}`}).code }
	require.Eventually(t, func() bool { return call("DeleteTable") == success }, time.Minute, 50*time.Millisecond)
	require.Eventually(t, func() bool { return call("DescribeTable") == "ResourceNotFoundException" }, time.Minute, 50*time.Millisecond)
}

// send signs a request and sends it unchanged.
func (e *endpoint) send(t *testing.T, r request) reply {
	t.Helper()
	body := e.named(r.body)
	if text, size, ok := strings.Cut(body, "$fill:"); ok {
		n, err := strconv.Atoi(size)
		require.NoError(t, err)
		body = text + strings.Repeat(" ", n-len(text))
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, e.url, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/x-amz-json-1.0")
	req.Header.Set("X-Amz-Target", "DynamoDB_20120810."+r.op)
	hash := sha256.Sum256([]byte(body))
	require.NoError(t, v4.NewSigner().SignHTTP(t.Context(), e.creds, req, hex.EncodeToString(hash[:]), "dynamodb", e.region, time.Now()))
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return readReply(t, resp, text)
}

func readReply(t *testing.T, resp *http.Response, text []byte) reply {
	t.Helper()
	got := reply{code: success, body: string(text)}
	var members map[string]any
	if len(bytes.TrimSpace(text)) > 0 && text[0] == '{' {
		require.NoError(t, json.Unmarshal(text, &members))
	}
	if resp.StatusCode != http.StatusOK {
		got.code = fmt.Sprintf("HTTP %d", resp.StatusCode)
	}
	if code, ok := members["__type"].(string); ok {
		got.code = code[strings.LastIndex(code, "#")+1:]
	}
	for _, name := range []string{"__type", "message", "Message"} {
		delete(members, name)
	}
	shows, err := json.Marshal(members)
	require.NoError(t, err)
	got.shows = string(shows)
	return got
}
