package dynamodest_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// valid is a Config of which a test changes one setting.
func valid() dynamodest.Config {
	return dynamodest.Config{Region: "eu-west-1", Table: "users", Credentials: dynamodest.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "secret"}}
}

// What Capabilities says of settings is what Validate does.
func TestCapabilitiesAreThoseOfValidate(t *testing.T) {
	t.Parallel()
	set := dynamodest.Capabilities()
	for setting, tt := range map[string]struct {
		values []dynamodest.Capability
		names  []string
		with   func(*dynamodest.Config, string)
	}{
		"Mode": {
			set.Modes, []string{"upsert", "insert", "audience_add", "audience_mirror", "audience_remove", "audience_upsert", "mirror", "update"},
			func(c *dynamodest.Config, name string) { c.Mode = dynamodest.Mode(name) },
		},
		"OnExisting": {set.OnExisting, []string{"overwrite", "skip", "fail"}, func(c *dynamodest.Config, name string) {
			c.Mode, c.OnExisting = dynamodest.Insert, dynamodest.OnExisting(name)
		}},
		"Duplicates": {set.Duplicates, []string{"last", "fail"}, func(c *dynamodest.Config, name string) { c.Duplicates = dynamodest.Duplicates(name) }},
	} {
		var names []string
		defaults := 0
		for _, value := range tt.values {
			names = append(names, value.Name)
			cfg := valid()
			tt.with(&cfg, value.Name)
			err := cfg.Validate()
			if value.Default {
				defaults++
			}
			if value.Supported {
				require.NoError(t, err, value.Name)
				assert.NotEmpty(t, value.Description, value.Name)
				assert.Empty(t, value.Reason, value.Name)
				continue
			}
			problems := configErrors(t, err)
			assert.Contains(t, problems[setting], value.Reason, value.Name)
			assert.NotEmpty(t, value.Reason, value.Name)
			assert.Empty(t, value.Actions, value.Name)
		}
		assert.Equal(t, tt.names, names)
		assert.Equal(t, 1, defaults, setting)
	}
	cfg := valid()
	cfg.Version = "v"
	assert.NoError(t, cfg.Validate())
	cfg = valid()
	cfg.Delete = "gone"
	assert.NoError(t, cfg.Validate())
	assert.True(t, set.Version.Supported && set.Delete.Supported && set.FieldMapping)
	assert.False(t, set.SchemaIntrospection)
	assert.Empty(t, set.AudienceModes)
}

// Every value needs the actions that it names, no others, and its policy allows them.
func TestCapabilitiesNameTheActionsUsed(t *testing.T) {
	t.Parallel()
	set := dynamodest.Capabilities()
	used := map[string]bool{}
	run := func(value dynamodest.Capability, cfg dynamodest.Config) {
		db := dynamodesttest.NewTable(table, "id:S")
		cfg.Table, cfg.Client = table, db
		dest := newDest(t, cfg)
		rows := numbered(60)
		for i := range rows {
			rows[i]["v"] = i
		}
		_, err := dest.Write(t.Context(), rows)
		require.NoError(t, err)
		_, _ = dest.Write(t.Context(), rows[:1])
		require.NoError(t, dest.Check(t.Context()))
		require.NoError(t, dest.CheckWrites(t.Context()))
		var recorded []string
		for op := range db.Actions() {
			recorded = append(recorded, "dynamodb:"+op)
			used["dynamodb:"+op] = true
		}
		assert.ElementsMatch(t, value.Actions, recorded, value.Name)

		policy, err := dest.Policy()
		require.NoError(t, err)
		allowed, err := json.Marshal(parsePolicy(t, policy).Statement[0].Action)
		require.NoError(t, err)
		named, err := json.Marshal(value.Actions)
		require.NoError(t, err)
		assert.JSONEq(t, string(named), string(allowed), value.Name)
	}
	for _, mode := range set.Modes {
		if mode.Supported {
			run(mode, dynamodest.Config{Mode: dynamodest.Mode(mode.Name)})
		}
	}
	for _, existing := range set.OnExisting {
		run(existing, dynamodest.Config{Mode: dynamodest.Insert, OnExisting: dynamodest.OnExisting(existing.Name)})
	}
	run(set.Version, dynamodest.Config{Version: "v"})
	run(set.Delete, dynamodest.Config{Delete: "gone"})
	var names []string
	for _, action := range set.Actions {
		names = append(names, action.Name)
		assert.NotEmpty(t, action.UsedFor)
	}
	assert.ElementsMatch(t, slices.Collect(maps.Keys(used)), names)
}

