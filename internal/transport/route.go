package transport

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/schemas"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// route is where and how the requests of an operation on a table go, as the SDK has decided: for credentials
// of one access key and account, since the host may depend on the account.
type route struct {
	usable    bool // the requests differ in nothing but what is known; otherwise only the last two fields are set
	url       url.URL
	request   *http.Request // without URL, header and body
	header    http.Header   // the headers that all requests have; shared, and so never changed
	region    string        // that requests are signed for
	service   string        // the same
	accessKey string
	account   string
}

// operation is an operation on one table that is posted.
type operation struct {
	name   string
	schema *smithy.OperationSchema
	route  atomic.Pointer[route] // nil until it is learned
}

func newBatchWriteItem() *operation {
	return &operation{
		name:   BatchWriteItem,
		schema: smithy.NewOperationSchema(schemas.BatchWriteItem, schemas.BatchWriteItemInput, schemas.BatchWriteItemOutput),
	}
}

func newPutItem() *operation {
	return &operation{
		name:   PutItem,
		schema: smithy.NewOperationSchema(schemas.PutItem, schemas.PutItemInput, schemas.PutItemOutput),
	}
}

// routeFor returns the route of k for creds; nil if k cannot be posted.
func routeFor(ctx context.Context, k call, creds *aws.Credentials) *route {
	op := k.operation()
	r := op.route.Load()
	if r == nil || r.accessKey != creds.AccessKeyID || r.account != creds.AccountID {
		if r = learnRoute(ctx, k, creds); r == nil {
			return nil
		}
		op.route.Store(r)
	}
	if !r.usable {
		return nil
	}
	return r
}

// learnRoute returns the route of k for creds. It takes the route from the request that the SDK would send, by a call
// of the SDK whose HTTP client keeps the request and sends nothing. It returns nil if that call fails: a call that
// sends the request will have the same error.
func learnRoute(ctx context.Context, k call, creds *aws.Credentials) *route {
	r := &route{}
	err := k.bySDK(ctx, func(o *dynamodb.Options) {
		o.Retryer = aws.NopRetryer{}
		o.HTTPClient = smithyhttp.ClientDoFunc(func(req *http.Request) (*http.Response, error) {
			r = routeOf(req)
			return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody}, nil
		})
	})
	if err != nil {
		return nil
	}
	r.usable = r.usable && r.accessKey == creds.AccessKeyID
	r.accessKey, r.account = creds.AccessKeyID, creds.AccountID
	return r
}

// What the SDK puts into the header of a request: what is the same in all requests of an operation, and what
// belongs to one request. The library writes the second kind for each request, without the first two, which number
// the SDK's own retries.
var (
	constantHeaders = []string{"Accept-Encoding", "Content-Type", "User-Agent", "X-Amz-Target"}
	requestHeaders  = []string{"Amz-Sdk-Invocation-Id", "Amz-Sdk-Request", "Authorization", "Content-Length", "X-Amz-Date", "X-Amz-Security-Token", "X-Amzn-Trace-Id"}
)

// routeOf returns the route of a request of the SDK's. It is not usable if the request has anything unusual.
func routeOf(req *http.Request) *route {
	r := &route{url: *req.URL, header: make(http.Header)}
	r.request = &http.Request{Method: req.Method, Host: req.Host, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
	r.accessKey, r.region, r.service = credentialScope(req.Header.Get("Authorization"))
	r.usable = r.accessKey != "" && req.Method == http.MethodPost && r.url.User == nil && r.url.RawQuery == "" && r.url.Fragment == ""
	for name, values := range req.Header {
		switch {
		case slices.Contains(constantHeaders, name):
			r.header[name] = slices.Clip(slices.Clone(values))
		case !slices.Contains(requestHeaders, name):
			r.usable = false
		}
	}
	return r
}

// credentialScope returns what an Authorization by Signature Version 4 says of the key; "" if it is none.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
func credentialScope(authorization string) (key, region, service string) {
	rest, ok := strings.CutPrefix(authorization, "AWS4-HMAC-SHA256 Credential=")
	credential, _, complete := strings.Cut(rest, ",")
	parts := strings.Split(credential, "/")
	n := len(parts)
	if !ok || !complete || n < 5 || parts[n-1] != "aws4_request" {
		return "", "", ""
	}
	return strings.Join(parts[:n-4], "/"), parts[n-3], parts[n-2]
}

// requestHeader returns a header for one request, with what all requests have.
func (r *route) requestHeader() http.Header {
	header := make(http.Header, 8) // all that there are, nearly always
	maps.Copy(header, r.header)
	return header
}
