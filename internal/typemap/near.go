package typemap

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/dynamodest/dynamodest/internal/fault"
)

// nearRemedy is how to fix a row that has a column of nearly the right name.
const nearRemedy = "rename the column in the source, or set Field.Column to the name that the row has: " +
	"the two names differ only by a byte order mark, white space, case or Unicode form"

// withNear adds to f, the fault of a row without the column of the given name, the column of row that
// was probably meant, if there is one.
func withNear(f *fault.Error, row map[string]any, name string) *fault.Error {
	near, ok := nearColumn(row, name)
	if !ok {
		return f
	}
	named := *f
	named.Text += "; the row has " + quoteNear(near, name)
	return named.WithRemedy(nearRemedy)
}

// nearColumn returns the column of row whose name differs from name only by a byte order mark, white
// space, characters that are not shown, case or Unicode form. Of several it returns the first in the
// order of names.
func nearColumn(row map[string]any, name string) (near string, ok bool) {
	want := skeleton(name)
	for candidate := range row {
		if candidate != name && (!ok || candidate < near) && skeleton(candidate) == want {
			near, ok = candidate, true
		}
	}
	return near, ok
}

// quoteNear quotes near so that it looks different from name: characters that name does not have, but
// for their case, are escaped.
func quoteNear(near, name string) string {
	have := strings.ToLower(name)
	var quoted strings.Builder
	for _, r := range fault.Quote(near) {
		lower := unicode.ToLower(r)
		known := strings.ContainsRune(have, lower) && (r == lower || r == unicode.ToUpper(lower))
		if r < utf8.RuneSelf || known {
			quoted.WriteRune(r)
		} else {
			quoted.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		}
	}
	return quoted.String()
}

// wrongBOM is a byte order mark in UTF-8 that was read as Latin-1.
const wrongBOM = "\u00ef\u00bb\u00bf"

// skeleton returns a text that is equal for names that differ only by a byte order mark, white space,
// characters that are not shown, case or Unicode form.
func skeleton(name string) string {
	name = strings.TrimPrefix(name, wrongBOM)
	folded := make([]rune, 0, len(name))
	marks := 0 // where the marks of the last letter begin
	for _, r := range name {
		if isInvisible(r) {
			continue
		}
		if r >= '！' && r <= '～' {
			r += '!' - '！' // the wide form of ASCII
		}
		if !unicode.IsMark(r) {
			slices.Sort(folded[marks:])
			folded = appendLetter(folded, fold(r))
			marks = len(folded)
			for marks > 0 && unicode.IsMark(folded[marks-1]) {
				marks--
			}
			continue
		}
		folded = appendLetter(folded, r)
	}
	slices.Sort(folded[marks:])
	return string(folded)
}

// isInvisible reports whether r is a space or a character that is not shown, such as a byte order mark.
func isInvisible(r rune) bool {
	if r < utf8.RuneSelf {
		return r <= ' ' || r == 0x7f
	}
	return unicode.In(r, unicode.Z, unicode.Cc, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}

// fold returns the first of the letters that differ from r only by case.
func fold(r rune) rune {
	first := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		first = min(first, next)
	}
	return first
}

// The syllables of Hangul are composed by a rule.
// https://www.unicode.org/versions/Unicode15.0.0/ch03.pdf, section 3.12
const (
	firstSyllable, lastSyllable = '가', '힣'
	vowels, finals              = 21, 28
)

// appendLetter appends r to dst in the decomposed form of Unicode.
func appendLetter(dst []rune, r rune) []rune {
	switch {
	case r < utf8.RuneSelf:
		return append(dst, r)
	case r >= firstSyllable && r <= lastSyllable:
		i := r - firstSyllable
		dst = append(dst, '\u1100'+i/(vowels*finals), '\u1161'+i/finals%vowels)
		if i%finals > 0 {
			dst = append(dst, '\u11a7'+i%finals)
		}
		return dst
	}
	if pair, ok := decomposed()[r]; ok {
		return append(appendLetter(dst, fold(pair.base)), pair.mark)
	}
	return append(dst, r)
}

// letterAndMark is the decomposed form of a letter.
type letterAndMark struct{ base, mark rune }

// decomposed returns the decompositions by the composed letter.
var decomposed = sync.OnceValue(func() map[rune]letterAndMark {
	pairs := make(map[rune]letterAndMark)
	for _, d := range decompositions {
		bases := []rune(d.base)
		for i, composed := range []rune(d.composed) {
			pairs[composed] = letterAndMark{bases[i], d.mark}
		}
	}
	return pairs
})
