package realtypes

import (
	"database/sql/driver"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest"
)

// speaker has a text for each way in which a value can say what it is. The types below have more and
// more of the methods, and the first of them in the documented order must speak.
type speaker struct{ A, B int }

type speaksJSON speaker

func (speaksJSON) MarshalJSON() ([]byte, error) { return []byte(`"json"`), nil }

type speaksText speaker

func (speaksText) MarshalJSON() ([]byte, error) { return []byte(`"json"`), nil }
func (speaksText) MarshalText() ([]byte, error) { return []byte("text"), nil }

type speaksValue speaker

func (speaksValue) MarshalJSON() ([]byte, error) { return []byte(`"json"`), nil }
func (speaksValue) MarshalText() ([]byte, error) { return []byte("text"), nil }
func (speaksValue) Value() (driver.Value, error) { return "value", nil }

type speaksDynamoDB speaker

func (speaksDynamoDB) MarshalJSON() ([]byte, error) { return []byte(`"json"`), nil }
func (speaksDynamoDB) MarshalText() ([]byte, error) { return []byte("text"), nil }
func (speaksDynamoDB) Value() (driver.Value, error) { return "value", nil }
func (speaksDynamoDB) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	return text("attribute").attr, nil
}

// The same on pointers alone.
type (
	pointerSpeaksJSON     speaker
	pointerSpeaksDynamoDB speaker
)

func (*pointerSpeaksJSON) MarshalJSON() ([]byte, error)     { return []byte(`"json"`), nil }
func (*pointerSpeaksDynamoDB) MarshalJSON() ([]byte, error) { return []byte(`"json"`), nil }
func (*pointerSpeaksDynamoDB) Value() (driver.Value, error) { return "value", nil }
func (*pointerSpeaksDynamoDB) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	return text("attribute").attr, nil
}

// Scalars with methods.
type (
	numberSpeaksJSON     int
	numberSpeaksDynamoDB int
	textSpeaksDynamoDB   string
	listSpeaksDynamoDB   []string
	embedsDynamoDB       struct{ speaksDynamoDB }
)

func (numberSpeaksJSON) MarshalJSON() ([]byte, error) { return []byte(`"json"`), nil }
func (n numberSpeaksDynamoDB) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	return number("12.5").attr, nil
}

func (textSpeaksDynamoDB) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	return binary("\x00\xff").attr, nil
}

func (l listSpeaksDynamoDB) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	return texts(l...).attr, nil
}

// answers is a Marshaler of the SDK that gives what it holds.
type answers struct {
	av  types.AttributeValue
	err error
}

func (a answers) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) { return a.av, a.err }

// panics is a Marshaler of the SDK that panics.
type panics struct{ _ int }

func (panics) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) { panic("secret") }

