package dynamodest_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
	"github.com/dynamodest/dynamodest/internal/itemtest"
)

// keyNames are the attributes of the keys of newKeyed.
var keyNames = [...]string{"pk", "sk"}

// newKeyed makes a Destination for a table whose key has the given types.
func newKeyed(t testing.TB, kinds ...string) *dynamodest.Destination {
	t.Helper()
	var key []string
	for i, kind := range kinds {
		key = append(key, keyNames[i]+":"+kind)
	}
	return newDest(t, dynamodest.Config{Table: table, Client: dynamodesttest.NewTable(table, key...)})
}

// keyRow is the row of the given key.
func keyRow(key ...types.AttributeValue) dynamodest.Row {
	row := dynamodest.Row{"other": "v"}
	for i, v := range key {
		row[keyNames[i]] = v
	}
	return row
}

// kindOf is the letter of the type of a key attribute.
func kindOf(v types.AttributeValue) string { return valueForm(v)[:1] }

func TestKeyVectors(t *testing.T) {
	t.Parallel()
	for _, vector := range vectors(t, "keys") {
		key := each(vector[0], func(text string) types.AttributeValue { return parseValue(t, json.RawMessage(text)) })
		got, err := newKeyed(t, each(key, kindOf)...).Key(keyRow(key...))
		require.NoError(t, err)
		assert.Equal(t, vector[1][0], hex.EncodeToString(got.Bytes()), "%s", vector[0])
		assert.Equal(t, vector[2][0], fmt.Sprintf("%016x", got.Hash()))
		assert.Equal(t, vector[3][0], strconv.Itoa(got.Shard(16)))

		assert.Equal(t, vector[1][0], hex.EncodeToString([]byte(keyForm(key...))), "the formula, for %s", vector[0])
		sum := sha256.Sum256(got.Bytes())
		assert.Equal(t, binary.BigEndian.Uint64(sum[:8]), got.Hash())
		assert.Equal(t, got.Hash()%16, uint64(got.Shard(16)))
	}
}

// doubleKey returns dynamodesttest's form of a key, or "" if the double refuses a value.
func doubleKey(key ...types.AttributeValue) (form string) {
	defer func() {
		if recover() != nil {
			form = ""
		}
	}()
	return dynamodesttest.Key(each(key, func(v types.AttributeValue) any { return v })...)
}

// keyOf builds the key attribute of the given type, 0 to 2, from text.
func keyOf(kind uint8, text string) types.AttributeValue {
	switch kind % 3 {
	case 0:
		return itemtest.S(text)
	case 1:
		return itemtest.N(text)
	}
	return itemtest.B([]byte(text)...)
}

// FuzzKey draws two keys. Their Bytes are those of the documented formula, and equal exactly where the double
// holds the keys equal, which shares no code with the library.
func FuzzKey(f *testing.F) {
	for _, seed := range [][4]string{
		{"a", "b", "a", "b"}, {"ab", "c", "a", "bc"}, {"1", "2", "1.0", "20e-1"}, {"0", "-0", "0e9", "0.000"}, {"1e20", "1e21", "100000000000000000000", "1000000000000000000000"},
		{"1e-21", "1e-22", "0.000000000000000000001", "0.0000000000000000000001"}, {"-1.5e100", "9", "-15E+99", "9.0"}, {"S\x01a", "a", "S", "\x01aa"},
		{"12345678901234567890123456789012345678", "1e-130", "1.2345678901234567890123456789012345678e37", "0.1e-129"},
	} {
		for kinds := range uint8(12) {
			f.Add(kinds, kinds, seed[0], seed[1], seed[2], seed[3])
			f.Add(kinds, (kinds+5)%12, seed[0], seed[1], seed[2], seed[3])
		}
	}
	dests := map[string]*dynamodest.Destination{}
	for _, partition := range []string{"S", "N", "B"} {
		dests[partition] = newKeyed(f, partition)
		for _, sort := range []string{"S", "N", "B"} {
			dests[partition+sort] = newKeyed(f, partition, sort)
		}
	}
	f.Fuzz(func(t *testing.T, kindsX, kindsY uint8, partitionX, sortX, partitionY, sortY string) {
		key := func(kinds uint8, partition, sort string) (bytes []byte, double string) {
			attributes := []types.AttributeValue{keyOf(kinds, partition)}
			if kinds/3%4 > 0 {
				attributes = append(attributes, keyOf(kinds/3%4-1, sort))
			}
			letters := ""
			for _, v := range attributes {
				if n, ok := v.(*types.AttributeValueMemberN); ok && doubleKey(n) == "" {
					return nil, "" // no number
				}
				letters += kindOf(v)
			}
			got, err := dests[letters].Key(keyRow(attributes...))
			if err != nil {
				var rowErr *dynamodest.RowError
				require.ErrorAs(t, err, &rowErr)
				return nil, ""
			}
			double = doubleKey(attributes...)
			require.NotEmpty(t, double, "the library takes the key, the double does not")
			require.Equal(t, keyForm(attributes...), string(got.Bytes()))
			return got.Bytes(), double
		}
		x, doubleX := key(kindsX, partitionX, sortX)
		y, doubleY := key(kindsY, partitionY, sortY)
		if x != nil && y != nil {
			require.Equal(t, doubleX == doubleY, bytes.Equal(x, y), "%q and %q", x, y)
		}
	})
}

