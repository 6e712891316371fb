package typemap

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/big"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/itemtest"
	"github.com/dynamodest/dynamodest/internal/table"
)

// sameFault requires that got says what want says.
func sameFault(t *testing.T, want, got *fault.Error) {
	t.Helper()
	if want == nil {
		require.Nil(t, got)
		return
	}
	require.NotNil(t, got)
	require.Equal(t, want.Text, got.Text)
	require.Equal(t, []any{want.Reason, want.Column, want.Attribute, want.Advice()}, []any{got.Reason, got.Column, got.Attribute, got.Advice()})
}

// sameItem requires that got, an item of JSON, is the item that flat is.
func sameItem(t *testing.T, flat, got *item.Item) {
	t.Helper()
	require.Nil(t, got.Attrs)
	require.Equal(t, string(flat.AppendJSON(nil)), string(got.JSON))
	require.Equal(t, string(flat.AppendAttributes(nil)), string(got.AppendAttributes(nil)))
	want := item.Item{
		JSON: got.JSON, Delete: flat.Delete, Key: flat.Key, PartitionLen: flat.PartitionLen, Rank: flat.Rank, Size: flat.Size,
		EncodedSize: len(got.JSON), Footprint: got.Footprint,
	}
	require.Equal(t, want, *got)
	require.Equal(t, flat.EncodedSize, got.EncodedSize)
	values, attributes := got.Footprint-len(got.JSON)-len(got.Key), len(flat.Attrs) // a long number may count a byte more
	require.LessOrEqual(t, values, flat.Footprint+attributes)
	require.GreaterOrEqual(t, values, flat.Footprint-(item.AttrBytes+1)*attributes)
}

// valuesOf returns the columns of r in an order that depends on seed, and r's values in that order.
func valuesOf(r row, seed uint64) (columns []string, values []any) {
	columns = slices.Sorted(maps.Keys(r))
	random := rand.New(rand.NewPCG(seed, 2))
	random.Shuffle(len(columns), func(i, j int) { columns[i], columns[j] = columns[j], columns[i] })
	for _, name := range columns {
		values = append(values, r[name])
	}
	return columns, values
}

// encodesAsConverted requires that every way of encoding r agrees with its flat item, and returns that.
func encodesAsConverted(t *testing.T, s *Scratch, m Mapping, schema table.Schema, r row) (*item.Item, *fault.Error) {
	t.Helper()
	flat, want := New(m, schema).Convert(r)
	c := New(m, schema)
	var texts item.Texts
	agrees := func(encode func(it *item.Item) *fault.Error) {
		t.Helper()
		var got item.Item
		err := encode(&got)
		want := want
		for tries := 0; err != nil && want != nil && err.Text != want.Text && tries < 100; tries++ {
			_, want = c.Convert(r) // of several faults in one map, any is found first
		}
		sameFault(t, want, err)
		if want == nil {
			sameItem(t, flat, &got)
		} else {
			require.Equal(t, item.Item{}, got)
		}
		require.Equal(t, item.Attr{}, s.attr)
		require.Equal(t, cap(s.found), countOf(s.found[:cap(s.found)], foundValue{}))
	}
	for range 2 { // the second time the columns are known
		agrees(func(it *item.Item) *fault.Error { return c.Encode(s, &texts, it, r) })
	}
	columns, values := valuesOf(r, uint64(len(r)))
	plan, err := c.PlanValues(columns)
	require.Nil(t, err)
	agrees(func(it *item.Item) *fault.Error { return c.EncodeValues(s, &texts, it, plan, values) })
	return flat, want
}

func countOf[T comparable](list []T, elem T) int {
	n := 0
	for _, e := range list {
		if e == elem {
			n++
		}
	}
	return n
}

// FuzzEncode compares the ways of encoding a row with the flat item, and the bytes with those of the SDK.
func FuzzEncode(f *testing.F) {
	for _, seed := range append(randomSeeds(), 1712) { // the last has two faults in one map
		f.Add(seed)
	}
	var s Scratch
	f.Fuzz(func(t *testing.T, seed uint64) {
		r, m, schema := randomCase(seed)
		random := rand.New(rand.NewPCG(seed, 3))
		m.Bytes, m.MissingAsNull = Bytes(random.IntN(2)), random.IntN(4) == 0
		switch random.IntN(8) {
		case 0:
			m.Version, r["v"] = "v", random.Int()
			m.Fields = append(m.Fields, field("v", Auto))
		case 1:
			m.Delete, r["d"] = "d", []any{true, false, nil, "true", 1, "x"}[random.IntN(6)]
		case 2:
			m.Convert = func(_ string, v any) (any, bool, error) { return "", false, nil }
		}
		untouched := printable(r)
		flat, err := encodesAsConverted(t, &s, m, schema, r)
		require.Equal(t, untouched, printable(r))
		if err != nil || flat.Delete {
			return
		}
		body := string(itemtest.Body(t, "tbl", flat.SDK()))
		request := strings.TrimSuffix(strings.TrimPrefix(body, `{"RequestItems":{"tbl":[`), `]},"ReturnConsumedCapacity":"INDEXES"}`)
		require.JSONEq(t, request, string(flat.AppendJSON(nil)))
	})
}

