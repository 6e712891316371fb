package dynamodest_test

import (
	"encoding/base64"
	"encoding/json"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/itemtest"
)

// This file has docs/identity.md once more in code, which shares nothing with the library's.

// varint is an unsigned varint.
func varint(n int) string {
	var out []byte
	for ; n >= 0x80; n /= 0x80 {
		out = append(out, byte(n%0x80)+0x80)
	}
	return string(append(out, byte(n)))
}

// prefixed is text with its length in front.
func prefixed(text string) string { return varint(len(text)) + text }

// decimalOf is the canonical decimal of a valid number.
func decimalOf(text string) string {
	number, ok := new(big.Rat).SetString(text)
	if !ok {
		panic("no number")
	}
	if number.Sign() == 0 {
		return "0"
	}
	sign := ""
	if number.Sign() < 0 {
		sign = "-"
	}
	whole, fraction, _ := strings.Cut(number.Abs(number).FloatString(130+38), ".")
	whole = strings.TrimLeft(whole, "0")
	fraction = strings.TrimRight(fraction, "0")
	digits := strings.Trim(whole+fraction, "0")
	exponent := len(whole) - 1 // of the first digit
	if whole == "" {
		exponent = -1 - (len(fraction) - len(strings.TrimLeft(fraction, "0")))
	}
	zerosBefore, zerosBehind := -exponent-1, exponent+1-len(digits)
	switch {
	case zerosBefore > 20 || zerosBehind > 20:
		text := digits[:1]
		if len(digits) > 1 {
			text += "." + digits[1:]
		}
		return sign + text + "E" + strconv.Itoa(exponent)
	case fraction == "":
		return sign + whole
	case whole == "":
		return sign + "0." + fraction
	}
	return sign + whole + "." + fraction
}

// keyForm is the bytes of the key of the given attributes.
func keyForm(attributes ...types.AttributeValue) string {
	form := ""
	for _, v := range attributes {
		form += valueForm(v)
	}
	return form
}

// itemForm is the canonical form of an item, or of a delete.
func itemForm(operation string, item itemtest.Map) string {
	return "\x01" + operation + membersForm(item)
}

func membersForm(members itemtest.Map) string {
	names := make([]string, 0, len(members))
	for name := range members {
		names = append(names, name)
	}
	slices.Sort(names)
	form := varint(len(names))
	for _, name := range names {
		form += prefixed(name) + valueForm(members[name])
	}
	return form
}

func setForm(letter string, texts []string) string {
	texts = slices.Clone(texts)
	slices.Sort(texts)
	form := letter + varint(len(texts))
	for _, text := range texts {
		form += prefixed(text)
	}
	return form
}

func valueForm(v types.AttributeValue) string {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return "S" + prefixed(v.Value)
	case *types.AttributeValueMemberN:
		return "N" + prefixed(decimalOf(v.Value))
	case *types.AttributeValueMemberB:
		return "B" + prefixed(string(v.Value))
	case *types.AttributeValueMemberBOOL:
		return map[bool]string{true: "1", false: "0"}[v.Value]
	case *types.AttributeValueMemberNULL:
		return "-"
	case *types.AttributeValueMemberL:
		form := "L" + varint(len(v.Value))
		for _, member := range v.Value {
			form += valueForm(member)
		}
		return form
	case *types.AttributeValueMemberM:
		return "M" + membersForm(v.Value)
	case *types.AttributeValueMemberSS:
		return setForm("s", v.Value)
	case *types.AttributeValueMemberNS:
		return setForm("n", each(v.Value, decimalOf))
	case *types.AttributeValueMemberBS:
		return setForm("b", each(v.Value, func(p []byte) string { return string(p) }))
	}
	panic("no attribute value")
}

func each[T, U any](list []T, convert func(T) U) []U {
	out := make([]U, len(list))
	for i, v := range list {
		out[i] = convert(v)
	}
	return out
}

// parseValue reads a value in DynamoDB's JSON.
func parseValue(t *testing.T, raw json.RawMessage) types.AttributeValue {
	t.Helper()
	var v struct {
		S, N *string
		B    *[]byte
		BOOL *bool
		NULL *bool
		L    []json.RawMessage
		M    map[string]json.RawMessage
		SS   []string
		NS   []string
		BS   []string
	}
	require.NoError(t, json.Unmarshal(raw, &v), "%s", raw)
	switch {
	case v.S != nil:
		return itemtest.S(*v.S)
	case v.N != nil:
		return itemtest.N(*v.N)
	case v.B != nil:
		return itemtest.B(*v.B...)
	case v.BOOL != nil:
		return itemtest.Bool(*v.BOOL)
	case v.NULL != nil:
		return itemtest.Null()
	case v.L != nil:
		return itemtest.L(each(v.L, func(raw json.RawMessage) types.AttributeValue { return parseValue(t, raw) })...)
	case v.M != nil:
		return itemtest.M(parseMembers(t, v.M))
	case v.SS != nil:
		return itemtest.SS(v.SS...)
	case v.NS != nil:
		return itemtest.NS(v.NS...)
	case v.BS != nil:
		return itemtest.BS(each(v.BS, func(text string) []byte {
			member, err := base64.StdEncoding.DecodeString(text)
			require.NoError(t, err)
			return member
		})...)
	}
	require.Fail(t, "no value", "%s", raw)
	return nil
}

func parseMembers(t *testing.T, raw map[string]json.RawMessage) itemtest.Map {
	t.Helper()
	members := itemtest.Map{}
	for name, v := range raw {
		members[name] = parseValue(t, v)
	}
	return members
}

// vectors returns the rows of the table of docs/identity.md that is marked by name: of each cell the texts
// in backquotes.
func vectors(t *testing.T, name string) [][][]string {
	t.Helper()
	_, text, found := strings.Cut(read(t, "docs/identity.md"), "<!-- vectors: "+name+" -->\n")
	require.True(t, found)
	text, _, _ = strings.Cut(text, "\n\n")
	var rows [][][]string
	for _, line := range strings.Split(text, "\n")[2:] {
		var row [][]string
		for _, cell := range strings.Split(strings.Trim(line, "|"), "|") {
			row = append(row, each(regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cell, -1), func(m []string) string { return m[1] }))
		}
		rows = append(rows, row)
	}
	require.NotEmpty(t, rows)
	return rows
}
