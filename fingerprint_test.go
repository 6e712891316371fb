package dynamodest_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
	"github.com/dynamodest/dynamodest/internal/itemtest"
)

// newPrinter makes a Destination for a table of the key id:S.
func newPrinter(t testing.TB, cfg dynamodest.Config) *dynamodest.Destination {
	t.Helper()
	cfg.Table, cfg.Client = table, dynamodesttest.NewTable(table, "id:S")
	return newDest(t, cfg)
}

// fingerprint returns the fingerprint of row in hexadecimal.
func fingerprint(t testing.TB, dest *dynamodest.Destination, row dynamodest.Row, except ...string) string {
	t.Helper()
	sum, err := dest.Fingerprint(row, except...)
	require.NoError(t, err)
	return hex.EncodeToString(sum[:])
}

// asRow is the row that becomes item.
func asRow(item itemtest.Map) dynamodest.Row {
	row := dynamodest.Row{}
	for name, v := range item {
		row[name] = v
	}
	return row
}

func TestFingerprintVectors(t *testing.T) {
	t.Parallel()
	dest := newPrinter(t, dynamodest.Config{Delete: "gone"})
	for name, operation := range map[string]string{"fingerprints": "P", "deletes": "D"} {
		for _, vector := range vectors(t, name) {
			var members map[string]json.RawMessage
			require.NoError(t, json.Unmarshal([]byte(vector[0][0]), &members))
			item := parseMembers(t, members)
			assert.Equal(t, vector[1][0], hex.EncodeToString([]byte(itemForm(operation, item))), "the formula, for %s", vector[0])
			form, err := hex.DecodeString(vector[1][0])
			require.NoError(t, err)
			sum := sha256.Sum256(form)
			assert.Equal(t, vector[2][0], hex.EncodeToString(sum[:16]))

			row := asRow(item)
			row["gone"] = operation == "D"
			assert.Equal(t, vector[2][0], fingerprint(t, dest, row), "%s", vector[0])
		}
	}
}

// The fingerprint of a row is that of the documented form of its item, whatever Go types it has, and whichever
// of its columns are listed.
func TestFingerprintIsOfTheItem(t *testing.T) {
	t.Parallel()
	mappings := map[string]dynamodest.Mapping{
		"every column": {},
		"omitting":     {Null: dynamodest.OmitNull, EmptyString: dynamodest.KeepEmpty},
		"listed": {Fields: []dynamodest.Field{
			{Column: "tags", Type: dynamodest.StringSet}, {Column: "id"}, {Column: "doc", Attribute: "b", Type: dynamodest.Map}, {Column: "doc", Attribute: "a"}, {Column: "n"}, {Column: "at", Type: dynamodest.SortableTime},
		}},
	}
	rows := []dynamodest.Row{
		{"id": "k", "n": 1.50, "doc": map[string]any{"z": 1, "a": []any{nil, "x"}}, "tags": []string{"b", "a"}, "at": time.Unix(1, 5)},
		{"id": "k", "n": big.NewInt(1e18), "doc": struct{ B, A int }{1, 2}, "tags": []string{"é"}, "empty": "", "null": nil, "bytes": []byte{0}, "bool": true},
		{"id": strings.Repeat("k", 2000), "doc": json.RawMessage(`{"b":[1.10],"a":{}}`), "tags": []string{"x", "x"}},
	}
	for name, mapping := range mappings {
		dest := newPrinter(t, dynamodest.Config{Mapping: mapping})
		for _, row := range rows {
			item, err := dest.Item(row)
			require.NoError(t, err)
			sum := sha256.Sum256([]byte(itemForm("P", item)))
			assert.Equal(t, hex.EncodeToString(sum[:16]), fingerprint(t, dest, row), name)

			without := "doc"
			delete(item, "doc")
			if name == "listed" {
				delete(item, "a")
				delete(item, "b")
			}
			sum = sha256.Sum256([]byte(itemForm("P", item)))
			assert.Equal(t, hex.EncodeToString(sum[:16]), fingerprint(t, dest, row, without, "no column"), name)
		}
	}
}

// Equal items have one fingerprint however they are spelled; any change changes it.
func TestFingerprintShowsChanges(t *testing.T) {
	t.Parallel()
	dest := newPrinter(t, dynamodest.Config{})
	base := dynamodest.Row{"id": "k", "n": 10, "set": itemtest.NS("1", "2"), "at": "monday"}
	want := fingerprint(t, dest, base, "at")
	for name, same := range map[string]dynamodest.Row{
		"number": {"id": "k", "n": json.Number("1e1"), "set": itemtest.NS("1", "2"), "at": "monday"}, "set": {"id": "k", "n": 10.0, "set": itemtest.NS("2.0", "1"), "at": "monday"},
		"excepted": {"id": "k", "n": 10, "set": itemtest.NS("1", "2"), "at": "tuesday"}, "excepted and missing": {"id": "k", "n": 10, "set": itemtest.NS("1", "2")},
	} {
		assert.Equal(t, want, fingerprint(t, dest, same, "at", "no column"), name)
	}
	for name, other := range map[string]dynamodest.Row{
		"key": {"id": "l", "n": 10, "set": itemtest.NS("1", "2")}, "type": {"id": "k", "n": "10", "set": itemtest.NS("1", "2")}, "null": {"id": "k", "n": nil, "set": itemtest.NS("1", "2")},
		"missing": {"id": "k", "set": itemtest.NS("1", "2")}, "name": {"id": "k", "m": 10, "set": itemtest.NS("1", "2")}, "list": {"id": "k", "n": 10, "set": itemtest.L(itemtest.N("1"), itemtest.N("2"))},
	} {
		assert.NotEqual(t, want, fingerprint(t, dest, other, "at"), name)
	}
	assert.NotEqual(t, want, fingerprint(t, dest, base))
	assert.Equal(t, fingerprint(t, dest, base), fingerprint(t, dest, base, "no column"))
}