// everyValue is values of every type that is encoded quickly, and of some that are not, with those at the edges.
func everyValue() []any {
	now := time.Date(2026, 3, 4, 5, 6, 7, 891_000_000, time.UTC)
	return []any{
		nil, true, false, "", "text", "12", "1e400", "true", "\x00\"\u2028\x7f", "x\xff", strings.Repeat("x", 1024), strings.Repeat("x", 1025), strings.Repeat("x", 2049),
		[]byte(nil), []byte{}, []byte("bytes"), []byte{1}, []byte{0xff}, []byte(strings.Repeat("b", 1025)),
		now, now.In(time.FixedZone("", 5400)), zoned, time.Time{}, now.AddDate(9000, 0, 0), ptr(now),
		int(-1), int8(math.MinInt8), int16(7), int32(100), int64(math.MinInt64), int64(0), uint(1), uint8(255), uint16(10), uint32(0), uint64(math.MaxUint64), big.NewInt(1000),
		0.0, math.Copysign(0, -1), 0.1, 1e19, 1e-19, 1e125, 1e126, 1e-131, math.NaN(), math.Inf(-1), math.MaxFloat64, math.SmallestNonzeroFloat64, float32(0.1), float32(math.MaxFloat32),
		json.Number(""), json.Number("0"), json.Number("1.50"), json.Number("-1e3"), json.Number("1E-130"), json.Number("1E-131"), json.Number("x"), json.Number(strings.Repeat("9", 39)), json.Number("000000000000001"),
		namedString("named"), namedInt(3), valuer{int64(5)}, valuer{nil}, texter{'a', 'b'}, failing{}, make(chan int), s("av"), s(""), n("1.0"), ss("a"), null(), nilInt,
		[]float64{0.25, 1e300}, []float64{0.25, 0.5, 0.75}, map[string]any{"b": 1, "a": []any{nil, "x"}}, []string{}, json.RawMessage(`{"a": 1}`), json.RawMessage(`"x"`), bigFloat("1.5"),
	}
}

// TestEncodeAgrees compares the ways of encoding every value in every role, for every type and policy.
func TestEncodeAgrees(t *testing.T) {
	t.Parallel()
	schema := schemaOfKeys(item.S, item.N)
	schema.Filters = []table.Key{{Name: "f", Kind: item.S, Role: "filter of vector index x"}}
	schema.Vectors = []table.Vector{{Name: "e", Dimensions: 3, Index: "x"}}
	schema.Indexes = append(schema.Indexes, table.Index{Name: "u", Keys: []table.Key{{Name: "u", MaxBytes: 1024, Role: "key of index u"}}})
	schema.Indexes = append(schema.Indexes, table.Index{Name: "p", Keys: []table.Key{{Name: "p", Kind: item.S, MaxBytes: 1024, Role: "key of index p"}, {Name: "z", Kind: item.S, Role: "key of index p"}}})
	types := []Type{Auto, String, Number, Binary, Bool, JSON, List, Map, StringSet, NumberSet, BinarySet, EpochSeconds, EpochMillis, SortableTime}
	for _, name := range []string{"p", "s", "g", "h", "f", "e", "u", "v", "plain"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var s Scratch
			encoded, refused := 0, 0
			for _, typ := range types {
				for policies := range 18 {
					if typ != Auto && policies%5 > 0 {
						continue // for the others, four of the eighteen
					}
					m := Mapping{Null: Null(policies % 3), EmptyString: EmptyString(policies / 3 % 3), Bytes: Bytes(policies / 9)}
					for _, column := range []string{"p", "s", "g", "h", "z"} {
						if column != name {
							m.Fields = append(m.Fields, field(column, Auto))
						}
					}
					m.Fields = append(m.Fields, field(name, typ))
					if name == "v" && policies%2 == 0 {
						m.Version = "v"
					}
					for i, v := range everyValue() {
						r := row{"p": "partition", "s": 7, "unmapped": "x"}
						if i%2 == 0 {
							r["z"], r["g"], r["h"] = "in the index", "g", 1
						}
						r[name] = v
						if _, err := encodesAsConverted(t, &s, m, schema, r); err != nil {
							refused++
						} else {
							encoded++
						}
					}
				}
			}
			assert.Greater(t, encoded, 200)
			assert.Greater(t, refused, 200)
		})
	}
}

