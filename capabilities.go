package dynamodest

import (
	"maps"
	"slices"

	"github.com/dynamodest/dynamodest/internal/decimal"
	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/schedule"
	"github.com/dynamodest/dynamodest/internal/table"
	"github.com/dynamodest/dynamodest/internal/transport"
)

// CapabilitySet is what the library can do, as data: what a settings page offers and explains, and what an
// engine compares destinations by. It is the same in every process of one version of the library.
type CapabilitySet struct {
	Modes         []Capability `json:"modes"`          // of Config.Mode, those that are refused last
	OnExisting    []Capability `json:"on_existing"`    // of Config.OnExisting, for the mode "insert"
	Duplicates    []Capability `json:"duplicates"`     // of Config.Duplicates
	AudienceModes []Capability `json:"audience_modes"` // none: the list is empty, and not null in JSON
	Version       Capability   `json:"version"`        // Config.Version
	Delete        Capability   `json:"delete"`         // Config.Delete

	FieldMapping        bool `json:"field_mapping"`        // columns are renamed and typed by Config.Mapping
	SchemaIntrospection bool `json:"schema_introspection"` // false: a table declares the types of its keys only, so it has no list of columns

	Types   []TypeCapability `json:"types"`   // of Field.Type
	Limits  []Limit          `json:"limits"`  // of DynamoDB
	Actions []Action         `json:"actions"` // the IAM actions that are ever needed
}

// Capability is one setting, or one value of a setting.
type Capability struct {
	Name        string   `json:"name"`                  // as in Config's JSON form, such as "upsert"
	Supported   bool     `json:"supported"`             // false for modes of other destinations
	Default     bool     `json:"default,omitempty"`     // it is what an empty setting means
	Description string   `json:"description,omitempty"` // what it does, in a sentence or two
	Reason      string   `json:"reason,omitempty"`      // why it is not supported, as Config.Validate says it
	Cost        string   `json:"cost,omitempty"`        // what it takes in requests, write units and memory
	Actions     []string `json:"actions,omitempty"`     // the IAM actions that it needs, if it decides them
}

// TypeCapability is one type that a Field can force.
type TypeCapability struct {
	Type     Type   `json:"type"`
	MadeFrom string `json:"made_from"` // which values become it; any other fails its row with ErrMapping
}

// Limit is a limit of DynamoDB that the library keeps to, or checks before a row is sent.
type Limit struct {
	Name   string `json:"name"`
	Value  int    `json:"value"`
	Unit   string `json:"unit"`
	Source string `json:"source"` // the URL of the page that documents it
}

// Action is an IAM action. Capability.Actions and [Config.Policy] say which settings need it.
type Action struct {
	Name    string `json:"name"` // such as "dynamodb:PutItem"
	UsedFor string `json:"used_for"`
}

// Capabilities returns what the library can do. Each call returns a copy, which the caller may change.
func Capabilities() CapabilitySet {
	return CapabilitySet{
		Modes:         modeCapabilities(),
		OnExisting:    existingCapabilities(),
		Duplicates:    duplicatesCapabilities(),
		AudienceModes: []Capability{},
		Version: Capability{
			Name: "version", Supported: true, Actions: actions(true),
			Description: "names the attribute that says which of two rows of a key is newer: a row replaces an item only if the item's version is not greater, over calls, machines and lost responses; only with the mode \"upsert\"",
			Cost:        conditionalCost + "; a row that is older than its item takes write units too",
		},
		Delete: Capability{
			Name: "delete", Supported: true, Actions: actions(false),
			Description: "names the column that says whether a row is a delete: then the item with the row's key is deleted",
			Cost:        "the requests of an upsert; a delete takes the write units of the item that it deletes",
		},
		FieldMapping: true,
		Types:        typeCapabilities(),
		Limits:       limits(),
		Actions: []Action{
			{"dynamodb:" + transport.BatchWriteItem, "batches of up to 25 rows, and deletes; not where each row goes by a conditional PutItem"},
			{"dynamodb:" + transport.PutItem, "single rows, conditional rows, and the last step of isolating a row that DynamoDB refuses"},
			{"dynamodb:" + transport.DescribeTable, "the table's status, keys, indexes and capacity"},
		},
	}
}

// batchCost and conditionalCost are what rows take by the two kinds of requests.
const (
	batchCost       = "one BatchWriteItem for up to 25 rows; a row takes the write units of the larger of its item and the item that it replaces"
	conditionalCost = "one conditional PutItem for each row: the same write units as batches, and 25 times the requests"
	existingCost    = conditionalCost + "; a row whose key exists takes write units too"
)