// Two random items have one fingerprint exactly if their documented forms are equal.
func TestFingerprintOfRandomItems(t *testing.T) {
	t.Parallel()
	dest := newPrinter(t, dynamodest.Config{})
	random := rand.New(rand.NewPCG(1, 1))
	forms := map[string]string{}
	for range 2000 {
		item := itemtest.Map{"id": itemtest.S("k")}
		for range random.IntN(3) {
			item[string(rune('a'+random.IntN(3)))] = randomValue(random, 2)
		}
		form := itemForm("P", item)
		sum := fingerprint(t, dest, asRow(item))
		if known, ok := forms[form]; ok {
			require.Equal(t, known, sum)
		}
		want := sha256.Sum256([]byte(form))
		require.Equal(t, hex.EncodeToString(want[:16]), sum)
		forms[form] = sum
	}
	assert.Greater(t, len(forms), 100)
}

// randomValue draws a value of few possible ones, nested at most depth levels deep.
func randomValue(random *rand.Rand, depth int) types.AttributeValue {
	text := func() string { return strconv.Itoa(random.IntN(3)) }
	switch n := random.IntN(10); {
	case n < 2:
		return itemtest.S(text())
	case n < 4:
		return itemtest.N(text() + []string{"", ".0", "e0", "e30"}[random.IntN(4)])
	case n == 4:
		return itemtest.B([]byte(text())...)
	case n == 5:
		return itemtest.Bool(random.IntN(2) == 0)
	case n == 6:
		first := random.IntN(2)
		return itemtest.NS(strconv.Itoa(first), strconv.Itoa(first+1)+".0")
	case n == 7:
		return itemtest.SS([][]string{{"a", "b"}, {"b", "a"}, {"ab"}}[random.IntN(3)]...)
	case depth == 0:
		return itemtest.Null()
	case n == 8:
		return itemtest.L(randomValue(random, depth-1), randomValue(random, depth-1))
	}
	return itemtest.M(itemtest.Map{text(): randomValue(random, depth-1), text(): randomValue(random, depth-1)})
}

// The version grows with every change and without one, so it is left out by itself.
func TestFingerprintLeavesOutTheVersion(t *testing.T) {
	t.Parallel()
	dest := newPrinter(t, dynamodest.Config{Version: "v", Mapping: dynamodest.Mapping{Fields: []dynamodest.Field{{Column: "id"}, {Column: "n"}, {Column: "at", Attribute: "v", Type: dynamodest.Number}}}})
	want := fingerprint(t, dest, dynamodest.Row{"id": "k", "n": 1, "at": 1})
	assert.Equal(t, want, fingerprint(t, dest, dynamodest.Row{"id": "k", "n": 1, "at": 2}))
	assert.NotEqual(t, want, fingerprint(t, dest, dynamodest.Row{"id": "k", "n": 2, "at": 1}))
	assert.Equal(t, want, fingerprint(t, newPrinter(t, dynamodest.Config{}), dynamodest.Row{"id": "k", "n": 1}))

	_, err := dest.Fingerprint(dynamodest.Row{"id": "k", "n": 1})
	require.ErrorIs(t, err, dynamodest.ErrMapping, "Write refuses it")
}

// A delete is of the key alone, whatever its other columns hold.
func TestFingerprintOfDeletes(t *testing.T) {
	t.Parallel()
	dest := newPrinter(t, dynamodest.Config{Delete: "gone"})
	put := fingerprint(t, dest, dynamodest.Row{"id": "k"})
	gone := fingerprint(t, dest, dynamodest.Row{"id": "k", "gone": true, "n": make(chan int)})
	assert.NotEqual(t, put, gone)
	assert.Equal(t, gone, fingerprint(t, dest, dynamodest.Row{"id": "k", "gone": 1}))
	assert.Equal(t, put, fingerprint(t, dest, dynamodest.Row{"id": "k", "gone": nil}))
	assert.NotEqual(t, gone, fingerprint(t, dest, dynamodest.Row{"id": "l", "gone": true}))
}

// A row that Write refuses has no fingerprint, also if the fault is in a column that is left out.
func TestFingerprintOfRefusedRows(t *testing.T) {
	t.Parallel()
	dest := newPrinter(t, dynamodest.Config{Delete: "gone"})
	for name, row := range map[string]dynamodest.Row{
		"nil": nil, "no key": {"v": 1}, "no value": {"id": "k", "v": make(chan int)}, "too large": {"id": "k", "v": strings.Repeat("x", 410_000)}, "perhaps a delete": {"id": "k", "gone": "maybe"},
	} {
		sum, err := dest.Fingerprint(row, "v")
		var rowErr *dynamodest.RowError
		require.ErrorAs(t, err, &rowErr, name)
		assert.Zero(t, sum)
		_, want := dest.Item(row)
		assert.Equal(t, want, err, name)
	}
}

func TestFingerprintAllocatesNoMoreThanTheItem(t *testing.T) {
	dest := newPrinter(t, dynamodest.Config{})
	row := dynamodest.Row{"id": "k", "a": 1, "b": "text", "c": 0.5, "at": "monday"}
	assert.LessOrEqual(t, testing.AllocsPerRun(100, func() { _, _ = dest.Fingerprint(row, "at") }), 3.0)
	assert.LessOrEqual(t, testing.AllocsPerRun(100, func() { _, _ = dest.Key(row) }), 4.0, "and one for the Key")
}
