package transport

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// payload is the encoded body of one request. Its memory serves later payloads after free. A read after free finds
// the end of the body: net/http reads on a goroutine of its own, which may outlive the request.
type payload struct {
	mu   sync.Mutex
	data []byte
	pos  int
	buf  *[]byte // the memory of data, for payloads
}

// maxPooledPayload is the largest memory, in bytes, that is kept for another payload.
const maxPooledPayload = 1 << 20

var payloads = sync.Pool{New: func() any { return new([]byte) }}

// newPayload returns the body of k.
func newPayload(k call) *payload {
	buf := payloads.Get().(*[]byte) //nolint:forcetypeassert // it holds nothing else
	*buf = k.encode(slices.Grow((*buf)[:0], k.size()))
	return &payload{data: *buf, buf: buf}
}

// free lets go of the memory of p. It waits for a read that is going on.
func (p *payload) free() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.data = nil; p.buf != nil && cap(*p.buf) <= maxPooledPayload {
		payloads.Put(p.buf)
	}
	p.buf = nil
}

// Read reads on. After free it reads the end, as the body of a request of the SDK does.
func (p *payload) Read(dst []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pos >= len(p.data) {
		return 0, io.EOF
	}
	n := copy(dst, p.data[p.pos:])
	p.pos += n
	return n, nil
}

// WriteTo writes the rest to w: to a hash, without a buffer.
func (p *payload) WriteTo(w io.Writer) (int64, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pos >= len(p.data) {
		return 0, nil
	}
	n, err := w.Write(p.data[p.pos:])
	p.pos += n
	return int64(n), err
}

// errSeek is the error of a position before the beginning.
var errSeek = errors.New("the position is negative")

// Seek sets the position of the next Read.
func (p *payload) Seek(offset int64, whence int) (int64, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch whence {
	case io.SeekCurrent:
		offset += int64(p.pos)
	case io.SeekEnd:
		offset += int64(len(p.data))
	}
	if offset < 0 {
		return 0, errSeek
	}
	p.pos = int(offset)
	return offset, nil
}

// Close does nothing: free lets go of the memory.
func (p *payload) Close() error { return nil }

// replaceBody makes a call of the SDK send p instead of its encoded input.
func (p *payload) replaceBody(o *dynamodb.Options) { o.Protocol = payloadProtocol{o.Protocol, p} }

// payloadProtocol is a protocol of the SDK's that sends a body that is encoded already.
type payloadProtocol struct {
	smithyhttp.ClientProtocol
	payload *payload
}

// SerializeRequest lets the SDK write the headers, and then sets the body.
func (p payloadProtocol) SerializeRequest(ctx context.Context, schema *smithy.OperationSchema, in smithy.Serializable, req *smithyhttp.Request) error {
	if err := p.ClientProtocol.SerializeRequest(ctx, schema, in, req); err != nil {
		return err
	}
	encoded, err := req.SetStream(p.payload)
	if err != nil {
		return err
	}
	*req = *encoded
	return nil
}
