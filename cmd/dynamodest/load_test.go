package main

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/checkpoint"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// A load writes what it can, keeps the rest without its values, and says what it did.
func TestLoad(t *testing.T) {
	t.Parallel()
	remote := newRemote(t)
	file, failed := remote.write(t, "a.csv", numbered(1000)), filepath.Join(remote.dir, "failed.ndjson")
	r := runIn(t, "", "load", "-config", remote.patient(t), "-failed", failed, file)
	assert.Equal(t, exitFailed, r.code)
	assert.Equal(t, 990, remote.db.Len("users"))
	for name, n := range map[string]int{"rows": 1000, "written": 990, "not written": 10, "bad_key": 10, "requests": 40} {
		assert.Equal(t, n, figure(t, r.stdout, name), "%s in\n%s", name, r.stdout)
	}
	assert.Contains(t, r.stdout, "rows 0, 100, 200, 300, 400, …")
	assert.Contains(t, r.stdout, "remedy: ")
	assert.Contains(t, r.stderr, "every column is text")
	assert.Contains(t, r.stderr, "1,000 rows (10 failed)")

	assert.Len(t, letters(t, failed), 10)
	data, err := os.ReadFile(failed)
	require.NoError(t, err)
	assert.NotContains(t, string(data), "no key", "no values")
	info, err := os.Stat(failed)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode())

	again := runIn(t, "", "load", "-config", remote.config, "-failed", failed, file)
	assert.Equal(t, exitUsage, again.code)
	assert.Contains(t, again.stderr, "it holds the failed rows of another load")
	complete := runIn(t, "", "load", "-config", remote.config, "-failed", failed, "-resume", file)
	assert.Equal(t, ran{exitFailed, "an earlier run has loaded all of it: nothing is left to do\n", complete.stderr}, complete)
	assert.Len(t, letters(t, failed), 10)
}

// Rows stand under the text of what was wrong with them: a reason with several columns and causes has one of each, up to
// three, and counts the rest.
func TestExamplesByCause(t *testing.T) {
	t.Parallel()
	remote := newRemote(t)
	rows := `{"id":"0","n":"x","m":1}
{"id":"1","n":1,"m":1}
{"id":"2","n":1,"m":"y"}
{"id":"3","n":"z","m":1}
{"id":"4","n":{"a":1},"m":1}
{"id":"5","n":1,"m":[1]}
{"id":"6","n":"x","m":1}
{"n":1,"m":1}
`
	r := runIn(t, "", "load", "-config", remote.config, "-map", "id", "-map", "n:N", "-map", "m:N", remote.write(t, "a.ndjson", rows))
	require.Equal(t, exitFailed, r.code, r.stderr)
	_, report, found := strings.Cut(r.stdout, "failed rows, by reason (rows count from 0):\n")
	require.True(t, found)
	report = regexp.MustCompile(` +remedy: .*\n`).ReplaceAllString(report, "")
	assert.Equal(t, `  unmappable_value              6
    row 0 of n
    rows 0, 3, 6
    row 2 of m
    row 4 of n
    others                      1  for other causes
  bad_key                       1
    row 7 of id
`, regexp.MustCompile(`(row \d+): .*?column "(\w+)".*`).ReplaceAllString(report, "$1 of $2"))
}

// The values of failed rows are kept on request only.
func TestWithRows(t *testing.T) {
	t.Parallel()
	remote := newRemote(t)
	failed := filepath.Join(remote.dir, "failed.ndjson")
	r := runIn(t, "id,n\n,7\na,8\n", "load", "-config", remote.config, "-failed", failed, "-with-rows", "-format", "csv", "-")
	assert.Equal(t, exitFailed, r.code)
	kept := letters(t, failed)
	require.Len(t, kept, 1)
	assert.Equal(t, map[string]any{"id": "", "n": "7"}, map[string]any(kept[0].Values))
}