func TestEncodeRefusesANilRow(t *testing.T) {
	t.Parallel()
	var it item.Item
	sameFault(t, errNilRow, New(Mapping{}, table.Schema{}).Encode(new(Scratch), new(item.Texts), &it, nil))
	assert.Equal(t, item.Item{}, it)
}

// The bytes of an item do not change when the Scratch and the Texts are used for other rows.
func TestEncodedItemsAreTheirOwn(t *testing.T) {
	t.Parallel()
	c := New(Mapping{}, partitionKey("id", item.N))
	var s Scratch
	var texts item.Texts
	texts.Expect(100)
	items, want := make([]item.Item, 100), make([]*item.Item, 100)
	for i := range items {
		r := row{"id": i, "text": strings.Repeat("x", i), "document": map[string]any{"a": i}, "v": valuer{int64(i)}}
		require.Nil(t, c.Encode(&s, &texts, &items[i], r))
		want[i] = mustConvert(t, c, r)
	}
	for i := range items {
		sameItem(t, want[i], &items[i])
	}
}

// Goexit in Mapping.Convert costs its own row alone, and the Scratch can be used on.
func TestEncodeOutlivesGoexit(t *testing.T) {
	t.Parallel()
	m := Mapping{Convert: func(_ string, v any) (any, bool, error) {
		if v == namedInt(1) {
			runtime.Goexit()
		}
		return "converted", true, nil
	}}
	c := New(m, table.Schema{})
	var s Scratch
	var texts item.Texts
	var it item.Item
	sameFault(t, c.errGoexit(), c.Encode(&s, &texts, &it, row{"a": 1, "b": namedInt(1)}))
	assert.Equal(t, item.Item{}, it)
	require.Nil(t, c.Encode(&s, &texts, &it, row{"a": 1, "b": namedInt(2)}))
	assert.JSONEq(t, `{"a":{"N":"1"},"b":{"S":"converted"}}`, string(it.AppendAttributes(nil)))

	keyed := New(m, partitionKey("a", item.N)) // nothing is left of the key of the row before
	sameFault(t, keyed.errGoexit(), keyed.Encode(&s, &texts, &it, row{"a": 1, "b": namedInt(1)}))
	err := keyed.Encode(&s, &texts, &it, row{"b": 1})
	require.NotNil(t, err)
	assert.Equal(t, fault.Key, err.Reason)
}

// TestEncodeIsRaceFree has a meaning only under the race detector: one Converter serves many goroutines.
func TestEncodeIsRaceFree(t *testing.T) {
	t.Parallel()
	c := New(Mapping{}, partitionKey("id", item.N))
	plan, err := c.PlanValues([]string{"z", "id"})
	require.Nil(t, err)
	var running sync.WaitGroup
	for g := range 8 {
		running.Go(func() {
			var s Scratch
			var texts item.Texts
			for i := range 100 {
				var it, other item.Item
				name := fmt.Sprint("c", (g+i)%5)
				assert.Nil(t, c.Encode(&s, &texts, &it, row{"id": i, name: struct{ A, B int }{i, g}, "z": nil}))
				assert.Nil(t, c.EncodeValues(&s, &texts, &other, plan, []any{g, i}))
				assert.Equal(t, it.Key, other.Key)
			}
		})
	}
	running.Wait()
}

// A row of simple values costs its share of a slab, and of the memory for texts in between.
func TestEncodeAllocatesNothing(t *testing.T) {
	rows := benchRows()
	rows["keys of numbers"] = row{"user_id": int64(12345678901)}
	for _, name := range []string{"3", "10", "50", "300", "nested", "keys of numbers"} {
		r := rows[name]
		schema := partitionKey("user_id", item.S)
		if _, ok := r["user_id"].(int64); ok {
			schema = partitionKey("user_id", item.N)
		}
		c := New(Mapping{}, schema)
		columns, values := byPosition(r)
		plan, err := c.PlanValues(columns)
		require.Nil(t, err)
		var s Scratch
		var it item.Item
		var texts item.Texts
		texts.Expect(1 << 20) // as much as is ever reserved at once
		assert.Zero(t, testing.AllocsPerRun(200, func() { require.Nil(t, c.Encode(&s, &texts, &it, r)) }), name)
		assert.Zero(t, testing.AllocsPerRun(200, func() { require.Nil(t, c.EncodeValues(&s, &texts, &it, plan, values)) }), name)
	}
}
