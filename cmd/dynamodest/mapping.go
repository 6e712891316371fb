package main

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/dynamodest/dynamodest"
)

// columnTypes are the types of columns, as -type gives them.
type columnTypes map[string]dynamodest.Type

// Decode adds COLUMN=TYPE. A type has no equals sign, so the name of a column may have some.
func (t columnTypes) Decode(ctx *kong.DecodeContext) error {
	var text string
	if err := ctx.Scan.PopValueInto("type", &text); err != nil {
		return err
	}
	i := strings.LastIndex(text, "=")
	if i < 0 {
		return fmt.Errorf("%q has no type: give COLUMN=TYPE", text)
	}
	t[text[:i]] = dynamodest.Type(text[i+1:])
	return nil
}

// mapFields adds to m the fields of -map and the types of -type. columns are those of the source, or nil if
// it declares none. With -type and no field there is one for each of them.
func (s *settings) mapFields(m *dynamodest.Mapping, columns []string) error {
	if len(s.Map) > 0 {
		m.Fields = nil
		for _, text := range s.Map {
			field, err := parseField(text)
			if err != nil {
				return err
			}
			m.Fields = append(m.Fields, field)
		}
	}
	if len(s.Type) == 0 {
		return nil
	}
	if len(m.Fields) == 0 {
		if columns == nil {
			return usageError("-type: this source does not say which columns it has, so each column that is to be written needs a -map, such as -map id:S")
		}
		for _, column := range columns {
			m.Fields = append(m.Fields, dynamodest.Field{Column: column})
		}
	}
	for column, kind := range s.Type {
		if err := setType(m.Fields, column, kind); err != nil {
			return err
		}
	}
	return nil
}

// setType gives the fields of column a type.
func setType(fields []dynamodest.Field, column string, kind dynamodest.Type) error {
	found := false
	for i := range fields {
		if fields[i].Column == column {
			fields[i].Type, found = kind, true
		}
	}
	if !found {
		return usageError("-type %s=%s: there is no such column", column, kind)
	}
	return nil
}

// typeForm matches what may be meant as a type.
var typeForm = regexp.MustCompile(`^[A-Z_]+$`)

// parseField reads COLUMN, COLUMN=ATTRIBUTE, COLUMN:TYPE or COLUMN=ATTRIBUTE:TYPE. What follows the last
// colon is a type only if it looks like one, so most names may have colons.
func parseField(text string) (dynamodest.Field, error) {
	var f dynamodest.Field
	if before, kind := cutLast(text, ":"); typeForm.MatchString(kind) {
		names := typeNames()
		if !slices.Contains(names, kind) {
			return f, usageError("-map %s: %s is no type: give one of %s; a name with such an end goes into the file of -config", text, kind, strings.Join(names, ", "))
		}
		text, f.Type = before, dynamodest.Type(kind)
	}
	f.Column, f.Attribute, _ = strings.Cut(text, "=")
	return f, nil
}

// typeNames returns the types that a field may be given.
func typeNames() []string {
	var names []string
	for _, c := range dynamodest.Capabilities().Types {
		if c.Type != dynamodest.Auto {
			names = append(names, string(c.Type))
		}
	}
	return names
}

// localKey returns the key of a local table that none was given for: the first column, with its type.
func (s *settings) localKey(fields []dynamodest.Field, columns []string) ([]dynamodest.KeyAttribute, error) {
	field := dynamodest.Field{}
	switch {
	case len(fields) > 0:
		field = fields[0]
	case len(columns) > 0:
		field.Column = columns[0]
	default:
		return nil, usageError("-local: this source does not say which columns it has: give the key of the table, such as -key id:S")
	}
	name := cmp.Or(field.Attribute, field.Column)
	kind, given := s.Type[field.Column]
	if !given {
		kind = field.Type
	}
	switch kind { //nolint:exhaustive // the types that are numbers or bytes; all others that a key can have are texts
	case dynamodest.Number, dynamodest.EpochSeconds, dynamodest.EpochMillis:
		return partitionKey(name, dynamodest.Number), nil
	case dynamodest.Binary:
		return partitionKey(name, dynamodest.Binary), nil
	}
	return partitionKey(name, dynamodest.String), nil
}

// partitionKey returns a key without a sort key.
func partitionKey(name string, kind dynamodest.Type) []dynamodest.KeyAttribute {
	return []dynamodest.KeyAttribute{{Name: name, Role: dynamodest.PartitionKey, Type: kind}}
}