// Types come from the flags, then from the settings, then from a sample that the table's keys correct.
func TestTypes(t *testing.T) {
	t.Parallel()
	const rows = "id,n,zip\n1,7,0123\n2,8,0456\n"
	for name, tt := range map[string]struct {
		args []string
		want map[string]types.AttributeValue
	}{
		"proposed": {nil, map[string]types.AttributeValue{
			"id": &types.AttributeValueMemberS{Value: "1"}, "n": &types.AttributeValueMemberN{Value: "7"}, "zip": &types.AttributeValueMemberS{Value: "0123"},
		}},
		"-type": {[]string{"-type", "n=S", "-type", "zip=N"}, map[string]types.AttributeValue{
			"id": &types.AttributeValueMemberS{Value: "1"}, "n": &types.AttributeValueMemberS{Value: "7"}, "zip": &types.AttributeValueMemberN{Value: "123"},
		}},
		"-map": {[]string{"-map", "id:S", "-map", "n=count:N"}, map[string]types.AttributeValue{
			"id": &types.AttributeValueMemberS{Value: "1"}, "count": &types.AttributeValueMemberN{Value: "7"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			remote := newRemote(t)
			r := runIn(t, "", append([]string{"load", "-config", remote.config, remote.write(t, "a.csv", rows)}, tt.args...)...)
			require.Equal(t, exitOK, r.code, r.stderr)
			assert.Equal(t, tt.want, remote.db.Item("users", "1"))
		})
	}
}

// A table of -local has the key that is given, or the first column, with its type.
func TestLocal(t *testing.T) {
	t.Parallel()
	remote := newRemote(t)
	file := remote.write(t, "a.csv", "n,at\n1,a\n2,b\n")
	for _, args := range [][]string{nil, {"-key", "at:S,n:N"}, {"-map", "at=x"}} {
		r := runIn(t, "", append([]string{"load", "-local", file}, args...)...)
		assert.Equal(t, exitOK, r.code, r.stderr)
		assert.Equal(t, 2, figure(t, r.stdout, "written"))
	}
	r := runIn(t, "\"a,b:S\",n\nx,1\n", "load", "-local", "-format", "csv", "-")
	assert.Equal(t, exitOK, r.code, "a column whose name -key could not have: %s", r.stderr)
	r = runIn(t, `{"id":"a"}`, "load", "-local", "-format", "ndjson", "-")
	assert.Equal(t, exitUsage, r.code)
	assert.Contains(t, r.stderr, "give the key of the table")
}

// A type has no equals sign, and the name of a column may have some.
func TestTypeOfAColumnWithAnEqualsSign(t *testing.T) {
	t.Parallel()
	file := newRemote(t).write(t, "a.csv", "id,a=b,c:d\nx,1,2\n")
	r := runIn(t, "", "preview", "-local", "-items", "1", "-type", "a=b=S", "-type", "c:d=S", file)
	assert.Equal(t, exitOK, r.code, r.stderr)
	assert.Contains(t, r.stdout, `{"a=b":{"S":"1"},"c:d":{"S":"2"},"id":{"S":"x"}}`)

	r = runIn(t, "", "preview", "-local", "-type", "id", file)
	assert.Equal(t, exitUsage, r.code)
	assert.Contains(t, r.stderr, "-type: \"id\" has no type: give COLUMN=TYPE\n")
}

// The key of -local that is not given is of the type that -type gives the first column. Where -key says another one, the
// remedy names it.
func TestLocalKeyHasTheTypeThatIsGiven(t *testing.T) {
	t.Parallel()
	remote := newRemote(t)
	file, numbers := remote.write(t, "k.csv", "id,n\nA,1\n"), remote.write(t, "n.csv", "id,n\n0123,1\n")
	for key, args := range map[string][]string{
		"id:N":  {numbers, "-type", "id=N"},
		"id:S":  {numbers},
		"id:B":  {file, "-type", "id=B"},
		"key:N": {numbers, "-map", "id=key", "-type", "id=N"},
		"n:S":   {remote.write(t, "empty.csv", "n,id\n1,A\n"), "-type", "n="},
	} {
		r := runIn(t, "", append([]string{"preview", "-local"}, args...)...)
		assert.NotEqual(t, exitUsage, r.code, r.stderr)
		assert.Contains(t, r.stderr, "a table with the key "+key+",")
	}
	assert.Equal(t, 1, figure(t, runIn(t, "", "preview", "-local", "-type", "id=N", file).stdout, "unmappable_value"))
	for says, args := range map[string][]string{
		"-type id: N does not fit the attribute \"id\", the partition key (S): set it to S, or leave it empty; or give the table of -local another key by -key": {"-key", "id:S", "-type", "id=N"},
		"-map: no column becomes the attribute \"other\", the table's partition key (S): add one; or give the table of -local another key by -key":              {"-key", "other:S"},
		"-type id: BOOL does not fit the attribute \"id\", the partition key (S): set it to S, or leave it empty; or give":                                      {"-type", "id=BOOL"},
	} {
		r := runIn(t, "", append([]string{"load", "-local", file}, args...)...)
		assert.Equal(t, exitUsage, r.code)
		assert.Contains(t, r.stderr, says)
	}
}

// What the settings or the source have wrong stops a load before anything is written, or costs the row only.
func TestBadInput(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		file, text string
		args       []string
		code       int
		written    int
		says       []string
	}{
		"ragged lines":            {"a.csv", "id,n\na,1\nb\nc,1,2\nd,4\n", nil, exitFailed, 2, []string{"line 3: has 1 field", "not written                   2"}},
		"long line":               {"a.csv", "id,n\na,1\nb," + strings.Repeat("x", 17<<20) + "\nc,3\n", nil, exitFailed, 2, []string{"row 1: unmappable value: line 3: the record has more than 16777216 bytes: shorten it, as an item has 400 KB at most"}},
		"byte order mark":         {"a.csv", "\ufeffid,n\na,1\n", nil, exitOK, 1, nil},
		"quoted newlines":         {"a.csv", "id,n\n\"a\nb\",1\n,2\nc,3\n", nil, exitFailed, 2, []string{"row 1: bad key"}},
		"empty header":            {"a.csv", "id,\na,1\n", nil, exitUsage, 0, []string{"line 1: column 2 of the header has no name: give it one\n"}},
		"repeated header":         {"a.csv", "id,id\na,1\n", nil, exitUsage, 0, []string{"line 1: columns 1 and 2 are both named \"id\": rename one\n"}},
		"empty file":              {"a.csv", "", nil, exitUsage, 0, []string{"the source is empty"}},
		"header alone":            {"a.csv", "id,n\n", nil, exitOK, 0, nil},
		"broken line in NDJSON":   {"a.ndjson", "{\"id\":\"a\"}\n{\"id\":\n{\"id\":\"c\"}\n", nil, exitFailed, 2, []string{"line 2: "}},
		"wrong type in the rows":  {"a.ndjson", "{\"id\":1}\n{\"id\":\"c\"}\n", nil, exitFailed, 1, []string{"row 0: bad key"}},
		"unknown type in -type":   {"a.csv", "id,n\na,1\n", []string{"-type", "n=FLOAT"}, exitUsage, 0, []string{"\n-type n: "}},
		"unknown type in -map":    {"a.csv", "id,n\na,1\n", []string{"-map", "id", "-map", "n=m:FLOAT"}, exitUsage, 0, []string{"FLOAT is no type"}},
		"escapes in the header":   {"a.csv", "id,n\x1b[2J,\x1b[0m\n1,2,3\n,5,6\n", []string{"-type", "n\x1b[2J=N"}, exitFailed, 1, []string{`n\x1b[2J" N`}},
		"key that is not written": {"a.csv", "id,n\na,1\n", []string{"-map", "n"}, exitUsage, 0, []string{"the settings are wrong", `"id"`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			remote := newRemote(t)
			r := runIn(t, "", append([]string{"load", "-config", remote.config, remote.write(t, tt.file, tt.text)}, tt.args...)...)
			assert.Equal(t, tt.code, r.code, r.stderr)
			assert.Equal(t, tt.written, remote.db.Len("users"))
			assert.NotContains(t, r.stdout+r.stderr, "\x1b")
			for _, says := range tt.says {
				assert.Contains(t, r.stdout+r.stderr, says)
			}
		})
	}
}

