package transport

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/dynamodesttest"
	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/itemtest"
	"github.com/dynamodest/dynamodest/internal/table"
	"github.com/dynamodest/dynamodest/internal/testsize"
	"github.com/dynamodest/dynamodest/internal/typemap"
)

// twin is a client on one way with a table of its own, whose key is id:S, and the body of its last request. The
// table verifies signatures.
type twin struct {
	*Client
	db   *dynamodesttest.DB
	body []byte
}

func newTwin(t testing.TB, way Way) *twin {
	t.Helper()
	w := &twin{db: dynamodesttest.NewTable("users", "id:S")}
	w.db.Keys(testKeyID, testSecret, testToken)
	w.db.KeepHistory(1)
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.body, _ = io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(w.body))
		w.db.ServeHTTP(rw, r)
	}))
	t.Cleanup(server.Close)
	built := Build(Options{Endpoint: server.URL, Region: dynamodesttest.Region, AWS: awsConfig(nil)})
	w.Client = New(onWay(t, built, way), "users").WithDescription(described())
	return w
}

// described describes the table of a twin.
func described() table.Description {
	return table.Parse(&types.TableDescription{
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeS}},
	})
}

// twins returns a client on each way that the flag -way leaves, the SDK's inputs last.
func twins(t testing.TB) []*twin {
	t.Helper()
	var all []*twin
	for way := max(Direct, ForTests.Way); way <= Inputs; way++ {
		all = append(all, newTwin(t, way))
	}
	return all
}

// assertTwins makes a request of each twin by send, and holds the bodies, their sizes, what is reported and the
// tables against those of the SDK's inputs.
func assertTwins(t *testing.T, all []*twin, size int, send func(w *twin) (Result, *fault.Failure)) {
	t.Helper()
	inputs := all[len(all)-1]
	want := sayingOf(send(inputs))
	if want.text != "" {
		require.Equal(t, fault.KeyExists, want.failure.Action, want.text) // nothing else is wrong with the items
	}
	require.Equal(t, size, len(inputs.body)) //nolint:testifylint // a failure is to show no body
	var wantBody any
	require.NoError(t, json.Unmarshal(inputs.body, &wantBody))
	for _, w := range all[:len(all)-1] {
		got := sayingOf(send(w))
		require.Equal(t, want, got)
		require.Equal(t, size, len(w.body)) //nolint:testifylint // the same
		var body any
		require.NoError(t, json.Unmarshal(w.body, &body))
		require.Equal(t, wantBody, body)
		require.Equal(t, inputs.db.Items("users"), w.db.Items("users"))
	}
}

// texts are characters that encoders treat each in a way of its own.
var texts = []string{
	"", "a", "plain text", "\x00", "\x01\x1f", "\n\r\t\b\f", "\x7f", "\"", "\\", "/", "<>&'", "\u0080\u009f", "\u2027\u2028\u2029\u202a", "\ufeff", "\ufffd", "é€😀\U0010ffff", "\ud7ff\ue000", `\u0041`,
	strings.Repeat("1234567\"", 3), strings.Repeat("€", 20),
}

var numbers = []string{
	"0", "-0", "1", "-1", "0.1", "-0.001", "007.500", "1E125", "-9.9999999999999999999999999999999999999E125", "1E-130", "12345678901234567890123456789012345678", "100000000000000000000", "9223372036854775808", "1e3", "1.5e-7",
}

// randomText returns a text, which may have extra in it.
func randomText(r *rand.Rand, extra string) string {
	text := texts[r.IntN(len(texts))]
	if r.IntN(4) == 0 {
		text += extra + texts[r.IntN(len(texts))]
	}
	return text
}

// randomAttribute returns a value of so many levels at most.
func randomAttribute(r *rand.Rand, extra string, levels int) types.AttributeValue {
	kinds := 10
	if levels == 0 {
		kinds = 8
	}
	bytesOf := func() []byte { return []byte(randomText(r, extra) + string(byte(r.IntN(256)))) }
	switch r.IntN(kinds) {
	case 0:
		return itemtest.N(numbers[r.IntN(len(numbers))])
	case 1:
		return itemtest.B(bytesOf()...)
	case 2:
		return itemtest.Bool(r.IntN(2) == 0)
	case 3:
		return itemtest.Null()
	case 4:
		return itemtest.SS("x", "y"+randomText(r, extra))
	case 5:
		return itemtest.NS("1", "2.50", "-3E10")
	case 6:
		return itemtest.BS([]byte{1}, append([]byte{2}, bytesOf()...))
	case 7:
		return itemtest.S(randomText(r, extra))
	case 8:
		list := make([]types.AttributeValue, r.IntN(4))
		for i := range list {
			list[i] = randomAttribute(r, extra, levels-1)
		}
		return itemtest.L(list...)
	}
	members := itemtest.Map{}
	for i := range r.IntN(4) {
		members[fmt.Sprint("m", i, randomText(r, extra))] = randomAttribute(r, extra, levels-1)
	}
	return itemtest.M(members)
}

