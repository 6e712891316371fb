package words

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
	"github.com/dynamodest/dynamodest/source"
)

// goes matches what only those know who read the library's code: its settings, and types of Go.
var goes = regexp.MustCompile(`errors\.(?:As|Is)|\b(?:CSV|NDJSON)\.[A-Z]|MaxRecord|MaxLine|kmsKeys|externalID|LoadDefaultConfig|CredentialsProvider|ClientOptions|smithy|a context that|\bTable (?:is|and)\b|\b(?:Config|Mapping|Field|Retry|Credentials|Destination)\b\.?|Go type|\ba bool\b|\bnil\b|\[\]byte|\b(?:time|json|strconv)\.[A-Z]|WriteUnitsPerSecond|OnExisting|Duplicates|MaxAttempts|EmptyString`)

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

// texts are those of the library that reach users of the command by errors of other kinds.
func texts(t *testing.T) []string {
	t.Helper()
	var all []string
	add := func(err error) {
		var fault *dynamodest.ConfigError
		if joined, ok := err.(interface{ Unwrap() []error }); ok && errors.As(err, &fault) {
			for _, err := range joined.Unwrap() {
				require.ErrorAs(t, err, &fault)
				all = append(all, fault.Problem)
			}
			return
		}
		require.Error(t, err)
		var line *source.LineError
		if errors.As(err, &line) { // that of a BadRow is hidden
			err = line
		}
		all = append(all, err.Error())
	}
	for _, text := range []string{"", "a,a\n", "a,\n", "a\x00\n", "\xff\n", "a\n\"" + strings.Repeat("x", 20<<20) + "\n", "a\n" + strings.Repeat("x", 20<<20) + "\n", "a\nb,c\n", "a\nb\"c\n"} {
		for _, err := range source.CSVRows(strings.NewReader(text)) {
			if err != nil {
				add(err)
			}
		}
	}
	for _, text := range []string{"1", "{", "{}{}", `{"a":1,"a":2}`, strings.Repeat(" ", 5<<20)} {
		for _, err := range source.NDJSONRows(strings.NewReader(text)) {
			add(err)
		}
	}
	const arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/users"
	add(policyError(dynamodest.Config{Table: arn}.Policy("999999999999", "x", "arn:aws:kms:us-east-1:123456789012:key/1")))
	add(policyError(dynamodest.TrustPolicy("x", "y")))
	add(dynamodest.Config{Region: "X", Endpoint: "x", Mode: "mirror", Version: "v", Delete: "d", Concurrency: -1, WriteUnitsPerSecond: -1, Mapping: dynamodest.Mapping{
		Null: "x", EmptyString: "x", Missing: "null", Bytes: "x",
	}}.Validate())
	add(dynamodest.Config{Mode: "insert", OnExisting: "skip", Version: "v", Delete: "d", Duplicates: "fail", MaxKeys: -1, Mapping: dynamodest.Mapping{
		Fields: []dynamodest.Field{{Column: "a", Type: "X"}, {Column: "a"}, {}},
	}}.Validate())
	add(dynamodest.Config{Table: "users", AWS: &aws.Config{}}.Validate())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := dynamodest.New(ctx, dynamodest.Config{Table: "users", Client: dynamodesttest.NewTable("users", "id:S")})
	add(err)
	return append(all, "fix the row at its source; errors.Is and errors.As reach what the source found wrong", "check Table and Region, then create a new Destination",
		"x returned an error of type y (text hidden because it may contain row data; use errors.As or errors.Is)",
		"a rule; DynamoDB's message is hidden because it may contain row data: errors.As with a smithy.APIError reads it", credentialsRemedy)
}

func TestTextsOfOtherErrors(t *testing.T) {
	t.Parallel()
	all := texts(t)
	assert.Greater(t, len(all), 40)
	for _, text := range all {
		assert.NotRegexp(t, goes, Command(text, ""))
	}
	said := Command(strings.Join(all, "\n"), "")
	for _, want := range []string{
		"the line has more than 4194304 bytes: shorten it, as an item has 400 KB at most", "the record has more than 16777216 bytes: shorten it, as an item has 400 KB at most",
		"the record has more than 16777216 bytes: close its quotes, as an item has 400 KB at most", "remedy: run the command again",
		"is not the account in the ARN that -table gives", "AWS_REGION or a profile would give it too", "by -profile",
	} {
		assert.Contains(t, said, want)
	}
}

// A setting is named as the command takes it, whatever it is called in the library.
func TestFlag(t *testing.T) {
	t.Parallel()
	for field, flag := range map[string]string{
		"Table": "-table", "kmsKeys[1]": "-kms-key number 2", "AWS.Region": "AWS_REGION or the region of the profile", "Retry": "", "kmsKeys": "",
	} {
		assert.Equal(t, flag, Flag(field), field)
	}
}

func TestCommand(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "give -type n=S, or to JSON", Command(`set Field.Type to "S", or to JSON`, "n"))
	assert.Equal(t, "give -type COLUMN=SORTABLE_TIME, EPOCH_SECONDS or N", Command(`set Field.Type to "SORTABLE_TIME", "EPOCH_SECONDS" or "N" for the column (a Mapping with Fields writes only the columns that it lists)`, ""))
	assert.Equal(t, "give -type $1=S", Command(`set Field.Type to "S"`, "$1"))
	assert.Equal(t, "nothing to say", Command("nothing to say", ""))
}

// The names of a user's columns, attributes and tables are not those of settings.
func TestNamesStay(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`column "Config.Version" (attribute "CSV.Comma"): the value is empty, but is the table's partition key "CSV.Comma" (S)`,
		`table "Config.Delete": x`, `columns 1 and 2 are both named "WriteUnitsPerSecond"`, `column "\"Mapping.Null"`, `the largest attribute, "a bool", has 1`,
	} {
		assert.Equal(t, text, Command(text, "Config.Version"))
	}
	assert.Equal(t, `no column becomes the attribute "Mapping.Null"; give -null`, Command(`no field produces the attribute "Mapping.Null"; give Mapping.Null`, ""))
	assert.Equal(t, "give -type WriteUnitsPerSecond=S", Command(`set Field.Type to "S"`, "WriteUnitsPerSecond"))
}

// A name that a terminal would act on, or that a shell would take apart, is in quotes.
func TestName(t *testing.T) {
	t.Parallel()
	for name, shown := range map[string]string{
		"id": "id", "a=b:c": "a=b:c", "größe": "größe", "": `""`, "first name": `"first name"`, `a"b`: `"a\"b"`,
		"a\x1b[2J": `"a\x1b[2J"`, "a\nb": `"a\nb"`, "a\u202eb": `"a\u202eb"`, "a\u00a0b": `"a\u00a0b"`,
	} {
		assert.Equal(t, shown, Name(name))
	}
	assert.Equal(t, `id, "a\nb"`, Names([]string{"id", "a\nb"}))
	assert.Equal(t, `give -type "first name"=S`, Command(`set Field.Type to "S"`, "first name"))
}