// Capabilities lists every constant of type Type, with the text of the README's table.
func TestCapabilitiesListEveryType(t *testing.T) {
	t.Parallel()
	parsed, err := parser.ParseFile(token.NewFileSet(), "typemap.go", nil, 0)
	require.NoError(t, err)
	var declared []string
	ast.Inspect(parsed, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if of, ok := spec.Type.(*ast.Ident); ok && of.Name == "Type" {
			for _, value := range spec.Values {
				text, err := strconv.Unquote(value.(*ast.BasicLit).Value)
				require.NoError(t, err)
				declared = append(declared, text)
			}
		}
		return false
	})
	require.Greater(t, len(declared), 10)

	readme := map[string]string{"": dynamodest.Capabilities().Types[0].MadeFrom}
	_, after, found := strings.Cut(read(t, "README.md"), "\n| `Type` | is made from |\n|---|---|\n")
	require.True(t, found)
	for line := range strings.Lines(after) {
		cells := strings.Split(strings.Trim(line, "| \n"), " | ")
		if len(cells) != 2 {
			break
		}
		for name := range strings.SplitSeq(cells[0], ", ") {
			readme[strings.Trim(name, "`")] = regexp.MustCompile("[`\\[\\]]").ReplaceAllString(strings.ReplaceAll(cells[1], "map[T]", "map<T>"), "")
		}
	}
	var listed []string
	for _, entry := range dynamodest.Capabilities().Types {
		listed = append(listed, string(entry.Type))
		assert.Equal(t, readme[string(entry.Type)], strings.ReplaceAll(entry.MadeFrom, "map[T]", "map<T>"), "the README says otherwise of %q", entry.Type)
		cfg := valid()
		cfg.Mapping.Fields = []dynamodest.Field{{Column: "a", Type: entry.Type}}
		assert.NoError(t, cfg.Validate(), entry.Type)
	}
	assert.ElementsMatch(t, declared, listed)
}

