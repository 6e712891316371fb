package typemap

import (
	"encoding/base64"
	"errors"
	"strconv"

	"github.com/dynamodest/dynamodest/internal/decimal"
	"github.com/dynamodest/dynamodest/internal/item"
)

// coercion is a way to convert a scalar of one kind to another kind.
type coercion uint8

const (
	impossible coercion = iota
	unchanged
	asText       // the text stays as it is
	parseNumber  // the text is a decimal
	decodeBase64 // the text is base64
	parseBool    // the value is 0 or 1, or the text spells a bool
)

// coercions holds the coercion from the first kind to the second.
var coercions = [item.BS + 1][item.BS + 1]coercion{
	item.S:    {item.S: unchanged, item.N: parseNumber, item.B: decodeBase64, item.Bool: parseBool},
	item.N:    {item.S: asText, item.N: unchanged, item.Bool: parseBool},
	item.B:    {item.S: asText, item.N: parseNumber, item.B: unchanged, item.Bool: parseBool},
	item.Bool: {item.S: asText, item.Bool: unchanged},
}

// coerce converts the scalar a, the default conversion of v, to kind k.
func (t *tree) coerce(a *item.Attr, v any, k item.Kind) error {
	how := coercions[a.Kind][k]
	if _, ok := v.(binary); ok && (how == asText || how == parseNumber) {
		how = impossible
	}
	switch how {
	case unchanged:
	case asText:
		a.Kind = item.S // Measure checks that bytes are UTF-8
	case parseNumber:
		text := a.Text
		if err := t.setNumber(a, text); errors.Is(err, decimal.ErrSyntax) {
			return notANumber(v, text)
		} else if err != nil {
			return err
		}
	case decodeBase64:
		raw, err := base64.StdEncoding.DecodeString(a.Text)
		if err != nil {
			return notBase64(v, a.Text)
		}
		a.Set(item.B, t.Keep(raw))
	case parseBool:
		yes, ok := boolOf(a, v)
		if !ok {
			return notABool(v, a.Text)
		}
		a.SetBool(yes)
	case impossible:
		return notConvertible(v, k)
	}
	return nil
}

// boolOf returns the bool that a, the default conversion of v, spells: as a number, as a single byte as
// of a column of type BIT(1), or as text. The bytes of an array are not text.
func boolOf(a *item.Attr, v any) (yes, ok bool) {
	if a.Kind == item.B {
		if len(a.Text) == 1 && a.Text[0] <= 1 {
			return a.Text[0] == 1, true
		}
		if _, isArray := v.(binary); isArray {
			return false, false
		}
	}
	if yes, err := strconv.ParseBool(a.Text); err == nil {
		return yes, true
	}
	number, err := decimal.Canonical(a.Text)
	return number == "1", err == nil && (number == "0" || number == "1")
}
