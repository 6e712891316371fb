package dynamodest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/transport"
)

// aws checks AWS and ClientOptions: what they hold, and that nothing else is set that would have the
// same part.
func (p *problems) aws(c Config) {
	if c.Client != nil && len(c.ClientOptions) > 0 {
		p.add("ClientOptions", "are for the client that New builds, and Client is one: change Client itself, or leave it out")
	}
	for i, change := range c.ClientOptions {
		if change == nil {
			p.add(fmt.Sprintf("ClientOptions[%d]", i), "is a nil func: leave it out")
		}
	}
	if c.AWS == nil {
		return
	}
	var excluded []string
	if c.Client != nil {
		excluded = append(excluded, "Client")
	}
	if c.Credentials != (Credentials{}) {
		excluded = append(excluded, "Credentials")
	}
	if c.CredentialsProvider != nil {
		excluded = append(excluded, "CredentialsProvider")
	}
	if len(excluded) > 0 {
		p.add("AWS", "excludes %s: leave AWS out, or set AWS alone, which has credentials of its own", strings.Join(excluded, " and "))
	}
	switch {
	case typedNil(c.AWS.Credentials):
		p.add("AWS.Credentials", "is a nil %T: set it to a value", c.AWS.Credentials)
	case c.AWS.Credentials != nil:
		p.staticProvider("AWS.Credentials", c.AWS.Credentials)
	case len(c.ClientOptions) == 0 && len(c.AWS.ServiceOptions) == 0: // which may set them
		p.add("AWS.Credentials", "is required: load AWS with config.LoadDefaultConfig, or set it to a provider")
	}
	if typedNil(c.AWS.HTTPClient) {
		p.add("AWS.HTTPClient", "is a nil %T: leave the field out, or set it to a value", c.AWS.HTTPClient)
	}
}

// region returns the region that requests go to, as far as c says it; "" if it does not.
func (c Config) region() string {
	if client, ok := c.Client.(*dynamodb.Client); ok && client != nil {
		return client.Options().Region
	}
	return c.knownRegion()
}

// options checks what ClientOptions and the sources of AWS have made of the client's options, which
// shows when the client is built.
func (p *problems) options(c Config, o *dynamodb.Options) {
	field, endpoint := "ClientOptions", "the endpoint that they leave"
	if len(c.ClientOptions) == 0 {
		field, endpoint = "AWS", "its endpoint (of AWS_ENDPOINT_URL_DYNAMODB or a profile, for one)"
	}
	if typedNil(o.HTTPClient) {
		p.add(field, "HTTPClient becomes a nil %T: leave it as it is, or set it to a value", o.HTTPClient)
		o.HTTPClient = nil // so that the client can be built
	}
	if typedNil(o.Credentials) {
		p.add(field, "Credentials become a nil %T: leave them as they are, or set them to a value", o.Credentials)
		o.Credentials = nil
	}
	if keys := staticKeys(o.Credentials); lacksToken(keys.AccessKeyID, keys.SessionToken) {
		p.add(field, "the access key that is set has no session token: %s", noToken)
	}
	if problem := awsHostProblem(aws.ToString(o.BaseEndpoint), o.Region); problem != "" {
		p.add(field, "%s %s", endpoint, problem)
	}
}

// build returns the client for c. Errors are those of settings that show only now.
func (c Config) build() (*transport.Built, error) {
	var p problems
	options := c.transportOptions()
	options.Client = append(slices.Clip(options.Client), func(o *dynamodb.Options) { p.options(c, o) })
	return transport.Build(options), p.err()
}

// transportOptions returns what a client for c is built from. The region of a table's ARN goes before
// that of AWS, which may be any default of the process.
func (c Config) transportOptions() transport.Options {
	options := transport.Options{Region: c.Region, Endpoint: c.Endpoint, Client: c.ClientOptions}
	if options.Region == "" {
		options.Region = fault.ARNRegion(c.Table)
	}
	keys := c.Credentials
	switch {
	case c.AWS != nil:
		options.AWS = *c.AWS
	case c.CredentialsProvider != nil:
		options.AWS = aws.Config{Credentials: c.CredentialsProvider}
	default:
		options.AWS = aws.Config{Credentials: credentials.NewStaticCredentialsProvider(keys.AccessKeyID, keys.SecretAccessKey, keys.SessionToken)}
	}
	return options
}
