package typemap

import (
	"reflect"
	"strings"
	"unicode"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
)

// tagKey is the key of a struct tag.
type tagKey string

// The keys of the tags that are read. In JSON text json tags count. In L and M the dynamodbav tag of
// a field counts if there is one, otherwise the json tag does.
const (
	noTag   tagKey = ""
	jsonTag tagKey = "json"
	avTag   tagKey = "dynamodbav"
)

// options are what a dynamodbav tag asks for, with the meaning that package
// feature/dynamodb/attributevalue of the SDK gives them.
type options struct {
	field     string // names the field in errors
	omitEmpty bool
	nullEmpty bool
	asString  bool
	unixTime  bool
	set       item.Kind // of the set that the value becomes, or item.None
	members   *options  // for the members of a list or map; nil if the tag has no option for members
}

// optionOfSet holds the tag option for a set of each kind.
var optionOfSet = [item.BS + 1]string{item.SS: "stringset", item.NS: "numberset", item.BS: "binaryset"}

// readTag returns the field sf of the struct type owner by the tag that counts in form. It reports
// false for a field that is never written in that form.
func readTag(sf reflect.StructField, owner reflect.Type, form item.Form) (structField, bool) {
	av := sf.Tag.Get(string(avTag))
	avName, avOptions, _ := strings.Cut(av, ",")
	inner := indirect(sf.Type)
	if avName == "-" || !sf.IsExported() && !(sf.Anonymous && inner.Kind() == reflect.Struct) {
		return structField{}, false
	}
	field := structField{name: sf.Name, goName: sf.Name}
	if av != "" && form == item.Document {
		if avName != "" {
			field.name, field.tag = avName, avTag
		}
		field.options = readOptions(sf, owner, avOptions)
		return field, true
	}
	tag := sf.Tag.Get(string(jsonTag))
	name, jsonOptions, _ := strings.Cut(tag, ",")
	if validTag(name) {
		field.name, field.tag = name, jsonTag
	}
	for option := range strings.SplitSeq(jsonOptions, ",") {
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
	return field, tag != "-"
}

// readOptions reads the options of a dynamodbav tag; nil if there are none. Unknown options are
// ignored, as attributevalue ignores them.
func readOptions(sf reflect.StructField, owner reflect.Type, list string) *options {
	o := options{field: "field " + fault.Clip(sf.Name) + " of Go type " + fault.TypeText(owner)}
	members := options{field: o.field}
	isSet := map[item.Kind]bool{}
	for option := range strings.SplitSeq(list, ",") {
		switch option {
		case "omitempty":
			o.omitEmpty = true
		case "nullempty":
			o.nullEmpty = true
		case "omitemptyelem":
			members.omitEmpty = true
		case "nullemptyelem":
			members.nullEmpty = true
		case "string":
			o.asString = true
		case "unixtime":
			o.unixTime = true
		case optionOfSet[item.SS]:
			isSet[item.SS] = true
		case optionOfSet[item.NS]:
			isSet[item.NS] = true
		case optionOfSet[item.BS]:
			isSet[item.BS] = true
		}
	}
	for _, k := range []item.Kind{item.SS, item.NS, item.BS} { // of several, attributevalue takes the last of these
		if isSet[k] {
			o.set = k
		}
	}
	if members.omitEmpty { // the only option that goes on to the members of members
		deeper := &options{field: o.field, omitEmpty: true}
		deeper.members = deeper
		members.members = deeper
	}
	if members.omitEmpty || members.nullEmpty {
		o.members = &members
	}
	if o == (options{field: o.field}) {
		return nil
	}
	return &o
}

// impossible returns the fault of a value of the named Go type, which option cannot be applied to.
func (o *options) impossible(option, goType, remedy string) error {
	return fault.NewMapping("%s has the tag option %s, which does not apply to Go type %s", o.field, option, goType).
		WithRemedy(remedy + ", or remove the option from the dynamodbav tag")
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