func modeCapabilities() []Capability {
	modes := []Capability{
		{
			Name: string(Upsert), Supported: true, Default: true, Actions: actions(false), Cost: batchCost,
			Description: "puts the whole item, replacing any item with the same key: attributes that the row does not give are gone afterwards",
		},
		{
			Name: string(Insert), Supported: true, Actions: actions(false), Cost: "that of on_existing",
			Description: "writes new items; on_existing decides what happens if the key already exists",
		},
	}
	for _, mode := range slices.Sorted(maps.Keys(refusedModes)) {
		modes = append(modes, Capability{Name: string(mode), Reason: refusedModes[mode]})
	}
	return modes
}

func existingCapabilities() []Capability {
	return []Capability{
		{
			Name: string(Overwrite), Supported: true, Default: true, Actions: actions(false), Cost: batchCost,
			Description: "replaces the existing item, as the mode \"upsert\" does",
		},
		{
			Name: string(Skip), Supported: true, Actions: actions(true), Cost: existingCost,
			Description: "keeps the existing item; the row is skipped",
		},
		{
			Name: string(Fail), Supported: true, Actions: actions(true), Cost: existingCost,
			Description: "keeps the existing item; the row is not written, with the reason \"item_exists\"",
		},
	}
}

func duplicatesCapabilities() []Capability {
	return []Capability{
		{
			Name: string(LastWins), Supported: true, Default: true,
			Description: "of the rows of one call with the same key the last is written, with version that of the highest version; with on_existing \"skip\" or \"fail\" the first",
		},
		{
			Name: string(RefuseDuplicates), Supported: true,
			Description: "rows of one call that have the same key are not written, with the reason \"bad_key\"; a stream writes the first of them; not with version, nor with on_existing \"skip\" or \"fail\"",
			Cost:        "the columns of the key are converted twice; a stream keeps up to 38 bytes a key in memory, for max_keys keys at most",
		},
	}
}

// typeCapabilities returns the types that a Field can force. The README's table has the same texts.
func typeCapabilities() []TypeCapability {
	const (
		sets  = "slices, arrays, JSON text of an array, and the keys of a map[T]struct{} or map[T]bool; an empty set is as nil"
		times = "times, RFC 3339 text: "
	)
	return []TypeCapability{
		{Auto, "any value: the type goes by the value"},
		{String, "strings, UTF-8 bytes, numbers, booleans, times, json.RawMessage"},
		{Number, "numbers, decimal text, times (epoch seconds with their fraction)"},
		{Binary, "bytes, base64 text; of a UUID or an IP address its bytes"},
		{Bool, "booleans, the texts that strconv.ParseBool takes, 0, 1, a byte 0 or 1"},
		{JSON, "any value: an S that holds its JSON"},
		{List, "slices, arrays and JSON text of an array"},
		{Map, "maps, structs (by their dynamodbav tags, else their json tags) and JSON text of an object"},
		{StringSet, sets},
		{NumberSet, sets},
		{BinarySet, sets},
		{EpochSeconds, times + "an N of whole seconds, as TTL wants them"},
		{EpochMillis, times + "an N of whole milliseconds"},
		{SortableTime, times + "an S in UTC with nine decimals, which sorts as the times do and is one key for one instant"},
	}
}

// limits returns the limits of DynamoDB.
func limits() []Limit {
	const (
		constraints = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html"
		naming      = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html"
		batch       = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html"
	)
	return []Limit{
		{"request_items", schedule.DefaultMaxBatchRows, "items", batch},
		{"request_size", schedule.DefaultMaxBatchBytes, "bytes", batch},
		{"item_size", item.MaxSize, "bytes", constraints},
		{"partition_key_size", table.MaxPartitionKey, "bytes", constraints},
		{"sort_key_size", table.MaxSortKey, "bytes", constraints},
		{"attribute_name_size", item.MaxAttributeName, "bytes", constraints},
		{"nesting_depth", item.MaxLevels, "levels", constraints},
		{"number_precision", decimal.MaxDigits, "significant digits", naming},
		{"number_max_exponent", decimal.MaxExponent, "powers of ten", naming},
		{"number_min_exponent", decimal.MinExponent, "powers of ten", naming},
		{"table_name_min_length", 3, "characters", naming},
		{"table_name_max_length", 255, "characters", naming},
	}
}
