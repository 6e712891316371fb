package typemap

import (
	"encoding/json"
	"math/big"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest/internal/decimal"
	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
)

// tree converts one Go value. The Form decides which numbers are valid and how deep the value may
// be nested.
type tree struct {
	item.Tree
	rules *rules
	asked
}

// asked is how values are asked what they mean, in one part of a tree.
type asked struct {
	converted bool      // the part is from Mapping.Convert, which is not asked for it once more
	wants     item.Kind // the kind that a scalar, or a member of a set, is made for; item.None for any
}

// newTree starts a value of the given form, which the rules of its column apply to.
func newTree(b *item.Builder, form item.Form, r *rules) tree {
	return tree{Tree: b.NewTree(form), rules: r}
}

// sibling starts another tree for the same value.
func (t *tree) sibling(form item.Form) tree {
	s := newTree(t.Builder, form, t.rules)
	s.converted = t.converted
	return s
}

// setBuiltin stores v in a, and reports true, if v has one of the directly supported types.
func (t *tree) setBuiltin(a *item.Attr, v any, level int) (ok bool, err error) {
	switch v := v.(type) {
	case nil:
		a.Kind = item.Null
	case string:
		a.Set(item.S, v)
	case bool:
		a.SetBool(v)
	case int, int64, int8, int16, int32, uint, uint8, uint16, uint32, uint64:
		t.setInteger(a, v)
	case float64:
		return true, t.setFloat(a, v, 64)
	case []byte:
		t.setBytes(a, v)
	case time.Time:
		return true, t.setTime(a, v)
	case json.Number:
		return true, t.setNumber(a, string(v))
	case float32:
		return true, t.setFloat(a, float64(v), 32)
	case *big.Int:
		return true, t.setBigInt(a, v)
	case *big.Float:
		return true, t.setBigFloat(a, v)
	case *big.Rat:
		return true, t.setBigRat(a, v)
	case big.Int:
		return true, t.setBigInt(a, &v)
	case big.Float:
		return true, t.setBigFloat(a, &v)
	case big.Rat:
		return true, t.setBigRat(a, &v)
	case binary:
		a.Set(item.B, t.Keep(v))
	case types.AttributeValue:
		if !item.IsNil(v) {
			return true, t.FromSDK(a, v, level)
		}
		a.Kind = item.Null
	default:
		return false, nil
	}
	return true, nil
}

// setInteger sets a to the number v, which is of an integer type of Go's own.
func (t *tree) setInteger(a *item.Attr, v any) {
	var buf [20]byte
	text, _ := appendInteger(buf[:0], v)
	a.Set(item.N, t.Keep(text))
}

// appendInteger appends v in decimal. It reports false if v is of no integer type of Go's own.
func appendInteger(dst []byte, v any) (out []byte, ok bool) {
	switch v := v.(type) {
	case int64:
		return strconv.AppendInt(dst, v, 10), true
	case int:
		return strconv.AppendInt(dst, int64(v), 10), true
	case int32:
		return strconv.AppendInt(dst, int64(v), 10), true
	case int16:
		return strconv.AppendInt(dst, int64(v), 10), true
	case int8:
		return strconv.AppendInt(dst, int64(v), 10), true
	case uint64:
		return strconv.AppendUint(dst, v, 10), true
	case uint:
		return strconv.AppendUint(dst, uint64(v), 10), true
	case uint32:
		return strconv.AppendUint(dst, uint64(v), 10), true
	case uint16:
		return strconv.AppendUint(dst, uint64(v), 10), true
	case uint8:
		return strconv.AppendUint(dst, uint64(v), 10), true
	}
	return dst, false
}

func (t *tree) setFloat(a *item.Attr, f float64, bits int) error {
	var buf [64]byte
	var text []byte
	var err error
	if t.Form == item.JSONText {
		text, err = appendJSONFloat(buf[:0], f, bits)
	} else {
		text, err = decimal.AppendFloat(buf[:0], f, bits)
	}
	if err != nil {
		return item.NumberFault(err)
	}
	a.Set(item.N, t.Keep(text))
	return nil
}

// setNumber sets a to the number that text spells: as spelled in JSON text, otherwise in DynamoDB's
// canonical form.
func (t *tree) setNumber(a *item.Attr, text string) error {
	switch {
	case t.Form == item.JSONText && text == "":
		a.Set(item.N, "0") // as encoding/json does
	case t.Form == item.JSONText:
		if n := scanNumber(text); n == 0 || n < len(text) {
			return item.NumberFault(decimal.ErrSyntax)
		}
		a.Set(item.N, text)
	case text == "":
		return fault.NewMapping("the value is empty text, which is not a number").WithRemedy("provide nil or a number instead")
	default:
		return t.SetCanonical(a, text)
	}
	return nil
}

// maxBits bounds the big numbers that are written out: 20,000 digits are more than any number needs
// and take no time to write.
const maxBits = 1 << 16

func (t *tree) setBigInt(a *item.Attr, i *big.Int) error {
	if i == nil {
		a.Kind = item.Null
		return nil
	}
	if i.BitLen() > maxBits {
		return item.NumberFault(decimal.ErrRange)
	}
	return t.setNumber(a, i.String())
}

// setBigFloat sets a to the shortest decimal that reads back equal to f at f's precision.
func (t *tree) setBigFloat(a *item.Attr, f *big.Float) error {
	switch {
	case f == nil:
		a.Kind = item.Null
		return nil
	case f.IsInf():
		return item.NumberFault(decimal.ErrNotFinite)
	}
	exponent := f.MantExp(nil)
	if max(exponent, -exponent)+int(f.MinPrec()) > maxBits {
		return item.NumberFault(decimal.ErrRange)
	}
	return t.setNumber(a, f.Text('g', -1))
}

// setBigRat sets a to the decimal that is equal to r. It fails if no decimal is.
func (t *tree) setBigRat(a *item.Attr, r *big.Rat) error {
	switch {
	case r == nil:
		a.Kind = item.Null
		return nil
	case r.IsInt():
		return t.setBigInt(a, r.Num())
	case r.Denom().BitLen() > maxDenominator:
		return fault.NewMapping("the value is a fraction whose denominator has more than %d bits", maxDenominator).WithRemedy(roundRemedy)
	case r.Num().BitLen() > maxBits:
		return item.NumberFault(decimal.ErrRange)
	}
	places, exact := r.FloatPrec()
	if !exact {
		return fault.NewMapping("the value is a fraction that no finite decimal is equal to").WithRemedy(roundRemedy)
	}
	return t.setNumber(a, r.FloatString(places))
}

// maxDenominator bounds the denominators of fractions, in bits: a finite decimal with such a denominator
// has a thousand digits or more, and takes under a millisecond to write.
const maxDenominator = 1 << 12

const roundRemedy = `round the fraction in the source: FloatString of big.Rat gives a decimal that Field.Type "N" takes`

// binary is a value of bytes that are never text, whatever the mapping says of bytes: those of an array.
type binary []byte

// setBytes sets a to a copy of p: to an S if the mapping takes bytes for text and p is UTF-8, otherwise
// to a B.
func (t *tree) setBytes(a *item.Attr, p []byte) {
	switch {
	case p == nil:
		a.Kind = item.Null
	case t.rules.bytes == TextBytes && utf8.Valid(p):
		a.Set(item.S, t.Keep(p))
	default:
		a.Set(item.B, t.Keep(p))
	}
}
