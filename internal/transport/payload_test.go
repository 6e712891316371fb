package transport

import (
	"bytes"
	"crypto/sha256"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/item"
)

// fixed is a call with the given body, which is never made.
type fixed struct {
	call
	body string
}

func (f fixed) size() int { return len(f.body) }

func (f fixed) encode(dst []byte) []byte { return append(dst, f.body...) }

// filled is a payload of n bytes, all of them c.
func filled(n int, c byte) *payload {
	return newPayload(fixed{body: strings.Repeat(string([]byte{c}), n)})
}

func TestPayloadIsAReader(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 3, 1000} {
		p := filled(n, 'x')
		require.NoError(t, iotest.TestReader(struct{ io.ReadSeeker }{p}, bytes.Repeat([]byte("x"), n)))
		p.free()
	}
	p := newPayload(fixed{body: "0123456789"})
	defer p.free()
	rest := func() string {
		var all bytes.Buffer
		_, err := p.WriteTo(&all)
		require.NoError(t, err)
		return all.String()
	}
	assert.Equal(t, "0123456789", rest())
	assert.Empty(t, rest())
	_, err := p.Seek(-3, io.SeekEnd)
	require.NoError(t, err)
	assert.Equal(t, "789", rest())
	_, err = p.Seek(-100, io.SeekCurrent)
	require.ErrorIs(t, err, errSeek)
	_, err = p.Seek(100, io.SeekStart)
	require.NoError(t, err)
	assert.Empty(t, rest(), "past the end")
	_, err = p.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
	_, err = p.Seek(4, io.SeekStart)
	require.NoError(t, err)
	n, err := p.WriteTo(iotest.TruncateWriter(io.Discard, 2))
	assert.Equal(t, int64(6), n)
	require.NoError(t, err)
	require.NoError(t, p.Close())
}

// A freed payload is at its end for whoever still has it, and its memory is another's.
func TestFreedPayloadIsAtItsEnd(t *testing.T) {
	t.Parallel()
	p := filled(100, 'x')
	_, err := io.ReadFull(p, make([]byte, 50))
	require.NoError(t, err)
	p.free()
	p.free()
	_, err = p.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
	n, err := p.WriteTo(io.Discard)
	assert.Zero(t, n)
	require.NoError(t, err)
	at, err := p.Seek(0, io.SeekStart)
	assert.Zero(t, at)
	require.NoError(t, err)
	all, err := io.ReadAll(p)
	assert.Empty(t, all)
	require.NoError(t, err)
}

// Many payloads, each full of its own mark, are freed while others read them: nobody reads the mark of another.
func TestPooledMemoryIsReadByNobodyElse(t *testing.T) {
	t.Parallel()
	var writers sync.WaitGroup
	for w := range 4 {
		writers.Go(func() {
			for i := range 100 {
				mark := byte(w*60 + i%60)
				p := filled(1000+i, mark)
				var readers sync.WaitGroup
				for range 3 {
					readers.Go(func() {
						part := make([]byte, 64)
						for {
							n, err := p.Read(part)
							if slices.ContainsFunc(part[:n], func(c byte) bool { return c != mark }) {
								t.Error("the memory of a payload changed while it was read")
							}
							if err != nil {
								return
							}
						}
					})
				}
				hash := sha256.New()
				_, _ = p.WriteTo(hash)
				p.free()
				readers.Wait()
			}
		})
	}
	writers.Wait()
}

// Memory of the largest requests is not kept.
func TestLargePayloadsAreNotPooled(t *testing.T) {
	t.Parallel()
	p := filled(maxPooledPayload+1, 'x')
	buf := p.buf
	p.free()
	for range 1000 { // the pool is shared with tests that run at the same time
		other := filled(1, 'y')
		assert.NotSame(t, buf, other.buf)
		defer other.free()
	}
}

// A server that answers before it has read the body, as a proxy does that refuses a request for its size: net/http
// goes on reading the body when the request is over, and other requests use the memory meanwhile. No server reads
// the bytes of another request's body.
func TestServerThatAnswersEarly(t *testing.T) {
	t.Parallel()
	const mark = 6 // of the bytes of a payload, at most
	var wrong sync.Map
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		w.Header().Set("Connection", "close")
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		_ = http.NewResponseController(w).Flush()
		body, _ := io.ReadAll(r.Body)
		if first, ok := bytes.CutPrefix(body, []byte(`{"RequestItems":{"users":[{"PutRequest":{"Item":{"id":{"N":"`)); ok {
			own := first[:1]
			for _, c := range []byte("123456"[:mark]) {
				if c != own[0] && bytes.Contains(body, bytes.Repeat([]byte{c}, 100)) {
					wrong.Store(string(own), string(c))
				}
			}
		}
	}))
	defer server.Close()
	for _, way := range []Way{Direct, Call} {
		t.Run(wayNames[way], func(t *testing.T) {
			client := onWay(t, builtClient(server.URL), way)
			var senders sync.WaitGroup
			for i := range mark {
				senders.Go(func() {
					id := string(rune('1' + i))
					for range 3 {
						it := numbered(id, string(bytes.Repeat([]byte(id), 200_000)))
						_, failure := New(client, "users").WriteBatch(t.Context(), t.Context().Err, []*item.Item{it})
						assert.NotNil(t, failure)
					}
				})
			}
			senders.Wait()
		})
	}
	server.Close()
	wrong.Range(func(own, other any) bool {
		t.Errorf("the request of %s had bytes of %s", own, other)
		return true
	})
}
