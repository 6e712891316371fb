package typemap

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/table"
)

// coefficient is a decimal that only its own package can read.
type coefficient struct{ units, exponent int }

func (c coefficient) MarshalText() ([]byte, error) { return []byte("text"), nil }

// message has a lock inside, so it must not be copied.
type message struct {
	mu    sync.Mutex
	value int
}

// decimals converts coefficients, and messages by pointer.
func decimals(_ string, v any) (any, bool, error) {
	switch v := v.(type) {
	case coefficient:
		return types.AttributeValue(&types.AttributeValueMemberN{Value: fmt.Sprintf("%de%d", v.units, v.exponent)}), true, nil
	case *message:
		v.mu.Lock()
		defer v.mu.Unlock()
		return v.value, true, nil
	}
	return nil, false, nil
}

func TestConvertFunc(t *testing.T) {
	t.Parallel()
	type m = map[string]types.AttributeValue
	c := coefficient{1250, -2}
	for name, tt := range map[string]struct {
		typ  Type
		v    any
		want types.AttributeValue
	}{
		"top": {Auto, c, n("12.5")}, "pointer": {Auto, &c, n("12.5")}, "two pointers": {Auto, ptr(&c), n("12.5")},
		"nil pointer": {Auto, (*coefficient)(nil), null()},
		"N":           {Number, c, n("12.5")},
		"L":           {List, []coefficient{c}, list(n("12.5"))}, "M": {Map, map[string]any{"k": c}, object(m{"k": n("12.5")})},
		"struct": {Map, struct{ A *coefficient }{&c}, object(m{"A": n("12.5")})},
		"NS":     {NumberSet, []coefficient{c, {125, -1}}, ns("12.5")}, "JSON": {Auto, []any{c, nil, "a"}, s(`[12.5,null,"a"]`)},
		"message": {Auto, &message{value: 7}, n("7")}, "message in L": {List, []*message{{value: 7}}, list(n("7"))},
		"declined": {Auto, texter{'a', 'b'}, s("a-b")}, "built in": {Auto, 5, n("5")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mapping := forcing(tt.typ)
			mapping.Convert = decimals
			got, err := convertValue(t, mapping, tt.v)
			if err != nil {
				require.NoError(t, err)
			}
			require.Equal(t, tt.want, got)
		})
	}
}

// Convert is asked for every value but AttributeValues, built-in values and what leads to them, and
// what it returns goes through the order once more, without Convert.
func TestConvertFuncIsAskedOnce(t *testing.T) {
	t.Parallel()
	type named int
	var asked []any
	mapping := Mapping{Convert: func(column string, v any) (any, bool, error) {
		assert.Equal(t, "v", column)
		asked = append(asked, v)
		if v, ok := v.(named); ok {
			return []any{v, map[string]any{"k": v + 1}}, true, nil
		}
		return nil, false, nil
	}}
	one := 1
	v := []any{
		ptr(any(5)), ptr(any(nil)), ptr(n("2")), map[any]any{"k": 1, 2: "x"},
		nil, "a", true, 1, 1.5, []byte("b"), time.Unix(0, 0), n("1"), &one, ptr(ptr("x")), (*named)(nil), map[string]any(nil),
		named(1), ptr(named(3)), namedString("s"), map[string]named{},
	}
	got, err := convertValue(t, mapping, v)
	if err != nil {
		require.NoError(t, err)
	}
	require.Equal(t, s(`[5,null,2,{"2":"x","k":1},null,"a",true,1,1.5,"Yg==","1970-01-01T00:00:00Z",1,1,"x",null,null,[1,{"k":2}],[3,{"k":4}],"s",{}]`), got)
	three := named(3)
	require.Equal(t, []any{v, v[0], v[1], v[2], v[3], named(1), &three, named(3), namedString("s"), map[string]named{}}, asked)
}

