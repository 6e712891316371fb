package dynamodest_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// bodyWatch collects the bodies of writes, by what has seen them.
type bodyWatch struct {
	mu   sync.Mutex
	seen map[string][]string
}

func (b *bodyWatch) add(where, body string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.seen == nil {
		b.seen = map[string][]string{}
	}
	b.seen[where] = append(b.seen[where], body)
}

// request adds the body of a request in the SDK's middleware, if it writes.
func (b *bodyWatch) request(where string, request any) {
	req := request.(*smithyhttp.Request)
	if strings.HasSuffix(req.Header.Get("X-Amz-Target"), ".DescribeTable") {
		return
	}
	body, err := io.ReadAll(req.GetStream())
	if err == nil {
		err = req.RewindStream()
	}
	if err != nil {
		panic(err)
	}
	b.add(where, string(body))
}

// steps of the caller's middleware, by name, each of which adds the body that it has to b.
func (b *bodyWatch) steps() map[string]func(*middleware.Stack) error {
	return map[string]func(*middleware.Stack) error{
		"Serialize": func(s *middleware.Stack) error {
			return s.Serialize.Insert(middleware.SerializeMiddlewareFunc("Own", func(ctx context.Context, in middleware.SerializeInput, next middleware.SerializeHandler) (middleware.SerializeOutput, middleware.Metadata, error) {
				b.request("Serialize", in.Request)
				return next.HandleSerialize(ctx, in)
			}), "OperationSerializer", middleware.After)
		},
		"Build": func(s *middleware.Stack) error {
			return s.Build.Add(middleware.BuildMiddlewareFunc("Own", func(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
				b.request("Build", in.Request)
				return next.HandleBuild(ctx, in)
			}), middleware.After)
		},
		"Finalize": func(s *middleware.Stack) error {
			return s.Finalize.Add(middleware.FinalizeMiddlewareFunc("Own", func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
				b.request("Finalize", in.Request)
				return next.HandleFinalize(ctx, in)
			}), middleware.Before)
		},
	}
}

// Middleware of the caller's sees every write with its real body, whichever step it sits in.
func TestMiddlewareSeesEveryWrite(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"Serialize", "Build", "Finalize"} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			var watch bodyWatch
			db := dynamodesttest.NewTable(table, "id:S")
			cfg := wireConfig(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				assert.NoError(t, err)
				if !strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".DescribeTable") {
					watch.add("server", string(body))
				}
				r.Body = io.NopCloser(bytes.NewReader(body))
				db.ServeHTTP(w, r)
			}))
			cfg.ClientOptions = []func(*dynamodb.Options){func(o *dynamodb.Options) { o.APIOptions = append(o.APIOptions, watch.steps()[step]) }}
			for _, existing := range []dynamodest.OnExisting{dynamodest.Overwrite, dynamodest.Skip} {
				cfg.Mode, cfg.OnExisting = dynamodest.Insert, existing
				res, err := newDest(t, cfg).Write(t.Context(), append(numbered(60), dynamodest.Row{"id": string(existing), "row": 60}))
				require.NoError(t, err)
				assert.Equal(t, 61, res.Summary.Written+res.Summary.Skipped)
			}
			assert.ElementsMatch(t, watch.seen["server"], watch.seen[step])
			for i := range 60 {
				assert.Contains(t, strings.Join(watch.seen[step], ""), `"r-000`+strconv.Itoa(i/10)+strconv.Itoa(i%10)+`"`)
			}
		})
	}
}

// Middleware of the caller's that changes inputs, to encrypt them for one, changes what is written.
func TestMiddlewareChangesInputs(t *testing.T) {
	t.Parallel()
	secret := func(item map[string]types.AttributeValue) {
		item["secret"] = &types.AttributeValueMemberS{Value: "encrypted"}
	}
	encrypt := func(s *middleware.Stack) error {
		return s.Initialize.Add(middleware.InitializeMiddlewareFunc("Encrypt", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			switch input := in.Parameters.(type) {
			case *dynamodb.BatchWriteItemInput:
				for _, w := range input.RequestItems[table] {
					secret(w.PutRequest.Item)
				}
			case *dynamodb.PutItemInput:
				secret(input.Item)
			}
			return next.HandleInitialize(ctx, in)
		}), middleware.Before)
	}
	db := dynamodesttest.NewTable(table, "id:S")
	cfg := wireConfig(t, db)
	cfg.ClientOptions = []func(*dynamodb.Options){func(o *dynamodb.Options) { o.APIOptions = append(o.APIOptions, encrypt) }}
	dest := newDest(t, cfg)
	for _, n := range []int{1, 30} {
		rows := numbered(n)
		for _, row := range rows {
			row["secret"] = "open"
		}
		_, err := dest.Write(t.Context(), rows)
		require.NoError(t, err)
	}
	require.Equal(t, 30, db.Len(table))
	for _, w := range db.Writes() {
		assert.Equal(t, &types.AttributeValueMemberS{Value: "encrypted"}, w.Item()["secret"])
	}
}
