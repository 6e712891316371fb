package typemap

import (
	"database/sql"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
)

type (
	// unixTime has the method of the SDK's attributevalue.UnixTime.
	unixTime time.Time
	// dateText writes less than it holds.
	dateText time.Time
)

func (t unixTime) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	return n(time.Time(t).Format("20060102")), nil
}

func (d dateText) MarshalText() ([]byte, error) { return []byte(time.Time(d).Format("Jan 2")), nil }

func TestTimeForms(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 4, 5, 6, 7, 891_000_080, time.FixedZone("CET", 3600))
	pointer := &at
	seconds, millis, sortable := n("1772597167"), n("1772597167891"), s("2026-03-04T04:06:07.891000080Z")
	const text = "2026-03-04T05:06:07.89100008+01:00"
	for name, v := range map[string]any{
		"time": at, "pointer": &at, "pointer to a pointer": &pointer, "UTC": at.UTC(), "named": namedTime(at), "pointer to named": ptr(namedTime(at)), "with a method for DynamoDB": unixTime(at), "with a method for text": dateText(at),
		"sql.NullTime": sql.NullTime{Time: at, Valid: true}, "Valuer": &pointerValuer{at}, "embedded": struct{ time.Time }{at}, "in an interface": ptr(any(at)),
		"text": text, "bytes": []byte(text), "named text": namedString(text), "named bytes": namedBytes(text), "text of a Valuer": valuer{text}, "zeros after nanoseconds": "2026-03-04T05:06:07.8910000800000+01:00",
	} {
		for typ, want := range map[Type]types.AttributeValue{EpochSeconds: seconds, EpochMillis: millis, SortableTime: sortable} {
			for _, m := range []Mapping{forcing(typ), {Fields: forcing(typ).Fields, Bytes: TextBytes, EmptyString: KeepEmpty}} {
				got, err := convertValue(t, m, v)
				require.Nil(t, err, "%s as %s", name, typ)
				assert.Equal(t, want, got, "%s as %s", name, typ)
			}
		}
	}
}

func TestTimesAtTheEdges(t *testing.T) {
	t.Parallel()
	east := time.FixedZone("east", 3600)
	for name, tt := range map[string]struct {
		v                         any
		seconds, millis, sortable types.AttributeValue // nil for fault.Mapping
	}{
		"1970":               {time.Unix(0, 0), n("0"), n("0"), s("1970-01-01T00:00:00.000000000Z")},
		"just before 1970":   {time.Unix(0, -1), n("-1"), n("-1"), s("1969-12-31T23:59:59.999999999Z")},
		"1.5 s before 1970":  {time.Unix(-2, 500_000_000), n("-2"), n("-1500"), s("1969-12-31T23:59:58.500000000Z")},
		"zero":               {time.Time{}, n("-62135596800"), n("-62135596800000"), s("0001-01-01T00:00:00.000000000Z")},
		"year 0":             {time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC), n("-62167219200"), n("-62167219200000"), s("0000-01-01T00:00:00.000000000Z")},
		"year 0 east of UTC": {time.Date(0, 1, 1, 0, 0, 0, 0, east), n("-62167222800"), n("-62167222800000"), nil},
		"text of year 0":     {"0000-01-01T00:00:00+01:00", n("-62167222800"), n("-62167222800000"), nil},
		"year 10000 in east": {time.Date(10000, 1, 1, 0, 0, 0, 0, east), n("253402297200"), n("253402297200000"), s("9999-12-31T23:00:00.000000000Z")},
		"year 10000":         {time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), n("253402300800"), n("253402300800000"), nil},
		"far":                {time.Unix(math.MaxInt64/100, 999_999_999), n("92233720368547758"), n("92233720368547758999"), nil},
		"long ago":           {time.Unix(math.MinInt64/100, 1_000_000), n("-92233720368547758"), n("-92233720368547757999"), nil},
		"zone with seconds":  {zoned, n("-2524425205"), n("-2524425205000"), s("1890-01-02T02:46:35.000006000Z")},

		"nil": {nil, null(), null(), null()}, "nil time": {nilTime, null(), null(), null()}, "nil Valuer": {sql.NullTime{}, null(), null(), null()}, "empty": {"", null(), null(), null()},
		"whole AttributeValue": {n("17"), n("17"), n("17"), nil}, "AttributeValue with a fraction": {n("1.5"), nil, nil, nil}, "sortable AttributeValue": {s("2026-03-04T04:06:07.891000080Z"), nil, nil, s("2026-03-04T04:06:07.891000080Z")},
		"another AttributeValue": {s("2026-03-04T04:06:07Z"), nil, nil, nil}, "malformed AttributeValue": {n("x"), nil, nil, nil}, "empty AttributeValue": {s(""), nil, nil, nil},
		"number": {1_700_000_000, nil, nil, nil}, "bool": {true, nil, nil, nil}, "container": {[]time.Time{{}}, nil, nil, nil}, "array": {[20]byte([]byte("2026-03-04T04:06:07Z")), nil, nil, nil}, "chan": {make(chan int), nil, nil, nil},
	} {
		for typ, want := range map[Type]types.AttributeValue{EpochSeconds: tt.seconds, EpochMillis: tt.millis, SortableTime: tt.sortable} {
			got, err := convertValue(t, forcing(typ), tt.v)
			if want == nil {
				require.NotNil(t, err, "%s as %s", name, typ)
				assert.Equal(t, fault.Mapping, err.Reason)
				assert.NotEmpty(t, err.Advice().Remedy, "%s as %s", name, typ)
				continue
			}
			require.Nil(t, err, "%s as %s", name, typ)
			assert.Equal(t, want, got, "%s as %s", name, typ)
		}
	}
}

