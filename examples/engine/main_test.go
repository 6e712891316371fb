package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// childVariable makes a process of this test the engine.
const childVariable = "DYNAMODEST_ENGINE_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		go func() { // the end of the process that started this one
			_, _ = io.Copy(io.Discard, os.Stdin)
			os.Exit(exitError)
		}()
		signals := make(chan os.Signal, 2)
		signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
		os.Exit(command(context.Background(), os.Args[1:], os.Stdout, os.Stderr, signals))
	}
	for _, variable := range os.Environ() { // nothing of this machine's decides how a test ends
		name, _, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, "AWS_") || strings.HasSuffix(strings.ToUpper(name), "_PROXY") {
			_ = os.Unsetenv(name)
		}
	}
	_ = os.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	_ = os.Setenv("AWS_CONFIG_FILE", os.DevNull)
	_ = os.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)
	goleak.VerifyTestMain(m)
}

// The keys that the tables of tests want.
const (
	keyID     = "AKIAEXAMPLEEXAMPLE00"
	secretKey = "wJalrXUtnFEMIexampleSECRETkeyK7MDENGbPxRf"
)

// remote is a table outside the engine, which is not lost with it.
type remote struct {
	db  *dynamodesttest.DB
	url string
}

const tableName = "airports"

func newRemote(t *testing.T) remote {
	t.Helper()
	db := dynamodesttest.NewTable(tableName, sampleKey+":S")
	db.Keys(keyID, secretKey, "")
	server := httptest.NewServer(db)
	t.Cleanup(server.Close)
	return remote{db, server.URL}
}

// settings returns settings for the sample and the table, with their keys.
func (r remote) settings() dynamodest.Config {
	return dynamodest.Config{
		Region: "us-east-1", Table: tableName, Endpoint: r.url, Mapping: sampleMapping(),
		Credentials: dynamodest.Credentials{AccessKeyID: keyID, SecretAccessKey: secretKey},
		Concurrency: 4,
	}
}

// site is an engine behind its server.
type site struct {
	*engine
	url    string
	sample string // the ID of the sample
	client *http.Client
	output *bytes.Buffer
}

// newSite starts an engine whose table is in memory, unless args say otherwise.
func newSite(t *testing.T, args ...string) *site {
	t.Helper()
	return newSiteWith(t, func(*http.Server) {}, args...)
}

// newSiteWith is newSite with a server that change has changed.
func newSiteWith(t *testing.T, change func(*http.Server), args ...string) *site {
	t.Helper()
	s := &site{output: new(bytes.Buffer)}
	o, err := parse(append([]string{"-dir", filepath.Join(t.TempDir(), "state")}, args...), s.output)
	require.NoError(t, err)
	s.engine, err = open(t.Context(), o, s.output)
	require.NoError(t, err)
	s.sample = s.settings.Source
	base, endStreams := context.WithCancel(context.Background())
	server := httptest.NewUnstartedServer(nil)
	server.Config = newServer(base, s.engine, server.Listener, o.host)
	change(server.Config)
	server.Start()
	s.url = server.URL
	transport := &http.Transport{}
	s.client = &http.Client{Transport: transport}
	t.Cleanup(func() {
		s.close(t.Context())
		endStreams()
		transport.CloseIdleConnections()
		server.Close()
	})
	return s
}

// answer is what the engine answered.
type answer struct {
	status int
	header http.Header
	text   string
}

// send makes a request.
func (s *site) send(t *testing.T, method, path, contentType, body string, headers ...string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(body))
	require.NoError(t, err)
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
	}
	response, err := s.client.Do(r)
	require.NoError(t, err)
	defer response.Body.Close() //nolint:errcheck // all of it was read
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return answer{response.StatusCode, response.Header, string(text)}
}

// post sends settings.
func (s *site) post(t *testing.T, path string, c dynamodest.Config) answer {
	t.Helper()
	text, err := json.Marshal(c)
	require.NoError(t, err)
	return s.send(t, "POST", path, "application/json", string(text))
}

