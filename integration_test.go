package dynamodest_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// TestBehaviour runs the whole behaviour against the test double over HTTP.
func TestBehaviour(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(dynamodesttest.New())
	t.Cleanup(server.Close)
	newSite(t, server.URL).test(t)
}

// TestBehaviourAtEndpoint runs the same against another DynamoDB, at
// DYNAMODEST_ENDPOINT. The usual AWS variables give its region and keys.
func TestBehaviourAtEndpoint(t *testing.T) {
	t.Parallel()
	endpoint := os.Getenv("DYNAMODEST_ENDPOINT")
	if endpoint == "" {
		if os.Getenv("DYNAMODEST_REQUIRE_ENDPOINT") == "1" {
			t.Fatal("DYNAMODEST_ENDPOINT is not set")
		}
		t.Skip("LEFT OUT: set DYNAMODEST_ENDPOINT to the URL of a DynamoDB to test the library against it")
	}
	newSite(t, endpoint).test(t)
}

// site is a DynamoDB with a table of the test's own, which has a composite key
// and a global index.
type site struct {
	cfg    dynamodest.Config
	client *dynamodb.Client
}

func newSite(t *testing.T, endpoint string) *site {
	t.Helper()
	s := &site{cfg: dynamodest.Config{
		Region: cmp.Or(os.Getenv("AWS_REGION"), "us-east-1"), Endpoint: endpoint,
		Table: fmt.Sprintf("dynamodest-test-%d", time.Now().UnixNano()),
		Credentials: dynamodest.Credentials{
			AccessKeyID:     cmp.Or(os.Getenv("AWS_ACCESS_KEY_ID"), "AKIDEXAMPLE"),
			SecretAccessKey: cmp.Or(os.Getenv("AWS_SECRET_ACCESS_KEY"), "secret"),
			SessionToken:    os.Getenv("AWS_SESSION_TOKEN"),
		},
	}}
	keys, transport := s.cfg.Credentials, &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	s.client = dynamodb.New(dynamodb.Options{
		Region: s.cfg.Region, BaseEndpoint: aws.String(endpoint), HTTPClient: &http.Client{Transport: transport},
		Credentials: credentials.NewStaticCredentialsProvider(keys.AccessKeyID, keys.SecretAccessKey, keys.SessionToken),
	})
	schema := func(hash, sort string) []types.KeySchemaElement {
		return []types.KeySchemaElement{
			{AttributeName: aws.String(hash), KeyType: types.KeyTypeHash}, {AttributeName: aws.String(sort), KeyType: types.KeyTypeRange},
		}
	}
	in := &dynamodb.CreateTableInput{
		TableName: &s.cfg.Table, BillingMode: types.BillingModePayPerRequest, KeySchema: schema("id", "at"),
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{
			IndexName: aws.String("by-group"), KeySchema: schema("group", "rank"), Projection: &types.Projection{ProjectionType: types.ProjectionTypeAll},
		}},
	}
	for name, kind := range map[string]types.ScalarAttributeType{"id": "S", "at": "N", "group": "S", "rank": "N"} {
		in.AttributeDefinitions = append(in.AttributeDefinitions, types.AttributeDefinition{AttributeName: aws.String(name), AttributeType: kind})
	}
	_, err := s.client.CreateTable(t.Context(), in)
	require.NoError(t, err)
	t.Cleanup(func() { // the last test deletes it too
		_, _ = s.client.DeleteTable(context.WithoutCancel(t.Context()), &dynamodb.DeleteTableInput{TableName: &s.cfg.Table})
	})
	waiter := dynamodb.NewTableExistsWaiter(s.client, func(o *dynamodb.TableExistsWaiterOptions) {
		o.MinDelay, o.MaxDelay = 50*time.Millisecond, time.Second
	})
	require.NoError(t, waiter.Wait(t.Context(), &dynamodb.DescribeTableInput{TableName: &s.cfg.Table}, 2*time.Minute))
	return s
}

func (s *site) test(t *testing.T) {
	t.Run("upsert", s.upsert)
	t.Run("insert and overwrite", s.overwrite)
	t.Run("insert and skip", s.skip)
	t.Run("insert and fail", s.fail)
	t.Run("stream", s.stream)
	t.Run("versions", s.versions)
	t.Run("deletes", s.deletes)
	t.Run("texts", s.texts)
	t.Run("forced types", s.forced)
	t.Run("bad rows", s.badRows)
	t.Run("check", s.check)
	t.Run("table gone", s.gone)
}

