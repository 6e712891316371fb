package dynamodesttest

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// kind is a DynamoDB datatype, as JSON requests name it.
type kind string

const (
	kindS    kind = "S"
	kindN    kind = "N"
	kindB    kind = "B"
	kindBOOL kind = "BOOL"
	kindNULL kind = "NULL"
	kindL    kind = "L"
	kindM    kind = "M"
	kindSS   kind = "SS"
	kindNS   kind = "NS"
	kindBS   kind = "BS"
)

// value is an attribute value.
type value struct {
	kind  kind
	types int    // number of datatypes set in the request; valid is 1
	text  string // S; N as written, after check as stored; B decoded; "true" or "false"
	parts []attr // of M, L, SS, NS and BS; names only in M
}

// attr is a named value.
type attr struct {
	name string
	value
}

// Limits on an item:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const (
	maxItemSize = 409_600
	maxDepth    = 32
	maxNameSize = 65_535
)

// checkAttrs checks an item, or a map within one, against DynamoDB's rules. It sorts the attributes
// by name and converts numbers to their stored form.
func checkAttrs(attrs []attr, depth int) *apiError {
	slices.SortFunc(attrs, func(a, b attr) int { return strings.Compare(a.name, b.name) })
	for i := range attrs {
		name := attrs[i].name
		switch {
		case name == "":
			return invalid("Empty attribute name")
		case len(name) > maxNameSize:
			return invalid("Attribute name is too large, must be less than %d bytes", maxNameSize+1)
		case i > 0 && attrs[i-1].name == name:
			// DynamoDB may take the last one, but no client sends this on purpose.
			return serialization("The item contains an attribute name twice")
		}
		if err := attrs[i].check(depth); err != nil {
			return err
		}
	}
	return nil
}

// check checks a value at the given depth (1 for an attribute of the item) against DynamoDB's
// rules.
func (v *value) check(depth int) *apiError {
	switch {
	case v.types == 0:
		return invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
	case v.types > 1:
		return invalid("Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes")
	case depth > maxDepth:
		return invalid("Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit")
	}
	switch v.kind {
	case kindN:
		return v.storeNumber()
	case kindNULL:
		if v.text != "true" {
			return invalidParameter("Null attribute value types must have the value of true")
		}
	case kindM:
		return checkAttrs(v.parts, depth+1)
	case kindL:
		for i := range v.parts {
			if err := v.parts[i].check(depth + 1); err != nil {
				return err
			}
		}
	case kindSS, kindNS, kindBS:
		return v.checkSet()
	}
	return nil
}

func (v *value) storeNumber() *apiError {
	text, err := storedNumber(v.text)
	if err == nil {
		v.text = text
	}
	return err
}

func (v *value) checkSet() *apiError {
	if len(v.parts) == 0 {
		return invalidParameter("%s", map[kind]string{
			kindSS: "An string set  may not be empty",
			kindNS: "An number set  may not be empty",
			kindBS: "Binary sets should not be empty",
		}[v.kind])
	}
	seen := make(map[string]bool, len(v.parts))
	for i := range v.parts {
		member := &v.parts[i].value
		if v.kind == kindNS {
			if err := member.storeNumber(); err != nil {
				return err
			}
		}
		if seen[member.text] {
			return invalidParameter("Input collection contains duplicates")
		}
		seen[member.text] = true
	}
	return nil
}

// attrsSize returns the size of an item as DynamoDB counts it: names and values.
func attrsSize(attrs []attr) int {
	size := 0
	for i := range attrs {
		size += len(attrs[i].name) + attrs[i].size()
	}
	return size
}

// size returns the size of a checked value as DynamoDB counts it:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
func (v *value) size() int {
	switch v.kind {
	case kindN:
		return numberSize(v.text)
	case kindBOOL, kindNULL:
		return 1
	case kindM:
		return 3 + len(v.parts) + attrsSize(v.parts)
	case kindL:
		size := 3 + len(v.parts)
		for i := range v.parts {
			size += v.parts[i].size()
		}
		return size
	case kindNS:
		size := 0
		for i := range v.parts {
			size += numberSize(v.parts[i].text)
		}
		return size
	case kindSS, kindBS:
		size := 0
		for i := range v.parts {
			size += len(v.parts[i].text)
		}
		return size
	default:
		return len(v.text)
	}
}

