package typemap

import (
	"reflect"

	"github.com/dynamodest/dynamodest/internal/item"
)

// anyStruct sets a to the M of the struct rv.
func (t *tree) anyStruct(a *item.Attr, rv reflect.Value, level int) error {
	plan := planOf(rv.Type(), t.Form)
	if plan.problem != nil {
		return plan.problem
	}
	a.Kind, a.Elems = item.M, make([]item.Attr, 0, len(plan.fields))
	for i := range plan.fields {
		f := &plan.fields[i]
		v, err := rv.FieldByIndexErr(f.index)
		if err != nil { // a nil embedded pointer
			continue
		}
		a.Elems = append(a.Elems, item.Attr{Name: f.name})
		omitted, err := t.field(&a.Elems[len(a.Elems)-1], v, f, level+1)
		if err != nil {
			return err
		}
		if omitted {
			a.Elems = a.Elems[:len(a.Elems)-1]
		}
	}
	a.Elems = item.Compact(a.Elems)
	return nil
}

// field converts v, the value of the field f of a struct, unless the tag of f leaves v out.
func (t *tree) field(a *item.Attr, v reflect.Value, f *structField, level int) (omitted bool, err error) {
	if f.options != nil {
		return t.byOptions(a, v, f.options, level)
	}
	if omitted, err := f.omits(v); omitted || err != nil {
		return omitted, err
	}
	if err := t.element(a, v, level); err != nil || !f.quoted {
		return false, err
	}
	return false, t.quoteScalar(a)
}

// quoteScalar applies the "string" option of a json tag. Outside JSON a string needs no quotes.
func (t *tree) quoteScalar(a *item.Attr) error {
	switch {
	case a.Kind == item.N || a.Kind == item.Bool:
		a.Kind = item.S
	case a.Kind == item.S && t.Form == item.JSONText:
		text := *a
		return setJSON(t.Builder, a, &text)
	}
	return nil
}

// omits reports whether the options of the json tag of f leave out the value v.
func (f *structField) omits(v reflect.Value) (bool, error) {
	if f.omitEmpty && isEmpty(v) {
		return true, nil
	}
	if !f.omitZero {
		return false, nil
	}
	return isZero(v)
}

// isEmpty reports whether the option omitempty of a json tag leaves out v.
func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}

// isZero reports whether the option omitzero leaves out v: by the IsZero method of the type of v,
// if there is one.
func isZero(v reflect.Value) (bool, error) {
	p := v
	switch k := v.Kind(); {
	case !v.CanInterface():
		return v.IsZero(), nil
	case k == reflect.Pointer || k == reflect.Interface:
		if v.IsNil() {
			return true, nil
		}
	default:
		p = reflect.New(v.Type()) // has the methods of v as well
		p.Elem().Set(v)
	}
	if !p.Type().Implements(zeroerType) {
		return v.IsZero(), nil
	}
	z := p.Interface().(zeroer)
	return callMethod(z, "IsZero", func() (bool, error) { return z.IsZero(), nil })
}

type zeroer interface{ IsZero() bool }

var zeroerType = reflect.TypeFor[zeroer]()
