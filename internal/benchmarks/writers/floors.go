package writers

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/dynamodest/dynamodest/internal/benchmarks/wire"
)

// ReadyBody returns the body of a BatchWriteItem of 25 rows.
func ReadyBody() ([]byte, error) {
	var puts []any
	for i := range batchSize {
		row := NewRow(i)
		item := map[string]any{}
		for column, v := range row {
			switch v := v.(type) {
			case nil:
				item[column] = map[string]any{"NULL": true}
			case string:
				item[column] = map[string]any{"S": v}
			case bool:
				item[column] = map[string]any{"BOOL": v}
			case time.Time:
				item[column] = map[string]any{"S": v.Format(time.RFC3339Nano)}
			default:
				item[column] = map[string]any{"N": fmt.Sprint(v)}
			}
		}
		puts = append(puts, map[string]any{"PutRequest": map[string]any{"Item": item}})
	}
	return json.Marshal(map[string]any{"RequestItems": map[string]any{wire.Table: puts}})
}

// Floor sends the same body again and again, on so many workers.
type Floor struct {
	Workers int
	send    func(context.Context) error
}

// Write sends the body as many times as there are batches in n rows.
func (f Floor) Write(ctx context.Context, n int) error {
	return inParallel(ctx, f.Workers, n, func(ctx context.Context, _, _ int) error { return f.send(ctx) })
}

// ReadyCalls returns the floor that sends its body by operation calls of the SDK.
func ReadyCalls(p Place, workers int) (Floor, error) {
	body, err := ReadyBody()
	replace := middleware.BuildMiddlewareFunc("ready body", func(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (out middleware.BuildOutput, m middleware.Metadata, err error) {
		request, ok := in.Request.(*smithyhttp.Request)
		if !ok {
			return out, m, fmt.Errorf("a request of type %T", in.Request)
		}
		if in.Request, err = request.SetStream(bytes.NewReader(body)); err != nil {
			return out, m, err
		}
		return next.HandleBuild(ctx, in)
	})
	client := p.Client(func(o *dynamodb.Options) {
		o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error { return stack.Build.Add(replace, middleware.Before) })
	})
	input := &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{wire.Table: {}}}
	return Floor{workers, func(ctx context.Context) error {
		_, err := client.BatchWriteItem(ctx, input)
		return err
	}}, err
}

// ReadyPosts returns the floor whose body is signed by the SDK's signer and posted by net/http.
func ReadyPosts(p Place, workers int) (Floor, error) {
	body, err := ReadyBody()
	poster := &poster{url: p.endpoint() + "/", client: p.plainClient(), signer: v4.NewSigner(), keys: keys(), body: body}
	return Floor{workers, poster.post}, err
}

// poster posts a body.
type poster struct {
	url    string
	client *http.Client
	signer *v4.Signer
	keys   aws.CredentialsProvider
	body   []byte
}

func (p *poster) post(ctx context.Context) error {
	keys, err := p.keys.Retrieve(ctx)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, bytes.NewReader(p.body))
	if err != nil {
		return err
	}
	request.Header["Content-Type"] = []string{"application/x-amz-json-1.0"}
	request.Header["X-Amz-Target"] = []string{"DynamoDB_20120810.BatchWriteItem"}
	sum := sha256.Sum256(p.body)
	if err := p.signer.SignHTTP(ctx, keys, request, hex.EncodeToString(sum[:]), "dynamodb", region, time.Now()); err != nil {
		return err
	}
	response, err := p.client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }() // read to its end: there is nothing to lose
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", response.StatusCode)
	}
	_, err = io.Copy(io.Discard, response.Body)
	return err
}
