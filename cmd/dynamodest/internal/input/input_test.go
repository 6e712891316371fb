package input

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
)

// write writes a file of this name, and returns its path.
func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// gzipped returns text compressed by gzip.
func gzipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := io.WriteString(w, text)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.String()
}

// openInput opens o, and closes it at the end of the test.
func openInput(t *testing.T, o Options) *Input {
	t.Helper()
	in, err := Open(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, in.Close()) })
	return in
}

// rowsOf returns the rows of in, and the errors among them.
func rowsOf(in *Input) (rows []dynamodest.Row, errs []error) {
	for row, err := range in.Rows {
		if err != nil {
			errs = append(errs, err)
		} else {
			rows = append(rows, row)
		}
	}
	return rows, errs
}

func TestFilesOfEachFormat(t *testing.T) {
	t.Parallel()
	const csv = "\ufeffid,name\n1,\"a\nb\"\n2,c\n"
	var table bytes.Buffer
	require.NoError(t, parquet.Write(&table, []struct {
		ID   string `parquet:"id"`
		Name string `parquet:"name"`
	}{{"1", "a\nb"}, {"2", "c"}}))
	want := []dynamodest.Row{{"id": "1", "name": "a\nb"}, {"id": "2", "name": "c"}}
	const lines = `{"id":"1","name":"a\nb"}` + "\n" + `{"id":"2","name":"c"}` + "\n"
	for name, c := range map[string]struct {
		content string
		o       Options
	}{
		"rows.csv":       {content: csv},
		"ROWS.CSV":       {content: csv},
		"rows.tsv":       {content: strings.ReplaceAll(csv, ",", "\t")},
		"rows.txt":       {content: strings.ReplaceAll(csv, ",", ";"), o: Options{Format: "csv", Comma: ';'}},
		"rows.csv.gz":    {content: gzipped(t, csv)},
		"rows.ndjson":    {content: lines},
		"rows.jsonl":     {content: lines},
		"rows.json":      {content: " \n\ufeff"[:2] + lines},
		"rows.jsonl.gz":  {content: gzipped(t, lines)},
		"rows.parquet":   {content: table.String()},
		"rows.of.months": {content: table.String(), o: Options{Format: "parquet"}},
	} {
		c.o.Path = write(t, name, c.content)
		in := openInput(t, c.o)
		rows, errs := rowsOf(in)
		require.Empty(t, errs, name)
		assert.Equal(t, want, rows, name)
		if strings.Contains(name, "json") {
			assert.Nil(t, in.Columns)
		} else {
			assert.Equal(t, []string{"id", "name"}, in.Columns, name)
		}
		assert.EqualValues(t, len(c.content), in.Size, name)
		assert.InDelta(t, in.Size, in.Read(), 64, name) // of Parquet what separates its parts is not read
		require.NotNil(t, in.Identity)
		assert.Equal(t, c.o.Path, in.Identity.Path)
	}
}

func TestStandardInput(t *testing.T) {
	t.Parallel()
	in := openInput(t, Options{Path: "-", Format: "csv", Stdin: strings.NewReader("id,b\n1,2\n")})
	rows, errs := rowsOf(in)
	require.Empty(t, errs)
	assert.Equal(t, []dynamodest.Row{{"id": "1", "b": "2"}}, rows)
	assert.Equal(t, []string{"id", "b"}, in.Columns)
	assert.EqualValues(t, -1, in.Size)
	assert.EqualValues(t, 9, in.Read())
	assert.Nil(t, in.Identity)
}

func TestAPipeHasNoIdentity(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pipe.csv")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	written := make(chan error, 1)
	go func() { written <- os.WriteFile(path, []byte("id\n1\n"), 0o600) }()
	in := openInput(t, Options{Path: path})
	rows, errs := rowsOf(in)
	require.Empty(t, errs)
	assert.Len(t, rows, 1)
	assert.Nil(t, in.Identity)
	assert.EqualValues(t, -1, in.Size)
	require.NoError(t, <-written)
}

func TestOpenReturnsWhenItsContextEnds(t *testing.T) {
	t.Parallel()
	r, w := io.Pipe() // that nobody writes to
	defer func() { _ = w.Close() }()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Open(ctx, Options{Path: "-", Format: "csv", Stdin: r})
	assert.ErrorIs(t, err, context.Canceled)
}