// Keys are equal where their bytes are, so they can be the keys of a map.
func TestKeysAreComparable(t *testing.T) {
	t.Parallel()
	dest := newKeyed(t, "S", "N")
	rows := map[dynamodest.Key]int{}
	for _, row := range []dynamodest.Row{{"pk": "a", "sk": 1}, {"pk": "a", "sk": 1.0, "other": make(chan int)}, {"pk": "a", "sk": json.Number("10e-1")}, {"pk": "a", "sk": 2}} {
		key, err := dest.Key(row)
		require.NoError(t, err)
		rows[key]++
		first := key.Bytes()
		first[0] = 'x'
		assert.Equal(t, byte('S'), key.Bytes()[0], "Bytes is a copy")
	}
	assert.Len(t, rows, 2)
	assert.Empty(t, dynamodest.Key{}.Bytes())
}

// Key looks at the key's columns alone, also of a delete, and by the mapping's names and types.
func TestKeyFollowsTheMapping(t *testing.T) {
	t.Parallel()
	dest := newDest(t, dynamodest.Config{
		Table: table, Client: dynamodesttest.NewTable(table, "pk:S"), Delete: "gone",
		Mapping: dynamodest.Mapping{Fields: []dynamodest.Field{{Column: "user", Attribute: "pk", Type: dynamodest.String}, {Column: "n", Type: dynamodest.Number, Required: true}}},
	})
	want, err := dest.Key(dynamodest.Row{"user": "7", "n": "no number", "gone": "maybe"})
	require.NoError(t, err)
	got, err := dest.Key(dynamodest.Row{"user": 7, "gone": true})
	require.NoError(t, err)
	assert.Equal(t, want, got)
	assert.Equal(t, "S\x017", string(got.Bytes()))
}

func TestKeyOfRowsWithoutOne(t *testing.T) {
	t.Parallel()
	dest := newKeyed(t, "S")
	for name, row := range map[string]dynamodest.Row{"nil row": nil, "missing": {}, "null": {"pk": nil}, "empty": {"pk": ""}, "another type": {"pk": 1}, "no value": {"pk": make(chan int)}} {
		key, err := dest.Key(row)
		var rowErr *dynamodest.RowError
		require.ErrorAs(t, err, &rowErr, name)
		assert.Zero(t, key)
		assert.Zero(t, rowErr.Index)
		_, want := dest.Item(row)
		assert.Equal(t, want, err, name)
	}
}

func TestKeyNeedsADescription(t *testing.T) {
	t.Parallel()
	dest := newDest(t, dynamodest.Config{Table: table, Client: fake{}})
	_, err := dest.Key(dynamodest.Row{"id": "a"})
	var tableErr *dynamodest.TableError
	require.ErrorAs(t, err, &tableErr)
	assert.Equal(t, dynamodest.ErrConfig, tableErr.Reason)
	assert.Contains(t, err.Error(), "DescribeTable has not described")
	assert.Contains(t, tableErr.Remedy(), "describe the table's keys")
	assert.Nil(t, dest.Keys())
}

func TestKeys(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []dynamodest.KeyAttribute{{Name: "pk", Role: dynamodest.PartitionKey, Type: dynamodest.Binary}}, newKeyed(t, "B").Keys())
	keys := newKeyed(t, "S", "N").Keys()
	assert.Equal(t, []dynamodest.KeyAttribute{
		{Name: "pk", Role: dynamodest.PartitionKey, Type: dynamodest.String}, {Name: "sk", Role: dynamodest.SortKey, Type: dynamodest.Number},
	}, keys)
	assert.JSONEq(t, `[{"name":"pk","role":"partition","type":"S"},{"name":"sk","role":"sort","type":"N"}]`, show(keys))

	id := "id"
	untyped := fake{describe: func() (*dynamodb.DescribeTableOutput, error) {
		return &dynamodb.DescribeTableOutput{Table: &types.TableDescription{KeySchema: []types.KeySchemaElement{{AttributeName: &id, KeyType: types.KeyTypeHash}}}}, nil
	}}
	dest := newDest(t, dynamodest.Config{Table: table, Client: untyped})
	assert.Equal(t, []dynamodest.KeyAttribute{{Name: "id", Role: dynamodest.PartitionKey}}, dest.Keys())
	key, err := dest.Key(dynamodest.Row{"id": 1.50})
	require.NoError(t, err)
	assert.Equal(t, "N\x031.5", string(key.Bytes()))
}

