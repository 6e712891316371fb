package dynamodest_test

import (
	"go/ast"
	"go/build"
	"go/doc"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// documented are the packages whose API importers see, with the settings of each that callers fill in.
var documented = map[string][]string{
	".":              {"Config", "Credentials", "Field", "Mapping", "Observer", "Retry"},
	"connect":        nil,
	"connect/bento":  nil,
	"dynamodesttest": {"Capacity"},
	"otel":           {"Options"},
	"source":         {"CSV", "NDJSON"},
}

// withoutExample are the funcs and methods that need no Example, by name alone or with their package, and why.
var withoutExample = map[string]string{
	"Error":                         "an error prints by it",
	"Format":                        "fmt calls it",
	"GoString":                      "fmt calls it",
	"Is":                            "errors.Is calls it",
	"LogValue":                      "slog calls it",
	"MarshalDynamoDBAttributeValue": "it always fails: a Key is no value of a row",
	"MarshalJSON":                   "encoding/json calls it",
	"MarshalText":                   "encoding/json calls it",
	"String":                        "fmt calls it",
	"UnmarshalJSON":                 "encoding/json calls it",
	"UnmarshalText":                 "encoding/json calls it",
	"Unwrap":                        "errors.Is and errors.As call it",

	"source LineError.SourceLine": "dynamodest.BadRow calls it",

	"dynamodesttest DB.BatchWriteItem":     "the SDK documents its operations",
	"dynamodesttest DB.DeleteTable":        "the SDK documents its operations",
	"dynamodesttest DB.DescribeTable":      "the SDK documents its operations",
	"dynamodesttest DB.GetItem":            "the SDK documents its operations",
	"dynamodesttest DB.ListTagsOfResource": "the SDK documents its operations",
	"dynamodesttest DB.PutItem":            "the SDK documents its operations",
	"dynamodesttest DB.Scan":               "the SDK documents its operations",
}

// TestExamples holds that each exported func and method, and each type that takes code of the caller's (an interface, a
// func, a struct with funcs), has an Example with output that godoc shows beside it, and that the examples of a package
// set every field of the settings that callers fill in.
func TestExamples(t *testing.T) {
	t.Parallel()

	unused := map[string]bool{}
	for name := range withoutExample {
		unused[name] = true
	}
	for dir, settings := range documented {
		fset, files := parseDir(t, dir)
		docs, err := doc.NewFromFiles(fset, files, "github.com/dynamodest/dynamodest/"+dir)
		require.NoError(t, err)
		symbols := symbolsOf(docs)
		assert.NotEmpty(t, symbols, "package %s", dir)
		for _, symbol := range symbols {
			_, method, isMethod := strings.Cut(symbol.name, ".")
			excused := false
			for _, name := range []string{dir + " " + symbol.name, method} {
				if _, found := withoutExample[name]; found && (isMethod || name != method) {
					delete(unused, name)
					excused = true
				}
			}
			if !excused && len(symbol.examples) == 0 {
				assert.Fail(t, "no example", "package %s: %s needs an Example%s with output", dir, symbol.name, strings.ReplaceAll(symbol.name, ".", "_"))
			}
			for _, example := range symbol.examples {
				assert.True(t, example.Output != "" || example.EmptyOutput, "package %s: an example of %s has no output", dir, symbol.name)
			}
		}
		set := fieldsSet(files)
		for _, typ := range settings {
			for _, field := range fieldsOf(docs, typ) {
				assert.True(t, set[typ+"."+field], "package %s: no example sets %s.%s", dir, typ, field)
			}
		}
	}
	assert.Empty(t, unused, "exceptions for what does not exist")
}

// parseDir parses the Go files of a folder, tests included.
func parseDir(t *testing.T, dir string) (*token.FileSet, []*ast.File) {
	t.Helper()
	pkg, err := build.ImportDir(dir, 0)
	require.NoError(t, err)
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range slices.Concat(pkg.GoFiles, pkg.TestGoFiles, pkg.XTestGoFiles) {
		file, err := parser.ParseFile(fset, filepath.Join(dir, name), nil, parser.ParseComments)
		require.NoError(t, err)
		files = append(files, file)
	}
	return fset, files
}

// symbol is something exported that needs an example.
type symbol struct {
	name     string // such as "New" or "Destination.Write"
	examples []*doc.Example
}

// symbolsOf returns the funcs and methods of a package, and the types that take code of the caller's.
func symbolsOf(docs *doc.Package) []symbol {
	var symbols []symbol
	addFuncs := func(funcs []*doc.Func) {
		for _, f := range funcs {
			symbols = append(symbols, symbol{f.Name, f.Examples})
		}
	}
	addFuncs(docs.Funcs)
	for _, typ := range docs.Types {
		addFuncs(typ.Funcs)
		for _, method := range typ.Methods {
			symbols = append(symbols, symbol{typ.Name + "." + method.Name, method.Examples})
		}
		if takesCode(typeOf(typ)) {
			symbols = append(symbols, symbol{typ.Name, typ.Examples})
		}
	}
	return symbols
}

// typeOf returns what a type is declared as.
func typeOf(typ *doc.Type) ast.Expr {
	for _, spec := range typ.Decl.Specs {
		if spec, ok := spec.(*ast.TypeSpec); ok && spec.Name.Name == typ.Name {
			return spec.Type
		}
	}
	return nil
}

// takesCode reports whether values of the type are, or have, funcs of the caller's.
func takesCode(declared ast.Expr) bool {
	switch declared := declared.(type) {
	case *ast.InterfaceType, *ast.FuncType:
		return true
	case *ast.StructType:
		return slices.ContainsFunc(declared.Fields.List, func(f *ast.Field) bool {
			_, ok := f.Type.(*ast.FuncType)
			return ok
		})
	}
	return false
}

// fieldsOf returns the names of the exported fields of a struct.
func fieldsOf(docs *doc.Package, name string) []string {
	var fields []string
	for _, typ := range docs.Types {
		declared, ok := typeOf(typ).(*ast.StructType)
		if !ok || typ.Name != name {
			continue
		}
		for _, field := range declared.Fields.List {
			for _, ident := range field.Names {
				fields = append(fields, ident.Name)
			}
		}
	}
	return fields
}

// fieldsSet returns the fields that composite literals in files of examples set, such as "Config.Table".
func fieldsSet(files []*ast.File) map[string]bool {
	set := map[string]bool{}
	for _, file := range files {
		if !slices.ContainsFunc(doc.Examples(file), func(*doc.Example) bool { return true }) {
			continue
		}
		ast.Inspect(file, func(node ast.Node) bool {
			literal, ok := node.(*ast.CompositeLit)
			if !ok {
				return true
			}
			add(set, literal.Type, literal)
			if array, ok := literal.Type.(*ast.ArrayType); ok {
				for _, element := range literal.Elts {
					if element, ok := element.(*ast.CompositeLit); ok && element.Type == nil {
						add(set, array.Elt, element)
					}
				}
			}
			return true
		})
	}
	return set
}

// add puts the fields that a literal of a type of another package sets into set.
func add(set map[string]bool, typ ast.Expr, literal *ast.CompositeLit) {
	selector, ok := typ.(*ast.SelectorExpr)
	if !ok {
		return
	}
	for _, element := range literal.Elts {
		if pair, ok := element.(*ast.KeyValueExpr); ok {
			if key, ok := pair.Key.(*ast.Ident); ok {
				set[selector.Sel.Name+"."+key.Name] = true
			}
		}
	}
}
