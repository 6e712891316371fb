package typemap

import (
	"reflect"
	"sync"
)

// ConvertFunc converts v, a value at any depth of a column. ok is false if the function has nothing to
// say of v.
type ConvertFunc = func(column string, v any) (out any, ok bool, err error)

// asks reports whether the mapping's Convert is asked for the values of t.
func (t *tree) asks() bool { return t.rules.convert != nil && !t.converted }

// ask asks the mapping's Convert for rv, and if rv is a pointer that Convert has nothing to say of, for
// the value that rv points to.
func (t *tree) ask(rv reflect.Value) (out any, ok bool, err error) {
	r := t.rules
	for range maxHops {
		if rv.Kind() == reflect.Interface {
			rv = rv.Elem()
		}
		if !rv.IsValid() || isNil(rv) || leadsToBuiltin(rv.Type()) {
			return nil, false, nil
		}
		v := rv.Interface()
		if _, ok := builtin(v); ok {
			return nil, false, nil
		}
		who := func() string { return "Mapping.Convert, given Go type " + typeName(v) + "," }
		out, err = callForeign(who, "Convert", func() (any, error) {
			var out any
			var err error
			out, ok, err = r.convert(r.column, v)
			return out, err
		})
		if ok || err != nil || rv.Kind() != reflect.Pointer || hasLock(rv.Type().Elem()) {
			return out, ok, err
		}
		rv = rv.Elem()
	}
	return nil, false, nil
}

// askForKey asks the mapping's Convert for the key of a map, and returns the text of what Convert returns.
func (t *tree) askForKey(key reflect.Value) (text string, ok bool, err error) {
	out, ok, err := t.ask(key)
	t.converted = true
	if err != nil || !ok {
		return "", false, err
	}
	if out == nil {
		return "", false, errNilKey
	}
	text, err = t.scalarKey(reflect.ValueOf(out))
	return text, true, err
}

// leadsToBuiltin reports whether t is built in, or a pointer to such a type.
func leadsToBuiltin(t reflect.Type) bool {
	for t.Kind() == reflect.Pointer && t.Name() == "" {
		t = t.Elem()
	}
	return isBuiltin(t)
}

var locks sync.Map // reflect.Type to bool

// hasLock reports whether a value of type t must not be copied, because a lock is a part of it.
func hasLock(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Array:
		return hasLock(t.Elem())
	case reflect.Struct:
	default:
		return false
	}
	if known, ok := locks.Load(t); ok {
		return known.(bool)
	}
	found := reflect.PointerTo(t).Implements(lockerType)
	for i := 0; i < t.NumField() && !found; i++ {
		found = hasLock(t.Field(i).Type)
	}
	locks.Store(t, found)
	return found
}

var lockerType = reflect.TypeFor[sync.Locker]()