func TestShards(t *testing.T) {
	t.Parallel()
	dest := newKeyed(t, "N")
	met := map[int]int{}
	for i := range 1000 {
		key, err := dest.Key(dynamodest.Row{"pk": i})
		require.NoError(t, err)
		met[key.Shard(7)]++
		assert.Zero(t, key.Shard(1))
		assert.GreaterOrEqual(t, key.Shard(1<<30), 0)
	}
	for shard, rows := range met {
		assert.InDelta(t, 1000/7, rows, 60, "shard %d", shard)
	}
	assert.Len(t, met, 7)
	for _, n := range []int{0, -1} {
		assert.PanicsWithValue(t, fmt.Sprintf("dynamodest: Key.Shard(%d): there must be at least 1 shard", n), func() { dynamodest.Key{}.Shard(n) })
	}
}

// A Key shows no value, by whatever a program prints it with.
func TestPrintingKeysShowsNoValue(t *testing.T) {
	t.Parallel()
	const value = "person@example.com"
	key, err := newKeyed(t, "S").Key(dynamodest.Row{"pk": value})
	require.NoError(t, err)
	var zero dynamodest.Key
	assert.Equal(t, "[redacted] [redacted] [redacted] []", fmt.Sprintf("%v %d %s [%v]", key, &key, key.String(), zero))
	assert.Equal(t, "[redacted]", key.GoString())

	values := []any{
		key, &key, struct{ K dynamodest.Key }{key}, struct{ K *dynamodest.Key }{&key}, &struct{ K any }{key}, []dynamodest.Key{key}, []*dynamodest.Key{&key},
		map[dynamodest.Key]int{key: 1}, map[string]dynamodest.Key{"a": key}, map[string]any{"a": &key}, errors.Join(fmt.Errorf("key %v", key)),
	}
	var logged bytes.Buffer
	loggers := []*slog.Logger{slog.New(slog.NewJSONHandler(&logged, nil)), slog.New(slog.NewTextHandler(&logged, nil))}
	for _, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%10v", "%t", "%b", "%c", "%U", "%z"} {
			text := fmt.Sprintf(verb, v)
			assert.NotContains(t, text, value, verb)
			assert.NotContains(t, text, hex.EncodeToString([]byte(value)), verb)
		}
		for _, log := range loggers {
			log.InfoContext(context.Background(), "met", "value", v)
		}
		text, err := json.Marshal(v)
		require.NoError(t, err)
		assert.NotContains(t, string(text), value)
	}
	assert.NotContains(t, logged.String(), value)
	assert.Equal(t, `{"[redacted]":1}`, show(map[dynamodest.Key]int{key: 1}))

	var back struct{ K dynamodest.Key }
	require.Error(t, json.Unmarshal([]byte(`{"K":"[redacted]"}`), &back), "no placeholder is read as a key")
}

// A Key in a row would be written as its placeholder.
func TestKeysAreNoValues(t *testing.T) {
	t.Parallel()
	dest := newDest(t, dynamodest.Config{Table: table, Client: dynamodesttest.NewTable(table, "id:S")})
	key, err := dest.Key(dynamodest.Row{"id": "a"})
	require.NoError(t, err)
	for _, v := range []any{key, &key, []any{key}, map[string]any{"k": key}, map[dynamodest.Key]int{key: 1}, struct{ K dynamodest.Key }{key}} {
		_, err = dest.Item(dynamodest.Row{"id": "a", "key": v})
		require.ErrorIs(t, err, dynamodest.ErrMapping)
	}
	_, err = dest.Item(dynamodest.Row{"id": key})
	require.ErrorIs(t, err, dynamodest.ErrMapping)
	require.ErrorContains(t, err, "a Key is not a value that a row can hold; remedy: write the key's own columns")
	_, err = dest.Item(dynamodest.Row{"id": "a", "key": key.Bytes()})
	require.NoError(t, err)
}

// fmt prints an unexported field by reflection, and calls no method of it.
func TestKeysInUnexportedFields(t *testing.T) {
	t.Parallel()
	dest := newDest(t, dynamodest.Config{Table: table, Client: dynamodesttest.NewTable(table, "id:S")})
	const secret = "person@example.com-"
	for _, id := range []string{secret, strings.Repeat(secret, 100)} {
		key, err := dest.Key(dynamodest.Row{"id": id})
		require.NoError(t, err)
		parked := struct {
			key  dynamodest.Key
			keys []dynamodest.Key
			by   map[dynamodest.Key]int
		}{key, []dynamodest.Key{key}, map[dynamodest.Key]int{key: 1}}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			text := fmt.Sprintf(verb, parked)
			assert.NotContains(t, text, secret[:6], verb)
			assert.NotContains(t, strings.ToLower(text), fmt.Sprintf("%x", secret[:6]), verb)
		}
		assert.Contains(t, string(key.Bytes()), id)
		again, err := dest.Key(dynamodest.Row{"id": id})
		require.NoError(t, err)
		assert.True(t, key == again && parked.by[again] == 1, "equal keys are equal")
	}
}