// A source that fails half-way leaves what was read before written and accounted for.
func TestSourceThatFails(t *testing.T) {
	t.Parallel()
	remote := newRemote(t)
	sys := &system{stdin: io.MultiReader(strings.NewReader(numbered(333)), failingReader{})}
	r := runWith(t, sys, "load", "-config", remote.config, "-format", "csv", "-")
	assert.Equal(t, exitSource, r.code)
	assert.Contains(t, r.stderr, "stopped by the source")
	assert.Equal(t, figure(t, r.stdout, "written"), remote.db.Len("users"))
	assert.Equal(t, 333, figure(t, r.stdout, "rows"))
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// A load that the table stops says so, and goes on later where it was.
func TestResume(t *testing.T) {
	t.Parallel()
	remote := newRemote(t)
	file, failed := remote.write(t, "a.csv", numbered(3000)), filepath.Join(remote.dir, "failed.ndjson")
	load := func(args ...string) ran {
		return runIn(t, "", append([]string{"load", "-config", remote.config, "-failed", failed, file}, args...)...)
	}
	remote.db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
		if c.N > 40 {
			return dynamodesttest.Error(400, "AccessDeniedException", "")
		}
		return dynamodesttest.Fault{}
	})
	r := load()
	assert.Equal(t, exitStopped, r.code)
	assert.Contains(t, r.stderr, "access denied")
	assert.Contains(t, r.stdout, "the same command with -resume")
	assert.LessOrEqual(t, figure(t, r.stdout, "written"), remote.db.Len("users"))
	assert.Equal(t, figure(t, r.stdout, "rows"), figure(t, r.stdout, "written")+figure(t, r.stdout, "not written")+figure(t, r.stdout, "unknown"))
	remote.db.SetFault(nil)

	r = load()
	assert.Equal(t, exitUsage, r.code)
	assert.Contains(t, r.stderr, "add -resume to go on with it, or delete it to begin again")
	r = load("-resume", "-table", "others")
	assert.Equal(t, exitStopped, r.code, "there is no such table")
	remote.db.AddTable("others", "id:S")
	r = load("-resume", "-table", "others")
	assert.Equal(t, exitUsage, r.code)
	assert.Contains(t, r.stderr, "the table was users and is others")
	r = load("-resume", "-checkpoint", filepath.Join(remote.dir, "other.json"))
	assert.Equal(t, exitUsage, r.code, "the file of failed rows holds some, and there is no checkpoint that counts them")

	r = load("-resume")
	assert.Equal(t, exitFailed, r.code)
	assert.Equal(t, 3000, figure(t, r.stdout, "rows"))
	assert.Equal(t, 2970, figure(t, r.stdout, "written"))
	assert.Contains(t, r.stdout, "of them by earlier runs")
	assert.Equal(t, 2970, remote.db.Len("users"))
	assert.Len(t, letters(t, failed), 30)
}