func TestTextsThatAreNoTimes(t *testing.T) {
	t.Parallel()
	const is = "the value of Go type string is not a time by RFC 3339"
	const remedy = "provide a time.Time, or text by RFC 3339 such as 2006-01-02T15:04:05Z"
	const number = remedy + `; set Field.Type to "N" if the value is the number to write`
	for text, want := range map[string]struct{ what, remedy string }{
		"2026-03-04":                          {": its text is a date without a time", remedy},
		"2026-03-04T05:06:07":                 {": its text has no offset from UTC, such as Z or +01:00", remedy},
		"2026-03-04 05:06:07.5":               {": its text has a space instead of a T, and no offset from UTC", remedy},
		"2026-03-04 05:06:07+01:00":           {": its text has a space instead of a T", remedy},
		"2026-03-04 05:06:07+01":              {": its text has a space instead of a T", remedy},
		"2026-03-04 05:06:07 +0100 CET":       {": its text has the form of time.Time.String", remedy},
		"2026-03-04T05:06:07.1234567891Z":     {": its text has more than nine decimals of a second", "round the time to nanoseconds in the source"},
		"2026-03-04T05:06:07.12345678900001Z": {": its text has more than nine decimals of a second", "round the time to nanoseconds in the source"},
		" 2026-03-04T05:06:07Z":               {": its text begins or ends with white space", "trim the text in the source"},
		"NULL":                                {": " + flawNull.what, flawNull.remedy},
		"1700000000":                          {"", number},
		"2026-13-04T05:06:07Z":                {"", number},
		"2026-03-04T05:06:07,5Z":              {"", number},
		"2026-03-04T5:06:07Z":                 {"", number},
		"2026-03-04T05:06:60Z":                {"", number},
		"2026-03-04T05:06:07+24:00":           {"", number},
		"2026-03-04T05:06:07+23:60":           {"", number},
		"2026-02-30T05:06:07Z":                {"", number},
		"2026-03-04t05:06:07z":                {"", number},
		"2026-03-04T05:06:07.Z":               {"", number},
		"٢026-03-04T05:06:07Z":                {"", number},
		"tomorrow":                            {"", number},
		"2026-03-04T05:06:07." + strings.Repeat("0", 200) + "Z": {"", number},
	} {
		for _, typ := range []Type{EpochSeconds, EpochMillis} {
			_, err := convertValue(t, forcing(typ), text)
			require.NotNil(t, err, text)
			assert.Equal(t, is+want.what, err.Error(), text)
			assert.Equal(t, want.remedy, err.Advice().Remedy, text)
		}
		_, err := convertValue(t, forcing(SortableTime), text)
		require.NotNil(t, err, text)
	}
	_, err := convertValue(t, Mapping{Fields: forcing(SortableTime).Fields, EmptyString: KeepEmpty}, "")
	require.EqualError(t, err, is+": its text is blank")
	_, err = convertValue(t, forcing(EpochSeconds), 5)
	require.EqualError(t, err, "Go type int cannot be converted to EPOCH_SECONDS")
	assert.Equal(t, number, err.Advice().Remedy)
}

