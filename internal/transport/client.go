package transport

import (
	"cmp"
	"net/http"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// MaxConcurrency is the most requests in flight that a caller may allow, and the most idle
// connections that are kept for one endpoint. It guards against a typo exhausting the process's
// file descriptors.
const MaxConcurrency = 10_000

// loggable are the events of the SDK's client that may be logged. Signing and requests show a session
// token, bodies show rows, and the errors in the log of retries quote messages that may show rows.
const loggable = aws.LogResponse | aws.LogDeprecatedUsage

// Options describes the SDK's client that [Build] makes.
type Options struct {
	AWS      aws.Config                // the settings that the client begins with
	Region   string                    // "" for that of AWS
	Endpoint string                    // "" for that of AWS, which is AWS's own by default
	Client   []func(*dynamodb.Options) // change the client before the settings that it must have
}

// Build returns a client of the SDK for o. A panic of a func in o is the caller's.
//
// Everything of o.AWS reaches the client as dynamodb.NewFromConfig has it. Retries, connections, what
// may be logged, the user agent and the cache of credentials are set last, whatever o says.
func Build(o Options) *Built {
	b := builder{given: o.AWS.HTTPClient}
	cfg := o.AWS
	cfg.Region = cmp.Or(o.Region, cfg.Region)
	cfg.ClientLogMode &= loggable // now too, since the signer is made with it
	// The SDK calls the first option once it has resolved the HTTP client.
	cfg.ServiceOptions = slices.Concat([]func(string, any){b.begin}, cfg.ServiceOptions)
	overrides := func(options *dynamodb.Options) {
		options.Region = cmp.Or(o.Region, options.Region)
		if o.Endpoint != "" {
			options.BaseEndpoint = aws.String(o.Endpoint)
			options.EndpointResolver = nil //nolint:staticcheck // one in aws.Config would go before BaseEndpoint
		}
	}
	changes := slices.Concat([]func(*dynamodb.Options){overrides}, o.Client, []func(*dynamodb.Options){b.finish})
	b.Client = dynamodb.NewFromConfig(cfg, changes...)
	if b.way == Call && getsInputs(b.Client) {
		b.way = Inputs
	}
	return &b.Built
}

// builder keeps what the options of one client say.
type builder struct {
	Built
	given   aws.HTTPClient   // the HTTP client of the caller's aws.Config, nil for none
	initial dynamodb.Options // as the SDK resolved them
}

func (b *builder) begin(_ string, options any) {
	if options, ok := options.(*dynamodb.Options); ok {
		b.initial = *options
	}
}

// finish makes the settings that every client has, over those of the caller.
func (b *builder) finish(o *dynamodb.Options) {
	o.Retryer, o.RetryMaxAttempts = aws.NopRetryer{}, 0
	shared := b.httpClient(o.HTTPClient)
	b.way = wayOf(&b.initial, o, shared != nil)
	if shared != nil {
		o.HTTPClient = shared
	}
	o.ClientLogMode &= loggable
	// The SDK only logs a checksum that does not match, and TLS has checked the same bytes.
	o.DisableValidateResponseChecksum = true
	o.APIOptions = append(slices.Clip(o.APIOptions), awsmiddleware.AddUserAgentKeyValue("dynamodest", version()))
	if o.Credentials != nil {
		cache := cached(o.Credentials)
		o.Credentials = cache
		b.Credentials = &Credentials{cache: cache}
	}
	if b.way == Direct {
		b.poster = newPoster(o, shared)
	}
}

// httpClient returns an HTTP client over shared connections for one that is set: for a BuildableClient and for
// none. For any other it returns nil.
func (b *builder) httpClient(set dynamodb.HTTPClient) *http.Client {
	settings, buildable := set.(*awshttp.BuildableClient)
	switch {
	case set == nil:
		return pooled(nil, awshttp.NewBuildableClient())
	case !buildable:
		return nil
	case set == b.initial.HTTPClient: // a copy of the caller's, a new one for each client
		given, _ := b.given.(*awshttp.BuildableClient)
		return pooled(given, settings)
	}
	return pooled(settings, settings)
}

// modulePath is the path of this module.
const modulePath = "github.com/dynamodest/dynamodest"

// version returns the version of this module in the running program.
var version = sync.OnceValue(func() string {
	info, _ := debug.ReadBuildInfo()
	return versionIn(info)
})

// versionIn returns the version of this module in a program, "devel" if it is not known.
func versionIn(program *debug.BuildInfo) string {
	if program == nil {
		return "devel"
	}
	for _, module := range append([]*debug.Module{&program.Main}, program.Deps...) {
		if module.Path != modulePath {
			continue
		}
		if module.Replace != nil {
			module = module.Replace
		}
		if module.Version != "" && module.Version != "(devel)" {
			return module.Version
		}
	}
	return "devel"
}

// cached returns a cache of p's credentials: p itself if it is one.
func cached(p aws.CredentialsProvider) *aws.CredentialsCache {
	if cache, ok := p.(*aws.CredentialsCache); ok {
		return cache
	}
	return aws.NewCredentialsCache(p)
}

// Credentials is what a client that [Build] made signs with.
type Credentials struct {
	cache *aws.CredentialsCache

	mu          sync.Mutex
	invalidated time.Time // the last time
}

// Invalidate drops the cached credentials after a response blamed them or the clock. Requests that
// were in flight at the same time invalidate only once: sent is when the request was sent. A nil c,
// with a client of the caller's, does nothing.
func (c *Credentials) Invalidate(sent time.Time) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if sent.After(c.invalidated) {
		c.cache.Invalidate()
		c.invalidated = time.Now() // after it, since a request sent before may have got the old ones
	}
}
