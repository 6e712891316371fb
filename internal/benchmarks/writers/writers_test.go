package writers

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/guregu/dynamo/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/benchmarks/wire"
)

// recorder is a stub that keeps the names of the keys that it is sent.
type recorder struct {
	stub http.RoundTripper
	mu   sync.Mutex
	keys map[string]int
}

func newRecorder() *recorder {
	return &recorder{stub: wire.NewStub(wire.NewAnswers(1)), keys: map[string]int{}}
}

func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, err
	}
	var sent struct {
		Item         map[string]map[string]any
		RequestItems map[string][]struct {
			PutRequest struct{ Item map[string]map[string]any }
		}
	}
	if err := json.Unmarshal(body, &sent); err != nil {
		return nil, err
	}
	r.mu.Lock()
	for _, write := range sent.RequestItems[wire.Table] {
		key, _ := write.PutRequest.Item[wire.Key]["S"].(string)
		r.keys[key]++
	}
	if sent.Item != nil {
		key, _ := sent.Item[wire.Key]["S"].(string)
		r.keys[key]++
	}
	r.mu.Unlock()
	again := request.Clone(request.Context())
	again.Body = io.NopCloser(bytes.NewReader(body))
	return r.stub.RoundTrip(again)
}

// TestWritersWriteTheSameRows holds that every writer sends each row once.
func TestWritersWriteTheSameRows(t *testing.T) {
	t.Parallel()

	rows := Rows(130)
	want := map[string]int{}
	for _, row := range rows {
		key, _ := row[wire.Key].(string)
		want[key] = 1
	}
	for name, write := range map[string]func(context.Context, Place) error{
		"Write": func(ctx context.Context, p Place) error {
			d, err := p.Destination(ctx)
			require.NoError(t, err)
			return Write(ctx, d, rows)
		},
		"WriteSeq with middleware": func(ctx context.Context, p Place) error {
			d, err := p.Destination(ctx, WithMiddleware)
			require.NoError(t, err)
			return WriteSeq(ctx, d, len(rows), Sequence(rows))
		},
		"WriteSeq with middleware that gets inputs": func(ctx context.Context, p Place) error {
			d, err := p.Destination(ctx, WithInputMiddleware)
			require.NoError(t, err)
			return WriteSeq(ctx, d, len(rows), Sequence(rows))
		},
		"WriteColumns": func(ctx context.Context, p Place) error {
			d, err := p.Destination(ctx)
			require.NoError(t, err)
			columns, values := ByPosition(rows)
			return WriteColumns(ctx, d, columns, values)
		},
		"WriteSeq of maps": func(ctx context.Context, p Place) error {
			d, err := p.Destination(ctx)
			require.NoError(t, err)
			columns, values := ByPosition(rows)
			return WriteSeq(ctx, d, len(rows), Maps(columns, values))
		},
		"loop": func(ctx context.Context, p Place) error {
			return Loop{Client: p.Client(), Workers: 3, Convert: Switch}.Write(ctx, rows)
		},
		"loop that streams": func(ctx context.Context, p Place) error {
			return Loop{Client: p.Client(), Workers: 3, Convert: Switch}.Stream(ctx, Sequence(rows))
		},
		"attributevalue": func(ctx context.Context, p Place) error {
			return Loop{Client: p.Client(), Workers: 3, Convert: Marshal}.Write(ctx, rows)
		},
		"PutItem": func(ctx context.Context, p Place) error {
			loop := Loop{Client: p.Client(), Workers: 1, Convert: Switch}
			for _, row := range rows {
				if err := loop.Put(ctx, row); err != nil {
					return err
				}
			}
			return nil
		},
		"guregu": func(ctx context.Context, p Place) error {
			return Guregu{DB: dynamo.NewFromIface(p.Client()), Workers: 3}.Write(ctx, rows)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			r := newRecorder()
			require.NoError(t, write(t.Context(), Place{Stub: r}))
			assert.Equal(t, want, r.keys)
		})
	}
}

// TestFloors holds that the floors send as many batches as the others do.
func TestFloors(t *testing.T) {
	t.Parallel()

	for name, floor := range map[string]func(Place, int) (Floor, error){"calls": ReadyCalls, "posts": ReadyPosts} {
		r := newRecorder()
		f, err := floor(Place{Stub: r}, 3)
		require.NoError(t, err)
		require.NoError(t, f.Write(t.Context(), 130), name)
		assert.Len(t, r.keys, batchSize, name)
		assert.Equal(t, 6, r.keys["user-0000000000"], name)
	}
}

// TestItemsAreTheSame holds that the hand switch makes the items that the library makes, but for the form of a number.
func TestItemsAreTheSame(t *testing.T) {
	t.Parallel()

	d, err := Place{Stub: newRecorder()}.Destination(t.Context())
	require.NoError(t, err)
	want, err := d.Item(NewRow(7))
	require.NoError(t, err)
	got, err := Switch(NewRow(7))
	require.NoError(t, err)
	assert.Equal(t, want, got)
	assert.Len(t, got, 10)

	nested, err := Switch(Row{"list": []any{"a", int64(1)}, "map": map[string]any{"b": true}})
	require.NoError(t, err)
	assert.IsType(t, &types.AttributeValueMemberL{}, nested["list"])
	_, err = Switch(Row{"c": struct{}{}})
	require.Error(t, err)
}

// TestSizes holds that rows take the bytes that they are named after.
func TestSizes(t *testing.T) {
	t.Parallel()

	body, err := ReadyBody()
	require.NoError(t, err)
	envelope := len(`{"RequestItems":{"` + wire.Table + `":[]}}`)
	assert.Equal(t, encodedSize, (len(body)-envelope+1)/batchSize-1, "less the commas")
	for _, size := range []int{374, 4000} {
		row := RowsOfSize(1, size)[0]
		name, _ := row["name"].(string)
		assert.Equal(t, size, encodedSize+len(name)-len("Some Body"))
	}
}

func TestConverter(t *testing.T) {
	t.Parallel()

	require.NoError(t, NewConverter().Maps(Rows(3)))
	require.Error(t, NewConverter().Maps([]Row{{"no": "key"}}))
	columns, values := ByPosition(Rows(40))
	assert.Len(t, columns, 10)
	require.NoError(t, NewConverter().Values(columns, values))
	require.Error(t, NewConverter().Values([]string{"no"}, [][]any{{"key"}}))
}
