package fault

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var allReasons = []Reason{
	Mapping, Key, TooLarge, Refused, Exists, Unprocessed, Throttled, Unavailable, Stopped,
	NoTable, TableStatus, Access, Credentials, Config,
}

func TestEveryReasonHasALabelAPhraseAndARemedy(t *testing.T) {
	t.Parallel()
	assert.Len(t, advices, len(allReasons))
	phrases, remedies := map[string]bool{}, map[string]bool{}
	for _, r := range allReasons {
		assert.Regexp(t, `^[a-z]+(_[a-z]+)*$`, string(r))
		assert.NotContains(t, r.Phrase(), "_")
		assert.Greater(t, len(r.Remedy()), 40, r)
		assert.Less(t, len(r.Remedy()), MaxDetail, r)
		phrases[r.Phrase()], remedies[r.Remedy()] = true, true
	}
	assert.Len(t, phrases, len(allReasons), "two reasons have the same phrase")
	assert.Len(t, remedies, len(allReasons), "two reasons have the same remedy")
	assert.Equal(t, "other", Reason("other").Phrase())
	assert.Empty(t, Reason("other").Remedy())
}

func TestCutKeepsRunesWhole(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "abc", Cut("abc", 3))
	assert.Equal(t, "ab…", Cut("abcdef", 5))
	assert.Equal(t, "ä…", Cut("äöü", 5))
	assert.Equal(t, "…", Cut("ößü", 4))
	assert.Equal(t, "…", Cut("abcdef", -1))
	assert.Equal(t, `"`+strings.Repeat("a", 97)+`…"`, Quote(strings.Repeat("a", 101)))
}

func TestCleanLeavesNoLineBreak(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "a b  c", Clean("a\nb\r\x00c"))
}

func TestTypeNames(t *testing.T) {
	t.Parallel()
	for want, v := range map[string]any{"nil": nil, "[]byte": []byte{}, "map[string]any": map[string]any{}, "*fault.Error": &Error{}} {
		assert.Equal(t, want, TypeName(v))
	}
	assert.LessOrEqual(t, len(TypeName(struct {
		AVeryLongFieldName, AnotherVeryLongFieldName, AThirdVeryLongFieldName int
	}{})), MaxName)
}

// secretError is kept as a value, so that fmt would walk into it.
type secretError struct{ secret string }

func (e secretError) Error() string { return "refused " + e.secret }

var verbs = strings.Fields("%v %+v %#v %s %q %x %X %d %10v %t %f %c %U %z")

func TestErrorsHideTheirCauses(t *testing.T) {
	t.Parallel()
	cause := secretError{"person@example.com"}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	invalid, hidden := NewMapping("no").WithCause(cause), Hide("report", cause)
	for _, value := range []any{invalid, *invalid, hidden, *hidden, Ended(ctx), struct{ E Error }{*invalid}} {
		for _, verb := range verbs {
			text := fmt.Sprintf(verb, value)
			assert.NotContains(t, text, "person")
			assert.NotContains(t, text, fmt.Sprintf("%x", "person"))
		}
	}
	for _, err := range []error{invalid, hidden, Ended(ctx)} {
		var found secretError
		require.ErrorAs(t, err, &found)
		assert.Equal(t, cause, found)
	}
	assert.Equal(t, "report returned an error of type fault.secretError (text hidden because it may contain row data; use errors.As or errors.Is)", hidden.Error())
	assert.Equal(t, "context canceled (cause of type fault.secretError; text hidden because it may contain row data; use errors.As or errors.Is)", Ended(ctx).Error())
	require.ErrorIs(t, Ended(ctx), context.Canceled)

	plain, cancelPlain := context.WithCancel(t.Context())
	cancelPlain()
	assert.Equal(t, context.Canceled, Ended(plain), "a context without a cause of its own ends as it is")
}

func TestAtLeavesTheSharedErrorAlone(t *testing.T) {
	t.Parallel()
	shared := NewMapping("it is bad").WithRemedy("make it good")
	at := shared.At("c", "a")
	assert.Equal(t, "c", at.Column)
	assert.Equal(t, "a", at.Attribute)
	assert.Equal(t, "make it good", at.Advice().Remedy)
	assert.Empty(t, shared.Column)
}

type hinting struct{ error }

func (hinting) Advice() Advice { return Advice{Hint: "; or a proxy"} }

