package realtypes

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
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

// The columns of a row of a case: the table's key, and the value that the case is about.
const (
	partitionColumn = "pk"
	sortColumn      = "case"
	valueColumn     = "v"
)

// site is a DynamoDB that the cases are written to and read from.
type site struct {
	name   string
	cfg    dynamodest.Config
	client *dynamodb.Client
	prefix string // of the tables' names

	mu     sync.Mutex
	tables map[types.ScalarAttributeType]string // by the type of the partition key
}

// eachSite runs test on the test double over HTTP and, if DYNAMODEST_ENDPOINT is set, on the DynamoDB
// that it leads to.
func eachSite(t *testing.T, test func(t *testing.T, s *site)) {
	t.Helper()
	t.Run("double", func(t *testing.T) {
		t.Parallel()
		server := httptest.NewServer(dynamodesttest.New())
		t.Cleanup(server.Close)
		test(t, newSite(t, "double", server.URL))
	})
	t.Run("endpoint", func(t *testing.T) {
		t.Parallel()
		endpoint := os.Getenv("DYNAMODEST_ENDPOINT")
		if endpoint == "" {
			if os.Getenv("DYNAMODEST_REQUIRE_ENDPOINT") == "1" {
				t.Fatal("DYNAMODEST_ENDPOINT is not set")
			}
			t.Skip("LEFT OUT: set DYNAMODEST_ENDPOINT to the URL of a DynamoDB to test the library against it")
		}
		test(t, newSite(t, "endpoint", endpoint))
	})
}

func newSite(t *testing.T, name, endpoint string) *site {
	t.Helper()
	s := &site{
		name: name, tables: map[types.ScalarAttributeType]string{},
		prefix: fmt.Sprintf("realtypes-%d", time.Now().UnixNano()),
		cfg: dynamodest.Config{
			Region: cmp.Or(os.Getenv("AWS_REGION"), "us-east-1"), Endpoint: endpoint,
			Credentials: dynamodest.Credentials{
				AccessKeyID:     cmp.Or(os.Getenv("AWS_ACCESS_KEY_ID"), "AKIDEXAMPLE"),
				SecretAccessKey: cmp.Or(os.Getenv("AWS_SECRET_ACCESS_KEY"), "secret"),
				SessionToken:    os.Getenv("AWS_SESSION_TOKEN"),
			},
		},
	}
	keys, transport := s.cfg.Credentials, &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	s.client = dynamodb.New(dynamodb.Options{
		Region: s.cfg.Region, BaseEndpoint: aws.String(endpoint), HTTPClient: &http.Client{Transport: transport},
		Credentials: credentials.NewStaticCredentialsProvider(keys.AccessKeyID, keys.SecretAccessKey, keys.SessionToken),
	})
	return s
}

// table returns the table whose partition key has type k, and creates it at the first call. The sort
// key is text.
func (s *site) table(t *testing.T, k types.ScalarAttributeType) string {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if name, ok := s.tables[k]; ok {
		return name
	}
	name := fmt.Sprintf("%s-%s", s.prefix, k)
	_, err := s.client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: &name, BillingMode: types.BillingModePayPerRequest,
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String(partitionColumn), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String(sortColumn), KeyType: types.KeyTypeRange},
		},
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String(partitionColumn), AttributeType: k},
			{AttributeName: aws.String(sortColumn), AttributeType: types.ScalarAttributeTypeS},
		},
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		_, _ = s.client.DeleteTable(context.WithoutCancel(t.Context()), &dynamodb.DeleteTableInput{TableName: &name})
	})
	waiter := dynamodb.NewTableExistsWaiter(s.client, func(o *dynamodb.TableExistsWaiterOptions) {
		o.MinDelay, o.MaxDelay = 20*time.Millisecond, time.Second
	})
	require.NoError(t, waiter.Wait(t.Context(), &dynamodb.DescribeTableInput{TableName: &name}, 2*time.Minute))
	s.tables[k] = name
	return name
}

// want is what becomes of a value: an attribute, no attribute, or a refusal of its row.
type want struct {
	attr    types.AttributeValue
	refused dynamodest.Reason
}

var (
	leftOut = want{}
	mapping = want{refused: dynamodest.ErrMapping}
	badKey  = want{refused: dynamodest.ErrKey}
	nothing = attr(&types.AttributeValueMemberNULL{Value: true})
	yes, no = boolean(true), boolean(false)
	noKey   = types.ScalarAttributeType("") // the value is not a key
)

func attr(av types.AttributeValue) want { return want{attr: av} }
func text(s string) want                { return attr(&types.AttributeValueMemberS{Value: s}) }
func number(s string) want              { return attr(&types.AttributeValueMemberN{Value: s}) }
func binary(s string) want              { return attr(&types.AttributeValueMemberB{Value: []byte(s)}) }
func boolean(b bool) want               { return attr(&types.AttributeValueMemberBOOL{Value: b}) }
func texts(s ...string) want            { return attr(&types.AttributeValueMemberSS{Value: s}) }
func numbers(s ...string) want          { return attr(&types.AttributeValueMemberNS{Value: s}) }

func binaries(list ...string) want {
	set := &types.AttributeValueMemberBS{}
	for _, s := range list {
		set.Value = append(set.Value, []byte(s))
	}
	return attr(set)
}

func list(members ...want) want {
	l := &types.AttributeValueMemberL{Value: []types.AttributeValue{}}
	for _, m := range members {
		l.Value = append(l.Value, m.attr)
	}
	return attr(l)
}

// doc is an M of the members given.
type doc map[string]want

func (d doc) want() want {
	m := &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{}}
	for name, member := range d {
		m.Value[name] = member.attr
	}
	return attr(m)
}