func TestWhatCannotBeOpened(t *testing.T) {
	t.Parallel()
	secret := write(t, "secret.csv", "id\n")
	require.NoError(t, os.Chmod(secret, 0))
	missing := filepath.Join(t.TempDir(), "missing.csv")
	for name, c := range map[string]struct {
		o    Options
		want string
	}{
		"missing":          {Options{Path: missing}, "missing.csv: no such file or directory"},
		"directory":        {Options{Path: t.TempDir(), Format: "csv"}, "is a directory: give a file"},
		"no extension":     {Options{Path: "rows"}, "rows: the name does not say the format: give -format csv, tsv, ndjson or parquet"},
		"other extension":  {Options{Path: "rows.xlsx"}, "the name does not say the format"},
		"other format":     {Options{Path: "rows.csv", Format: "xml"}, `the format "xml" is not known: give -format`},
		"nameless":         {Options{Path: "-", Stdin: strings.NewReader("")}, "standard input has no name that says its format"},
		"parquet of stdin": {Options{Path: "-", Format: "parquet", Stdin: strings.NewReader("")}, "give a file instead of standard input"},
		"parquet, gz":      {Options{Path: "rows.parquet.gz"}, "it cannot be compressed as a whole"},
		"parquet device":   {Options{Path: "/dev/null", Format: "parquet"}, "is not a regular file"},
		"empty csv":        {Options{Path: write(t, "a.csv", "")}, "a.csv: line 1: the source is empty: it has no header"},
		"empty tsv.gz":     {Options{Path: write(t, "a.tsv.gz", "")}, "the file is empty"},
		"empty parquet":    {Options{Path: write(t, "a.parquet", "")}, "a.parquet: the file is empty"},
		"not gzip":         {Options{Path: write(t, "a.csv.gz", "id,name\n1,2\n3,4\n")}, "is not compressed by gzip, as its name says"},
		"short, not gzip":  {Options{Path: write(t, "a.csv.gz", "id\n")}, "is not compressed by gzip, as its name says, or it is cut short"},
		"header cut short": {Options{Path: write(t, "a.csv.gz", gzipped(t, "id\n")[:8])}, "it is cut short"},
		"gzip within":      {Options{Path: write(t, "a.csv", gzipped(t, "id\n1\n"))}, "compressed by gzip"},
		"binary as csv":    {Options{Path: write(t, "a.csv", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")}, "not valid UTF-8"},
		"parquet as csv":   {Options{Path: write(t, "a.csv", "PAR1\x15\x04\nPAR1")}, "Parquet"},
		"csv as parquet":   {Options{Path: write(t, "a.csv", "id,name\n1,2\n"), Format: "parquet"}, "this is no Parquet file"},
		"header twice":     {Options{Path: write(t, "a.csv", "id,id\n")}, "are both named"},
		"array of JSON":    {Options{Path: write(t, "a.json", "\n [{\"id\":1}]\n")}, "this is a JSON array"},
		"query alone":      {Options{Query: "SELECT 1"}, "-query needs -dsn"},
		"DSN alone":        {Options{DSN: "sqlite:x.db"}, "-dsn needs -query"},
	} {
		in, err := Open(t.Context(), c.o)
		assert.ErrorContains(t, err, c.want, name)
		assert.Nil(t, in)
	}
	if os.Geteuid() != 0 { // whom nothing is forbidden
		_, err := Open(t.Context(), Options{Path: secret})
		assert.ErrorIs(t, err, os.ErrPermission)
	}
}

func TestAFileThatBreaksOff(t *testing.T) {
	t.Parallel()
	whole := gzipped(t, "id,name\n"+strings.Repeat("1,some text that is there\n", 20_000))
	damaged := []byte(whole)
	for i := range 16 {
		damaged[len(damaged)-20+i] ^= 0x5a // the last block and the checksum
	}
	for name, c := range map[string]struct{ content, want string }{
		"cut short": {whole[:len(whole)-30], "the source is cut short"},
		"damaged":   {string(damaged), "the file is damaged: what gzip compressed cannot be uncompressed"},
		"trailing":  {whole + "and more that is not of it", "the file is damaged"},
	} {
		rows, errs := rowsOf(openInput(t, Options{Path: write(t, "rows.csv.gz", c.content)}))
		require.Len(t, errs, 1, name)
		assert.ErrorContains(t, errs[0], c.want, name)
		assert.ErrorContains(t, errs[0], "line ", name)
		assert.NotEmpty(t, rows, name)
	}
}

// failing is a reader that fails after some text.
type failing struct {
	io.Reader
	err error
}

func (f failing) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		err = f.err
	}
	return n, err
}

func TestAnErrorOfReadingEndsTheRows(t *testing.T) {
	t.Parallel()
	in := openInput(t, Options{Path: "-", Format: "csv", Stdin: failing{
		strings.NewReader("id\n1\n2\n"), &os.PathError{Op: "read", Path: "/dev/stdin", Err: syscall.EIO},
	}})
	rows, errs := rowsOf(in)
	assert.Len(t, rows, 2)
	require.Len(t, errs, 1)
	assert.EqualError(t, errs[0], "line 4: the file could not be read: input/output error")
	assert.ErrorIs(t, errs[0], syscall.EIO)
}

func TestIdentity(t *testing.T) {
	t.Parallel()
	path := write(t, "rows.csv", "id\n1\n")
	first := *openInput(t, Options{Path: path}).Identity
	assert.True(t, first.Equal(*openInput(t, Options{Path: path}).Identity))

	text, err := json.Marshal(first)
	require.NoError(t, err)
	var again Identity
	require.NoError(t, json.Unmarshal(text, &again))
	assert.True(t, first.Equal(again))

	info, err := os.Stat(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, []byte("id\n2\n"), 0o600))
	require.NoError(t, os.Chtimes(path, info.ModTime(), info.ModTime()))
	other := *openInput(t, Options{Path: path}).Identity
	assert.False(t, first.Equal(other))
	other.Head = first.Head
	assert.True(t, first.Equal(other), "nothing but the contents differ")
}
