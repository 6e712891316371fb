package dynamodest_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// versionForm is a type of versions.
type versionForm struct {
	name   string
	fields []dynamodest.Field
	values [][]any // ascending; each in several forms, which are equal
}

// spell returns the version at a place of the order, in one of its forms.
func (f *versionForm) spell(rnd *rand.Rand, place int) any {
	forms := f.values[place]
	return forms[rnd.IntN(len(forms))]
}

// versionForms are the types that a version may have.
var versionForms = []versionForm{
	{"N", nil, [][]any{
		{json.Number("-9.9999999999999999999999999999999999999E+125")},
		{-20, json.Number("-2e1"), -20.0},
		{0, 0.0, json.Number("-0.0"), json.Number("0e5")},
		{0.1, json.Number("0.10"), json.Number("1e-1")},
		{1, 1.0, json.Number("1.0"), json.Number("10e-1"), &types.AttributeValueMemberN{Value: "1.00"}},
		{9, int8(9)},
		{10, uint64(10), json.Number("1E1")},
		{json.Number("1e20"), 1e20, json.Number("100000000000000000000")},
		{json.Number("100000000000000000000.00000000000000001")},
	}},
	{"S", nil, [][]any{{" "}, {"10"}, {"9"}, {"A"}, {"a"}, {"aa"}, {"é"}, {"\uffff"}, {"\U0001f600"}}}, // by UTF-16 the last two would change places
	{"SORTABLE_TIME", timedFields(dynamodest.SortableTime), timedVersions(time.Nanosecond)},
	{"EPOCH_MILLIS", timedFields(dynamodest.EpochMillis), timedVersions(time.Millisecond)},
}

func timedFields(t dynamodest.Type) []dynamodest.Field {
	return []dynamodest.Field{{Column: "id"}, {Column: "row"}, {Column: "v", Type: t}}
}

// timedVersions are moments, each in two zones.
func timedVersions(least time.Duration) (values [][]any) {
	day := time.Date(2026, 3, 4, 23, 59, 59, 0, time.UTC)
	for _, at := range []time.Time{
		time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC), time.Unix(-1, 0), time.Unix(0, 0), time.Unix(999_999_999, 0), time.Unix(1_000_000_000, 0),
		day, day.Add(least), day.Add(10 * least), day.Add(time.Hour),
	} {
		values = append(values, []any{at.UTC(), at.In(time.FixedZone("", 5*3600+1800)), at.In(time.FixedZone("", -11*3600))})
	}
	return values
}

// drawVersion gives a row a version. Later calls have newer ones, mostly.
func (tr *trial) drawVersion(r *trialRow) {
	r.version = min(max(r.call.number+tr.rnd.IntN(4)-1, 0), len(tr.form.values)-1)
	if tr.rnd.IntN(8) == 0 {
		r.version = tr.rnd.IntN(len(tr.form.values))
	}
	r.row["v"] = tr.form.spell(tr.rnd, r.version)
	if tr.rnd.IntN(80) == 0 {
		r.unversioned = true
		delete(r.row, "v")
	}
}

// spoilVersion may take the version from an item, or give it one of another type.
func (tr *trial) spoilVersion(item map[string]types.AttributeValue, version int) int {
	switch tr.rnd.IntN(6) {
	case 0:
		delete(item, "v")
		return noVersion
	case 1:
		item["v"] = &types.AttributeValueMemberNULL{Value: true}
		return otherVersion
	case 2:
		item["v"] = &types.AttributeValueMemberB{Value: []byte("1")}
		return otherVersion
	}
	return version
}

// checkVersions checks that the newest version is what the table holds, and that no write ever went
// over a newer one.
func (tr *trial) checkVersions(t *testing.T) {
	t.Helper()
	if tr.form == nil {
		return
	}
	now := map[string]int{} // the version that each key has
	for k := range tr.keys {
		key := "k" + strconv.Itoa(k)
		now[dynamodesttest.Key(key)] = tr.start(key).version
	}
	for _, w := range tr.db.Writes() {
		row := rowOf(w.Item())
		if row < 0 {
			continue
		}
		version := tr.rows[row].version
		require.GreaterOrEqual(t, version, now[w.Key], "an item was written over a newer one")
		now[w.Key] = version
	}
	for _, r := range tr.rows {
		there := now[dynamodesttest.Key(r.key)]
		switch r.result.Outcome {
		case dynamodest.Written:
			require.GreaterOrEqual(t, there, r.version, "row %d of call %d is written", r.index, r.call.number)
		case dynamodest.Skipped:
			require.Greater(t, there, r.version, "row %d of call %d is skipped", r.index, r.call.number)
		case dynamodest.NotWritten, dynamodest.Superseded, dynamodest.Unknown, dynamodest.Deleted:
		}
		if r.unversioned && r.reported > 0 {
			require.Equal(t, dynamodest.NotWritten, r.result.Outcome)
			require.Empty(t, r.requests)
		}
	}
	for _, item := range tr.db.Items(table) {
		row := rowOf(item)
		if row < 0 {
			continue
		}
		r := tr.rows[row]
		mayBe := r.result.Outcome == dynamodest.Written || slices.ContainsFunc(r.requests, func(q *trialRequest) bool { return q.lost })
		require.True(t, mayBe, "the table holds row %d of call %d, which is %v", r.index, r.call.number, r.result.Outcome)
	}
}

// The ways in which a row with an older version comes to the table after a newer one.
const (
	lateRetry   = "a retry queue that comes late"
	overlap     = "calls that overlap"
	wokenWorker = "a worker that wakes up"
	heldRequest = "a request that was held"
	appliedLate = "a request applied late"
)

// countStale adds the ways in which older rows came too late.
func (tr *trial) countStale(met *tally) {
	if tr.form == nil {
		return
	}
	met.add("form", tr.form.name)
	written := map[string][]*trialRow{}
	for _, r := range tr.rows {
		if r.result.Outcome == dynamodest.Written {
			written[r.key] = append(written[r.key], r)
		}
	}
	for _, r := range tr.rows {
		if r.result.Outcome != dynamodest.Skipped {
			continue
		}
		if r.call.retries {
			met.add("stale", lateRetry)
		}
		if r.call.stream && r.call.pauses >= 0 && r.index >= r.call.pauses {
			met.add("stale", wokenWorker)
		}
		if slices.ContainsFunc(r.requests, func(q *trialRequest) bool { return q.fault == "held" }) {
			met.add("stale", heldRequest)
		}
		if slices.ContainsFunc(written[r.key], func(by *trialRow) bool {
			return by.call != r.call && by.version > r.version && by.given < r.reported && r.given < by.reported
		}) {
			met.add("stale", overlap)
		}
	}
	for _, w := range tr.db.Writes() {
		if w.Late {
			met.add("stale", appliedLate)
		}
	}
}
