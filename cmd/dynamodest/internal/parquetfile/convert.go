package parquetfile

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// maxScale is the largest scale of a decimal that is read: DynamoDB's numbers have fewer decimals.
const maxScale = 1000

// valueError says what is wrong with a value, and does not quote it.
type valueError struct{ column, problem string }

func (e *valueError) Error() string { return fmt.Sprintf("column %q %s", e.column, e.problem) }

// converter returns what a value that is not null is. Its error is a *valueError without the column.
type converter = func(parquet.Value) (any, error)

// exactly returns a converter by f, which cannot fail.
func exactly[T any](f func(parquet.Value) T) converter {
	return func(v parquet.Value) (any, error) { return f(v), nil }
}

// Converters of the types that need nothing but the value.
var (
	toBool   = exactly(parquet.Value.Boolean)
	toInt32  = exactly(func(v parquet.Value) int64 { return int64(v.Int32()) })
	toInt64  = exactly(parquet.Value.Int64)
	toUint32 = exactly(func(v parquet.Value) uint64 { return uint64(v.Uint32()) })
	toUint64 = exactly(parquet.Value.Uint64)
	toFloat  = exactly(parquet.Value.Float)
	toDouble = exactly(parquet.Value.Double)
	toHalf   = exactly(func(v parquet.Value) float32 { return half(binary.LittleEndian.Uint16(v.ByteArray())) })
	toText   = exactly(func(v parquet.Value) string { return string(v.ByteArray()) })
	toJSON   = exactly(func(v parquet.Value) json.RawMessage { return slices.Clone(json.RawMessage(v.ByteArray())) })
	toBytes  = exactly(func(v parquet.Value) []byte { return append([]byte{}, v.ByteArray()...) })
	toUUID   = exactly(func(v parquet.Value) string { return uuidText(v.ByteArray()) })
	toInt96  = exactly(func(v parquet.Value) time.Time { return int96Time(v) })
	toNull   = exactly(func(parquet.Value) any { return nil })
)

// converterOf returns the converter of the leaf that e is, and whether its values can be the keys of a map.
func converterOf(e *format.SchemaElement, zone *time.Location) (convert converter, textual bool, err error) {
	physical, length := e.Type.V, int(e.TypeLength.V)
	is := func(want format.Type) bool { return physical == want }
	switch t := logicalType(e).(type) {
	case nil:
		convert = physicalConverter(physical)
		textual = is(format.Int32) || is(format.Int64)
	case *format.StringType, *format.EnumType:
		if textual = is(format.ByteArray); textual {
			convert = toText
		}
	case *format.JsonType:
		if is(format.ByteArray) {
			convert = toJSON
		}
	case *format.BsonType, *format.GeometryType, *format.GeographyType:
		if is(format.ByteArray) {
			convert = toBytes
		}
	case *format.UUIDType:
		if textual = is(format.FixedLenByteArray) && length == 16; textual {
			convert = toUUID
		}
	case *format.Float16Type:
		if is(format.FixedLenByteArray) && length == 2 {
			convert = toHalf
		}
	case *format.NullType:
		convert = toNull
	case *format.IntType:
		convert, textual = intConverter(t, physical), true
	case *format.DecimalType:
		convert = decimalConverter(t, physical)
	case *format.DateType:
		if textual = is(format.Int32); textual {
			convert = toDate
		}
	case *format.TimeType:
		convert, textual = timeConverter(t, physical), true
	case *format.TimestampType:
		if is(format.Int64) {
			convert = timestampConverter(t, zone)
		}
	}
	if convert == nil || is(format.FixedLenByteArray) && length <= 0 {
		return nil, false, fmt.Errorf("has the type %s, which is not read", typeName(e))
	}
	return convert, textual, nil
}

// typeName names the type of e.
func typeName(e *format.SchemaElement) string {
	if logical := logicalType(e); logical != nil {
		return fmt.Sprintf("%s on %s", logical, e.Type.V)
	}
	return e.Type.V.String()
}

// physicalConverter returns the converter of a leaf without a logical type; nil if the type is not known.
func physicalConverter(t format.Type) converter {
	switch t {
	case format.Boolean:
		return toBool
	case format.Int32:
		return toInt32
	case format.Int64:
		return toInt64
	case format.Int96:
		return toInt96
	case format.Float:
		return toFloat
	case format.Double:
		return toDouble
	case format.ByteArray, format.FixedLenByteArray:
		return toBytes
	}
	return nil
}

// intConverter returns the converter of an integer; nil if it is none that the format allows.
func intConverter(t *format.IntType, physical format.Type) converter {
	switch narrow := t.BitWidth <= 32; {
	case narrow && physical == format.Int32 && t.IsSigned:
		return toInt32
	case narrow && physical == format.Int32:
		return toUint32
	case t.BitWidth == 64 && physical == format.Int64 && t.IsSigned:
		return toInt64
	case t.BitWidth == 64 && physical == format.Int64:
		return toUint64
	}
	return nil
}

