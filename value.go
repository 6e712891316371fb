package dynamodest

import (
	"encoding/json"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/dynamodest/dynamodest/internal/decimal"
)

// builder makes the attributes of one row.
type builder struct {
	// arena holds the texts made for the row. They are slices of it, so that
	// a row of many numbers costs one allocation.
	arena strings.Builder

	// scratch is arena while JSON text is made, which outlives its parts.
	scratch strings.Builder

	// asJSON is set while the tree being made is to be JSON text: numbers are
	// then any that JSON can write, and not only those that DynamoDB takes.
	asJSON bool

	verbatim bool // the column came as an AttributeValue
	spent    int  // bytes that the tree being made takes at least
	made     int  // nodes that it has been given room for
	held     int  // bytes of memory, roughly, that the row's documents and sets take
}

// keep returns p as a string that shares its memory with the row's other texts.
func (b *builder) keep(p []byte) string {
	texts := &b.arena
	if b.asJSON {
		texts = &b.scratch
	}
	if texts.Cap()-texts.Len() < len(p) {
		texts.Grow(max(len(p), 64))
	}
	start := texts.Len()
	texts.Write(p)
	return texts.String()[start:]
}

// auto gives a the attribute that the Go value v becomes by itself.
func (b *builder) auto(a *attr, v any) error {
	if ok, err := b.known(a, v, 1); ok {
		return err
	}
	v, err := b.resolve(v)
	if err != nil {
		return err
	}
	if ok, err := b.known(a, v, 1); ok {
		return err
	}
	return b.jsonText(a, v)
}

// known gives a the value v if v is of one of the types that have a form of
// their own, which is all but containers and types defined elsewhere.
func (b *builder) known(a *attr, v any, level int) (ok bool, err error) {
	switch v := v.(type) {
	case nil:
		a.kind = kindNull
	case string:
		a.set(kindS, v)
	case bool:
		a.setBool(v)
	case int:
		b.setInt(a, int64(v))
	case int64:
		b.setInt(a, v)
	case float64:
		return true, b.setFloat(a, v, 64)
	case []byte:
		b.setBytes(a, v)
	case time.Time:
		return true, b.setTime(a, v)
	case json.Number:
		return true, b.setNumber(a, string(v))
	case int8:
		b.setInt(a, int64(v))
	case int16:
		b.setInt(a, int64(v))
	case int32:
		b.setInt(a, int64(v))
	case uint:
		b.setUint(a, uint64(v))
	case uint8:
		b.setUint(a, uint64(v))
	case uint16:
		b.setUint(a, uint64(v))
	case uint32:
		b.setUint(a, uint64(v))
	case uint64:
		b.setUint(a, v)
	case float32:
		return true, b.setFloat(a, float64(v), 32)
	case *big.Int:
		return true, b.setBigInt(a, v)
	case *big.Float:
		return true, b.setBigFloat(a, v)
	case big.Int:
		return true, b.setBigInt(a, &v)
	case big.Float:
		return true, b.setBigFloat(a, &v)
	case types.AttributeValue:
		if isNil(v) {
			a.kind = kindNull
			return true, nil
		}
		b.verbatim = level == 1
		return true, b.attributeValue(a, v, level)
	default:
		return false, nil
	}
	return true, nil
}

func (b *builder) setInt(a *attr, i int64) {
	var buf [20]byte
	a.set(kindN, b.keep(strconv.AppendInt(buf[:0], i, 10)))
}

func (b *builder) setUint(a *attr, u uint64) {
	var buf [20]byte
	a.set(kindN, b.keep(strconv.AppendUint(buf[:0], u, 10)))
}

func (b *builder) setFloat(a *attr, f float64, bits int) error {
	var buf [64]byte
	var text []byte
	var err error
	if b.asJSON {
		text, err = appendJSONFloat(buf[:0], f, bits)
	} else {
		text, err = decimal.AppendFloat(buf[:0], f, bits)
	}
	if err != nil {
		return numberMisfit(err)
	}
	a.set(kindN, b.keep(text))
	return nil
}

// setNumber gives a the number that text spells.
func (b *builder) setNumber(a *attr, text string) error {
	if text == "" {
		if !b.asJSON {
			return refuse("its text is empty, which is no number").or("give nil or a number in its place")
		}
		text = "0" // as encoding/json does
	}
	if b.asJSON {
		if n := scanNumber(text); n == 0 || n < len(text) {
			return numberMisfit(decimal.ErrSyntax)
		}
		a.set(kindN, text)
		return nil
	}
	return b.setCanonical(a, text)
}

func (b *builder) setBigInt(a *attr, i *big.Int) error {
	if i == nil {
		a.kind = kindNull
		return nil
	}
	if i.BitLen() > maxBits {
		return numberMisfit(decimal.ErrRange)
	}
	return b.setNumber(a, i.String())
}

// maxBits bounds the big numbers that are written out: 20,000 digits are more
// than any number needs and take no time to write.
const maxBits = 1 << 16

// setBigFloat gives a the shortest decimal that reads back equal to f at f's
// precision.
func (b *builder) setBigFloat(a *attr, f *big.Float) error {
	switch {
	case f == nil:
		a.kind = kindNull
		return nil
	case f.IsInf():
		return numberMisfit(decimal.ErrNotFinite)
	}
	exponent := f.MantExp(nil)
	if max(exponent, -exponent)+int(f.MinPrec()) > maxBits {
		return numberMisfit(decimal.ErrRange)
	}
	return b.setNumber(a, f.Text('g', -1))
}

// setBytes gives a a copy of p.
func (b *builder) setBytes(a *attr, p []byte) {
	if p == nil {
		a.kind = kindNull
		return
	}
	a.set(kindB, b.keep(p))
}

// setTime gives a the text of t by RFC 3339. That has no seconds in the offset
// from UTC, which some zones had long ago; such times are written in UTC.
func (b *builder) setTime(a *attr, t time.Time) error {
	if _, offset := t.Zone(); offset%60 != 0 || offset <= -24*3600 || offset >= 24*3600 {
		t = t.UTC()
	}
	if y := t.Year(); y < 0 || y > 9999 {
		return refuse("the year of the time is not within 0 to 9999, as RFC 3339 has it").or(`Field.Type "N" writes the time as epoch seconds`)
	}
	var buf [48]byte
	a.set(kindS, b.keep(t.AppendFormat(buf[:0], time.RFC3339Nano)))
	return nil
}

// setEpoch gives a the seconds from the start of 1970 to t, with as many
// places as t needs.
func (b *builder) setEpoch(a *attr, t time.Time) error {
	seconds, nanos := t.Unix(), int64(t.Nanosecond())
	sign := ""
	if seconds < 0 {
		sign = "-"
		if seconds = -seconds; nanos > 0 {
			seconds, nanos = seconds-1, 1e9-nanos
		}
	}
	return b.setNumber(a, sign+strconv.FormatInt(seconds, 10)+"."+strconv.FormatInt(1e9+nanos, 10)[1:])
}
