package typemap

import (
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
)

func TestNearNames(t *testing.T) {
	t.Parallel()
	tests := []struct {
		what, name, near string
		quoted           string // "" if the two are different names
	}{
		{"byte order mark", "id", "\ufeffid", `"\ufeffid"`},
		{"byte order mark read as Latin-1", "id", "ï»¿id", `"\u00ef\u00bb\u00bfid"`},
		{"byte order mark in the mapping", "\ufeffid", "id", `"id"`},
		{"space before", "id", " id", `" id"`}, {"space after", "id", "id ", `"id "`}, {"tab", "id", "\tid", `"\tid"`}, {"line break", "id", "id\r\n", `"id\r\n"`},
		{"no-break space", "id", "id\u00a0", `"id\u00a0"`}, {"no-break space inside", "user id", "user\u00a0id", `"user\u00a0id"`}, {"spaces inside", "user id", "user  id", `"user  id"`},
		{"zero-width space", "id", "\u200bid", `"\u200bid"`}, {"word joiner", "id", "i\u2060d", `"i\u2060d"`}, {"soft hyphen", "id", "i\u00add", `"i\u00add"`}, {"direction mark", "id", "\u200eid", `"\u200eid"`},
		{"ideographic space", "id", "id\u3000", `"id\u3000"`}, {"variation selector", "id", "id\ufe0f", `"id\ufe0f"`}, {"NUL", "id", "id\x00", `"id\x00"`},
		{"case", "id", "ID", `"ID"`}, {"case of other letters", "größe", "GRÖßE", `"GRÖßE"`}, {"case of Cyrillic", "имя", "ИМЯ", `"ИМЯ"`}, {"three cases", "ǆ", "ǅ", `"\u01c5"`},
		{"decomposed", "café", "cafe\u0301", `"cafe\u0301"`}, {"composed", "cafe\u0301", "café", `"caf\u00e9"`},
		{"two marks", "việt", "vie\u0323\u0302t", `"vie\u0323\u0302t"`}, {"two marks in the other order", "việt", "vie\u0302\u0323t", `"vie\u0302\u0323t"`}, {"half composed", "việt", "viẹ\u0302t", `"vi\u1eb9\u0302t"`},
		{"decomposed Greek", "όνομα", "ο\u0301νομα", `"ο\u0301νομα"`}, {"decomposed Cyrillic", "район", "раи\u0306он", `"ра\u0438\u0306он"`}, {"decomposed kana", "ガ", "カ\u3099", `"\u30ab\u3099"`},
		{"decomposed Hangul", "한글", "\u1112\u1161\u11ab\u1100\u1173\u11af", `"\u1112\u1161\u11ab\u1100\u1173\u11af"`}, {"Hangul without a final", "가", "\u1100\u1161", `"\u1100\u1161"`},
		{"sign of a letter", "å", "\u212b", `"\u212b"`}, {"wide", "id", "ｉｄ", `"\uff49\uff44"`},
		{"all at once", "Café ID", "\ufeffcafe\u0301\u00a0id ", `"\ufeffcafe\u0301\u00a0id "`},

		{"other name", "id", "ids", ""}, {"other letter", "id", "ad", ""}, {"other mark", "résumé", "resume", ""}, {"underscore", "user_id", "user id", ""},
		{"mark elsewhere", "áb", "ab\u0301", ""}, {"digits", "a1", "a2", ""}, {"sharp s", "straße", "strasse", ""}, {"nothing", "id", "", ""},
	}
	for _, tt := range tests {
		near, ok := nearColumn(row{tt.near: 1, "other": 2}, tt.name)
		require.Equal(t, tt.quoted != "", ok, tt.what)
		if ok {
			assert.Equal(t, tt.near, near, tt.what)
			assert.Equal(t, tt.quoted, quoteNear(near, tt.name), tt.what)
		}
	}
	near, _ := nearColumn(row{"ID": 1, "Id": 2, "iD": 3}, "id")
	assert.Equal(t, "ID", near, "the first of several")
}

func TestMissingKeyNamesTheNearColumn(t *testing.T) {
	t.Parallel()
	schema := schemaOfKeys(item.S, item.S)
	fields := Mapping{Fields: []Field{{Column: "user id", Attribute: "p"}, field("s", Auto)}}
	tests := map[string]struct {
		m            Mapping
		row          row
		column, text string
	}{
		"partition key": {Mapping{}, row{"\ufeffp": "x", "s": "y"}, "p", `the row lacks the column that provides the table's partition key "p" (S); the row has "\ufeffp"`},
		"sort key":      {Mapping{}, row{"p": "x", "S": "y"}, "s", `the row lacks the column that provides the table's sort key "s" (S); the row has "S"`},
		"of a field":    {fields, row{"User\u00a0ID": "x", "s": "y"}, "user id", `the row lacks the column that provides the table's partition key "p" (S); the row has "User\u00a0ID"`},
		"the other key": {fields, row{"user id": "x", "s\u200b": "y"}, "s", `the row lacks the column that provides the table's sort key "s" (S); the row has "s\u200b"`},
	}
	for name, tt := range tests {
		_, err := New(tt.m, schema).Convert(tt.row)
		require.NotNil(t, err, name)
		assert.Equal(t, fault.Key, err.Reason, name)
		assert.EqualError(t, err, tt.text, name)
		assert.Equal(t, tt.column, err.Column, name)
		assert.Equal(t, nearRemedy, err.Advice().Remedy, name)
	}
	_, err := New(Mapping{}, schema).Convert(row{"x": "x"})
	assert.NotEqual(t, nearRemedy, err.Advice().Remedy)
}

func TestDecompositionsArePairs(t *testing.T) {
	t.Parallel()
	letters := 0
	for _, d := range decompositions {
		composed, bases := []rune(d.composed), []rune(d.base)
		require.Len(t, bases, len(composed), "%U", d.mark)
		require.True(t, unicode.IsMark(d.mark), "%U", d.mark)
		letters += len(composed)
	}
	assert.Len(t, decomposed(), letters, "no letter is listed twice")
	assert.Equal(t, 941, letters, "as many as Unicode 15 composes")
}