// Convert is asked for the keys of maps, too, and for times before their own kind.
func TestConvertFuncOfKeysAndTimes(t *testing.T) {
	t.Parallel()
	type named string
	convert := func(_ string, v any) (any, bool, error) {
		switch v := v.(type) {
		case named:
			if v == "secret" {
				return nil, true, errSecret
			} else if v == "nil" {
				return nil, true, nil
			} else if v == "list" {
				return []int{1}, true, nil
			}
			return []byte(v), v == "bytes", nil
		case *texter, namedInt:
			return 1.50, true, nil
		case namedTime:
			return "1970-01-01T00:00:09Z", true, nil
		}
		return nil, false, nil
	}
	mapping := Mapping{Convert: convert}
	for want, v := range map[string]any{
		`{"Ynl0ZXM=":1}`: map[named]int{"bytes": 1}, `{"text":1}`: map[named]int{"text": 1}, `{"1.5":{"a-b":2}}`: map[any]any{namedInt(7): map[any]any{texter{'a', 'b'}: 2}},
		`{"1.5":3}`: map[*texter]int{{'a', 'b'}: 3}, `{"AQI=":3}`: map[[2]byte]int{{1, 2}: 3},
	} {
		got, err := convertValue(t, mapping, v)
		if err != nil {
			require.NoError(t, err)
		}
		require.Equal(t, s(want), got)
	}
	for _, key := range []named{"secret", "nil", "list"} {
		_, err := convertValue(t, mapping, map[named]int{key: 1})
		require.NotNil(t, err)
		require.Contains(t, err.Text, "a map key of Go type typemap.named")
		require.NotContains(t, err.Error(), "secret-")
	}
	for typ, want := range map[Type]types.AttributeValue{EpochSeconds: n("9"), EpochMillis: n("9000"), SortableTime: s("1970-01-01T00:00:09.000000000Z")} {
		mapping := forcing(typ)
		mapping.Convert = convert
		got, err := convertValue(t, mapping, namedTime(time.Unix(5, 0)))
		if err != nil {
			require.NoError(t, err)
		}
		require.Equal(t, want, got)
	}
}

// What Convert does wrong costs its row alone.
func TestConvertFuncThatFails(t *testing.T) {
	t.Parallel()
	secret := errors.New("secret")
	type loop []any
	cycle := make([]any, 1)
	cycle[0] = cycle
	var pointer any
	pointer = &pointer
	for name, tt := range map[string]struct {
		convert func() (any, bool, error)
		text    string
	}{
		"error":              {func() (any, bool, error) { return nil, true, secret }, "Mapping.Convert, given Go type typemap.texter, returned an error of type *errors.errorString"},
		"error and declined": {func() (any, bool, error) { return nil, false, secret }, "Mapping.Convert, given Go type typemap.texter, returned an error of type *errors.errorString"},
		"panic":              {func() (any, bool, error) { panic("secret") }, "Mapping.Convert, given Go type typemap.texter, panicked"},
		"end":                {func() (any, bool, error) { runtime.Goexit(); return nil, true, nil }, "a method of a value in the row, or Mapping.Convert, called runtime.Goexit"},
		"channel":            {func() (any, bool, error) { return make(chan int), true, nil }, "Go type chan int cannot be stored in DynamoDB"},
		"cycle":              {func() (any, bool, error) { return cycle, true, nil }, "the value contains itself, or is nested deeper than 1000 levels"},
		"pointer to itself":  {func() (any, bool, error) { return pointer, true, nil }, "the pointers or methods of *any return further values without end"},
		"named cycle":        {func() (any, bool, error) { return loop(cycle), true, nil }, "the value contains itself, or is nested deeper than 1000 levels"},
		"bad number":         {func() (any, bool, error) { return n("x"), true, nil }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := New(Mapping{Convert: func(_ string, _ any) (any, bool, error) { return tt.convert() }}, partitionKey("id", item.N))
			rows := make([]row, 100)
			for i := range rows {
				rows[i] = row{"id": i}
				if i%10 == 5 {
					rows[i]["v"] = texter{'s', 't'}
				}
			}
			items, errs := c.ConvertAll(t.Context(), rows)
			for i := range rows {
				if i%10 != 5 {
					require.Nil(t, errs[i])
					require.NotNil(t, items[i])
					continue
				}
				require.NotNil(t, errs[i])
				require.Nil(t, items[i])
				require.Equal(t, fault.Mapping, errs[i].Reason)
				require.Contains(t, errs[i].Text, tt.text)
				require.NotContains(t, errs[i].Error(), "secret")
				if name == "error" {
					require.Equal(t, "v", errs[i].Column)
					require.ErrorIs(t, errs[i], secret)
				}
			}
			_, err := c.Convert(rows[5])
			require.NotNil(t, err)
			require.Contains(t, err.Text, tt.text)
		})
	}
}

func TestConvertFuncRunsOnManyGoroutines(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	c := New(Mapping{Convert: func(string, any) (any, bool, error) { calls.Add(1); return "x", true, nil }}, table.Schema{})
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			for range 50 {
				it, err := c.Convert(row{"v": texter{}})
				if assert.Nil(t, err) {
					assert.Equal(t, s("x"), it.SDK()["v"])
				}
			}
		})
	}
	callers.Wait()
	require.EqualValues(t, 400, calls.Load())
}