func TestRemedyPrefersWhatTheCauseKnows(t *testing.T) {
	t.Parallel()
	known := fmt.Errorf("deep: %w", New(Key, "x").WithRemedy("do this"))
	assert.Equal(t, "do this", Remedy(Access, known))
	assert.Equal(t, Access.Remedy(), Remedy(Access, nil))
	assert.Equal(t, Access.Remedy()+"; or a proxy", Remedy(Access, fmt.Errorf("deep: %w", hinting{errors.New("x")})))
}

func TestThrottlingRemedies(t *testing.T) {
	t.Parallel()
	arn := "arn:aws:dynamodb:eu-west-1:123456789012:table/users"
	for name, tt := range map[string]struct {
		resource string
		want     []string
	}{
		"TableWriteKeyRangeThroughputExceeded":    {arn, []string{"hot", arn, "more partition keys"}},
		"IndexWriteKeyRangeThroughputExceeded":    {"", []string{"hot", "an index of the table"}},
		"TableWriteProvisionedThroughputExceeded": {arn, []string{"WCU", "on-demand", arn}},
		"IndexWriteProvisionedThroughputExceeded": {arn + "/index/i", []string{"WCU", "/index/i"}},
		"TableWriteAccountLimitExceeded":          {arn, []string{"quota", arn}},
		"TableWriteMaxOnDemandThroughputExceeded": {"", []string{"maximum on-demand throughput", "the table"}},
		"SomethingNew": {arn, nil},
	} {
		remedy := ThrottlingRemedy([]Throttling{{Reason: "Unheard"}, {Reason: name, Resource: tt.resource}})
		if tt.want == nil {
			assert.Empty(t, remedy)
		}
		for _, want := range tt.want {
			assert.Contains(t, remedy, want)
		}
	}
	assert.Empty(t, ThrottlingRemedy(nil))
}

func TestTableARNs(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "eu-west-3", ARNRegion("arn:aws:dynamodb:eu-west-3:123456789012:table/users"))
	for _, bad := range []string{"users", "arn:aws:s3:::bucket", "arn:aws:dynamodb:eu-west-1:123456789012:table/users/index/i", ""} {
		assert.Empty(t, ARNRegion(bad), bad)
	}
	for want, table := range map[string]Table{
		"arn:aws-cn:dynamodb:cn-north-1:ACCOUNT:table/users":        {Name: "users", Region: "cn-north-1"},
		"arn:aws-us-gov:dynamodb:us-gov-west-1:ACCOUNT:table/users": {Name: "users", Region: "us-gov-west-1"},
		"arn:aws-eusc:dynamodb:eusc-de-east-1:ACCOUNT:table/users":  {Name: "users", Region: "eusc-de-east-1"},
		"arn:aws:dynamodb:REGION:ACCOUNT:table/users":               {Name: "users"},
		"arn:aws:dynamodb:eu-west-1:123456789012:table/described":   {Name: "users", Region: "x", ARN: "arn:aws:dynamodb:eu-west-1:123456789012:table/described"},
		"arn:aws:dynamodb:eu-west-1:123456789012:table/named":       {Name: "arn:aws:dynamodb:eu-west-1:123456789012:table/named"},
	} {
		assert.Equal(t, want, table.arn())
		assert.Contains(t, table.Remedy("PutItem", Access, nil), want)
	}
}

// The partitions are those of the SDK's table, and a region is in the first that its name fits.
func TestPartitions(t *testing.T) {
	t.Parallel()
	for region, want := range map[string]string{
		"eu-west-1": "aws", "mx-central-1": "aws", "us-east-1": "aws", "": "aws", "local": "aws", "cn-northwest-1": "aws-cn", "us-gov-east-1": "aws-us-gov",
		"eusc-de-east-1": "aws-eusc", "us-iso-east-1": "aws-iso", "us-isob-east-1": "aws-iso-b", "eu-isoe-west-1": "aws-iso-e", "us-isof-south-1": "aws-iso-f",
	} {
		assert.Equal(t, want, PartitionOf(region).Name, region)
	}
	names := map[string]bool{}
	for _, p := range Partitions() {
		names[p.Name] = true
		assert.NotEmpty(t, p.Suffixes[0])
		assert.NotEmpty(t, p.Suffixes[1])
	}
	assert.Len(t, names, len(Partitions()))

	arn, ok := ParseTableARN("arn:aws-iso-b:dynamodb:us-isob-east-1:123456789012:table/users")
	assert.True(t, ok)
	assert.Equal(t, TableARN{"aws-iso-b", "us-isob-east-1", "123456789012"}, arn)
	_, ok = ParseTableARN("arn:aws:dynamodb:us-east-1:123456789012:table/users/index/i")
	assert.False(t, ok)
}
