package typemap

import (
	"encoding/json"
	"reflect"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
)

// document converts v to the member a of a document, at the given level. Containers become L and M;
// null and "" are not replaced.
func (t *tree) document(a *item.Attr, v any, level int) error {
	return item.Nested(t.convert(a, v, level), level)
}

// convert does the work of document. An error that it returns does not say that v is nested.
func (t *tree) convert(a *item.Attr, v any, level int) error {
	if ok, err := t.setLeaf(a, v, level); ok {
		return err
	}
	if !t.asks() {
		if ok, err := t.setCommon(a, v, level); ok {
			return err
		}
	}
	converted := t.converted
	final, err := t.resolve(v)
	if err == nil {
		err = t.setFinal(a, final, level)
	}
	t.converted = converted
	return err
}

// setFinal sets a to the document of v, which resolve returned.
func (t *tree) setFinal(a *item.Attr, v any, level int) error {
	if ok, err := t.setLeaf(a, v, level); ok {
		return err
	}
	if ok, err := t.setCommon(a, v, level); ok {
		return err
	}
	return t.container(a, reflect.Indirect(reflect.ValueOf(v)), level)
}

// setLeaf sets a to v, and reports true, if v is built in and no JSON text.
func (t *tree) setLeaf(a *item.Attr, v any, level int) (ok bool, err error) {
	if ok, err = t.setBuiltin(a, v, level); ok && err == nil {
		err = t.Scalar(a, level)
	}
	return ok, err
}

// setCommon sets a to the document of v, and reports true, if v has one of the most common types that
// become documents.
func (t *tree) setCommon(a *item.Attr, v any, level int) (ok bool, err error) {
	switch v := v.(type) {
	case map[string]any:
		if v != nil {
			return true, t.object(a, v, level)
		}
	case []any:
		if v != nil {
			return true, t.array(a, v, level)
		}
	case json.RawMessage:
		if v != nil {
			return true, t.parse(a, string(v), level)
		}
	}
	return false, nil
}

func (t *tree) object(a *item.Attr, m map[string]any, level int) error {
	if err := t.Enter(level); err != nil {
		return err
	}
	if err := t.NewContainer(a, item.M, len(m)); err != nil {
		return err
	}
	for name, v := range m {
		a.Elems = append(a.Elems, item.Attr{Name: name})
		if err := t.document(&a.Elems[len(a.Elems)-1], v, level+1); err != nil {
			return err
		}
	}
	item.SortByName(a.Elems)
	return nil
}

func (t *tree) array(a *item.Attr, list []any, level int) error {
	if err := t.Enter(level); err != nil {
		return err
	}
	if err := t.NewContainer(a, item.L, len(list)); err != nil {
		return err
	}
	for i, v := range list {
		if err := t.document(&a.Elems[i], v, level+1); err != nil {
			return err
		}
	}
	return nil
}

// container converts a map, struct, slice or array that is known only by reflection.
func (t *tree) container(a *item.Attr, rv reflect.Value, level int) error {
	if err := t.Enter(level); err != nil {
		return err
	}
	switch rv.Kind() {
	case reflect.Map:
		return t.anyMap(a, rv, nil, level)
	case reflect.Struct:
		return t.anyStruct(a, rv, level)
	case reflect.Slice, reflect.Array:
		return t.anySlice(a, rv, nil, level)
	}
	return notStorable(rv.Type())
}

// anySlice sets a to the L of the slice or array rv. The options o, which may be nil, apply to the
// members.
func (t *tree) anySlice(a *item.Attr, rv reflect.Value, o *options, level int) error {
	if err := t.NewContainer(a, item.L, rv.Len()); err != nil {
		return err
	}
	n := 0
	for i := range rv.Len() {
		omitted, err := t.member(&a.Elems[n], rv.Index(i), o, level+1)
		if err != nil {
			return err
		}
		if !omitted {
			n++
		}
	}
	a.Elems = item.Compact(a.Elems[:n])
	return nil
}

// member converts the member v of a slice, array or map, unless the options o, which may be nil,
// leave v out.
func (t *tree) member(a *item.Attr, v reflect.Value, o *options, level int) (omitted bool, err error) {
	if o == nil {
		return false, t.element(a, v, level)
	}
	return t.byOptions(a, v, o, level)
}

// anyMap sets a to the M of the map rv. The options o, which may be nil, apply to the members.
func (t *tree) anyMap(a *item.Attr, rv reflect.Value, o *options, level int) error {
	if err := t.NewContainer(a, item.M, rv.Len()); err != nil {
		return err
	}
	for entries := rv.MapRange(); entries.Next(); {
		name, err := t.mapKey(entries.Key())
		if err != nil {
			return err
		}
		a.Elems = append(a.Elems, item.Attr{Name: name})
		omitted, err := t.member(&a.Elems[len(a.Elems)-1], entries.Value(), o, level+1)
		if err != nil {
			return err
		}
		if omitted {
			a.Elems = a.Elems[:len(a.Elems)-1]
		}
	}
	a.Elems = item.Compact(a.Elems)
	item.SortByName(a.Elems)
	for i := 1; i < len(a.Elems); i++ {
		if a.Elems[i].Name == a.Elems[i-1].Name {
			return fault.NewMapping("two keys of the %s have the same text", fault.TypeText(rv.Type())).
				WithRemedy("remove one of the two keys")
		}
	}
	return nil
}

// element converts a member of a container, without boxing values of the most common types.
func (t *tree) element(a *item.Attr, rv reflect.Value, level int) error {
	if !rv.CanInterface() {
		return t.embedded(a, rv, level)
	}
	if rv.Type().PkgPath() != "" {
		return t.document(a, rv.Interface(), level)
	}
	var err error
	switch rv.Kind() {
	case reflect.String:
		a.Set(item.S, rv.String())
	case reflect.Int, reflect.Int64, reflect.Int32:
		t.setInteger(a, rv.Int())
	case reflect.Float64:
		err = item.Nested(t.setFloat(a, rv.Float(), 64), level)
	case reflect.Float32:
		err = item.Nested(t.setFloat(a, rv.Float(), 32), level)
	default:
		return t.document(a, rv.Interface(), level)
	}
	if err == nil {
		err = t.Scalar(a, level)
	}
	return err
}

// embedded converts an embedded struct of an unexported type, or a pointer to one, whose field has a
// name in its json tag.
func (t *tree) embedded(a *item.Attr, rv reflect.Value, level int) error {
	if rv.Kind() == reflect.Pointer {
		if rv.IsNil() {
			a.Kind = item.Null
			return t.Enter(level)
		}
		rv = rv.Elem()
	}
	return t.container(a, rv, level)
}
