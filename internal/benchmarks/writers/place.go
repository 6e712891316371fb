package writers

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/dynamodest/dynamodest"

	"github.com/dynamodest/dynamodest/internal/benchmarks/wire"
	"github.com/dynamodest/dynamodest/internal/transport"
)

const region = "eu-west-1"

// maxConnections is the most idle connections that the clients of peers keep: the SDK's own 10 would have a
// loop of 64 workers open most connections anew.
const maxConnections = 1024

// Place is where rows are written to: a stub in this process, or a server.
type Place struct {
	Stub http.RoundTripper
	URL  string
}

func (p Place) endpoint() string {
	if p.Stub != nil {
		return "http://stub.invalid"
	}
	return p.URL
}

// keys are the credentials of all clients.
func keys() aws.CredentialsProvider {
	return aws.NewCredentialsCache(credentials.NewStaticCredentialsProvider("local", "local", ""))
}

// httpClient returns an HTTP client of a peer.
func (p Place) httpClient() aws.HTTPClient {
	if p.Stub != nil {
		return &http.Client{Transport: p.Stub}
	}
	return awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConnsPerHost, t.MaxIdleConns = maxConnections, maxConnections
	})
}

// Config returns what a client of the SDK is made of.
func (p Place) Config() aws.Config {
	return aws.Config{
		Region: region, BaseEndpoint: aws.String(p.endpoint()), Credentials: keys(), HTTPClient: p.httpClient(),
	}
}

// Client returns a client of the SDK, tuned for many workers.
func (p Place) Client(options ...func(*dynamodb.Options)) *dynamodb.Client {
	return dynamodb.NewFromConfig(p.Config(), options...)
}

// plainClient returns an HTTP client without anything of the SDK.
func (p Place) plainClient() *http.Client {
	if p.Stub != nil {
		return &http.Client{Transport: p.Stub}
	}
	return &http.Client{Transport: &http.Transport{
		MaxIdleConnsPerHost: maxConnections, IdleConnTimeout: time.Minute, DisableCompression: true,
	}}
}

// Destination returns a Destination of the library for the table, with the default Config but for changes.
func (p Place) Destination(ctx context.Context, changes ...func(*dynamodest.Config)) (*dynamodest.Destination, error) {
	config := dynamodest.Config{
		Region: region, Table: wire.Table, Endpoint: p.endpoint(),
		Credentials: dynamodest.Credentials{AccessKeyID: "local", SecretAccessKey: "local"},
	}
	for _, change := range changes {
		change(&config)
	}
	if p.Stub != nil {
		return newWithStub(ctx, config, p.Stub)
	}
	return dynamodest.New(ctx, config)
}

// building is locked while transport.ForTests is set.
var building sync.Mutex

// newWithStub returns a Destination whose requests go to the stub instead of to connections.
func newWithStub(ctx context.Context, config dynamodest.Config, stub http.RoundTripper) (*dynamodest.Destination, error) {
	building.Lock()
	defer building.Unlock()
	transport.ForTests.RoundTripper = stub
	defer func() { transport.ForTests.RoundTripper = nil }()
	return dynamodest.New(ctx, config)
}
