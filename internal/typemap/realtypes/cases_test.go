package realtypes

import (
	"encoding/base64"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest"
)

// value is a Go value and what becomes of it in every place that a row can have it.
type value struct {
	name   string
	value  any
	auto   want // at the top level, without a forced type
	member want // in L and M; the zero want says: as auto
	json   string

	// forced has what the forced types make of the value. A type that it lacks is not tried.
	forced map[dynamodest.Type]want

	// keys has what becomes of the value as a partition key of each type, without a forced type. A
	// scalar is tried as a key of its own type in any case.
	keys map[types.ScalarAttributeType]want
}

// forced maps forced types to what they make of a value.
type forced = map[dynamodest.Type]want

// keys maps types of a partition key to what becomes of a value as one.
type keys = map[types.ScalarAttributeType]want

// expand returns the writes that v stands for.
func (v *value) expand() []write {
	at := func(place string, value any, typ dynamodest.Type, w want) write {
		return write{name: v.name + "/" + place, value: value, typ: typ, want: w}
	}
	writes := []write{at("auto", v.value, dynamodest.Auto, v.auto)}
	pointer := pointerTo(v.value)
	if pointer != nil {
		writes = append(writes, at("pointer", pointer, dynamodest.Auto, v.auto))
	}
	for typ, w := range v.forced {
		writes = append(writes, at("type "+string(typ), v.value, typ, w))
	}
	for kind, w := range v.allKeys() {
		k := at("key "+string(kind), v.value, dynamodest.Auto, w)
		k.key = kind
		writes = append(writes, k)
	}
	return append(writes, v.inside(at, pointer)...)
}

// inside returns the writes of v in containers.
func (v *value) inside(at func(string, any, dynamodest.Type, want) write, pointer any) []write {
	member := v.member
	if member == (want{}) {
		member = v.auto
	}
	refused := member.refused != ""
	in := func(container want) want {
		if refused {
			return member
		}
		return container
	}
	writes := []write{
		at("in L", []any{v.value}, dynamodest.List, in(list(member))),
		at("in M", map[string]any{"m": v.value}, dynamodest.Map, in(doc{"m": member}.want())),
		at("in M in L", []any{map[string]any{"m": v.value}}, dynamodest.List, in(list(doc{"m": member}.want()))),
		at("in a field", struct {
			F any `json:"m"`
		}{v.value}, dynamodest.Map, in(doc{"m": member}.want())),
	}
	if pointer != nil {
		writes = append(writes, at("pointer in L", []any{pointer}, dynamodest.List, in(list(member))))
	}
	if slice := sliceOf(v.value); slice != nil {
		writes = append(writes, at("in a slice of its type", slice, dynamodest.List, in(list(member))),
			at("in a map of its type", mapOf(v.value), dynamodest.Map, in(doc{"m": member}.want())))
	}
	jsonWant := func(format string) want {
		if refused && v.json == "" {
			return member
		}
		return text(strings.ReplaceAll(format, "?", v.jsonText(member)))
	}
	return append(writes,
		at("in JSON", []any{v.value}, dynamodest.Auto, jsonWant("[?]")),
		at("in an object of JSON", map[string]any{"m": v.value}, dynamodest.JSON, jsonWant(`{"m":?}`)),
	)
}

// allKeys returns v.keys, and the key of the type that a scalar has.
func (v *value) allKeys() keys {
	all := keys{}
	switch v.auto.attr.(type) {
	case *types.AttributeValueMemberS:
		if v.member == (want{}) { // not a document in JSON
			all[types.ScalarAttributeTypeS] = v.auto
		} else if _, scalar := v.member.attr.(*types.AttributeValueMemberS); !scalar {
			all[types.ScalarAttributeTypeS] = badKey
		}
	case *types.AttributeValueMemberN:
		all[types.ScalarAttributeTypeN], all[types.ScalarAttributeTypeS] = v.auto, badKey
	case *types.AttributeValueMemberB:
		all[types.ScalarAttributeTypeB], all[types.ScalarAttributeTypeS] = v.auto, badKey
	case *types.AttributeValueMemberNULL, *types.AttributeValueMemberBOOL:
		all[types.ScalarAttributeTypeS] = badKey
	}
	for kind, w := range v.keys {
		all[kind] = w
	}
	return all
}

// jsonText returns the JSON of v inside a document.
func (v *value) jsonText(member want) string {
	if v.json != "" {
		return v.json
	}
	switch a := member.attr.(type) {
	case *types.AttributeValueMemberS:
		raw, err := json.Marshal(a.Value)
		if err != nil {
			panic(err)
		}
		return string(raw)
	case *types.AttributeValueMemberN:
		return a.Value
	case *types.AttributeValueMemberB:
		return `"` + base64.StdEncoding.EncodeToString(a.Value) + `"`
	case *types.AttributeValueMemberBOOL:
		if a.Value {
			return "true"
		}
		return "false"
	case *types.AttributeValueMemberNULL:
		return "null"
	}
	panic(v.name + ": the case must say the JSON of a container")
}

// pointerTo returns a pointer to a copy of v, or nil if v is nil or a pointer: the copy of a value
// behind a pointer may not be allowed.
func pointerTo(v any) any {
	if v == nil || reflect.TypeOf(v).Kind() == reflect.Pointer {
		return nil
	}
	p := reflect.New(reflect.TypeOf(v))
	p.Elem().Set(reflect.ValueOf(v))
	return p.Interface()
}

// sliceOf returns a slice of the type of v that has v alone, or nil if that would be a []byte.
func sliceOf(v any) any {
	if v == nil || reflect.TypeOf(v).Kind() == reflect.Uint8 {
		return nil
	}
	s := reflect.MakeSlice(reflect.SliceOf(reflect.TypeOf(v)), 1, 1)
	s.Index(0).Set(reflect.ValueOf(v))
	return s.Interface()
}

// mapOf returns a map of the type of v that has v alone, under "m".
func mapOf(v any) any {
	m := reflect.MakeMap(reflect.MapOf(reflect.TypeFor[string](), reflect.TypeOf(v)))
	m.SetMapIndex(reflect.ValueOf("m"), reflect.ValueOf(v))
	return m.Interface()
}

// runValues runs everything that values stand for, and more, on each site.
func runValues(t *testing.T, values []value, more ...write) {
	t.Helper()
	writes := more
	for i := range values {
		writes = append(writes, values[i].expand()...)
	}
	runWrites(t, writes...)
}

// runWrites runs writes on each site.
func runWrites(t *testing.T, writes ...write) {
	t.Helper()
	eachSite(t, func(t *testing.T, s *site) {
		t.Helper()
		s.run(t, writes)
	})
}