// decimalConverter returns the converter of a decimal; nil if it is none that the format allows.
func decimalConverter(t *format.DecimalType, physical format.Type) converter {
	if t.Scale < 0 || t.Scale > maxScale {
		return nil
	}
	scale := int(t.Scale)
	switch physical {
	case format.Int32:
		return exactly(func(v parquet.Value) json.Number { return decimal(big.NewInt(int64(v.Int32())), scale) })
	case format.Int64:
		return exactly(func(v parquet.Value) json.Number { return decimal(big.NewInt(v.Int64()), scale) })
	case format.ByteArray, format.FixedLenByteArray:
		return func(v parquet.Value) (any, error) {
			b := v.ByteArray()
			if len(b) == 0 {
				return nil, &valueError{problem: "has a decimal of no bytes"}
			}
			unscaled := new(big.Int).SetBytes(b)
			if b[0]&0x80 != 0 { // two's complement
				unscaled.Sub(unscaled, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
			}
			return decimal(unscaled, scale), nil
		}
	case format.Boolean, format.Int96, format.Float, format.Double:
	}
	return nil
}

// decimal returns unscaled with its last scale digits after the point.
func decimal(unscaled *big.Int, scale int) json.Number {
	text := unscaled.String()
	if scale == 0 {
		return json.Number(text)
	}
	sign := ""
	if text[0] == '-' {
		sign, text = "-", text[1:]
	}
	if len(text) <= scale {
		text = strings.Repeat("0", scale+1-len(text)) + text
	}
	point := len(text) - scale
	return json.Number(sign + text[:point] + "." + text[point:])
}

// toDate is the converter of a date, which is in days since 1970.
func toDate(v parquet.Value) (any, error) {
	return yearText(time.Unix(int64(v.Int32())*24*60*60, 0).UTC(), time.DateOnly)
}

// yearText returns the text of moment, if its year has four digits.
func yearText(moment time.Time, layout string) (any, error) {
	if year := moment.Year(); year < 0 || year > 9999 {
		return nil, &valueError{problem: "has a time whose year is outside 0 to 9999"}
	}
	return moment.Format(layout), nil
}

// timeConverter returns the converter of a time of day; nil if it is none that the format allows.
func timeConverter(t *format.TimeType, physical format.Type) converter {
	if t.Unit.Value == nil {
		return nil
	}
	unit := t.Unit.Value.Duration()
	text := func(n int64) (any, error) {
		if n < 0 || n >= int64(24*time.Hour/unit) {
			return nil, &valueError{problem: "has a time of day outside 0 to 24 hours"}
		}
		return time.Unix(0, n*int64(unit)).UTC().Format("15:04:05.999999999"), nil
	}
	switch {
	case unit == time.Millisecond && physical == format.Int32:
		return func(v parquet.Value) (any, error) { return text(int64(v.Int32())) }
	case unit != time.Millisecond && physical == format.Int64:
		return func(v parquet.Value) (any, error) { return text(v.Int64()) }
	}
	return nil
}

// timestampConverter returns the converter of a timestamp; nil if its unit is not known.
func timestampConverter(t *format.TimestampType, zone *time.Location) converter {
	if t.Unit.Value == nil {
		return nil
	}
	perSecond := int64(time.Second / t.Unit.Value.Duration())
	moment := func(v parquet.Value) time.Time {
		n := v.Int64()
		return time.Unix(n/perSecond, n%perSecond*int64(time.Second)/perSecond).UTC()
	}
	switch {
	case t.IsAdjustedToUTC:
		return exactly(moment)
	case zone == nil:
		return func(v parquet.Value) (any, error) { return yearText(moment(v), "2006-01-02T15:04:05.999999999") }
	}
	return exactly(func(v parquet.Value) time.Time {
		m := moment(v)
		return time.Date(m.Year(), m.Month(), m.Day(), m.Hour(), m.Minute(), m.Second(), m.Nanosecond(), zone)
	})
}

// int96Time returns the time that an INT96 is: nanoseconds of a day, and the day by the Julian calendar.
func int96Time(v parquet.Value) time.Time {
	const julianDayOf1970 = 2440588
	b := v.Int96()
	nanos := int64(uint64(b[1])<<32 | uint64(b[0]))
	return time.Unix((int64(b[2])-julianDayOf1970)*24*60*60, nanos).UTC()
}

// uuidText returns the text of a UUID.
func uuidText(b []byte) string {
	return strings.Join([]string{
		hex.EncodeToString(b[:4]), hex.EncodeToString(b[4:6]), hex.EncodeToString(b[6:8]), hex.EncodeToString(b[8:10]), hex.EncodeToString(b[10:16]),
	}, "-")
}

// half returns the IEEE 754 binary16 that bits are.
func half(bits uint16) float32 {
	sign, exponent, fraction := uint32(bits>>15)<<31, int(bits>>10&0x1f), float64(bits&0x3ff)
	var magnitude float64
	switch exponent {
	case 0:
		magnitude = math.Ldexp(fraction, -24)
	case 0x1f:
		magnitude = math.Inf(1)
		if fraction != 0 {
			magnitude = math.NaN()
		}
	default:
		magnitude = math.Ldexp(1024+fraction, exponent-25)
	}
	return math.Float32frombits(math.Float32bits(float32(magnitude)) | sign)
}
