package typemap

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/dynamodest/dynamodest/internal/item"
)

// structField is a field of a struct, under the name of the json tag.
type structField struct {
	name      string
	tagged    bool  // the name is from a tag
	index     []int // for walking embedded structs
	omitEmpty bool
	omitZero  bool
	quoted    bool // the "string" option
}

var structFieldsCache sync.Map // reflect.Type to []structField

// structFields returns the fields of the struct type t that encoding/json would write, by name.
func structFields(t reflect.Type) []structField {
	if fields, ok := structFieldsCache.Load(t); ok {
		return fields.([]structField)
	}
	fields, _ := structFieldsCache.LoadOrStore(t, dominantFields(allFields(t)))
	return fields.([]structField)
}

// allFields returns the fields of t and of the structs embedded in t, shadowed fields included,
// level by level.
func allFields(t reflect.Type) (fields []structField) {
	type embeddedStruct struct {
		t     reflect.Type
		index []int
	}
	seen := map[reflect.Type]bool{}
	for level := []embeddedStruct{{t: t}}; len(level) > 0; {
		var next []embeddedStruct
		here := map[reflect.Type]bool{}
		for _, e := range level {
			if seen[e.t] {
				continue
			}
			here[e.t] = true
			for i := range e.t.NumField() {
				sf := e.t.Field(i)
				field, ok := newStructField(sf, append(slices.Clone(e.index), i))
				if !ok {
					continue
				}
				if inner := indirect(sf.Type); sf.Anonymous && !field.tagged && inner.Kind() == reflect.Struct {
					next = append(next, embeddedStruct{inner, field.index})
				} else {
					fields = append(fields, field)
				}
			}
		}
		for t := range here {
			seen[t] = true
		}
		level = next
	}
	return fields
}

// newStructField reads the tag of sf. It reports false for a field that is never written.
func newStructField(sf reflect.StructField, index []int) (structField, bool) {
	tag := sf.Tag.Get("json")
	inner := indirect(sf.Type)
	if tag == "-" || !sf.IsExported() && !(sf.Anonymous && inner.Kind() == reflect.Struct) {
		return structField{}, false
	}
	name, options, _ := strings.Cut(tag, ",")
	field := structField{name: sf.Name, index: index}
	if validTag(name) {
		field.name, field.tagged = name, true
	}
	for option := range strings.SplitSeq(options, ",") {
		switch option {
		case "omitempty":
			field.omitEmpty = true
		case "omitzero":
			field.omitZero = true
		case "string":
			k := inner.Kind()
			field.quoted = k == reflect.String || k >= reflect.Bool && k <= reflect.Float64 && k != reflect.Uintptr
		}
	}
	return field, true
}

// indirect returns what an unnamed pointer type points to.
func indirect(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer && t.Name() == "" {
		return t.Elem()
	}
	return t
}

// validTag reports whether encoding/json takes name from a tag, up to Go 1.26. Go 1.27 takes more
// characters, or the start of a malformed name; names of attributes must not depend on the version.
func validTag(name string) bool {
	for _, r := range name {
		if !strings.ContainsRune("!#$%&()*+-./:;<=>?@[]^_{|}~ ", r) && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return false
		}
	}
	return name != ""
}

// dominantFields drops the fields that other fields of the same name shadow. The field nearest to the
// top wins, then the only tagged field; if neither decides, all fields of the name are dropped.
func dominantFields(fields []structField) []structField {
	slices.SortStableFunc(fields, func(x, y structField) int {
		order := cmp.Or(cmp.Compare(x.name, y.name), cmp.Compare(len(x.index), len(y.index)))
		if order == 0 && x.tagged != y.tagged {
			order = 1
			if x.tagged {
				order = -1
			}
		}
		return order
	})
	var out []structField
	for i := 0; i < len(fields); {
		f := fields[i]
		end := i + 1
		for end < len(fields) && fields[end].name == f.name {
			end++
		}
		if end == i+1 || len(fields[i+1].index) > len(f.index) || fields[i+1].tagged != f.tagged {
			out = append(out, f)
		}
		i = end
	}
	return out
}

// anyStruct sets a to the M of the struct rv.
func (t *tree) anyStruct(a *item.Attr, rv reflect.Value, level int) error {
	fields := structFields(rv.Type())
	a.Kind, a.Elems = item.M, make([]item.Attr, 0, len(fields))
	for i := range fields {
		f := &fields[i]
		v, err := rv.FieldByIndexErr(f.index)
		if err != nil { // a nil embedded pointer
			continue
		}
		omitted, err := f.omits(v)
		if err != nil {
			return err
		}
		if omitted {
			continue
		}
		a.Elems = append(a.Elems, item.Attr{Name: f.name})
		elem := &a.Elems[len(a.Elems)-1]
		if err := t.element(elem, v, level+1); err != nil {
			return err
		}
		if f.quoted {
			if err := t.quoteScalar(elem); err != nil {
				return err
			}
		}
	}
	a.Elems = item.Compact(a.Elems)
	return nil
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

// omits reports whether the options of f leave out the value v.
func (f *structField) omits(v reflect.Value) (bool, error) {
	if f.omitEmpty && isEmpty(v) {
		return true, nil
	}
	if !f.omitZero {
		return false, nil
	}
	return isZero(v)
}

// isEmpty reports whether the option omitempty leaves out v.
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
