package schematest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// document is the JSON form of a Config, of any form.
type document struct {
	text string
	root any // as encoding/json reads it, with numbers as json.Number
}

func newDocument(text string) document {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	d := document{text: text}
	if err := decoder.Decode(&d.root); err != nil {
		panic(fmt.Sprintf("%v in %s", err, text))
	}
	return d
}

// at returns the value at a JSON pointer, or nil.
func (d document) at(pointer string) any {
	value := d.root
	for _, step := range strings.Split(pointer, "/")[1:] {
		switch v := value.(type) {
		case map[string]any:
			value = v[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(v) {
				return nil
			}
			value = v[i]
		default:
			return nil
		}
	}
	return value
}

// number returns the text of the number at a JSON pointer.
func (d document) number(pointer string) (string, bool) {
	number, ok := d.at(pointer).(json.Number)
	return string(number), ok
}

// instance returns d as a validator takes it.
func (d document) instance() any {
	var value any
	if err := json.Unmarshal([]byte(d.text), &value); err != nil {
		panic(err)
	}
	return value
}

// choice is the values of a member in JSON, those that are right where nothing else is wrong, and others; and words of
// which texts at random are made.
type choice struct{ good, bad, words []string }

// text quotes words, which are separated by spaces, as JSON.
func text(words string) []string {
	quoted := strings.Fields(words)
	for i, word := range quoted {
		quoted[i] = strconv.Quote(word)
	}
	return quoted
}

const arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/users"

var (
	durations = choice{
		good:  []string{`"200ms"`, `"0"`, `0`, `"1h30m"`, `"1.5s"`, `".5s"`, `"1.s"`, `"+1s"`, `5000000`, `86400000000000`, `"24h"`, `"1µs"`, `"1μs"`},
		bad:   []string{`"soon"`, `""`, `"1"`, `"-1s"`, `"-0s"`, `-1`, `1.5`, `1e6`, `1.0`, `1e30`, `"25h"`, `"9999999999h"`, `86400000000001`, `"1 s"`, `true`, `null`, `"1d"`},
		words: strings.Split("0 1 9 . h m s ms µs ns - + 24", " "),
	}
	wholeNumbers = choice{good: []string{`0`, `1`, `64`}, bad: []string{`-1`, `1.5`, `1.0`, `1e2`, `1e30`, `99999999999999999999`, `"1"`, `null`, `true`, `100000`}}

	choices = map[string]choice{
		"region": {
			good:  text("eu-west-1 us-gov-west-1 eusc-de-east-1"),
			bad:   append(text("EU-WEST-1 Ireland eu-west-1a local fips-us-east-1 us-east-1-fips us-fips-east-1 -a a- "+strings.Repeat("a", 63)+" "+strings.Repeat("a", 64)), `""`, `7`, `null`, `"eu-west-1 "`, `"x.y"`),
			words: strings.Split("eu us fips local west east 1 12 123 a - -", " "),
		},
		"table": {
			good:  append(text("users rows scores T-1 a.b a_b-c"), strconv.Quote(arn)),
			bad:   append(text("us u "+strings.Repeat("a", 255)+" "+strings.Repeat("a", 256)+" arn:aws:s3:::bucket "+arn+"/index/i "+strings.Replace(arn, "eu-west-1", "local", 1)+" "+strings.Replace(arn, "eu-west-1", "us-east-1", 1)), `""`, `"my users"`, `7`, `null`),
			words: []string{"arn:", "aws", "-cn", ":dynamodb:", "eu-west-1", "us-east-1", ":123456789012:", "table/", "users", "/", "a", " "},
		},
		"endpoint": {
			good: append(text("http://localhost:8000 https://dynamodb.eu-west-1.amazonaws.com HTTPS://host/ http://[::1]:8000 http://host#"), `""`),
			bad: append(text("localhost:8000 ftp://host http:// http://:8000 http://me:x@host http://host?x http://host/?x=1 http://host/#x http://host:0 http://host:99999 http://host:port "+
				"https://sqs.eu-west-1.amazonaws.com https://dynamodb.us-east-1.amazonaws.com https://dynamodb.eu-west-1.amazonaws.com.cn https://dynamodb.eusc-de-east-1.amazonaws.com https://dynamodb.us-gov-west-1.amazonaws.eu http://%zz http://host/%zz"), `"http://a b"`, `7`, `null`, `" http://host"`),
			words: []string{"http", "https", "HTTP", "://", "//", "/", ":", "@", "?", "#", "host", "8000", "0", "[::1]", " ", "%", ".amazonaws.com", "dynamodb.eu-west-1", "s3"},
		},
		"mode":                   {good: text("upsert insert"), bad: append(text("update mirror audience_add audience_remove audience_mirror audience_upsert merge Upsert"), `""`, `1`, `null`)},
		"on_existing":            {good: text("overwrite skip fail"), bad: append(text("Skip ignore"), `""`, `null`, `[]`)},
		"version":                {good: append(text("v id updated_at"), `""`), bad: []string{`7`, `null`, `{}`}},
		"delete":                 {good: append(text("gone id"), `""`), bad: []string{`false`, `null`}},
		"duplicates":             {good: text("last fail"), bad: append(text("refuse Last"), `""`, `true`, `null`)},
		"max_keys":               {good: []string{`0`, `5`, `10000000`}, bad: []string{`-1`, `1e6`, `1.5`, `"1"`, `null`}},
		"concurrency":            wholeNumbers,
		"write_units_per_second": {good: []string{`0`, `0.5`, `1e3`, `100`}, bad: []string{`-1`, `-0.5`, `"1"`, `null`, `false`}},
		"max_wait":               durations,
		"window_bytes":           {good: []string{`0`, `1048576`, `67108864`}, bad: []string{`-1`, `1`, `1048575`, `1e7`, `2097152.5`, `"1"`, `null`}},

		"credentials.access_key_id":     {good: text("AKIAIOSFODNN7EXAMPLE ASIAIOSFODNN7EXAMPLE local key test x"), bad: []string{`""`, `" a"`, `"a b"`, `"ä"`, `7`, `null`}},
		"credentials.secret_access_key": {good: text("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), bad: []string{`""`, `"a\n"`, `"\u00a0"`, `true`, `null`}},
		"credentials.session_token":     {good: append(text("IQoJb3JpZ2luX2VjEXAMPLETOKEN"), `""`), bad: []string{`" "`, `"\u007f"`, `[]`, `null`}},
		"retry.max_attempts":            wholeNumbers,
		"retry.min_delay":               durations,
		"retry.max_delay":               durations,
		"mapping.null":                  {good: text("null omit refuse"), bad: append(text("NULL keep"), `""`, `null`)},
		"mapping.empty_string":          {good: text("null keep omit"), bad: append(text("refuse"), `""`, `true`)},
		"mapping.missing":               {good: text("nothing null required"), bad: append(text("refuse"), `""`, `1`)},
		"mapping.bytes":                 {good: text("binary text"), bad: append(text("Text"), `""`, `[]`)},
		"mapping.fields.column":         {good: text("id v n"), bad: []string{`""`, `7`, `null`}},
		"mapping.fields.attribute":      {good: append(text("id v x y z"), `""`), bad: []string{`[]`, `null`}},
		"mapping.fields.type":           {good: append(text("S N B BOOL JSON L M SS NS BS EPOCH_SECONDS EPOCH_MILLIS SORTABLE_TIME"), `""`), bad: append(text("string s epoch_seconds"), `1`, `null`)},
		"mapping.fields.required":       {good: []string{`true`, `false`}, bad: []string{`1`, `"true"`, `null`}},
	}

	// unknown are names that no setting has.
	unknown = []string{"Table", "regoin", "x", "secret_access_key", "aws", "fields", "AKIAIOSFODNN7EXAMPLE"}
)

// generator makes documents at random, the same for one seed. Most members are right, so that a document has
// few faults.
type generator struct {
	*rand.Rand
	faults float64 // how many of the members are wrong
	rare   float64 // how many of the members that are not needed are there
}

func (g generator) chance(p float64) bool { return g.Float64() < p }

func (g generator) one(values []string) string { return values[g.IntN(len(values))] }

// value returns the value of the member of that name.
func (g generator) value(name string) string {
	c := choices[name]
	switch {
	case !g.chance(g.faults):
		return g.one(c.good)
	case len(c.words) > 0 && g.chance(0.5):
		var random strings.Builder
		for range 1 + g.IntN(7) {
			random.WriteString(g.one(c.words))
		}
		return strconv.Quote(random.String())
	}
	return g.one(c.bad)
}

// object returns an object with some of the members, each by the func of its name, most times with those of often.
func (g generator) object(members map[string]func() string, often ...string) string {
	names := make([]string, 0, len(members))
	for name := range members {
		names = append(names, name)
	}
	slices.Sort(names) // before chance has a say
	var written []string
	for _, name := range names {
		p := 1 - g.faults/4
		if !slices.Contains(often, name) {
			p = g.rare
		}
		if g.chance(p) {
			written = append(written, strconv.Quote(name)+":"+members[name]())
		}
	}
	if name := g.one(unknown); members[name] == nil && g.chance(g.faults/8) {
		written = append(written, strconv.Quote(name)+":"+g.one([]string{`1`, `"a"`, `{}`}))
	}
	if len(written) > 0 && g.chance(g.faults/8) {
		written = append(written, g.one(written))
	}
	g.Shuffle(len(written), func(i, j int) { written[i], written[j] = written[j], written[i] })
	return "{" + strings.Join(written, ",") + "}"
}

// members returns the members whose names follow prefix in choices.
func (g generator) members(prefix string) map[string]func() string {
	members := make(map[string]func() string)
	for path := range choices {
		name, ok := strings.CutPrefix(path, prefix)
		if ok && !strings.Contains(name, ".") {
			members[name] = func() string { return g.value(path) }
		}
	}
	return members
}

// nested returns value, or now and then something else.
func (g generator) nested(value func() string) func() string {
	return func() string {
		if g.chance(g.faults / 8) {
			return g.one([]string{`null`, `[]`, `"a"`, `{}`, `1`})
		}
		return value()
	}
}

func (g generator) document() document {
	root := g.members("")
	if g.chance(0.3) { // of all members it has the most ways to be wrong
		root["endpoint"] = func() string { return generator{Rand: g.Rand, faults: 0.7}.value("endpoint") }
	}
	root["credentials"] = g.nested(func() string {
		return g.object(g.members("credentials."), "access_key_id", "secret_access_key", "session_token")
	})
	root["retry"] = g.nested(func() string { return g.object(g.members("retry.")) })
	root["mapping"] = g.nested(func() string {
		mapping := g.members("mapping.")
		mapping["fields"] = g.nested(func() string {
			fields := make([]string, g.IntN(4))
			for i := range fields {
				fields[i] = g.nested(func() string { return g.object(g.members("mapping.fields."), "column") })()
			}
			return "[" + strings.Join(fields, ",") + "]"
		})
		return g.object(mapping)
	})
	often := []string{"region", "table", "credentials"}
	if g.chance(0.1) {
		often = often[1:]
		root["table"] = func() string {
			return strconv.Quote(strings.Replace(arn, "eu-west-1", g.one([]string{"eu-west-1", "us-east-1", "local"}), 1))
		}
	}
	return newDocument(g.nested(func() string { return g.object(root, often...) })())
}
