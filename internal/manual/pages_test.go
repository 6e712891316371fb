package manual

// fixtures are what the commands of a page find.
type fixtures struct {
	files  map[string]string // texts by their names in the folder of the page
	copies map[string]string // paths from the root of the repository, likewise
	tables []string          // names and keys of the tables at AWS_ENDPOINT_URL_DYNAMODB
	sqlite map[string]string // statements that make a database, by the name of its file
	// postgres are the statements that make a schema of PostgreSQL.
	postgres string
	// module is the path of an importer's package, whose go.mod is in the folder of the page. The go command of the page gets the
	// modules of this repository from a proxy, as version v0.0.0.
	module string
	// replace has texts of the page and, after each, what takes its place: addresses of what runs elsewhere, and ports.
	// {double} is the address of the tables.
	replace []string
}

// pages are the pages whose commands want more than an empty folder.
var pages = map[string]fixtures{
	"README.md": {
		module:  "package main\n\nfunc main() {}\n",
		replace: []string{"examples/engine run .", "examples/engine run . -listen 127.0.0.1:0"},
	},
	"docs/command.md": {
		files: map[string]string{
			"broken.csv": "id,n\nA,1\nB,2,3\n,4\nC,5\n",
			"table.json": `{"table": "airports", "region": "us-east-1"}`,
		},
		copies:   map[string]string{"airports.csv": "cmd/dynamodest/testdata/airports.csv"},
		tables:   []string{"airports iata:S", "users id:S"},
		sqlite:   map[string]string{"app.db": "CREATE TABLE users (id TEXT, name TEXT); INSERT INTO users VALUES ('a', 'Ada'), ('b', 'Bob')"},
		postgres: "CREATE TABLE users (id TEXT, name TEXT); INSERT INTO users VALUES ('a', 'Ada'), ('b', 'Bob')",
		replace: []string{
			"postgres://reader@db.example/app", `"$DYNAMODEST_TEST_POSTGRES"`,
			"dynamodest serve", "dynamodest serve -addr 127.0.0.1:0",
		},
	},
	"docs/connect.md": {
		copies:  map[string]string{"csv.yaml": "connect/samples/csv.yaml", "ndjson.yaml": "connect/samples/ndjson.yaml"},
		replace: []string{"dynamodest serve", "dynamodest serve -addr 127.0.0.1:0"},
	},
	"examples/engine/README.md": {replace: []string{"examples/engine run .", "examples/engine run . -listen 127.0.0.1:0"}},
	"docs/telemetry.md":         {module: "package main\n\nimport _ \"github.com/dynamodest/dynamodest/otel\"\n\nfunc main() {}\n"},
	"docs/testing.md":           {replace: []string{"http://127.0.0.1:4567", "http://{double}"}},
}