// dest makes a Destination with the changes given.
func (s *site) dest(t *testing.T, change func(*dynamodest.Config)) *dynamodest.Destination {
	t.Helper()
	cfg := s.cfg
	if change != nil {
		change(&cfg)
	}
	return newDest(t, cfg)
}

// rich makes n rows with every kind of value, under the ids of a test.
func rich(test string, n int) []dynamodest.Row {
	rows := make([]dynamodest.Row, n)
	for i := range rows {
		rows[i] = dynamodest.Row{
			"id": fmt.Sprint(test, "-", i/10), "at": i, "group": fmt.Sprint("g", i%7), "rank": json.Number("1.50"),
			"text": "héllo", "int": int64(math.MaxInt64), "uint": uint64(math.MaxUint64), "float": 0.1, "tiny": 1e-100,
			"yes": true, "nothing": nil, "empty": "", "bytes": []byte{0, 1, 255}, "when": time.Unix(1_700_000_000, 5).UTC(),
			"object": map[string]any{"b": []int{1, 2}, "a": map[string]any{"x": nil, "y": "<&>"}}, "list": []any{1, "two", nil},
			"big": new(big.Int).Exp(big.NewInt(10), big.NewInt(37), nil), "own": &types.AttributeValueMemberSS{Value: []string{"b", "a"}},
		}
		switch i % 5 {
		case 1: // out of the index: its key is null, or empty
			rows[i]["group"] = nil
		case 2:
			rows[i]["group"] = ""
		case 3:
			delete(rows[i], "rank")
		}
	}
	return rows
}

// holds compares the items that the table has under the ids of a test with what
// Item makes of rows.
func (s *site) holds(t *testing.T, dest *dynamodest.Destination, test string, rows []dynamodest.Row) {
	t.Helper()
	want := map[string]string{}
	for _, row := range rows {
		item, err := dest.Item(row)
		require.NoError(t, err)
		want[dynamodesttest.Key(item["id"], item["at"])] = canonical(item)
	}
	got := map[string]string{}
	pages := dynamodb.NewScanPaginator(s.client, &dynamodb.ScanInput{TableName: &s.cfg.Table, ConsistentRead: aws.Bool(true)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		require.NoError(t, err)
		for _, item := range page.Items {
			if strings.HasPrefix(item["id"].(*types.AttributeValueMemberS).Value, test+"-") {
				got[dynamodesttest.Key(item["id"], item["at"])] = canonical(item)
			}
		}
	}
	require.Equal(t, want, got)
}

// canonical writes an item out so that equal ones look equal: numbers by value,
// sets in order.
func canonical(item map[string]types.AttributeValue) string {
	return show(canonicalValue(&types.AttributeValueMemberM{Value: item}))
}

func canonicalValue(v types.AttributeValue) any {
	number := func(s string) string {
		r, ok := new(big.Rat).SetString(s)
		if !ok {
			panic(s)
		}
		return r.String()
	}
	switch v := v.(type) {
	case *types.AttributeValueMemberN:
		return map[string]any{"N": number(v.Value)}
	case *types.AttributeValueMemberNS:
		list := []string{}
		for _, s := range v.Value {
			list = append(list, number(s))
		}
		slices.Sort(list)
		return map[string]any{"NS": list}
	case *types.AttributeValueMemberSS:
		return map[string]any{"SS": slices.Sorted(slices.Values(v.Value))}
	case *types.AttributeValueMemberL:
		list := []any{}
		for _, e := range v.Value {
			list = append(list, canonicalValue(e))
		}
		return map[string]any{"L": list}
	case *types.AttributeValueMemberM:
		members := map[string]any{}
		for name, e := range v.Value {
			members[name] = canonicalValue(e)
		}
		return map[string]any{"M": members}
	default:
		return map[string]any{fmt.Sprintf("%T", v): v}
	}
}

func (s *site) upsert(t *testing.T) {
	dest := s.dest(t, nil)
	rows := rich("upsert", 300)
	res, err := dest.Write(t.Context(), rows)
	require.NoError(t, err)
	assert.Equal(t, map[dynamodest.Outcome]int{dynamodest.Written: 300}, outcomes(res.Rows))
	assert.GreaterOrEqual(t, res.Summary.WriteUnits, 300.0)
	s.holds(t, dest, "upsert", rows)

	// An item is replaced whole, by a single PutItem too.
	rows[0] = dynamodest.Row{"id": "upsert-0", "at": 0.0, "only": "this"}
	res, err = dest.Write(t.Context(), rows[:1])
	require.NoError(t, err)
	assert.Equal(t, 1, res.Summary.Requests)
	s.holds(t, dest, "upsert", rows)
	out, err := s.client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &s.cfg.Table, ConsistentRead: aws.Bool(true), Key: map[string]types.AttributeValue{
		"id": &types.AttributeValueMemberS{Value: "upsert-0"}, "at": &types.AttributeValueMemberN{Value: "0"},
	}})
	require.NoError(t, err)
	assert.Len(t, out.Item, 3)

	// Of equal keys, the last.
	again := append(append(rich("upsert", 100), rich("upsert", 100)...), rich("upsert", 100)...)
	for i, row := range again {
		row["version"] = i
	}
	_, err = dest.Write(t.Context(), again)
	require.NoError(t, err)
	s.holds(t, dest, "upsert", append(rows, again...))
}

