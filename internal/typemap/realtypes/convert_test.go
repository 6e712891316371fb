package realtypes

import (
	"encoding/json"
	"errors"
	"math/big"
	"testing"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/timestamppb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest"
)

// duckDBDecimal is the Decimal of github.com/duckdb/duckdb-go, which needs cgo.
type duckDBDecimal struct {
	Width, Scale uint8
	Value        *big.Int
}

// money, loop and the others below are types that the Convert of the test knows.
type (
	money     int64
	loop      struct{ A int }
	fails     struct{ A int }
	explodes  struct{ A int }
	declines  struct{ A int }
	secondary struct{ v any }
)

var errConvert = errors.New("secret")

// convert knows decimals as numbers, the well-known types of protobuf, and types that do not behave.
func convert(_ string, v any) (any, bool, error) {
	switch v := v.(type) {
	case decimal.Decimal:
		return json.Number(v.String()), true, nil
	case pgtype.Numeric:
		if !v.Valid {
			return nil, true, nil
		}
		scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(-v.Exp)), nil)
		return new(big.Rat).SetFrac(v.Int, scale), true, nil
	case duckDBDecimal:
		scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(v.Scale)), nil)
		return new(big.Rat).SetFrac(v.Value, scale), true, nil
	case *wrapperspb.StringValue:
		return v.GetValue(), true, nil
	case *timestamppb.Timestamp:
		return v.AsTime(), true, nil
	case money:
		return number("12.5").attr, true, nil
	case secondary:
		return v.v, true, nil
	case loop:
		cycle := []any{nil}
		cycle[0] = cycle
		return cycle, true, nil
	case fails:
		return nil, false, errConvert
	case explodes:
		panic("secret")
	case declines:
		return "declined", false, nil
	}
	return nil, false, nil
}

// TestConvert holds that Mapping.Convert is asked at every depth, and which ways out it opens.
func TestConvert(t *testing.T) {
	t.Parallel()
	converts := &dynamodest.Mapping{Convert: convert}
	var writes []write
	add := func(name string, typ dynamodest.Type, v any, w want) {
		writes = append(writes, write{name: name, typ: typ, value: v, mapping: converts, want: w})
	}
	everywhere := func(name string, v any, w want, json string) {
		add(name+" in M", dynamodest.Map, map[string]any{"m": v}, doc{"m": w}.want())
		add(name+" in L", dynamodest.List, []any{v, []any{v}}, list(w, list(w)))
		add(name+" in a slice of its type", dynamodest.List, sliceOf(v), list(w))
		add(name+" in a field", dynamodest.Map, struct {
			F any `dynamodbav:"m"`
		}{v}, doc{"m": w}.want())
		add(name+" in JSON", dynamodest.Auto, []any{v}, text("["+json+"]"))
	}
	price := decimal.RequireFromString("12.50")
	everywhere("decimal.Decimal", price, number("12.5"), "12.5")
	everywhere("*decimal.Decimal", &price, number("12.5"), "12.5")
	everywhere("pgtype.Numeric", pgtype.Numeric{Int: big.NewInt(1250), Exp: -2, Valid: true}, number("12.5"), "12.5")
	everywhere("pgtype.Numeric of null", pgtype.Numeric{}, nothing, "null")
	everywhere("duckdb.Decimal", duckDBDecimal{10, 2, big.NewInt(1250)}, number("12.5"), "12.5")
	everywhere("wrapperspb", wrapperspb.String("x"), text("x"), `"x"`)
	everywhere("timestamppb", timestamppb.New(moment), text(momentText), `"`+momentText+`"`)
	everywhere("AttributeValue", money(1250), number("12.5"), "12.5")
	everywhere("declined", declines{5}, doc{"A": number("5")}.want(), `{"A":5}`)

	add("decimal.Decimal", dynamodest.Auto, price, number("12.5"))
	add("*decimal.Decimal", dynamodest.Auto, &price, number("12.5"))
	add("duckdb.Decimal", dynamodest.Auto, duckDBDecimal{10, 2, big.NewInt(1250)}, number("12.5"))
	add("null", dynamodest.Auto, pgtype.Numeric{}, nothing)
	add("wrapperspb", dynamodest.Auto, wrapperspb.String("x"), text("x"))
	add("AttributeValue", dynamodest.Auto, money(1250), number("12.5"))
	add("declined", dynamodest.Auto, declines{5}, text(`{"A":5}`))

	add("N", dynamodest.Number, price, number("12.5"))
	add("S", dynamodest.String, price, text("12.5"))
	add("NS", dynamodest.NumberSet, []decimal.Decimal{price}, numbers("12.5"))
	add("NS in any", dynamodest.NumberSet, []any{price, 1}, numbers("12.5", "1"))
	add("map with decimals", dynamodest.Map, map[string]decimal.Decimal{"m": price}, doc{"m": number("12.5")}.want())
	add("in a tagged field", dynamodest.Map, struct {
		Price decimal.Decimal `dynamodbav:"price"`
	}{price}, doc{"price": number("12.5")}.want())
	// The answer goes through the order once more without Convert.
	add("answer with a method", dynamodest.Auto, secondary{speaksValue{}}, text("value"))
	add("answer that Convert knows", dynamodest.Auto, secondary{price}, text("12.5"))
	add("answer of a pointer", dynamodest.Auto, secondary{ptr(5)}, number("5"))
	add("answer of a list", dynamodest.Auto, secondary{[]any{1}}, text("[1]"))
	add("answer of nil", dynamodest.Auto, secondary{}, nothing)
	add("cycle", dynamodest.Auto, loop{}, mapping)
	add("error", dynamodest.Auto, fails{}, mapping)
	add("error in L", dynamodest.List, []any{fails{}}, mapping)
	add("panic", dynamodest.Auto, explodes{}, mapping)
	// What is before Convert in the order.
	add("AttributeValue is first", dynamodest.Auto, number("1").attr, number("1"))
	add("built-in types are first", dynamodest.Auto, "x", text("x"))
	add("time is first", dynamodest.Auto, moment, text(momentText))
	writes = append(writes, write{
		name: "key", value: price, key: types.ScalarAttributeTypeN, mapping: converts, want: number("12.5"),
	})
	runWrites(t, writes...)
}

