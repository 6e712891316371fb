package output

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/dynamodest/dynamodest"
)

// Field is a field of an engine's configuration, whose methods change a copy of it or itself, and return that.
type Field[F any] interface {
	Description(string) F
	Optional() F
	Advanced() F
	Secret() F
	Default(any) F
	LintRule(string) F
}

// Kit makes fields of an engine's configuration. Any is for numbers and bools: the linters of the engines skip all rules of a
// configuration that has text in a field for a number.
type Kit[F Field[F]] struct {
	String, Any  func(name string) F
	Choice       func(name string, titles map[string]string) F // one of several words
	Object, List func(name string, fields ...F) F              // List is of objects
	BatchPolicy  func(name string) F
}

// schema is what Fields reads of a JSON Schema.
type schema struct {
	Order       int               `json:"x-order"`
	Title       string            `json:"title"`
	Description string            `json:"description"`
	Type        any               `json:"type"` // a word, or a list of words
	Properties  map[string]schema `json:"properties"`
	Required    []string          `json:"required"`
	Items       *schema           `json:"items"`
	WriteOnly   bool              `json:"writeOnly"`
	OneOf       []struct {
		Const       string `json:"const"`
		Title       string `json:"title"`
		Description string `json:"description"`
	} `json:"oneOf"`
	Default any `json:"default"`
}

// basic are the settings that most tables need; the others are advanced ones.
var basic = []string{"region", "table", "mode", "on_existing", "version", "delete", "mapping"}

// Fields returns the settings of a Config as fields of an engine's configuration, in the order of a form. They are made
// from the JSON Schema, so that no setting is missing. None has a default: the library has them.
func Fields[F Field[F]](kit Kit[F]) []F {
	var root schema
	decoder := json.NewDecoder(bytes.NewReader(dynamodest.ConfigSchema()))
	decoder.UseNumber()
	if err := decoder.Decode(&root); err != nil {
		panic(err) // the schema is a constant
	}
	fields := make([]F, 0, len(root.Properties))
	for _, name := range root.names() {
		f := field(kit, name, root.Properties[name]).LintRule(LintRule(name))
		if !slices.Contains(root.Required, name) {
			f = f.Optional()
		}
		if !slices.Contains(basic, name) {
			f = f.Advanced()
		}
		fields = append(fields, f)
	}
	return fields
}

// EngineFields returns the settings that are the engine's, and not those of a Config: MaxInFlight and Batching.
func EngineFields[F Field[F]](kit Kit[F]) []F {
	return []F{
		kit.Any(MaxInFlight).Description(maxInFlightDescription).Default(1).LintRule(LintRule(MaxInFlight)),
		kit.BatchPolicy(Batching).Description(batchingDescription).LintRule(LintRule(Batching)),
	}
}

// about returns the description of a property, with its type where the kind of the field does not say it, and its default.
func (s schema) about() string {
	text := s.Description
	switch s.Type {
	case "integer":
		text += " A whole number."
	case "number":
		text += " A number."
	case "boolean":
		text += " true or false."
	}
	switch d := s.Default.(type) {
	case string:
		if d != "" {
			text += fmt.Sprintf(" The default is %s.", d)
		}
	case json.Number:
		text += fmt.Sprintf(" The default is %s.", d)
	}
	return text
}

// names returns the names of the properties, in their order.
func (s schema) names() []string {
	return slices.SortedFunc(maps.Keys(s.Properties), func(a, b string) int {
		return s.Properties[a].Order - s.Properties[b].Order
	})
}

// field returns the field of a property.
func field[F Field[F]](kit Kit[F], name string, s schema) F {
	var f F
	switch s.Type {
	case "object":
		f = kit.Object(name, children(kit, s)...)
	case "array":
		f = kit.List(name, children(kit, *s.Items)...)
	case "integer", "number", "boolean":
		f = kit.Any(name)
	default: // text, and durations, which are text here
		f = text(kit, name, s)
	}
	return f.Description(s.about())
}

// children returns the fields of the properties of an object.
func children[F Field[F]](kit Kit[F], s schema) []F {
	fields := make([]F, 0, len(s.Properties))
	for _, name := range s.names() {
		f := field(kit, name, s.Properties[name])
		if !slices.Contains(s.Required, name) {
			f = f.Optional()
		}
		fields = append(fields, f)
	}
	return fields
}

// text returns the field of a text, which may be a choice of words.
func text[F Field[F]](kit Kit[F], name string, s schema) F {
	if len(s.OneOf) > 0 {
		titles := map[string]string{"": "The default"}
		for _, choice := range s.OneOf {
			titles[choice.Const] = choice.Title
			if choice.Description != "" {
				titles[choice.Const] += ". " + choice.Description
			}
		}
		return kit.Choice(name, titles)
	}
	f := kit.String(name)
	if s.WriteOnly {
		f = f.Secret()
	}
	return f
}