func (s *site) overwrite(t *testing.T) {
	dest := s.dest(t, func(c *dynamodest.Config) { c.Mode = dynamodest.Insert })
	rows := rich("overwrite", 60)
	for range 2 {
		res, err := dest.Write(t.Context(), rows)
		require.NoError(t, err)
		assert.Equal(t, 60, res.Summary.Written)
		for _, row := range rows {
			row["text"] = "newer"
		}
	}
	s.holds(t, dest, "overwrite", rows)
}

func (s *site) skip(t *testing.T) {
	dest := s.dest(t, func(c *dynamodest.Config) { c.Mode, c.OnExisting = dynamodest.Insert, dynamodest.Skip })
	rows := rich("skip", 40)
	res, err := dest.Write(t.Context(), rows[:20])
	require.NoError(t, err)
	assert.Equal(t, 20, res.Summary.Written)
	changed := rich("skip", 40)
	for _, row := range changed[:20] {
		row["text"] = "not to be seen"
	}
	res, err = dest.Write(t.Context(), append(changed, changed[:3]...))
	require.NoError(t, err)
	assert.Equal(t, map[dynamodest.Outcome]int{dynamodest.Written: 20, dynamodest.Skipped: 23}, outcomes(res.Rows))
	s.holds(t, dest, "skip", rows)
}

func (s *site) fail(t *testing.T) {
	dest := s.dest(t, func(c *dynamodest.Config) { c.Mode, c.OnExisting = dynamodest.Insert, dynamodest.Fail })
	rows := rich("fail", 30)
	res, err := dest.Write(t.Context(), append(rows, rows[:5]...))
	require.ErrorIs(t, err, dynamodest.ErrExists)
	assert.Equal(t, map[dynamodest.Outcome]int{dynamodest.Written: 30, dynamodest.NotWritten: 5}, outcomes(res.Rows))
	res, err = dest.Write(t.Context(), rows)
	require.ErrorIs(t, err, dynamodest.ErrExists)
	assert.Equal(t, map[dynamodest.Outcome]int{dynamodest.NotWritten: 30}, outcomes(res.Rows))
	s.holds(t, dest, "fail", rows)
}

func (s *site) stream(t *testing.T) {
	dest := s.dest(t, nil)
	rows := rich("stream", 500)
	next := 0
	sum, err := dest.WriteSeq(t.Context(), seq(rows), func(row dynamodest.Row, r dynamodest.RowResult) error {
		assert.Equal(t, next, r.Index)
		assert.Equal(t, rows[next]["id"], row["id"])
		assert.Equal(t, dynamodest.Written, r.Outcome)
		next++
		return nil
	})
	require.NoError(t, err)
	assert.Equal(t, 500, next)
	assert.Equal(t, 500, sum.Written)
	s.holds(t, dest, "stream", rows)
}

func (s *site) forced(t *testing.T) {
	dest := s.dest(t, func(c *dynamodest.Config) {
		c.Mapping = dynamodest.Mapping{Null: dynamodest.OmitNull, EmptyString: dynamodest.KeepEmpty, Fields: []dynamodest.Field{
			{Column: "user", Attribute: "id", Type: dynamodest.String}, {Column: "when", Attribute: "at", Type: dynamodest.Number},
			{Column: "doc", Type: dynamodest.Map}, {Column: "doc2", Type: dynamodest.JSON}, {Column: "list", Type: dynamodest.List},
			{Column: "tags", Type: dynamodest.StringSet}, {Column: "nums", Type: dynamodest.NumberSet}, {Column: "raw", Type: dynamodest.Binary},
			{Column: "flag", Type: dynamodest.Bool}, {Column: "price", Type: dynamodest.Number}, {Column: "none"}, {Column: "blank"},
		}}
	})
	rows := make([]dynamodest.Row, 60)
	for i := range rows {
		rows[i] = dynamodest.Row{
			"user": fmt.Sprint("forced-", i), "when": time.Unix(int64(i), 0), "doc": `{"a":[1,2.50,{"b":null}],"c":""}`,
			"doc2": map[string]any{"k": 1}, "list": []any{1, "x", []any{true}}, "tags": []string{"b", "a", "b"}, "nums": `[3, 1, 2.0]`,
			"raw": "AAH/", "flag": "true", "price": "12345678901234567890.123456789", "none": nil, "blank": "", "unmapped": "x",
		}
	}
	_, err := dest.Write(t.Context(), rows)
	require.NoError(t, err)
	s.holds(t, dest, "forced", rows)
}