// TestConvertErrors holds that an error of Convert is reached by unwrapping, and is not quoted.
func TestConvertErrors(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		t.Helper()
		cfg := s.cfg
		cfg.Table = s.table(t, types.ScalarAttributeTypeS)
		cfg.Mapping.Convert = convert
		dest, err := dynamodest.New(t.Context(), cfg)
		require.NoError(t, err)
		for _, v := range []any{fails{}, explodes{}, []any{fails{}}} {
			_, err = dest.Item(dynamodest.Row{partitionColumn: "cases", sortColumn: "x", valueColumn: v})
			require.ErrorIs(t, err, dynamodest.ErrMapping)
			assert.NotContains(t, err.Error(), "secret")
			assert.Contains(t, err.Error(), `column "`+valueColumn+`"`)
		}
		_, err = dest.Item(dynamodest.Row{partitionColumn: "cases", sortColumn: "x", valueColumn: fails{}})
		assert.ErrorIs(t, err, errConvert)
	})
}

// TestConvertColumn holds that Convert is given the name of the column at every depth.
func TestConvertColumn(t *testing.T) {
	t.Parallel()
	var columns []string
	cfg := dynamodest.Mapping{Convert: func(column string, _ any) (any, bool, error) {
		columns = append(columns, column)
		return nil, false, nil
	}}
	eachSite(t, func(t *testing.T, s *site) {
		t.Helper()
		if s.name != "double" {
			return // the columns do not depend on the site
		}
		c := s.cfg
		c.Table, c.Mapping = s.table(t, types.ScalarAttributeTypeS), cfg
		dest, err := dynamodest.New(t.Context(), c)
		require.NoError(t, err)
		_, err = dest.Item(dynamodest.Row{partitionColumn: "cases", sortColumn: "x", "deep": []any{[]any{declines{1}}}})
		require.NoError(t, err)
		require.NotEmpty(t, columns)
		for _, column := range columns {
			assert.Equal(t, "deep", column)
		}
	})
}
