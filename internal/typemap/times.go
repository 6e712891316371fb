package typemap

import (
	"errors"
	"math"
	"math/big"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
)

// setTime sets a to the text of moment that appendTime makes.
func (t *tree) setTime(a *item.Attr, moment time.Time) error {
	if t.rules.version {
		return errUnsortable
	}
	var buf [48]byte
	text, err := appendTime(buf[:0], moment)
	if err != nil {
		return err
	}
	a.Set(item.S, t.Keep(text))
	return nil
}

// appendTime appends the text of moment by RFC 3339, which has no character that JSON escapes. A time
// whose offset from UTC has seconds, as some zones had long ago, is written in UTC, because RFC 3339 has
// no seconds in the offset.
func appendTime(dst []byte, moment time.Time) ([]byte, error) {
	if _, offset := moment.Zone(); offset%60 != 0 || offset <= -24*3600 || offset >= 24*3600 {
		moment = moment.UTC()
	}
	if err := checkYear(moment); err != nil {
		return dst, err
	}
	return moment.AppendFormat(dst, time.RFC3339Nano), nil
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

// checkYear returns why moment, in its own zone, has no text by RFC 3339; nil if it has.
func checkYear(moment time.Time) error {
	if y := moment.Year(); y < 0 || y > 9999 {
		return fault.NewMapping("the value is a time whose year is outside 0 to 9999, the range of RFC 3339").
			WithRemedy(`set Field.Type to "N" to write epoch seconds`)
	}
	return nil
}

// sortableLayout is the layout of a SortableTime, which is in UTC. Texts of one length in which the
// largest unit comes first sort as the times do.
const sortableLayout = "2006-01-02T15:04:05.000000000Z"

// toTime converts resolved, the value that v leads to, to an attribute a of type typ, a type of times.
func (t *tree) toTime(a *item.Attr, v, resolved any, typ Type) error {
	moment, ok := resolved.(time.Time)
	if !ok && !t.converted {
		moment, ok = timeByKind(v)
	}
	if ok {
		return t.setMoment(a, moment, typ)
	}
	text, ok := "", false
	switch v := resolved.(type) {
	case types.AttributeValue:
		return t.timeAttribute(a, v, typ)
	case string:
		text, ok = v, true
	case []byte:
		text, ok = string(v), true
	}
	if !ok {
		return fault.NewMapping("Go type %s cannot be converted to %s", typeName(resolved), typ).WithRemedy(typ.timeRemedy())
	}
	moment, err := parseTime(text)
	if err != nil {
		return notATime(resolved, typ, text, err)
	}
	return t.setMoment(a, moment, typ)
}

// timeByKind returns the time that v is by its kind, or that v points to, whatever the methods of v
// return: those of the SDK's UnixTime return seconds.
func timeByKind(v any) (time.Time, bool) {
	rv := pointee(reflect.ValueOf(v))
	if rv.Kind() != reflect.Struct || !rv.Type().ConvertibleTo(timeType) {
		return time.Time{}, false
	}
	return rv.Convert(timeType).Interface().(time.Time), true
}

// setMoment sets a to moment in the form of typ.
func (t *tree) setMoment(a *item.Attr, moment time.Time, typ Type) error {
	if typ == EpochSeconds {
		t.setInteger(a, moment.Unix())
		return nil
	}
	if typ == EpochMillis {
		return t.setEpochMillis(a, moment)
	}
	moment = moment.UTC()
	if err := checkYear(moment); err != nil {
		return err
	}
	var buf [len(sortableLayout)]byte
	a.Set(item.S, t.Keep(moment.AppendFormat(buf[:0], sortableLayout)))
	return nil
}

// setEpochMillis sets a to the milliseconds from the start of 1970 to moment, rounded down.
func (t *tree) setEpochMillis(a *item.Attr, moment time.Time) error {
	seconds, millis := moment.Unix(), int64(moment.Nanosecond()/1e6)
	if seconds > math.MinInt64/1000 && seconds < math.MaxInt64/1000 {
		t.setInteger(a, seconds*1000+millis)
		return nil
	}
	exact := big.NewInt(seconds)
	return t.setBigInt(a, exact.Add(exact.Mul(exact, big.NewInt(1000)), big.NewInt(millis)))
}

// timeAttribute sets a to v, which must have the form of typ already.
func (t *tree) timeAttribute(a *item.Attr, v types.AttributeValue, typ Type) error {
	if err := t.FromSDK(a, v, 1); err != nil {
		return err
	}
	fits := a.Kind == typ.Kind()
	switch {
	case !fits:
	case typ == SortableTime:
		moment, err := parseTime(a.Text)
		fits = err == nil && moment.UTC().Format(sortableLayout) == a.Text
	default:
		fits = !strings.ContainsAny(a.Text, ".E")
	}
	if !fits {
		return fault.NewMapping("Go type %s does not hold what %s writes", typeName(v), typ).WithRemedy(typ.timeRemedy())
	}
	return nil
}

// timeRemedy returns what to provide for a field of type t, a type of times.
func (t Type) timeRemedy() string {
	remedy := "provide a time.Time, or text by RFC 3339 such as 2006-01-02T15:04:05Z"
	if t == SortableTime {
		return remedy + `; set Field.Type to "S" if the text is to be written as it is`
	}
	return remedy + `; set Field.Type to "N" if the value is the number to write`
}

// maxTimeText is more than the length of any text of a time that is read, in bytes.
const maxTimeText = 128

var (
	errNotTime = errors.New("not a time")
	errTooFine = errors.New("finer than nanoseconds")
)

// rfc3339 is the form of a time by RFC 3339. Package time reads more: a comma before the decimals, an
// hour of one digit, an offset of 24 hours.
var rfc3339 = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9}(\d*))?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$`)

// parseTime reads a time by RFC 3339. Zeros after the ninth decimal of the second do no harm.
func parseTime(text string) (time.Time, error) {
	if len(text) > maxTimeText {
		return time.Time{}, errNotTime
	}
	form := rfc3339.FindStringSubmatch(text)
	moment, err := time.Parse(time.RFC3339, text)
	switch {
	case form == nil || err != nil:
		return time.Time{}, errNotTime
	case strings.Trim(form[1], "0") != "":
		return time.Time{}, errTooFine
	}
	return moment, nil
}