func (s *site) badRows(t *testing.T) {
	dest := s.dest(t, nil)
	rows := rich("bad", 80)
	bad := map[int]dynamodest.Reason{}
	spoil := func(i int, reason dynamodest.Reason, column string, value any) {
		rows[i][column], bad[i] = value, reason
	}
	spoil(3, dynamodest.ErrKey, "id", "")
	spoil(9, dynamodest.ErrKey, "at", "9")
	spoil(10, dynamodest.ErrKey, "id", strings.Repeat("k", 2049))
	spoil(26, dynamodest.ErrKey, "group", 1)
	spoil(40, dynamodest.ErrMapping, "float", math.NaN())
	spoil(41, dynamodest.ErrMapping, "text", "\xff")
	spoil(42, dynamodest.ErrMapping, "int", json.Number("123456789012345678901234567890123456789"))
	spoil(77, dynamodest.ErrTooLarge, "text", strings.Repeat("x", 409_600))
	delete(rows[78], "at")
	bad[78] = dynamodest.ErrKey
	res, err := dest.Write(t.Context(), rows)
	require.Error(t, err)
	var written []dynamodest.Row
	for i, r := range res.Rows {
		reason, spoiled := bad[i]
		if !spoiled {
			require.Equal(t, dynamodest.Written, r.Outcome, "%v", r.Err)
			written = append(written, rows[i])
			continue
		}
		require.Equal(t, dynamodest.NotWritten, r.Outcome)
		require.ErrorIs(t, r.Err, reason)
		require.ErrorIs(t, err, reason)
	}
	s.holds(t, dest, "bad", written)
}

// check checks the table and its writes in every mode, and finds that nothing was written.
func (s *site) check(t *testing.T) {
	count := func() int32 {
		out, err := s.client.Scan(t.Context(), &dynamodb.ScanInput{TableName: &s.cfg.Table, Select: types.SelectCount})
		require.NoError(t, err)
		return out.Count
	}
	before := count()
	for _, existing := range []dynamodest.OnExisting{dynamodest.Overwrite, dynamodest.Skip, dynamodest.Fail} {
		dest := s.dest(t, func(c *dynamodest.Config) { c.Mode, c.OnExisting = dynamodest.Insert, existing })
		require.NoError(t, dest.Check(t.Context()))
		require.NoError(t, dest.CheckWrites(t.Context()))
	}
	assert.Equal(t, before, count())
}

func (s *site) gone(t *testing.T) {
	dest := s.dest(t, nil)
	_, err := s.client.DeleteTable(t.Context(), &dynamodb.DeleteTableInput{TableName: &s.cfg.Table})
	require.NoError(t, err)
	waiter := dynamodb.NewTableNotExistsWaiter(s.client, func(o *dynamodb.TableNotExistsWaiterOptions) {
		o.MinDelay, o.MaxDelay = 50*time.Millisecond, time.Second
	})
	require.NoError(t, waiter.Wait(t.Context(), &dynamodb.DescribeTableInput{TableName: &s.cfg.Table}, 2*time.Minute))
	for _, n := range []int{1, 60} {
		res, err := dest.Write(t.Context(), rich("gone", n))
		require.ErrorIs(t, err, dynamodest.ErrNoTable)
		assert.Equal(t, map[dynamodest.Outcome]int{dynamodest.NotWritten: n}, outcomes(res.Rows))
	}
	require.ErrorIs(t, dest.Check(t.Context()), dynamodest.ErrNoTable)
	require.ErrorIs(t, dest.CheckWrites(t.Context()), dynamodest.ErrNoTable)
	_, err = dynamodest.New(t.Context(), s.cfg)
	require.ErrorIs(t, err, dynamodest.ErrNoTable)
}
