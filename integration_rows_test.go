package dynamodest_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
)

// versions writes rows of several versions, over calls and in one call: the newest is what the table holds.
func (s *site) versions(t *testing.T) {
	dest := s.dest(t, func(c *dynamodest.Config) { c.Version = "int" })
	write := func(rows []dynamodest.Row, version int) dynamodest.Result {
		for i := range rows {
			rows[i]["int"] = version
		}
		res, err := dest.Write(t.Context(), rows)
		if !s.showsItems(t) && res.Summary.Written < len(rows) {
			require.ErrorIs(t, err, dynamodest.ErrExists)
		} else {
			require.NoError(t, err)
		}
		return res
	}
	newest := rich("versions", 30)
	assert.Equal(t, 30, write(rich("versions", 30), 5).Summary.Written)
	assert.Equal(t, 30, write(newest, 12).Summary.Written)
	older := dynamodest.Skipped
	if !s.showsItems(t) { // nothing is skipped by guess
		older = dynamodest.NotWritten
	}
	assert.Equal(t, map[dynamodest.Outcome]int{older: 30}, outcomes(write(rich("versions", 30), 9).Rows))
	assert.Equal(t, 30, write(rich("versions", 30), 12).Summary.Written, "equal versions")

	both := append(rich("versions", 10), rich("versions", 10)...)
	for i := range both {
		both[i]["int"] = 20 - i/10
	}
	res, err := dest.Write(t.Context(), both)
	require.NoError(t, err)
	assert.Equal(t, map[dynamodest.Outcome]int{dynamodest.Written: 10, dynamodest.Superseded: 10}, outcomes(res.Rows))
	s.holds(t, dest, "versions", append(both[:10], newest[10:]...))
}

// showsItems reports whether the DynamoDB shows the item for which a condition has failed.
func (s *site) showsItems(t *testing.T) bool {
	t.Helper()
	in := &dynamodb.PutItemInput{
		TableName: &s.cfg.Table,
		Item:      map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "shown"}, "at": &types.AttributeValueMemberN{Value: "0"}},
	}
	_, err := s.client.PutItem(t.Context(), in)
	require.NoError(t, err)
	in.ConditionExpression = aws.String("attribute_not_exists(id)")
	in.ReturnValuesOnConditionCheckFailure = types.ReturnValuesOnConditionCheckFailureAllOld
	_, err = s.client.PutItem(t.Context(), in)
	var failed *types.ConditionalCheckFailedException
	require.ErrorAs(t, err, &failed)
	return len(failed.Item) > 0
}

// deletes has items deleted in batches, and one alone.
func (s *site) deletes(t *testing.T) {
	dest := s.dest(t, func(c *dynamodest.Config) { c.Delete = "gone" })
	rows := rich("deletes", 60)
	_, err := dest.Write(t.Context(), rows)
	require.NoError(t, err)
	again := rich("deletes", 61) // the last is not there
	for i := range again {
		again[i]["gone"] = i%2 == 0
	}
	again[58]["text"] = make(chan int) // of a delete only the key matters
	res, err := dest.Write(t.Context(), again)
	require.NoError(t, err)
	assert.Equal(t, map[dynamodest.Outcome]int{dynamodest.Written: 30, dynamodest.Deleted: 31}, outcomes(res.Rows))
	again[1]["gone"] = true
	res, err = dest.Write(t.Context(), again[1:2])
	require.NoError(t, err)
	assert.Equal(t, 1, res.Summary.Deleted)
	var left []dynamodest.Row
	for i := 3; i < 60; i += 2 {
		left = append(left, rows[i])
	}
	s.holds(t, dest, "deletes", left)
}

// texts writes what an encoder of JSON may spell in a way of its own: many rows by one request, and each alone.
func (s *site) texts(t *testing.T) {
	texts := []string{"\"", `\\`, "/", "<>&'", "\u0080\u009f", "\u2027\u2028\u2029\u202a", "\ufeff", "\ufffd", "é€😀\U0010ffff", "\ud7ff\ue000", `\u0041`, strings.Repeat("1234567\"", 5)}
	for c := range rune(0x80) {
		texts = append(texts, string(c), "a"+string(c)+"b")
	}
	dest := s.dest(t, nil)
	for _, test := range []string{"texts", "lone texts"} {
		var rows []dynamodest.Row
		for i, text := range texts {
			rows = append(rows, dynamodest.Row{
				"id": test + "-" + text, "at": i, "n" + text: text, "list": []string{text, ""}, "map": map[string]any{text + "x": text, "n": 1e21},
				"bytes": []byte(text), "set": &types.AttributeValueMemberSS{Value: []string{text, text + "x"}}, "deep": []any{[]any{map[string]any{"a": []any{text, nil, true}}}},
			})
		}
		size := len(rows)
		if test == "lone texts" {
			size = 1
		}
		for chunk := range slices.Chunk(rows, size) {
			_, err := dest.Write(t.Context(), chunk)
			require.NoError(t, err)
		}
		s.holds(t, dest, test, rows)
	}
}
