package typemap

import (
	"encoding/base64"

	"github.com/dynamodest/dynamodest/internal/fault"
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
	parseBool    // the text is one of boolTexts
)

// coercions holds the coercion from the first kind to the second.
var coercions = [item.BS + 1][item.BS + 1]coercion{
	item.S:    {item.S: unchanged, item.N: parseNumber, item.B: decodeBase64, item.Bool: parseBool},
	item.N:    {item.S: asText, item.N: unchanged, item.Bool: parseBool},
	item.B:    {item.S: asText, item.N: parseNumber, item.B: unchanged},
	item.Bool: {item.S: asText, item.Bool: unchanged},
}

// boolTexts holds the texts of false and true in scalars of each kind.
var boolTexts = [...]struct{ no, yes string }{item.S: {"false", "true"}, item.N: {"0", "1"}}

// coerce converts the scalar a, the default conversion of v, to kind k.
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
			return fault.NewMapping("the value is text that is not base64").WithRemedy("encode the bytes as base64, or provide a []byte")
		}
		a.Set(item.B, t.Keep(raw))
	case parseBool:
		switch texts := boolTexts[a.Kind]; a.Text {
		case texts.no:
			a.SetBool(false)
		case texts.yes:
			a.SetBool(true)
		default:
			return fault.NewMapping("the value of Go type %s does not spell a bool", fault.TypeName(v)).
				WithRemedy(`provide a bool, or "true", "false", 0 or 1`)
		}
	case impossible:
		return notConvertible(v, k)
	}
	return nil
}
