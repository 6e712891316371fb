package dynamodest

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/table"
)

// This file checks the settings that say what rows mean beyond their values: Version, Delete and Duplicates.

// versionTypes are the types that a Field of the version may force.
var versionTypes = []Type{Auto, Number, String, EpochSeconds, EpochMillis, SortableTime}

// version checks Version against the other settings.
func (p *problems) version(c Config) {
	if c.Version == "" {
		return
	}
	if c.Mode == Insert {
		p.add("Version", "applies only to the mode %q, and with %q the item that is there decides, whatever its version: set the mode to %[1]q, or leave this empty", Upsert, Insert)
	}
	switch {
	case !utf8.ValidString(c.Version):
		p.add("Version", "is not valid UTF-8: write the name of the attribute in UTF-8")
	case len(c.Version) > item.MaxAttributeName:
		p.add("Version", "is %d bytes long: the name of an attribute has at most %d", len(c.Version), item.MaxAttributeName)
	case len(c.Mapping.Fields) > 0:
		p.versionField(c)
	}
}

// versionField checks the field of the mapping that produces the version.
func (p *problems) versionField(c Config) {
	i := slices.IndexFunc(c.Mapping.Fields, func(f Field) bool { return f.attribute() == c.Version })
	if i < 0 {
		p.add("Version", "no field of the mapping produces this attribute: add one, or name the attribute that holds the version")
	} else if t := c.Mapping.Fields[i].Type; !slices.Contains(versionTypes, t) {
		p.add(fmt.Sprintf("Mapping.Fields[%d].Type", i), "cannot be the type of a version: must be N, S, EPOCH_SECONDS, EPOCH_MILLIS or SORTABLE_TIME, or empty to go by the value")
	}
}

// delete checks Delete against the other settings.
func (p *problems) delete(c Config) {
	switch {
	case c.Delete == "":
		return
	case !utf8.ValidString(c.Delete):
		p.add("Delete", "is not valid UTF-8: write the name of the column in UTF-8")
	case c.Version != "":
		p.add("Delete", "cannot be combined with a version attribute: a deleted item has no version left, so an older row could bring it back; write a row that marks the item as gone instead, or leave one of the two empty")
	case c.OnExisting.conditional():
		p.add("Delete", "cannot be combined with %q for existing items, which sends each row under a condition that BatchWriteItem, and so a delete, does not take: leave one of the two empty", c.OnExisting)
	}
}

// duplicates checks Duplicates and MaxKeys against the other settings.
func (p *problems) duplicates(c Config) {
	switch c.Duplicates {
	case "", LastWins, RefuseDuplicates:
	default:
		p.add("Duplicates", "%s unknown: must be %q or %q", subject(c.Duplicates), LastWins, RefuseDuplicates)
	}
	if c.Duplicates == RefuseDuplicates {
		if c.OnExisting.conditional() {
			p.add("Duplicates", "%q cannot be combined with %q for existing items, which already keeps the first row of a key and does not write the others: leave one of the two empty", RefuseDuplicates, c.OnExisting)
		}
		if c.Version != "" {
			p.add("Duplicates", "%q cannot be combined with a version attribute, which allows for several rows of a key and writes the newest: leave one of the two empty", RefuseDuplicates)
		}
	}
	switch {
	case c.MaxKeys < 0:
		p.add("MaxKeys", "%d is out of range: must be 1 or more, or 0 for the default (%d)", c.MaxKeys, defaultMaxKeys)
	case c.MaxKeys > 0 && c.Duplicates != RefuseDuplicates:
		p.add("MaxKeys", "applies only to %q for duplicate keys, since no keys are kept without it: leave it empty, or set that", RefuseDuplicates)
	}
}

// keyOf returns the key attribute of the table that is made from column, or nil.
func (c Config) keyOf(column string, s *table.Schema) *table.Key {
	if len(c.Mapping.Fields) == 0 {
		return s.TableKey(column)
	}
	for _, f := range c.Mapping.Fields {
		if key := s.TableKey(f.attribute()); f.Column == column && key != nil {
			return key
		}
	}
	return nil
}

// fitsTable returns why Version, Delete or Duplicates does not go with the table's keys, as a *ConfigError; nil
// if all of them do.
func (c Config) fitsTable(s *table.Schema, known bool) error {
	if c.Duplicates == RefuseDuplicates && !known {
		return configError("Duplicates", "%q needs the table's key, and DescribeTable has not described it: have the fake client describe it", RefuseDuplicates)
	}
	if c.Delete != "" {
		if !known {
			return configError("Delete", "needs the table's key, and DescribeTable has not described it: have the fake client describe it")
		}
		if key := c.keyOf(c.Delete, s); key != nil {
			return configError("Delete", "this column gives the table's %s: name a column of its own", key)
		}
	}
	if c.Version == "" {
		return nil
	}
	if key := s.TableKey(c.Version); known && key != nil {
		return configError("Version", "this attribute is the table's %s, so rows of different versions are different items: name an attribute outside the key", key)
	}
	if key := s.IndexKey(c.Version); key != nil && key.Kind == item.B {
		return configError("Version", "this attribute is a %s, and a version is an N or an S: name another attribute", key)
	}
	return nil
}
