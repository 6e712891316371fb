package typemap

import (
	"encoding/json"
	"math/big"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest/internal/decimal"
	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
)

// tree converts one Go value. The Form decides which numbers are valid and how deep the value may
// be nested.
type tree struct {
	item.Tree
	rules     *rules
	converted bool      // the value is from Mapping.Convert, which is not asked for it once more
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
	case int:
		t.setInt(a, int64(v))
	case int64:
		t.setInt(a, v)
	case float64:
		return true, t.setFloat(a, v, 64)
	case []byte:
		t.setBytes(a, v)
	case time.Time:
		return true, t.setTime(a, v)
	case json.Number:
		return true, t.setNumber(a, string(v))
	case int8:
		t.setInt(a, int64(v))
	case int16:
		t.setInt(a, int64(v))
	case int32:
		t.setInt(a, int64(v))
	case uint:
		t.setUint(a, uint64(v))
	case uint8:
		t.setUint(a, uint64(v))
	case uint16:
		t.setUint(a, uint64(v))
	case uint32:
		t.setUint(a, uint64(v))
	case uint64:
		t.setUint(a, v)
	case float32:
		return true, t.setFloat(a, float64(v), 32)
	case *big.Int:
		return true, t.setBigInt(a, v)
	case *big.Float:
		return true, t.setBigFloat(a, v)
	case big.Int:
		return true, t.setBigInt(a, &v)
	case big.Float:
		return true, t.setBigFloat(a, &v)
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

func (t *tree) setInt(a *item.Attr, i int64) {
	var buf [20]byte
	a.Set(item.N, t.Keep(strconv.AppendInt(buf[:0], i, 10)))
}

func (t *tree) setUint(a *item.Attr, u uint64) {
	var buf [20]byte
	a.Set(item.N, t.Keep(strconv.AppendUint(buf[:0], u, 10)))
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

// setBytes sets a to a copy of p.
func (t *tree) setBytes(a *item.Attr, p []byte) {
	if p == nil {
		a.Kind = item.Null
		return
	}
	a.Set(item.B, t.Keep(p))
}

// setTime sets a to the text of moment by RFC 3339. A time whose offset from UTC has seconds, as some
// zones had long ago, is written in UTC, because RFC 3339 has no seconds in the offset.
func (t *tree) setTime(a *item.Attr, moment time.Time) error {
	if _, offset := moment.Zone(); offset%60 != 0 || offset <= -24*3600 || offset >= 24*3600 {
		moment = moment.UTC()
	}
	if y := moment.Year(); y < 0 || y > 9999 {
		return fault.NewMapping("the value is a time whose year is outside 0 to 9999, the range of RFC 3339").
			WithRemedy(`set Field.Type to "N" to write epoch seconds`)
	}
	var buf [48]byte
	a.Set(item.S, t.Keep(moment.AppendFormat(buf[:0], time.RFC3339Nano)))
	return nil
}

// setEpoch sets a to the seconds from the start of 1970 to moment, with as many decimal places as
// moment needs.
func (t *tree) setEpoch(a *item.Attr, moment time.Time) error {
	seconds, nanos := moment.Unix(), int64(moment.Nanosecond())
	sign := ""
	if seconds < 0 {
		sign = "-"
		if seconds = -seconds; nanos > 0 {
			seconds, nanos = seconds-1, 1e9-nanos
		}
	}
	return t.setNumber(a, sign+strconv.FormatInt(seconds, 10)+"."+strconv.FormatInt(1e9+nanos, 10)[1:])
}