// TestOrder holds the documented order of who speaks for a value, at the top level and inside L, M and
// JSON.
func TestOrder(t *testing.T) {
	t.Parallel()
	moment := time.Unix(1_700_000_000, 999_999_999)
	runValues(t, []value{
		{name: "AttributeValue", value: number("12.5").attr, auto: number("12.5")},
		{name: "MarshalJSON", value: speaksJSON{}, auto: text("json")},
		{name: "MarshalText before MarshalJSON", value: speaksText{}, auto: text("text")},
		{name: "Value before MarshalText", value: speaksValue{}, auto: text("value")},
		{name: "MarshalDynamoDBAttributeValue before Value", value: speaksDynamoDB{}, auto: text("attribute")},
		{name: "MarshalJSON of a pointer", value: pointerSpeaksJSON{}, auto: text("json")},
		{name: "MarshalDynamoDBAttributeValue of a pointer", value: pointerSpeaksDynamoDB{}, auto: text("attribute")},
		{name: "pointer", value: &pointerSpeaksDynamoDB{}, auto: text("attribute")},
		{name: "nil pointer", value: (*speaksDynamoDB)(nil), auto: nothing},
		{name: "nil pointer with methods of its own", value: (*pointerSpeaksDynamoDB)(nil), auto: nothing},
		{name: "MarshalJSON of a number", value: numberSpeaksJSON(5), auto: text("json")},
		{
			name: "MarshalDynamoDBAttributeValue of a number", value: numberSpeaksDynamoDB(1250), auto: number("12.5"),
			forced: forced{dynamodest.Number: number("12.5")},
		},
		{
			name: "MarshalDynamoDBAttributeValue of text", value: textSpeaksDynamoDB("x"), auto: binary("\x00\xff"),
			forced: forced{dynamodest.Binary: binary("\x00\xff")},
		},
		{
			name: "MarshalDynamoDBAttributeValue that gives a set", value: listSpeaksDynamoDB{"a", "b"}, auto: texts("a", "b"), json: `["a","b"]`,
			keys: keys{types.ScalarAttributeTypeS: badKey}, forced: forced{dynamodest.StringSet: texts("a", "b")},
		},
		{name: "embedded", value: embedsDynamoDB{}, auto: text("attribute")},
		{name: "attributevalue.UnixTime", value: attributevalue.UnixTime(moment), auto: number("1700000000"), forced: forced{dynamodest.Number: number("1700000000")}},
		{name: "attributevalue.UnixTime before 1970", value: attributevalue.UnixTime(time.Unix(-5, 0)), auto: number("-5")},
		{name: "answer of a document", value: answers{av: list(number("1"), nothing).attr}, auto: list(number("1"), nothing), json: "[1,null]"},
		{name: "answer that is no number", value: answers{av: number("abc").attr}, auto: mapping},
		{name: "answer of an empty set", value: answers{av: texts().attr}, auto: mapping},
		{name: "answer of a set of equal members", value: answers{av: numbers("1", "1.0").attr}, auto: mapping},
		{name: "answer of text that is not UTF-8", value: answers{av: text("\xff").attr}, auto: mapping},
		{name: "answer with a nil inside", value: answers{av: &types.AttributeValueMemberL{Value: []types.AttributeValue{nil}}}, auto: mapping},
		{name: "error", value: answers{err: errors.New("secret")}, auto: mapping},
		{name: "panic", value: panics{}, auto: mapping},
	})
}

// TestOrderInSets holds that members of sets speak for themselves in the same order.
func TestOrderInSets(t *testing.T) {
	t.Parallel()
	var writes []write
	add := func(name string, typ dynamodest.Type, value any, w want) {
		writes = append(writes, write{name: name, value: value, typ: typ, want: w})
	}
	add("MarshalDynamoDBAttributeValue", dynamodest.StringSet, []speaksDynamoDB{{}}, texts("attribute"))
	add("MarshalDynamoDBAttributeValue of pointers", dynamodest.StringSet, []*pointerSpeaksDynamoDB{{}}, texts("attribute"))
	add("MarshalDynamoDBAttributeValue of numbers", dynamodest.NumberSet, []numberSpeaksDynamoDB{1}, numbers("12.5"))
	add("MarshalDynamoDBAttributeValue of bytes", dynamodest.BinarySet, []textSpeaksDynamoDB{"x"}, binaries("\x00\xff"))
	add("Value", dynamodest.StringSet, []speaksValue{{}}, texts("value"))
	add("MarshalText", dynamodest.StringSet, []speaksText{{}}, texts("text"))
	add("MarshalJSON", dynamodest.StringSet, []speaksJSON{{}}, texts("json"))
	add("MarshalJSON in any", dynamodest.StringSet, []any{speaksJSON{}, "b"}, texts("json", "b"))
	add("UnixTime", dynamodest.NumberSet, []attributevalue.UnixTime{attributevalue.UnixTime(time.Unix(7, 0))}, numbers("7"))
	add("panic", dynamodest.StringSet, []panics{{}}, mapping)
	runWrites(t, writes...)
}
