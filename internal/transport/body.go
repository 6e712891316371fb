package transport

import (
	"context"
	"io"
	"sync/atomic"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// maxBody is the most bytes of a response's body that are read. The largest response of DynamoDB
// returns the items of a request of at most 16 MiB. The SDK alone reads a body of any length into
// memory.
const maxBody = 32 << 20

// errBodyTooLong fails the read of a longer body. The outcome of its request is not known.
var errBodyTooLong = errInconclusive("the response's body is longer than %d MiB, so it is not DynamoDB's", maxBody>>20)

// boundedBody is a response's body that fails with errBodyTooLong once left bytes were read and there
// are more. Every further read fails too, so that nobody drains the rest.
type boundedBody struct {
	io.ReadCloser
	left int64
}

func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, errBodyTooLong
	}
	if int64(len(p)) > b.left+1 { // one more shows whether the body ends
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n - 1, errBodyTooLong
	}
	return n, err
}

// countedBody counts the bytes that are read of a response's body.
type countedBody struct {
	io.ReadCloser
	n *atomic.Int64
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.n.Add(int64(n))
	return n, err
}

// boundDecompressed bounds the body that the SDK deserializes. It differs from the body that came
// where the client has the SDK decompress responses.
func (t *trace) boundDecompressed(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
	out, metadata, err := next.HandleDeserialize(ctx, in)
	if resp, ok := out.RawResponse.(*smithyhttp.Response); ok && resp.Response != nil && resp.Body != nil {
		resp.Body = &boundedBody{resp.Body, t.maxBody}
	}
	return out, metadata, err
}
