package words

import (
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// goes matches what only those know who read the library's code: its settings, and types of Go.
var goes = regexp.MustCompile(`\b(?:Config|Mapping|Field|Retry|Credentials|Destination)\b\.?|Go type|\bnil\b|\[\]byte|\b(?:time|json|strconv)\.[A-Z]|WriteUnitsPerSecond|OnExisting|Duplicates|MaxAttempts|EmptyString`)

func TestAdviceOfEveryReason(t *testing.T) {
	t.Parallel()
	for _, reason := range []dynamodest.Reason{
		dynamodest.ErrMapping, dynamodest.ErrKey, dynamodest.ErrTooLarge, dynamodest.ErrRefused, dynamodest.ErrExists, dynamodest.ErrUnprocessed,
		dynamodest.ErrThrottled, dynamodest.ErrUnavailable, dynamodest.ErrStopped, dynamodest.ErrNoTable, dynamodest.ErrTableStatus,
		dynamodest.ErrAccess, dynamodest.ErrCredentials, dynamodest.ErrConfig,
	} {
		require.NotEmpty(t, reason.Remedy())
		assert.NotRegexp(t, goes, Command(reason.Remedy(), ""), reason)
	}
}

// The flags that the command names are those of settings that exist.
func TestFlagsAreOfSettings(t *testing.T) {
	t.Parallel()
	_, err := dynamodest.DecodeConfig([]byte(`{"table":1,"region":1,"endpoint":1,"mode":1,"on_existing":1,"version":1,"delete":1,"duplicates":1,"concurrency":"","write_units_per_second":"","mapping":{"fields":1,"null":1,"empty_string":1,"missing":1}}`))
	require.Error(t, err)
	named := map[string]bool{}
	for _, err := range err.(interface{ Unwrap() []error }).Unwrap() {
		var fault *dynamodest.ConfigError
		require.ErrorAs(t, err, &fault)
		named[fault.Field] = true
		assert.NotEmpty(t, Flag(fault.Field), fault.Field)
	}
	for _, err := range []error{policyError(dynamodest.Config{}.Policy("x")), policyError(dynamodest.TrustPolicy("", ""))} {
		for _, err := range err.(interface{ Unwrap() []error }).Unwrap() {
			var fault *dynamodest.ConfigError
			require.ErrorAs(t, err, &fault)
			named[fault.Field] = true
		}
	}
	for field := range flags {
		assert.True(t, named[field], field)
	}
}

func policyError(_ json.RawMessage, err error) error { return err }

// What is wrong with rows of NDJSON, of which every value may be of every kind, is said without Go.
func TestFaultsOfRows(t *testing.T) {
	t.Parallel()
	values := map[string]any{"int": int64(1), "float": 0.5, "uint": uint32(7), "time": time.Unix(0, 0).UTC()}
	decoder := json.NewDecoder(strings.NewReader(`{"text":"x","word":"not a number","object":{"a":[]},"list":[1,{"b":null}],"null":null,"true":true,"deep":{"":1},"empty":"","pair":[1,1],"blank":" ","nan":"NaN"}`))
	decoder.UseNumber()
	require.NoError(t, decoder.Decode(&values))
	values["number"], values["huge"], values["bytes"], values["latin"] = json.Number("12.5"), json.Number("1e400"), []byte{0xff}, "\xff"
	values["digits"] = json.Number(strings.Repeat("1234567890", 5))
	db := dynamodesttest.NewTable("users", "id:S")
	var faults int
	for _, kind := range dynamodest.Capabilities().Types {
		for name, value := range values {
			for _, null := range []dynamodest.Null{"", dynamodest.RefuseNull} {
				dest, err := dynamodest.New(t.Context(), dynamodest.Config{
					Table: "users", Client: db, Mapping: dynamodest.Mapping{Null: null, Fields: []dynamodest.Field{{Column: "id"}, {Column: "a", Type: kind.Type}}},
				})
				require.NoError(t, err)
				for _, row := range []dynamodest.Row{{"id": "1", "a": value}, {"id": value, "a": nil}} {
					_, err = dest.Item(row)
					var fault *dynamodest.RowError
					if !errors.As(err, &fault) {
						continue
					}
					faults++
					assert.NotRegexp(t, goes, Command(fault.Error(), fault.Column), "%s of %s", kind.Type, name)
				}
			}
		}
	}
	assert.Greater(t, faults, 100)
}

func TestCommand(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "give -type n=S, or to JSON", Command(`set Field.Type to "S", or to JSON`, "n"))
	assert.Equal(t, "give -type COLUMN=SORTABLE_TIME, EPOCH_SECONDS or N", Command(`set Field.Type to "SORTABLE_TIME", "EPOCH_SECONDS" or "N" for the column (a Mapping with Fields writes only the columns that it lists)`, ""))
	assert.Equal(t, "give -type $1=S", Command(`set Field.Type to "S"`, "$1"))
	assert.Equal(t, "nothing to say", Command("nothing to say", ""))
}
