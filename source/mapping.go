package source

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/dynamodest/dynamodest"
)

// Bounds of texts that are proposed as numbers.
const (
	// maxDigits is the most digits of a number in DynamoDB:
	// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
	maxDigits = 38

	// maxWhole is the most digits of a whole number that every reader with 64-bit floats keeps.
	maxWhole = 15
)

// ProposeMapping proposes a mapping from a sample of rows: a field for each column, sorted by name, with a
// type for columns of text that are numbers or bools throughout. A person decides: a sample may lack the row
// that matters, such as the one postal code that begins with 0. In a column that is proposed as a number, such a
// text is written as the number that it spells, "0123" as 123, without an error, unless a [Guard] finds it; text
// that is no number fails its row. Columns that the sample lacks are not in the mapping, and would not be written.
//
// The types, by the values of a column other than nil and "":
//
//   - [dynamodest.Number]: all are numbers, or text of one: digits with a minus sign or a point if need be.
//     Codes with leading zeros, a plus sign, an exponent, spaces or a thousands separator are text, and so is a
//     column with a whole number of more than 15 digits (a card, an account), although an N keeps up to 38.
//     Zeros at the end of a fraction are not kept by an N. They count as money, "1.50", if all numbers of the
//     column have as many decimals; otherwise, as in the versions "1.9" and "1.10", the column is text.
//   - [dynamodest.Bool]: all are bools, or text "true" or "false", also "True", "TRUE", "False" and "FALSE". 0 and
//     1 are numbers.
//   - [dynamodest.Auto]: all else, which leaves each value as it is. Text stays text, also that of times and of
//     JSON: force [dynamodest.EpochSeconds], [dynamodest.Map] and others where that is wanted.
//
// With a forced type, "" remains what Mapping.EmptyString says: a NULL by default.
func ProposeMapping(sample []dynamodest.Row) dynamodest.Mapping {
	columns := gather(sample)
	var m dynamodest.Mapping
	for _, name := range slices.Sorted(maps.Keys(columns)) {
		m.Fields = append(m.Fields, dynamodest.Field{Column: name, Type: columns[name].propose()})
	}
	return m
}

// gather returns what the values of each column of a sample show.
func gather(sample []dynamodest.Row) map[string]*evidence {
	columns := map[string]*evidence{}
	for _, row := range sample {
		for name, v := range row {
			e := columns[name]
			if e == nil {
				e = &evidence{numbers: true, bools: true}
				columns[name] = e
			}
			e.add(v)
		}
	}
	return columns
}

// evidence is what the values of a column have shown.
type evidence struct {
	seen           bool // a value other than nil and ""
	numbers, bools bool // so far all are
	decimals       int  // of the first number that is text
	texts          bool // there was such a number
	uneven         bool // numbers that are text differ in their decimals
	paddedZero     bool // one ends with a zero after the point
}

// add takes v into account.
func (e *evidence) add(v any) {
	switch v := v.(type) {
	case nil:
		return
	case string:
		if v != "" {
			e.addText(v)
		}
		return
	case json.Number:
		e.bools = false
		e.numbers = e.numbers && isDecimal(string(v))
	case bool:
		e.numbers = false
	default:
		e.bools = false
		e.numbers = e.numbers && isNumber(v)
	}
	e.seen = true
}

// addText takes text into account.
func (e *evidence) addText(text string) {
	e.seen = true
	if isBool(text) {
		e.numbers = false
		return
	}
	e.bools = false
	fraction, ok := decimalText(text)
	if !ok || fraction == "" && len(strings.TrimPrefix(text, "-")) > maxWhole {
		e.numbers = false
		return
	}
	if e.texts && len(fraction) != e.decimals {
		e.uneven = true
	}
	e.texts, e.decimals = true, len(fraction)
	e.paddedZero = e.paddedZero || strings.HasSuffix(fraction, "0")
}

// propose returns the type for the column.
func (e *evidence) propose() dynamodest.Type {
	switch {
	case !e.seen:
	case e.numbers && !(e.paddedZero && e.uneven):
		return dynamodest.Number
	case e.bools:
		return dynamodest.Bool
	}
	return dynamodest.Auto
}

// isBool reports whether text is a bool and nothing else.
func isBool(text string) bool {
	switch text {
	case "true", "True", "TRUE", "false", "False", "FALSE":
		return true
	}
	return false
}

// decimalText returns the decimals of text that is a number in its plain form, and nothing else.
func decimalText(text string) (fraction string, ok bool) {
	unsigned := strings.TrimPrefix(text, "-")
	whole, fraction, hasPoint := strings.Cut(unsigned, ".")
	switch {
	case !isWhole(whole) || hasPoint && !isDigits(fraction):
		return "", false
	case strings.Trim(unsigned, "0.") == "" && unsigned != text: // minus zero, whose sign no N keeps
		return "", false
	case len(whole)+len(fraction) > maxDigits:
		return "", false
	}
	return fraction, true
}

// isNumber reports whether v is of a built-in type of numbers, and a number that DynamoDB has.
func isNumber(v any) bool {
	switch v := v.(type) {
	case int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64:
		return true
	case float32:
		return isFinite(float64(v))
	case float64:
		return isFinite(v)
	}
	return false
}

func isFinite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