func TestSortableTimesSort(t *testing.T) {
	t.Parallel()
	var moments []time.Time
	for _, year := range []int{0, 1, 999, 1969, 1970, 2026, 9998} {
		for _, nanos := range []int{0, 1, 500_000_000, 999_999_999} {
			for _, zone := range []int{-14 * 3600, -1, 0, 14 * 3600} {
				moments = append(moments, time.Date(year, 2, 3, 4, 5, 6, nanos, time.FixedZone("", zone)))
			}
		}
	}
	slices.SortFunc(moments, time.Time.Compare)
	var last string
	for i, moment := range moments {
		got, err := convertValue(t, forcing(SortableTime), moment)
		require.Nil(t, err)
		text := got.(*types.AttributeValueMemberS).Value
		require.Len(t, text, 30)
		if i > 0 {
			require.Equal(t, moment.Equal(moments[i-1]), text == last)
			require.LessOrEqual(t, last, text)
		}
		back, parseErr := time.Parse(time.RFC3339Nano, text)
		require.NoError(t, parseErr)
		require.True(t, back.Equal(moment))
		last = text
	}
}

func TestTimesAsKeys(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.FixedZone("CET", 3600))
	key := func(typ Type, kind item.Kind, v any) string {
		return mustConvert(t, New(Mapping{Fields: []Field{field("p", Auto), field("s", typ)}}, schemaOfKeys(item.S, kind)), row{"p": "x", "s": v}).Key
	}
	for typ, kind := range map[Type]item.Kind{EpochSeconds: item.N, EpochMillis: item.N, SortableTime: item.S} {
		assert.Equal(t, kind, typ.Kind())
		assert.Equal(t, key(typ, kind, at), key(typ, kind, at.UTC()))
		assert.Equal(t, key(typ, kind, at), key(typ, kind, at.Format(time.RFC3339)))
	}
	for _, v := range []any{nil, ""} {
		_, err := New(Mapping{Fields: []Field{field("p", Auto), field("s", SortableTime)}, EmptyString: KeepEmpty}, schemaOfKeys(item.S, item.S)).Convert(row{"p": "x", "s": v})
		require.NotNil(t, err)
		assert.Equal(t, fault.Key, err.Reason)
	}
}

// FuzzTimes asserts that text by RFC 3339 is written as the instant that it spells, or refused.
func FuzzTimes(f *testing.F) {
	for _, text := range []string{"2026-03-04T05:06:07Z", "0000-01-01T00:00:00.5+23:59", "9999-12-31T23:59:59.999999999-00:01", "1969-12-31T23:59:59.1234567891Z", "2026-03-04 05:06:07", "1.5"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := convertValue(t, forcing(SortableTime), text)
		if err != nil || text == "" {
			return
		}
		want, parseErr := time.Parse(time.RFC3339Nano, text)
		require.NoError(t, parseErr)
		require.Equal(t, want.UTC().Format("2006-01-02T15:04:05.000000000Z"), got.(*types.AttributeValueMemberS).Value)
		seconds, err := convertValue(t, forcing(EpochSeconds), text)
		require.Nil(t, err)
		require.Equal(t, n(big10(want.Unix())), seconds)
	})
}
