package realtypes

import (
	"database/sql"
	"testing"
	"time"

	"cloud.google.com/go/bigquery"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/guregu/null/v6"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/samber/mo"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
)

type namedTime time.Time

// TestTimeTypes holds the forced types of times, for times and for the wrappers of times.
func TestTimeTypes(t *testing.T) {
	t.Parallel()
	const seconds, millis, sortable = dynamodest.EpochSeconds, dynamodest.EpochMillis, dynamodest.SortableTime
	var writes []write
	add := func(name string, typ dynamodest.Type, v any, w want) {
		writes = append(writes, write{name: name + " " + string(typ), typ: typ, value: v, want: w})
	}
	for name, v := range map[string]any{
		"time.Time": moment, "*time.Time": &moment, "named": namedTime(moment),
		"in a zone":              moment.In(time.FixedZone("", 5*3600+1800)),
		"sql.NullTime":           sql.NullTime{Time: moment, Valid: true},
		"sql.Null":               sql.Null[time.Time]{V: moment, Valid: true},
		"pgtype.Timestamptz":     pgtype.Timestamptz{Time: moment, Valid: true},
		"null.Time":              null.TimeFrom(moment),
		"mo.Option":              mo.Some(moment),
		"text by RFC 3339":       "2026-01-02T04:04:05.6+01:00",
		"bigquery.NullTimestamp": bigquery.NullTimestamp{Timestamp: moment, Valid: true},
	} {
		add(name, seconds, v, number("1767323045"))
		add(name, millis, v, number("1767323045600"))
		add(name, sortable, v, text("2026-01-02T03:04:05.600000000Z"))
	}
	for name, v := range map[string]any{
		"nil": nil, "nil *time.Time": (*time.Time)(nil), "sql.NullTime of null": sql.NullTime{}, "pgtype.Timestamptz of null": pgtype.Timestamptz{},
		"null.Time of null": null.Time{}, "no option": mo.None[time.Time](),
	} {
		for _, typ := range []dynamodest.Type{seconds, millis, sortable} {
			add(name, typ, v, nothing)
		}
	}
	for name, v := range map[string]any{
		"text": "soon", "bool": true, "list": []time.Time{moment}, "infinity": pgtype.Timestamptz{InfinityModifier: pgtype.Infinity, Valid: true},
	} {
		for _, typ := range []dynamodest.Type{seconds, millis, sortable} {
			add(name, typ, v, mapping)
		}
	}
	before := time.Unix(-1, -500_000_000) // 1.5 s before 1970
	add("before 1970", seconds, before, number("-2"))
	add("before 1970", millis, before, number("-1500"))
	add("before 1970", sortable, before, text("1969-12-31T23:59:58.500000000Z"))
	add("zero time", seconds, time.Time{}, number("-62135596800"))
	add("year 10000", sortable, time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), mapping)
	add("attributevalue.UnixTime", seconds, attributevalue.UnixTime(moment), number("1767323045"))
	writes = append(writes, []write{
		{name: "key", typ: sortable, key: types.ScalarAttributeTypeS, value: moment.In(time.FixedZone("", 3600)), want: text("2026-01-02T03:04:05.600000000Z")},
		{name: "key in seconds", typ: seconds, key: types.ScalarAttributeTypeN, value: moment, want: number("1767323045")},
		{name: "key in milliseconds", typ: millis, key: types.ScalarAttributeTypeN, value: moment, want: number("1767323045600")},
		{name: "null left out", typ: seconds, value: sql.NullTime{}, mapping: &dynamodest.Mapping{Null: dynamodest.OmitNull}, want: leftOut},
		{name: "null refused", typ: seconds, value: sql.NullTime{}, mapping: &dynamodest.Mapping{Null: dynamodest.RefuseNull}, want: mapping},
	}...)
	runWrites(t, writes...)
}

// TestEpochSecondsAreRead holds that the SDK's own UnixTime reads what EpochSeconds writes.
func TestEpochSecondsAreRead(t *testing.T) {
	t.Parallel()
	var got attributevalue.UnixTime
	require.NoError(t, attributevalue.Unmarshal(number("1767323045").attr, &got))
	require.Equal(t, moment.Unix(), time.Time(got).Unix())
}