// randomRow returns a row of the key id, with the version v and a delete now and then.
func randomRow(r *rand.Rand, extra string, id int) map[string]any {
	row := map[string]any{"id": itemtest.S(fmt.Sprint("k", id, texts[id%len(texts)])), "v": itemtest.N(fmt.Sprint(r.IntN(3))), "gone": r.IntN(4) == 0}
	for i := range r.IntN(8) {
		row[fmt.Sprint("c", i, randomText(r, extra))] = randomAttribute(r, extra, 3)
	}
	return row
}

// asJSON is it with its bytes ready.
func asJSON(it *item.Item) *item.Item {
	ready := *it
	ready.JSON, ready.Attrs = it.AppendJSON(nil), nil
	return &ready
}

// Random items make the same bodies on each way, of the size that was predicted, with signatures that are right,
// and leave equal tables.
func FuzzBodies(f *testing.F) {
	for i, text := range texts {
		f.Add(uint64(i), text)
	}
	all := twins(f)
	converter := typemap.New(typemap.Mapping{Delete: "gone", Version: "v"}, described().Schema)
	f.Fuzz(func(t *testing.T, seed uint64, extra string) {
		r := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // it is to repeat
		extra = strings.ToValidUTF8(extra[:min(len(extra), 500)], "")
		var items []*item.Item
		size, put := item.EnvelopeSize("users"), (*item.Item)(nil)
		for id, n := 0, 1+r.IntN(8); id < n; id++ {
			it, err := converter.Convert(randomRow(r, extra, id*3+r.IntN(3)))
			if err != nil {
				continue // two columns of one name, for one
			}
			items = append(items, it)
			if size += it.EncodedSize + len(","); !it.Delete {
				put = it
			}
		}
		if len(items) == 0 {
			return
		}
		assertTwins(t, all, size-len(","), func(w *twin) (Result, *fault.Failure) {
			sent := slices.Clone(items)
			for i, it := range items {
				if w.Encodes() && r.IntN(2) == 0 {
					sent[i] = asJSON(it)
				}
			}
			return w.WriteBatch(t.Context(), t.Context().Err, sent)
		})
		if put == nil {
			return
		}
		cond := []Condition{{}, IfAbsent, UnlessNewer("v")}[r.IntN(3)]
		body := len(`{"TableName":"users","Item":,"ReturnConsumedCapacity":"INDEXES"}`) + len(put.AppendAttributes(nil)) + len(cond.appendJSON(nil, put, "id"))
		assertTwins(t, all, body, func(w *twin) (Result, *fault.Failure) {
			sent := put
			if cond == (Condition{}) && w.Encodes() {
				sent = asJSON(put)
			}
			return w.Put(t.Context(), t.Context().Err, sent, cond)
		})
	})
}

// A batch of the most items, which is pooled no more once it is sent.
func TestBatchOfTheMostItems(t *testing.T) {
	t.Parallel()
	testBatchOf(t, maxPooledPayload+1)
}

// TestHeavyLargestBatch is the largest request that there is: 25 items, and 16 MiB to the byte.
func TestHeavyLargestBatch(t *testing.T) {
	testsize.Heavy(t)
	testBatchOf(t, 16<<20)
}

// testBatchOf sends 25 items in a body of so many bytes on each way. Half of each text is escapes.
func testBatchOf(t *testing.T, bytes int) {
	t.Helper()
	converter := typemap.New(typemap.Mapping{}, described().Schema)
	convert := func(id int, text string) *item.Item {
		it, err := converter.Convert(map[string]any{"id": fmt.Sprint(id), "text": text})
		require.Nil(t, err)
		return it
	}
	var items []*item.Item
	size := item.EnvelopeSize("users") + 24*len(",")
	for i := range 24 {
		items = append(items, convert(i, strings.Repeat("\x01", bytes/290)+strings.Repeat("x", bytes*41/2000)))
		size += items[i].EncodedSize
	}
	items = append(items, convert(24, strings.Repeat("x", bytes-size-convert(24, "x").EncodedSize+1)))
	for _, w := range twins(t) {
		result, failure := w.WriteBatch(t.Context(), t.Context().Err, items)
		require.Nil(t, failure)
		assert.Positive(t, result.WriteUnits)
		assert.Equal(t, bytes, len(w.body)) //nolint:testifylint // a failure is to show no body
		assert.Equal(t, 25, w.db.Len("users"))
	}
}