// A load whose failed rows are gone is not resumed, and leaves no file in their place.
func TestResumeWithoutFailedRows(t *testing.T) {
	t.Parallel()
	remote := newRemote(t)
	failed := filepath.Join(remote.dir, "failed.ndjson")
	args := []string{"load", "-config", remote.config, "-failed", failed, "-resume", remote.write(t, "a.csv", numbered(1000))}
	remote.db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
		if c.N > 20 {
			return dynamodesttest.Error(400, "AccessDeniedException", "")
		}
		return dynamodesttest.Fault{}
	})
	require.Equal(t, exitStopped, runIn(t, "", args...).code)
	kept, err := os.ReadFile(failed)
	require.NoError(t, err)
	require.NotEmpty(t, kept)
	require.NoError(t, os.Remove(failed))
	remote.db.SetFault(nil)

	r := runIn(t, "", args...)
	assert.Equal(t, exitUsage, r.code)
	assert.Contains(t, r.stderr, "the failed rows of that load are in "+failed+", which is not there: put it back, or delete ")
	assert.NoFileExists(t, failed)

	require.NoError(t, os.WriteFile(failed, kept, 0o600))
	assert.Equal(t, exitFailed, runIn(t, "", args...).code)
	assert.Len(t, letters(t, failed), 10)
}

