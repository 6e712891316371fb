package typemap

import (
	"encoding/base64"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
)

// coercion is how a scalar of one kind becomes a scalar of another kind.
type coercion uint8

const (
	impossible coercion = iota
	unchanged
	asText       // the text stays as it is
	parseNumber  // the text is a decimal
	decodeBase64 // the text is base64
	parseBool    // the text is one of boolTexts
)

// coercions is how a scalar of the first kind becomes one of the second.
var coercions = [item.BS + 1][item.BS + 1]coercion{
	item.S:    {item.S: unchanged, item.N: parseNumber, item.B: decodeBase64, item.Bool: parseBool},
	item.N:    {item.S: asText, item.N: unchanged, item.Bool: parseBool},
	item.B:    {item.S: asText, item.N: parseNumber, item.B: unchanged},
	item.Bool: {item.S: asText, item.Bool: unchanged},
}

// boolTexts is what a scalar of each kind says for false and true.
var boolTexts = [...]struct{ no, yes string }{item.S: {"false", "true"}, item.N: {"0", "1"}}

// coerce changes the scalar a, which v became by itself, to one of kind k.
func (t *tree) coerce(a *item.Attr, v any, k item.Kind) error {
	switch coercions[a.Kind][k] {
	case unchanged:
	case asText:
		a.Kind = item.S // Measure checks that bytes are UTF-8
	case parseNumber:
		return t.setNumber(a, a.Text)
	case decodeBase64:
		raw, err := base64.StdEncoding.DecodeString(a.Text)
		if err != nil {
			return fault.NewMapping("its text is not base64, from which a B is decoded").WithRemedy("encode the bytes as base64, or give them as a []byte")
		}
		a.Set(item.B, t.Keep(raw))
	case parseBool:
		switch texts := boolTexts[a.Kind]; a.Text {
		case texts.no:
			a.SetBool(false)
		case texts.yes:
			a.SetBool(true)
		default:
			return fault.NewMapping(`Go type %s is converted to BOOL only from "true", "false", 0 or 1`, fault.TypeName(v))
		}
	case impossible:
		return notConvertible(v, k)
	}
	return nil
}
