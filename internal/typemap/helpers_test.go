package typemap

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/itemtest"
	"github.com/dynamodest/dynamodest/internal/table"
)

// TestMain fails if the tests leave a goroutine behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type (
	row   = map[string]any
	avMap = map[string]types.AttributeValue // of an M
)

// Short names keep the tables of tests readable.
var (
	s       = itemtest.S
	n       = itemtest.N
	bin     = itemtest.B
	boolean = itemtest.Bool
	null    = itemtest.Null
	list    = itemtest.L
	object  = itemtest.M
	ss      = itemtest.SS
	ns      = itemtest.NS
	bs      = itemtest.BS
)

type (
	namedString string
	namedInt    int16
	namedUint   uint8
	namedFloat  float32
	namedBool   bool
	namedBytes  []byte
	namedTime   time.Time

	valuer        struct{ v any }
	pointerValuer struct{ v any }
	texter        struct{ A, B byte }
	marshaler     struct{ raw string }
	both          struct{} // a Valuer and a TextMarshaler
	failing       struct{ panics bool }

	marshalingSlice []int
	marshalingText  string
)

func (m marshalingSlice) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, `{"length":%d}`, len(m)), nil
}
func (m marshalingText) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, `"<%s>"`, string(m)), nil
}

func (v valuer) Value() (driver.Value, error)         { return v.v, nil }
func (v *pointerValuer) Value() (driver.Value, error) { return v.v, nil }
func (x texter) MarshalText() ([]byte, error)         { return []byte{x.A, '-', x.B}, nil }
func (m marshaler) MarshalJSON() ([]byte, error)      { return []byte(m.raw), nil }
func (both) Value() (driver.Value, error)             { return int64(7), nil }
func (both) MarshalText() ([]byte, error)             { return []byte("text"), nil }

var errSecret = errors.New("secret-in-error")

func (f failing) MarshalText() ([]byte, error) {
	if f.panics {
		panic("secret-in-panic")
	}
	return nil, errSecret
}

func ptr[T any](v T) *T { return &v }

func bigFloat(text string) *big.Float {
	f, _, err := big.ParseFloat(text, 10, 200, big.ToNearestEven)
	if err != nil {
		panic(err)
	}
	return f
}

func bigInt(text string) *big.Int {
	i, ok := new(big.Int).SetString(text, 10)
	if !ok {
		panic(text)
	}
	return i
}

// convertValue converts the column v of a row to its attribute; nil if v is left out.
func convertValue(t testing.TB, m Mapping, v any) (types.AttributeValue, *fault.Error) {
	t.Helper()
	if len(m.Fields) > 0 {
		m.Fields = append(slices.Clip(m.Fields), field("id", Auto))
	}
	it, err := New(m, table.Schema{}).Convert(row{"v": v, "id": 1})
	if err != nil {
		return nil, err
	}
	return it.SDK()["v"], nil
}

// holdsValue requires that the column v becomes want by m or, if want is nil, that its row is refused for it,
// without its value and with a way out.
func holdsValue(t *testing.T, m Mapping, v any, want types.AttributeValue) {
	t.Helper()
	got, err := convertValue(t, m, v)
	if want != nil {
		if err != nil {
			require.NoError(t, err)
		}
		require.Equal(t, want, got)
		return
	}
	require.NotNil(t, err)
	require.Equal(t, fault.Mapping, err.Reason)
	require.Equal(t, "v", err.Column)
	require.NotContains(t, err.Error(), "secret")
	require.NotEmpty(t, err.Advice().Remedy)
}

// field maps a column to the attribute of the same name.
func field(column string, t Type) Field { return Field{Column: column, Attribute: column, Type: t} }

func forcing(t Type) Mapping { return Mapping{Fields: []Field{field("v", t)}} }

// mustConvert returns the item of r, which must have one.
func mustConvert(t testing.TB, c *Converter, r row) *item.Item {
	t.Helper()
	it, err := c.Convert(r)
	if err != nil {
		require.NoError(t, err)
	}
	require.NotNil(t, it)
	return it
}

// schemaOfKeys is the schema of a table with the key attributes p and s and three index keys.
func schemaOfKeys(partition, sort item.Kind) table.Schema {
	return table.Schema{
		Partition: table.Key{Name: "p", Kind: partition, MaxBytes: 2048, Role: "partition key"},
		Sort:      table.Key{Name: "s", Kind: sort, MaxBytes: 1024, Role: "sort key"},
		Indexes: []table.Index{
			{Name: "g1", Keys: []table.Key{{Name: "g", Kind: item.S, MaxBytes: 2048, Role: "key of index g1"}}},
			{Name: "g2", Keys: []table.Key{{Name: "g", Kind: item.S, MaxBytes: 1024, Role: "key of index g2"}}},
			{Name: "h1", Keys: []table.Key{{Name: "h", Kind: item.N, MaxBytes: 1024, Role: "key of index h1"}}},
		},
	}
}

// partitionKey is the schema of a table whose key is one attribute.
func partitionKey(name string, kind item.Kind) table.Schema {
	return table.Schema{Partition: table.Key{Name: name, Kind: kind, MaxBytes: 2048, Role: "partition key"}}
}

var (
	nilMap   map[string]any
	nilSlice []int
	nilBytes []byte
	nilInt   *int
	nilBig   *big.Int
	nilTime  *time.Time
	nilValue *pointerValuer
	nilAttr  *types.AttributeValueMemberS
)

// zoned is a time in a zone whose offset has seconds.
var zoned = time.Date(1890, 1, 2, 3, 4, 5, 6000, time.FixedZone("LMT", 17*60+30))
