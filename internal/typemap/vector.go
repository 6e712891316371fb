package typemap

import (
	"errors"
	"strconv"
	"strings"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/table"
)

// checkVectorIndex returns why a, made from v, cannot be what a vector index takes; nil if it can. A null
// is left out, because its type is not the one that the index takes; DynamoDB decides whether it
// takes an item without the attribute.
func (col *column) checkVectorIndex(a *item.Attr, v any) error {
	switch {
	case a.Kind == item.Null:
		a.Kind = item.None
		return nil
	case a.Kind == item.None:
		return nil
	case col.filter != nil:
		return checkType(col.filter, a, v, fromValue)
	}
	return checkVector(col.vector, a, v)
}

// checkVector returns why a, made from v, cannot be the vector; nil if it can.
func checkVector(vector *table.Vector, a *item.Attr, v any) error {
	remedy := vectorRemedy(vector)
	switch {
	case a.Kind != item.L:
		return fault.NewMapping("Go type %s gives %s, but the attribute is the %s", typeName(v), a.Kind, vector).WithRemedy(remedy)
	case vector.Dimensions > 0 && len(a.Elems) != vector.Dimensions:
		return fault.NewMapping("the list has %d members, but the attribute is the %s", len(a.Elems), vector).WithRemedy(remedy)
	}
	for i := range a.Elems {
		switch elem := &a.Elems[i]; {
		case elem.Kind != item.N:
			return fault.NewMapping("the member at index %d is of type %s, but the attribute is the %s", i, elem.Kind, vector).WithRemedy(remedy)
		case !fitsFloat32(elem.Text):
			return fault.NewMapping("the member at index %d is outside the range of a 32-bit float, but the attribute is the %s", i, vector).WithRemedy(remedy)
		}
	}
	return nil
}

// fitsFloat32 reports whether the number that text spells is in the range of a float32. Its precision
// may be higher.
func fitsFloat32(text string) bool {
	_, err := strconv.ParseFloat(text, 32)
	return err == nil
}

func vectorRemedy(vector *table.Vector) string {
	return "provide " + vector.Takes() + ", each in the range of a 32-bit float"
}

// vectorFault returns err, the error of a value that cannot be converted to the vector, with a remedy
// that fits the attribute: the general one may name other types. A method that failed is to be fixed.
func vectorFault(vector *table.Vector, err error) error {
	var f *fault.Error
	if !errors.As(err, &f) || f.Reason != fault.Mapping || strings.Contains(f.Advice().Remedy, "method") {
		return err
	}
	named := *f
	named.Text += "; the attribute is the " + vector.String()
	return named.WithRemedy(vectorRemedy(vector))
}
