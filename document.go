package dynamodest

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strconv"
)

// maxJSONLevels bounds the nesting of JSON text, so that a value that contains
// itself is found out.
const maxJSONLevels = 1000

// node gives a the value v at the given level of a document. Containers become
// L and M; null and "" stay what they are.
func (b *builder) node(a *attr, v any, level int) error {
	for resolved := false; ; resolved = true {
		if ok, err := b.known(a, v, level); ok {
			if err == nil {
				err = b.count(a, level)
			}
			return err
		}
		switch v := v.(type) {
		case map[string]any:
			if v != nil {
				return b.object(a, v, level)
			}
		case []any:
			if v != nil {
				return b.array(a, v, level)
			}
		case json.RawMessage:
			if v != nil {
				return b.parse(a, string(v), level)
			}
		}
		if resolved {
			return b.container(a, reflect.ValueOf(v), level)
		}
		var err error
		if v, err = b.resolve(v); err != nil {
			return err
		}
	}
}

// enter counts a node at the given level.
func (b *builder) enter(level int) error {
	switch {
	case b.asJSON && level > maxJSONLevels:
		return errCycle
	case !b.asJSON && level > maxLevels:
		return errDepth
	}
	b.held += attrBytes
	return b.spend(1)
}

// contain makes a a container of kind k with room for n members; an M begins
// without one. Each takes a byte of the item at least, so an item has only so
// many; those of containers that are not done yet count.
func (b *builder) contain(a *attr, k kind, n int) error {
	if n > maxItemSize-b.made {
		return errHuge
	}
	b.made += n
	if a.kind, a.elems = k, make([]attr, n); k == kindM {
		a.elems = a.elems[:0]
	}
	return nil
}

// count counts the scalar a at the given level.
func (b *builder) count(a *attr, level int) error {
	if err := b.enter(level); err != nil || !b.asJSON && (a.kind == kindN || a.kind == kindBool) {
		return err // these take fewer bytes than their text
	}
	return b.spend(len(a.text))
}

// spend counts bytes that the tree being made takes at least, as size or as
// text, so that a small value that holds another many times over is found out
// before it fills the memory.
func (b *builder) spend(bytes int) error {
	if b.spent += bytes; b.spent > maxItemSize {
		return errHuge
	}
	return nil
}

func (b *builder) object(a *attr, m map[string]any, level int) error {
	if err := b.enter(level); err != nil {
		return err
	}
	if err := b.contain(a, kindM, len(m)); err != nil {
		return err
	}
	for name, v := range m {
		a.elems = append(a.elems, attr{name: name})
		if err := b.node(&a.elems[len(a.elems)-1], v, level+1); err != nil {
			return err
		}
	}
	sortByName(a.elems)
	return nil
}

func (b *builder) array(a *attr, list []any, level int) error {
	if err := b.enter(level); err != nil {
		return err
	}
	if err := b.contain(a, kindL, len(list)); err != nil {
		return err
	}
	for i, v := range list {
		if err := b.node(&a.elems[i], v, level+1); err != nil {
			return err
		}
	}
	return nil
}

// container is node for the containers that are known only by reflection.
func (b *builder) container(a *attr, rv reflect.Value, level int) error {
	if err := b.enter(level); err != nil {
		return err
	}
	switch rv.Kind() {
	case reflect.Map:
		return b.anyMap(a, rv, level)
	case reflect.Struct:
		return b.anyStruct(a, rv, level)
	case reflect.Slice, reflect.Array:
		if err := b.contain(a, kindL, rv.Len()); err != nil {
			return err
		}
		for i := range a.elems {
			if err := b.element(&a.elems[i], rv.Index(i), level+1); err != nil {
				return err
			}
		}
		return nil
	}
	return noForm(rv.Type())
}

func (b *builder) anyMap(a *attr, rv reflect.Value, level int) error {
	if err := b.contain(a, kindM, rv.Len()); err != nil {
		return err
	}
	for entries := rv.MapRange(); entries.Next(); {
		name, err := mapKey(entries.Key())
		if err != nil {
			return err
		}
		a.elems = append(a.elems, attr{name: name})
		if err := b.element(&a.elems[len(a.elems)-1], entries.Value(), level+1); err != nil {
			return err
		}
	}
	sortByName(a.elems)
	for i := 1; i < len(a.elems); i++ {
		if a.elems[i].name == a.elems[i-1].name {
			return refuse("two keys of its %s have the same text", typeText(rv.Type()))
		}
	}
	return nil
}

// mapKey returns the text of a map's key, as encoding/json would write it.
func mapKey(key reflect.Value) (string, error) {
	if key.Kind() == reflect.String {
		return key.String(), nil
	}
	if m, ok := key.Interface().(encoding.TextMarshaler); ok {
		if key.Kind() == reflect.Pointer && key.IsNil() {
			return "", nil
		}
		text, err := callMethod(m, "MarshalText", m.MarshalText)
		return string(text), err
	}
	switch key.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.FormatInt(key.Int(), 10), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return strconv.FormatUint(key.Uint(), 10), nil
	}
	return "", refuse("a map with keys of Go type %s has no form in DynamoDB", typeText(key.Type())).or("give it keys that are strings or integers, or that have a MarshalText method")
}

// element is node for a member of a container, without boxing the commonest
// types.
func (b *builder) element(a *attr, rv reflect.Value, level int) error {
	if !rv.CanInterface() {
		return b.hidden(a, rv, level)
	}
	if rv.Type().PkgPath() != "" {
		return b.node(a, rv.Interface(), level)
	}
	var err error
	switch rv.Kind() {
	case reflect.String:
		a.set(kindS, rv.String())
	case reflect.Int, reflect.Int64, reflect.Int32:
		b.setInt(a, rv.Int())
	case reflect.Float64:
		err = b.setFloat(a, rv.Float(), 64)
	case reflect.Float32:
		err = b.setFloat(a, rv.Float(), 32)
	default:
		return b.node(a, rv.Interface(), level)
	}
	if err == nil {
		err = b.count(a, level)
	}
	return err
}

// hidden is element for a struct of an unexported type, or a pointer to one,
// that is embedded under a name of its own.
func (b *builder) hidden(a *attr, rv reflect.Value, level int) error {
	if rv.Kind() == reflect.Pointer {
		if rv.IsNil() {
			a.kind = kindNull
			return b.enter(level)
		}
		rv = rv.Elem()
	}
	return b.container(a, rv, level)
}
