package typemap

import (
	"cmp"
	"reflect"
	"slices"
	"sync"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
)

// structField is a field of a struct, under the name that the field has in one form.
type structField struct {
	name      string
	goName    string
	tag       tagKey // the tag that the name is from
	index     []int  // for walking embedded structs
	omitEmpty bool   // of a json tag, as the next two
	omitZero  bool
	quoted    bool     // the "string" option
	options   *options // of a dynamodbav tag, or nil
}

// structPlan is how the values of a struct type are written in one form.
type structPlan struct {
	fields  []structField // by name
	problem error         // why no value of the type can be written, or nil
}

// structPlans maps each reflect.Type to its *[2]structPlan, by form.
var structPlans sync.Map

// planOf returns the plan of the struct type t in the given form.
func planOf(t reflect.Type, form item.Form) *structPlan {
	plans, ok := structPlans.Load(t)
	if !ok {
		plans, _ = structPlans.LoadOrStore(t, &[2]structPlan{
			item.Document: newStructPlan(t, item.Document), item.JSONText: newStructPlan(t, item.JSONText),
		})
	}
	return &plans.(*[2]structPlan)[form]
}

func newStructPlan(t reflect.Type, form item.Form) structPlan {
	all, problem := allFields(t, form)
	fields, conflict := dominantFields(t, all)
	if problem == nil {
		problem = conflict
	}
	if problem == nil && len(fields) == 0 && t.Size() > 0 { // a type of no size, such as struct{}, has nothing to lose
		problem = nothingToWrite(t, form)
	}
	return structPlan{fields, problem}
}

const structRemedy = "give the type a MarshalText method or exported fields that no tag leaves out, convert the value with Mapping.Convert, or leave the value out"

// nothingToWrite returns the fault of a struct type that would be written as an empty document.
func nothingToWrite(t reflect.Type, form item.Form) error {
	if form == item.JSONText && len(newStructPlan(t, item.Document).fields) > 0 {
		return fault.NewMapping(`Go type %s has only fields whose json tag is "-", and JSON text is written by json tags`, fault.TypeText(t)).
			WithRemedy(`set Field.Type to "M", or give the fields json tags`)
	}
	return fault.NewMapping("Go type %s is a struct without a field that can be written", fault.TypeText(t)).WithRemedy(structRemedy)
}

// allFields returns the fields of t and of the structs embedded in t, shadowed fields included,
// level by level.
func allFields(t reflect.Type, form item.Form) (fields []structField, problem error) {
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
				field, ok := readTag(sf, e.t, form)
				if !ok {
					continue
				}
				field.index = append(slices.Clone(e.index), i)
				inner := indirect(sf.Type)
				if !sf.Anonymous || field.tag != noTag || inner.Kind() != reflect.Struct {
					fields = append(fields, field)
					continue
				}
				next = append(next, embeddedStruct{inner, field.index})
				if problem == nil && sf.IsExported() && losesEmbedded(inner, form) {
					problem = fault.NewMapping("Go type %s embeds Go type %s, of which no field can be written", fault.TypeText(e.t), fault.TypeText(inner)).
						WithRemedy("give the embedded field a name in its tag")
				}
			}
		}
		for t := range here {
			seen[t] = true
		}
		level = next
	}
	return fields, problem
}

// losesEmbedded reports whether an embedded struct of type t holds a value, such as a time, that its
// methods would write but that has no field to be written instead.
func losesEmbedded(t reflect.Type, form item.Form) bool {
	if !pointerMarshals(t) && !t.ConvertibleTo(timeType) {
		return false
	}
	fields, _ := allFields(t, form)
	return len(fields) == 0 && t.Size() > 0
}

// dominantFields drops the fields that other fields of the same name shadow. The field nearest to the
// top wins, then the only tagged field; if neither decides, all fields of the name are dropped. So do
// encoding/json and attributevalue. Neither knows a conflict of a name in a dynamodbav tag with one in
// a json tag: it is an error, also at different depths, where each of the two would write both fields.
func dominantFields(t reflect.Type, fields []structField) (out []structField, conflict error) {
	slices.SortStableFunc(fields, func(x, y structField) int {
		order := cmp.Or(cmp.Compare(x.name, y.name), cmp.Compare(len(x.index), len(y.index)))
		if order == 0 && (x.tag == noTag) != (y.tag == noTag) {
			order = 1
			if y.tag == noTag {
				order = -1
			}
		}
		return order
	})
	for i := 0; i < len(fields); {
		f := fields[i]
		end := i + 1
		for end < len(fields) && fields[end].name == f.name {
			end++
		}
		isDominant := true
		for _, rival := range fields[i+1 : end] {
			bothTagged := f.tag != noTag && rival.tag != noTag
			if len(rival.index) == len(f.index) && (f.tag == noTag || bothTagged) {
				isDominant = false
			}
			if bothTagged && rival.tag != f.tag {
				conflict = fault.NewMapping("the json tag and the dynamodbav tag of fields %s and %s of Go type %s give the same name",
					fault.Clip(f.goName), fault.Clip(rival.goName), fault.TypeText(t)).
					WithRemedy("give each of the two fields a dynamodbav tag with a name of its own")
			}
		}
		if isDominant {
			out = append(out, f)
		}
		i = end
	}
	return out, conflict
}