// A source that is not the same any more is not resumed, with what differs.
func TestResumeOfAnotherSource(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ text, says string }{
		"longer":             {numbered(101), "the size of the source was"},
		"of the same length": {strings.ReplaceAll(numbered(100), "a name", "b name"), "its first bytes differ"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			remote := newRemote(t)
			file, failed := remote.write(t, "a.csv", numbered(100)), filepath.Join(remote.dir, "failed.ndjson")
			require.Equal(t, exitFailed, runIn(t, "", "load", "-config", remote.config, "-failed", failed, file).code)
			remote.write(t, "a.csv", tt.text)
			r := runIn(t, "", "load", "-config", remote.config, "-failed", failed, "-resume", file)
			assert.Equal(t, exitUsage, r.code)
			assert.Contains(t, r.stderr, tt.says)
		})
	}
}

// A file of failed rows that cannot be written stops the load. What was sent is settled.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	remote := newRemote(t)
	var text strings.Builder
	text.WriteString("id,n\n")
	for range 10_000 {
		text.WriteString(",1\n")
	}
	r := runIn(t, "", "load", "-config", remote.config, "-failed", "/dev/full", remote.write(t, "a.csv", text.String()))
	assert.Equal(t, exitSource, r.code)
	assert.Contains(t, r.stderr, "no space left on device")
	assert.Less(t, figure(t, r.stdout, "rows"), 10_000)
	assert.Equal(t, figure(t, r.stdout, "rows"), figure(t, r.stdout, "not written"))
}

// A checkpoint never takes the place of the failed rows or of the source.
func TestCheckpointOnOtherFiles(t *testing.T) {
	t.Parallel()
	remote := newRemote(t)
	file, failed := remote.write(t, "a.csv.tmp", numbered(10)), filepath.Join(remote.dir, "f")
	for path, says := range map[string]string{failed: "is the file of -failed", strings.TrimSuffix(file, ".tmp"): "is the source"} {
		r := runIn(t, "", "load", "-config", remote.config, "-failed", failed, "-checkpoint", path, "-format", "csv", file)
		assert.Equal(t, exitUsage, r.code)
		assert.Contains(t, r.stderr, says)
	}
	assert.Zero(t, remote.db.Len("users"))
	assert.NoFileExists(t, failed)
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, numbered(10), string(data))
}

// A checkpoint that cannot be written stops the load before the first row.
func TestCheckpointThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	remote := newRemote(t)
	r := runIn(t, "", "load", "-config", remote.config, "-failed", filepath.Join(remote.dir, "f"), "-checkpoint", filepath.Join(remote.dir, "none", "c.json"), remote.write(t, "a.csv", numbered(10)))
	assert.Equal(t, exitSource, r.code)
	assert.Zero(t, remote.db.Len("users"))
	_, err := checkpoint.Load(filepath.Join(remote.dir, "none", "c.json"))
	assert.ErrorIs(t, err, os.ErrNotExist)
}
