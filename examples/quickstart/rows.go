package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/dynamodest/dynamodest"
)

// mapping is the field mapping: which columns become which attributes. The key of the table is
// network (partition key) and event (sort key). Columns that no field names are not written.
var mapping = dynamodest.Mapping{Fields: []dynamodest.Field{
	{Column: "net", Attribute: "network"},
	{Column: "code", Attribute: "event"},
	{Column: "time"},
	{Column: "updated"},
	{Column: "place"},
	{Column: "mag", Attribute: "magnitude"},
	{Column: "magType", Attribute: "magnitude_type"},
	{Column: "felt"},                           // nil in most rows: NULL
	{Column: "alert"},                          // the same
	{Column: "aliases"},                        // "" in most rows: NULL, unless Mapping.EmptyString says otherwise
	{Column: "quality"},                        // a map: by default a string that holds its JSON
	{Column: "geometry", Type: dynamodest.Map}, // a map too: here a native M
	{Column: "types", Attribute: "products", Type: dynamodest.StringSet},
	{Column: "tsunami", Type: dynamodest.Bool}, // from 0 or 1
	{Column: "locationSource"},                 // only the feed in CSV has it: Summary.MissingColumns names it
}}

// revised is the number of events that occur twice. Of rows with the same key, the last one is
// written.
const revised = 3

//go:embed earthquakes.json
var feed []byte

// earthquakes returns the rows to write: the events of the feed, the first few of them followed by
// a revision, and then the bad rows.
func earthquakes() ([]dynamodest.Row, error) {
	var week struct {
		Features []struct {
			ID         string
			Properties dynamodest.Row
			Geometry   map[string]any
		}
	}
	decoder := json.NewDecoder(bytes.NewReader(feed))
	decoder.UseNumber() // keeps numbers exact
	if err := decoder.Decode(&week); err != nil {
		return nil, err
	}

	var rows []dynamodest.Row
	for i, event := range week.Features {
		row := event.Properties
		others := slices.DeleteFunc(list(row["ids"]), func(id string) bool { return id == event.ID })
		row["aliases"] = strings.Join(others, " ")
		row["types"] = list(row["types"])
		row["geometry"] = event.Geometry
		row["quality"] = map[string]any{"stations": row["nst"], "gap": row["gap"], "rms": row["rms"]}
		rows = append(rows, row)
		if i < revised {
			rows = append(rows, with(row, dynamodest.Row{"mag": 2.5, "quality": nil}))
		}
	}
	return append(rows, badRows()...), nil
}

// badRows returns rows that cannot be written, each for a different reason.
func badRows() []dynamodest.Row {
	good := dynamodest.Row{"net": "zz", "code": "1", "time": int64(1517966773840), "place": "nowhere", "mag": 1.5}
	keyless := maps.Clone(good)
	delete(keyless, "code")
	return []dynamodest.Row{
		keyless,                                // no sort key
		with(good, dynamodest.Row{"code": ""}), // empty sort key
		with(good, dynamodest.Row{"code": 37868143}), // sort key that is not a string
		with(good, dynamodest.Row{"mag": math.NaN()}),
		with(good, dynamodest.Row{"felt": make(chan int)}),                // a channel cannot be stored
		with(good, dynamodest.Row{"place": "Caf\xe9"}),                    // not UTF-8
		with(good, dynamodest.Row{"place": strings.Repeat("x", 400<<10)}), // makes the item larger than 400 KB
	}
}

// with returns a copy of row with some columns changed.
func with(row, changed dynamodest.Row) dynamodest.Row {
	row = maps.Clone(row)
	maps.Copy(row, changed)
	return row
}

// list splits a list in the feed's format, such as ",a,b,".
func list(v any) []string {
	text, _ := v.(string)
	return strings.Split(strings.Trim(text, ","), ",")
}