// find returns the value of the attribute with that name, or nil if there is none.
func find(attrs []attr, name string) *value {
	for i := range attrs {
		if attrs[i].name == name {
			return &attrs[i].value
		}
	}
	return nil
}

// appendAttrs appends an item, or a map within one, in DynamoDB's JSON.
func appendAttrs(b []byte, attrs []attr) []byte {
	b = append(b, '{')
	for i := range attrs {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, attrs[i].name)
		b = append(b, ':')
		b = appendValue(b, &attrs[i].value)
	}
	return append(b, '}')
}

func appendValue(b []byte, v *value) []byte {
	b = append(append(append(b, `{"`...), v.kind...), `":`...)
	switch v.kind {
	case kindM:
		b = appendAttrs(b, v.parts)
	case kindL, kindSS, kindNS, kindBS:
		b = append(b, '[')
		for i := range v.parts {
			if i > 0 {
				b = append(b, ',')
			}
			switch v.kind {
			case kindL:
				b = appendValue(b, &v.parts[i].value)
			case kindBS:
				b = appendBinary(b, v.parts[i].text)
			default:
				b = appendString(b, v.parts[i].text)
			}
		}
		b = append(b, ']')
	case kindB:
		b = appendBinary(b, v.text)
	case kindBOOL, kindNULL:
		b = append(b, v.text...)
	default:
		b = appendString(b, v.text)
	}
	return append(b, '}')
}

func appendBinary(b []byte, s string) []byte {
	b = append(b, '"')
	b = base64.StdEncoding.AppendEncode(b, []byte(s))
	return append(b, '"')
}

func appendString(b []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' {
			quoted, _ := json.Marshal(s) // marshaling a string cannot fail
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// attributeMap converts an item to the SDK's types.
func attributeMap(attrs []attr) map[string]types.AttributeValue {
	m := make(map[string]types.AttributeValue, len(attrs))
	for i := range attrs {
		m[attrs[i].name] = attrs[i].attributeValue()
	}
	return m
}

func (v *value) attributeValue() types.AttributeValue {
	switch v.kind {
	case kindS:
		return &types.AttributeValueMemberS{Value: v.text}
	case kindN:
		return &types.AttributeValueMemberN{Value: v.text}
	case kindB:
		return &types.AttributeValueMemberB{Value: []byte(v.text)}
	case kindBOOL:
		return &types.AttributeValueMemberBOOL{Value: v.text == "true"}
	case kindNULL:
		return &types.AttributeValueMemberNULL{Value: v.text == "true"}
	case kindM:
		return &types.AttributeValueMemberM{Value: attributeMap(v.parts)}
	case kindL:
		list := make([]types.AttributeValue, len(v.parts))
		for i := range v.parts {
			list[i] = v.parts[i].attributeValue()
		}
		return &types.AttributeValueMemberL{Value: list}
	case kindSS:
		return &types.AttributeValueMemberSS{Value: v.members()}
	case kindNS:
		return &types.AttributeValueMemberNS{Value: v.members()}
	case kindBS:
		set := make([][]byte, len(v.parts))
		for i := range v.parts {
			set[i] = []byte(v.parts[i].text)
		}
		return &types.AttributeValueMemberBS{Value: set}
	default:
		return nil
	}
}

func (v *value) members() []string {
	members := make([]string, len(v.parts))
	for i := range v.parts {
		members[i] = v.parts[i].text
	}
	return members
}

// parseItem parses an item in its stored form.
func parseItem(stored string) []attr {
	var attrs []attr
	if err := readJSON(stored, func(r *reader) { attrs = r.attrs() }); err != nil {
		panic(err) // the double wrote the text itself
	}
	return attrs
}