// At each limit a row is taken, and beyond it the row is refused.
func TestCapabilitiesLimitsAreKept(t *testing.T) {
	t.Parallel()
	limits := map[string]int{}
	for _, limit := range dynamodest.Capabilities().Limits {
		limits[limit.Name] = limit.Value
		assert.NotEmpty(t, limit.Unit, limit.Name)
		assert.Regexp(t, `^https://docs\.aws\.amazon\.com/amazondynamodb/.+\.html$`, limit.Source)
	}
	assert.Equal(t, map[string]int{
		"request_items": 25, "request_size": 16 << 20, "item_size": 400 << 10, "partition_key_size": 2048, "sort_key_size": 1024, "attribute_name_size": 1<<16 - 1,
		"nesting_depth": 32, "number_precision": 38, "number_max_exponent": 125, "number_min_exponent": -130, "table_name_min_length": 3, "table_name_max_length": 255,
	}, limits)

	db := dynamodesttest.NewTable(table, "id:S", "at:S")
	dest := newDest(t, dynamodest.Config{Table: table, Client: db, Mapping: dynamodest.Mapping{
		Fields: []dynamodest.Field{{Column: "id"}, {Column: "at"}, {Column: "v"}, {Column: "list", Type: dynamodest.List}},
	}})
	nested := func(levels int) any {
		var v any = 1
		for range levels - 1 {
			v = []any{v}
		}
		return v
	}
	digits := func(n int) json.Number { return json.Number(strings.Repeat("9", n)) }
	for name, tt := range map[string]struct {
		reason dynamodest.Reason
		row    func(limit int) dynamodest.Row
		step   int // to what is beyond
	}{
		"item_size":           {dynamodest.ErrTooLarge, func(n int) dynamodest.Row { return dynamodest.Row{"v": strings.Repeat("x", n-len("idkatav"))} }, 1},
		"partition_key_size":  {dynamodest.ErrKey, func(n int) dynamodest.Row { return dynamodest.Row{"id": strings.Repeat("x", n)} }, 1},
		"sort_key_size":       {dynamodest.ErrKey, func(n int) dynamodest.Row { return dynamodest.Row{"at": strings.Repeat("x", n)} }, 1},
		"nesting_depth":       {dynamodest.ErrMapping, func(n int) dynamodest.Row { return dynamodest.Row{"list": nested(n)} }, 1},
		"number_precision":    {dynamodest.ErrMapping, func(n int) dynamodest.Row { return dynamodest.Row{"v": digits(n)} }, 1},
		"number_max_exponent": {dynamodest.ErrMapping, func(n int) dynamodest.Row { return dynamodest.Row{"v": json.Number("1e" + strconv.Itoa(n))} }, 1},
		"number_min_exponent": {dynamodest.ErrMapping, func(n int) dynamodest.Row { return dynamodest.Row{"v": json.Number("1e" + strconv.Itoa(n))} }, -1},
	} {
		row := dynamodest.Row{"id": "k", "at": "a"}
		maps.Copy(row, tt.row(limits[name]))
		_, err := dest.Item(row)
		require.NoError(t, err, name)
		maps.Copy(row, tt.row(limits[name]+tt.step))
		_, err = dest.Item(row)
		require.ErrorIs(t, err, tt.reason, name)
	}
	for name, good := range map[int]bool{
		limits["table_name_min_length"] - 1: false, limits["table_name_min_length"]: true, limits["table_name_max_length"]: true, limits["table_name_max_length"] + 1: false,
	} {
		cfg := valid()
		cfg.Table = strings.Repeat("t", name)
		assert.Equal(t, good, cfg.Validate() == nil, "%d", name)
	}
	cfg := valid()
	cfg.Mapping.Fields = []dynamodest.Field{{Column: strings.Repeat("a", limits["attribute_name_size"])}}
	require.NoError(t, cfg.Validate())
	cfg.Mapping.Fields[0].Column += "a"
	require.Error(t, cfg.Validate())

	most := 0
	rows := numbered(100)
	for i := range rows {
		rows[i]["at"] = "a"
	}
	_, err := dest.Write(t.Context(), rows)
	require.NoError(t, err)
	for _, call := range db.Calls() {
		most = max(most, len(call.Keys))
	}
	assert.Equal(t, limits["request_items"], most)
}

// Each call returns a copy, and the JSON has no null.
func TestCapabilitiesAreACopy(t *testing.T) {
	t.Parallel()
	want, err := json.Marshal(dynamodest.Capabilities())
	require.NoError(t, err)
	assert.NotContains(t, string(want), "null,")
	set := dynamodest.Capabilities()
	for _, values := range [][]dynamodest.Capability{set.Modes, set.OnExisting, set.Duplicates, {set.Version, set.Delete}} {
		for i := range values {
			clear(values[i].Actions)
			values[i] = dynamodest.Capability{}
		}
	}
	clear(set.Types)
	clear(set.Limits)
	clear(set.Actions)
	got, err := json.Marshal(dynamodest.Capabilities())
	require.NoError(t, err)
	assert.JSONEq(t, string(want), string(got))
	var back dynamodest.CapabilitySet
	require.NoError(t, json.Unmarshal(got, &back))
	assert.Equal(t, dynamodest.Capabilities(), back)
}
