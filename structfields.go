package dynamodest

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// structField is a field of a struct as its json tags name it.
type structField struct {
	name      string
	tagged    bool  // the name is from a tag
	index     []int // for walking embedded structs
	omitEmpty bool
	omitZero  bool
	quoted    bool // the "string" option
}

var structFieldsCache sync.Map // reflect.Type to []structField

// structFields returns the fields of the struct type t that encoding/json would
// write up to Go 1.26, by name. The tag options "embed" and "format" of Go 1.27
// have no effect.
func structFields(t reflect.Type) []structField {
	if fields, ok := structFieldsCache.Load(t); ok {
		return fields.([]structField)
	}
	fields, _ := structFieldsCache.LoadOrStore(t, dominant(allFields(t)))
	return fields.([]structField)
}

// allFields returns the fields of t and of the structs embedded in it, hidden
// ones included, level by level.
func allFields(t reflect.Type) (fields []structField) {
	type embedded struct {
		t     reflect.Type
		index []int
	}
	seen := map[reflect.Type]bool{}
	for level := []embedded{{t: t}}; len(level) > 0; {
		var next []embedded
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
					next = append(next, embedded{inner, field.index})
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

// newStructField reads the tag of sf. It reports false for a field that is
// never written.
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

// validTag reports whether encoding/json takes name from a tag, up to Go 1.26.
// Go 1.27 takes every character, or only the start of a name with a quote or a
// backslash; names of attributes must not depend on the version of Go.
func validTag(name string) bool {
	for _, r := range name {
		if !strings.ContainsRune("!#$%&()*+-./:;<=>?@[]^_{|}~ ", r) && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return false
		}
	}
	return name != ""
}

// dominant drops the fields that others of the same name hide: the one nearest
// to the top wins, then the only tagged one; else none does.
func dominant(fields []structField) []structField {
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

// anyStruct gives a the M of the struct rv.
func (b *builder) anyStruct(a *attr, rv reflect.Value, level int) error {
	fields := structFields(rv.Type())
	a.kind, a.elems = kindM, make([]attr, 0, len(fields))
	for i := range fields {
		f := &fields[i]
		v, err := rv.FieldByIndexErr(f.index)
		if err != nil || f.omitEmpty && isEmpty(v) { // the error is a nil embedded pointer
			continue
		}
		if f.omitZero {
			zero, err := isZero(v)
			if err != nil {
				return err
			}
			if zero {
				continue
			}
		}
		a.elems = append(a.elems, attr{name: f.name})
		elem := &a.elems[len(a.elems)-1]
		if err := b.element(elem, v, level+1); err != nil {
			return err
		}
		if f.quoted {
			if err := b.quoteScalar(elem); err != nil {
				return err
			}
		}
	}
	a.elems = trimmed(a.elems)
	return nil
}

// quoteScalar applies the "string" option of a json tag. Outside JSON a string
// needs no quotes.
func (b *builder) quoteScalar(a *attr) error {
	switch {
	case a.kind == kindN || a.kind == kindBool:
		a.kind = kindS
	case a.kind == kindS && b.asJSON:
		text := *a
		return b.render(a, &text)
	}
	return nil
}

// isEmpty is whether the option omitempty leaves v out.
func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}

// isZero is whether the option omitzero leaves v out: an IsZero method of its
// type says so, if there is one.
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
