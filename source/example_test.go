package source_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
	"github.com/dynamodest/dynamodest/source"
)

// A file with a broken line: the line costs one row, and its number says where it is.
func Example() {
	ctx := context.Background()
	file := strings.NewReader("iata,name\n00M,Thigpen\n00R\n00V,Meadow Lake\n")
	dest, err := dynamodest.New(ctx, dynamodest.Config{
		Table:  "airports",
		Client: dynamodesttest.NewTable("airports", "iata:S"), // a fake; leave it out for AWS
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	// README: source
	summary, err := dest.WriteSeq(ctx, source.CSVRows(file), func(_ dynamodest.Row, r dynamodest.RowResult) error {
		var line *source.LineError
		if errors.As(r.Err, &line) {
			fmt.Printf("row %d: %v\n", r.Index, line)
		}
		return nil
	})
	// README end
	fmt.Println(summary.Written, "written,", summary.NotWritten, "not written:", errors.Is(err, dynamodest.ErrMapping))
	// Output:
	// row 1: line 3: has 1 field, and there are 2 columns
	// 2 written, 1 not written: true
}

func ExampleCSVRows() {
	for row, err := range source.CSVRows(strings.NewReader("id,name\n1,\"Castaic, CA\"\n2,b,c\n")) {
		fmt.Println(row["id"], row["name"], errors.Unwrap(err))
	}
	// Output:
	// 1 Castaic, CA <nil>
	// <nil> <nil> line 3: has 3 fields, and there are 2 columns
}

// A file without a header, whose fields are separated by semicolons.
func ExampleCSV_Rows() {
	csv := source.CSV{Comma: ';', Header: []string{"id", "price"}}
	for row, err := range csv.Rows(strings.NewReader("1;1,50\n2;\n")) {
		fmt.Printf("%v %q %v\n", row["id"], row["price"], err)
	}
	// Output:
	// 1 "1,50" <nil>
	// 2 "" <nil>
}

// A file that is not as RFC 4180 wants it: with a header that is replaced, and quotes within fields.
func ExampleCSV_Rows_lazyQuotes() {
	csv := source.CSV{Header: []string{"id", "size"}, SkipHeader: true, LazyQuotes: true, MaxRecord: 1 << 10}
	for row, err := range csv.Rows(strings.NewReader("No.,Size (in)\n1,3.5\" disk\n")) {
		fmt.Println(row["id"], row["size"], err)
	}
	// Output: 1 3.5" disk <nil>
}

// The columns, for a page on which somebody maps them. The rows are then read from the beginning again.
func ExampleCSV_Columns() {
	file := strings.NewReader("id,name\n1,Ada\n")
	columns, err := source.CSV{}.Columns(file)
	fmt.Println(columns, err)
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		fmt.Println(err)
		return
	}
	for row, err := range source.CSVRows(file) {
		fmt.Println(row["name"], err)
	}
	// Output:
	// [id name] <nil>
	// Ada <nil>
}

// The message of a queue. A BadRow around the error makes it a row that fails alone.
func ExampleJSONRow() {
	row, err := source.JSONRow([]byte(`{"id": 12345678901234567890, "tags": ["a"]}`))
	fmt.Println(row["id"], row["tags"], err)
	_, err = source.JSONRow([]byte(`{"id": 1, "id": 2}`))
	fmt.Println(err)
	// Output:
	// 12345678901234567890 [a] <nil>
	// an object has a name twice, so that one of the values would be lost
}

func ExampleNDJSONRows() {
	for row, err := range source.NDJSONRows(strings.NewReader("{\"id\":1.10}\n\n{\"id\":2,\"id\":3}\n")) {
		fmt.Println(row["id"], errors.Unwrap(err))
	}
	// Output:
	// 1.10 <nil>
	// <nil> line 3: an object has a name twice, so that one of the values would be lost
}

func ExampleNDJSON_Rows() {
	ndjson := source.NDJSON{MaxLine: 20}
	for row, err := range ndjson.Rows(strings.NewReader("{\"text\":\"a much longer text\"}\n{\"text\":\"b\"}\n")) {
		fmt.Println(row["text"], errors.Unwrap(err))
	}
	// Output:
	// <nil> line 1: the line has more than 20 bytes: shorten it, or raise NDJSON.MaxLine
	// b <nil>
}

// The drivers of MySQL and PostgreSQL return texts and decimals as a []byte; the column's type says which it is.
func ExampleSQLRows() {
	ctx := context.Background()
	db := sql.OpenDB(fakeDriver{&fakeRows{ // sql.Open with a real driver
		columns: []fakeColumn{{name: "customer", typ: "VARCHAR"}, {name: "score", typ: "DECIMAL"}},
		values:  [][]driver.Value{{[]byte("c-1"), []byte("0.10")}, {[]byte("c-2"), nil}},
	}})
	defer func() { _ = db.Close() }()
	rows, err := db.QueryContext(ctx, "SELECT customer, score FROM scores") // SQLRows closes them
	if err != nil {
		fmt.Println(err)
		return
	}
	for row, err := range source.SQLRows(rows) {
		fmt.Printf("%v: %T %v, %v\n", row["customer"], row["score"], row["score"], err)
	}
	// Output:
	// c-1: json.Number 0.10, <nil>
	// c-2: <nil> <nil>, <nil>
}

func ExampleProposeMapping() {
	var sample []dynamodest.Row
	for row, err := range source.CSVRows(strings.NewReader("zip,price,active\n02134,1.50,true\n10001,,false\n")) {
		if err == nil {
			sample = append(sample, row)
		}
	}
	for _, field := range source.ProposeMapping(sample).Fields {
		fmt.Printf("%s %q\n", field.Column, field.Type)
	}
	// Output:
	// active "BOOL"
	// price "N"
	// zip ""
}

// BadRow around a LineError: its text names the line, and its cause says what is wrong.
func ExampleLineError() {
	err := dynamodest.BadRow(&source.LineError{Line: 17, Column: 4, Problem: "not valid JSON"})
	var line *source.LineError
	fmt.Println(errors.As(err, &line), line.Line, line)
	// Output:
	// true 17 line 17, column 4: not valid JSON
}

// A stream whose types were proposed from a sample: a row that they would change fails alone.
func ExampleNewGuard() {
	ctx := context.Background()
	sample := []dynamodest.Row{{"zip": "10001"}, {"zip": "94103"}}
	dest, err := dynamodest.New(ctx, dynamodest.Config{
		Table: "zips", Client: dynamodesttest.NewTable("zips", "zip:N"),
		Mapping: source.ProposeMapping(sample),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	guard := source.NewGuard(sample, "zip")
	rows := func(yield func(dynamodest.Row, error) bool) {
		for row, err := range source.CSVRows(strings.NewReader("zip\n60601\n02134\n")) {
			if unlike := guard.Check(row); err == nil && unlike != nil {
				err = dynamodest.BadRow(unlike)
			}
			if !yield(row, err) {
				return
			}
		}
	}
	summary, err := dest.WriteSeq(ctx, rows, nil)
	var unlike *source.UnlikeError
	fmt.Println(summary.Written, "written;", errors.As(err, &unlike), unlike.Column, unlike.Type)
	// Output: 1 written; true zip N
}

// A postal code that the sample lacks, and that its type would change, fails its row.
func ExampleGuard_Check() {
	guard := source.NewGuard([]dynamodest.Row{{"zip": "10001"}, {"zip": "94103"}}, "zip")
	fmt.Println(guard.Check(dynamodest.Row{"zip": "60601"}))
	fmt.Println(guard.Check(dynamodest.Row{"zip": "02134"}))
	// Output:
	// <nil>
	// column "zip": the text is not in a form that N keeps, the type that a sample suggested: a code with leading zeros, for one
}