// decode reads the answer, which must be a success.
func decode[T any](t *testing.T, a answer) (v T) {
	t.Helper()
	require.Equal(t, http.StatusOK, a.status, a.text)
	require.NoError(t, json.Unmarshal([]byte(a.text), &v))
	return v
}

// refused reads the answer, which must be a failure with the status.
func refused(t *testing.T, a answer, status int) failure {
	t.Helper()
	require.Equal(t, status, a.status, a.text)
	assert.Equal(t, "application/json", a.header.Get("Content-Type"))
	var body struct{ Error failure }
	require.NoError(t, json.Unmarshal([]byte(a.text), &body))
	assert.NotEmpty(t, body.Error.Text)
	return body.Error
}

// follow follows a run to its end, and returns what the page shows of it then.
func (s *site) follow(t *testing.T, id int) view {
	t.Helper()
	r, err := s.find(strconv.Itoa(id))
	require.NoError(t, err)
	r.wait()
	v, ended := r.view()
	require.Nil(t, ended)
	balanced(t, v)
	return v
}

// wait waits for the end of the attempt in progress.
func (r *run) wait() {
	if a := r.attempt(); a != nil {
		<-a.done
	}
}

// balanced checks that the totals of a run add up.
func balanced(t *testing.T, v view) {
	t.Helper()
	s := v.Totals
	assert.Equal(t, s.Rows, s.Written+s.Deleted+s.Skipped+s.Superseded+s.NotWritten+s.Unknown)
	if v.Status == running || v.Status == stopping {
		return
	}
	assert.Equal(t, v.NextRow, s.Rows)
	failures := 0
	for _, n := range v.Reasons {
		failures += n
	}
	assert.Equal(t, s.NotWritten+s.Unknown, failures)
}

// The rows of the sample: those of the file, the five that cannot be written and the correction.
const (
	sampleLines  = 3376 + 6
	sampleFailed = 5
)

// sampleItems returns the items that the table has after a run of the sample, by their key.
func sampleItems(t *testing.T) map[string]string {
	t.Helper()
	mapper, err := dynamodest.NewMapper(sampleMapping(), []dynamodest.KeyAttribute{{Name: sampleKey, Role: dynamodest.PartitionKey, Type: dynamodest.String}})
	require.NoError(t, err)
	items := map[string]string{}
	for row, err := range rowsOf("csv", sample()) {
		if err != nil {
			continue
		}
		if item, err := mapper.Item(row); err == nil {
			items[row[sampleKey].(string)] = item.String()
		}
	}
	require.Len(t, items, 3376)
	return items
}

// holdsSample checks that the table has the items of the sample, and no other.
func (r remote) holdsSample(t *testing.T) {
	t.Helper()
	items := map[string]string{}
	for _, item := range r.db.Items(tableName) {
		items[item[sampleKey].(*types.AttributeValueMemberS).Value] = dynamodest.Item(item).String()
	}
	want := sampleItems(t)
	maps.DeleteFunc(items, func(key, item string) bool {
		same := want[key] == item
		if same {
			delete(want, key)
		}
		return same
	})
	assert.Empty(t, want, "items that the table lacks")
	assert.Empty(t, items, "items that it should not have")
}

// lettersIn reads the dead letters that the engine sends, by the row.
func lettersIn(t *testing.T, text string) map[int]letter {
	t.Helper()
	letters := map[int]letter{}
	for line := range strings.Lines(text) {
		var l letter
		require.NoError(t, json.Unmarshal([]byte(line), &l))
		assert.NotContains(t, letters, l.Row, "a row has one letter")
		letters[l.Row] = l
	}
	return letters
}

// rowsIn returns the numbers of the rows of letters.
func rowsIn(letters map[int]letter) map[int]dynamodest.Reason {
	reasons := map[int]dynamodest.Reason{}
	for row, l := range maps.All(letters) {
		reasons[row] = l.Reason
	}
	return reasons
}

// sampleReasons are the rows of the sample that fail.
var sampleReasons = map[int]dynamodest.Reason{
	399: dynamodest.ErrKey, 900: dynamodest.ErrMapping, 1401: dynamodest.ErrMapping, 1902: dynamodest.ErrMapping, 2403: dynamodest.ErrMapping,
}