// write is one value in one place: the unit that is written and read back.
type write struct {
	name    string
	value   any
	typ     dynamodest.Type
	key     types.ScalarAttributeType // not "": the value is the partition key of a table of this type
	mapping *dynamodest.Mapping       // policies other than the default, or nil
	want    want
}

// column returns the column that the value of w is in.
func (w *write) column() string {
	if w.key != noKey {
		return partitionColumn
	}
	return valueColumn
}

// row returns the row of w.
func (w *write) row() dynamodest.Row {
	if w.key != noKey {
		return dynamodest.Row{partitionColumn: w.value, sortColumn: w.name}
	}
	return dynamodest.Row{partitionColumn: "cases", sortColumn: w.name, valueColumn: w.value}
}

// destination is what writes of one call have in common.
type destination struct {
	typ     dynamodest.Type
	key     types.ScalarAttributeType
	mapping *dynamodest.Mapping
}

// run writes all of writes to s, in as few calls as possible, and compares what the table then has.
func (s *site) run(t *testing.T, writes []write) {
	t.Helper()
	groups := map[destination][]write{}
	seen := map[string]bool{}
	for _, w := range writes {
		require.False(t, seen[w.name], "two cases are named %q", w.name)
		seen[w.name] = true
		d := destination{w.typ, w.key, w.mapping}
		groups[d] = append(groups[d], w)
	}
	for d, group := range groups {
		s.runGroup(t, d, group)
	}
}

// runGroup writes group in one call.
func (s *site) runGroup(t *testing.T, d destination, group []write) {
	t.Helper()
	cfg := s.cfg
	cfg.Table = s.table(t, cmp.Or(d.key, types.ScalarAttributeTypeS))
	if d.mapping != nil {
		cfg.Mapping = *d.mapping
	}
	cfg.Mapping.Fields = []dynamodest.Field{{Column: partitionColumn}, {Column: sortColumn}, {Column: valueColumn, Type: d.typ}}
	if d.key != noKey {
		cfg.Mapping.Fields[0].Type = d.typ
	}
	dest, err := dynamodest.New(t.Context(), cfg)
	require.NoError(t, err)
	rows := make([]dynamodest.Row, len(group))
	for i := range group {
		rows[i] = group[i].row()
	}
	res, err := dest.Write(t.Context(), rows)
	var stopped *dynamodest.TableError
	require.NotErrorAs(t, err, &stopped) // a row's own error is checked below
	require.Len(t, res.Rows, len(rows))
	for i := range group {
		t.Run(group[i].name, func(t *testing.T) {
			s.check(t, cfg.Table, &group[i], &res.Rows[i])
		})
	}
}

// check compares the outcome of w, and the item that the table has for it.
func (s *site) check(t *testing.T, table string, w *write, res *dynamodest.RowResult) {
	t.Helper()
	if w.want.refused != "" {
		require.Equal(t, dynamodest.NotWritten, res.Outcome, "the row was to be refused")
		require.ErrorIs(t, res.Err, w.want.refused)
		var rowErr *dynamodest.RowError
		require.ErrorAs(t, res.Err, &rowErr)
		assert.Equal(t, w.column(), rowErr.Column)
		assert.Contains(t, res.Err.Error(), "remedy: ")
		assert.Zero(t, res.Attempts)
		return
	}
	require.NoError(t, res.Err)
	require.Equal(t, dynamodest.Written, res.Outcome)
	key := map[string]types.AttributeValue{
		partitionColumn: text("cases").attr, sortColumn: text(w.name).attr,
	}
	if w.key != noKey {
		key[partitionColumn] = w.want.attr
	}
	out, err := s.client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &table, Key: key, ConsistentRead: aws.Bool(true)})
	require.NoError(t, err)
	require.NotNil(t, out.Item, "no item with the key that the case wants")
	got := out.Item[w.column()]
	if w.want.attr == nil {
		require.Nil(t, got, "the attribute was to be left out")
		return
	}
	require.Equal(t, show(w.want.attr), show(got))
}

// show writes av out so that equal attributes look equal: sets in order. Numbers are in DynamoDB's
// own form on both sides.
func show(av types.AttributeValue) string {
	switch v := av.(type) {
	case nil:
		return "nothing"
	case *types.AttributeValueMemberS:
		return fmt.Sprintf("S %q", v.Value)
	case *types.AttributeValueMemberN:
		return "N " + v.Value
	case *types.AttributeValueMemberB:
		return fmt.Sprintf("B %x", v.Value)
	case *types.AttributeValueMemberBOOL:
		return fmt.Sprintf("BOOL %t", v.Value)
	case *types.AttributeValueMemberNULL:
		return "NULL"
	case *types.AttributeValueMemberSS:
		return fmt.Sprintf("SS %q", slices.Sorted(slices.Values(v.Value)))
	case *types.AttributeValueMemberNS:
		return fmt.Sprintf("NS %s", slices.Sorted(slices.Values(v.Value)))
	case *types.AttributeValueMemberBS:
		var members []string
		for _, b := range v.Value {
			members = append(members, fmt.Sprintf("%x", b))
		}
		return fmt.Sprintf("BS %s", slices.Sorted(slices.Values(members)))
	case *types.AttributeValueMemberL:
		var members []string
		for _, e := range v.Value {
			members = append(members, show(e))
		}
		return "L [" + strings.Join(members, ", ") + "]"
	case *types.AttributeValueMemberM:
		var members []string
		for _, name := range slices.Sorted(maps.Keys(v.Value)) {
			members = append(members, fmt.Sprintf("%q: %s", name, show(v.Value[name])))
		}
		return "M {" + strings.Join(members, ", ") + "}"
	}
	return fmt.Sprintf("%T", av)
}
