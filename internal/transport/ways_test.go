package transport

import (
	"context"
	"net/http"
	"reflect"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/schemas"
	"github.com/aws/smithy-go/metrics"
	"github.com/aws/smithy-go/middleware"
	"github.com/aws/smithy-go/tracing"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// wayNames are names of tests.
var wayNames = map[Way]string{Direct: "direct", Call: "call", Inputs: "inputs"}

// onWay returns client on a later way than the one that Build has chosen.
func onWay(t testing.TB, client *Built, way Way) *Built {
	t.Helper()
	if client.way > way {
		t.Skip("the flag -way excludes this way")
	}
	changed := *client
	if changed.way = way; way != Direct {
		changed.poster = nil
	}
	return &changed
}

// Things that a caller may set, each of a type of the caller's own.
type (
	ownResolver   struct{ dynamodb.EndpointResolverV2 }
	ownAuth       struct{ dynamodb.AuthSchemeResolver }
	ownSigner     struct{ *v4.Signer }
	ownMeters     struct{ metrics.NopMeterProvider }
	ownTracers    struct{ tracing.NopTracerProvider }
	ownScheme     struct{ smithyhttp.AuthScheme }
	ownHTTPClient struct{ *http.Client }
	ownTokens     struct{}
)

func (ownTokens) GetIdempotencyToken() (string, error) { return "token", nil }

// clientFields says for each field of dynamodb.Options which way is left once a caller has set it. A field that
// does not stop Direct changes only what the library learns from the SDK, or sets itself, or does not use.
var clientFields = map[string]struct {
	set func(*dynamodb.Options)
	way Way
}{
	"APIOptions":                      {func(o *dynamodb.Options) { o.APIOptions = append(o.APIOptions, header("X-Own")) }, Call},
	"AccountIDEndpointMode":           {func(o *dynamodb.Options) { o.AccountIDEndpointMode = aws.AccountIDEndpointModeRequired }, Direct},
	"AppID":                           {func(o *dynamodb.Options) { o.AppID = "app" }, Direct},
	"AuthSchemePreference":            {func(o *dynamodb.Options) { o.AuthSchemePreference = []string{"sigv4a"} }, Direct},
	"AuthSchemeResolver":              {func(o *dynamodb.Options) { o.AuthSchemeResolver = ownAuth{o.AuthSchemeResolver} }, Call},
	"AuthSchemes":                     {func(o *dynamodb.Options) { o.AuthSchemes = []smithyhttp.AuthScheme{ownScheme{}} }, Call},
	"BaseEndpoint":                    {func(o *dynamodb.Options) { o.BaseEndpoint = aws.String("https://own.example") }, Direct},
	"ClientLogMode":                   {func(o *dynamodb.Options) { o.ClientLogMode = aws.LogResponse }, Call},
	"Credentials":                     {func(o *dynamodb.Options) { o.Credentials = staticKeys() }, Direct},
	"DefaultsMode":                    {func(o *dynamodb.Options) { o.DefaultsMode = aws.DefaultsModeInRegion }, Direct},
	"DisableClockSkewCorrection":      {func(o *dynamodb.Options) { o.DisableClockSkewCorrection = true }, Direct},
	"DisableValidateResponseChecksum": {func(o *dynamodb.Options) { o.DisableValidateResponseChecksum = true }, Direct},
	"EnableAcceptEncodingGzip":        {func(o *dynamodb.Options) { o.EnableAcceptEncodingGzip = true }, Call},
	"EndpointDiscovery":               {func(o *dynamodb.Options) { o.EndpointDiscovery.EnableEndpointDiscovery = aws.EndpointDiscoveryEnabled }, Call},
	"EndpointOptions":                 {func(o *dynamodb.Options) { o.EndpointOptions.UseFIPSEndpoint = aws.FIPSEndpointStateEnabled }, Direct},
	"EndpointResolver": {func(o *dynamodb.Options) {
		o.EndpointResolver = dynamodb.EndpointResolverFromURL("https://own.example") //nolint:staticcheck // callers have one
	}, Call},
	"EndpointResolverV2":       {func(o *dynamodb.Options) { o.EndpointResolverV2 = ownResolver{o.EndpointResolverV2} }, Call},
	"HTTPClient":               {func(o *dynamodb.Options) { o.HTTPClient = ownHTTPClient{http.DefaultClient} }, Call},
	"HTTPSignerV4":             {func(o *dynamodb.Options) { o.HTTPSignerV4 = ownSigner{v4.NewSigner()} }, Call},
	"IdempotencyTokenProvider": {func(o *dynamodb.Options) { o.IdempotencyTokenProvider = ownTokens{} }, Direct},
	"Interceptors":             {func(o *dynamodb.Options) { o.Interceptors.AddAfterSerialization(interceptor{}) }, Inputs},
	"Logger":                   {func(o *dynamodb.Options) { o.Logger = new(logged) }, Direct},
	"MeterProvider":            {func(o *dynamodb.Options) { o.MeterProvider = ownMeters{} }, Call},
	"Protocol":                 {func(o *dynamodb.Options) { o.Protocol = awsjson.New10(schemas.DynamoDB_20120810) }, Inputs},
	"Region":                   {func(o *dynamodb.Options) { o.Region = "us-west-2" }, Direct},
	"RetryMaxAttempts":         {func(o *dynamodb.Options) { o.RetryMaxAttempts = 7 }, Direct},
	"RetryMode":                {func(o *dynamodb.Options) { o.RetryMode = aws.RetryModeAdaptive }, Direct},
	"Retryer":                  {func(o *dynamodb.Options) { o.Retryer = retry.NewStandard() }, Direct},
	"RuntimeEnvironment":       {func(o *dynamodb.Options) { o.RuntimeEnvironment.Region = "us-west-2" }, Direct},
	"TracerProvider":           {func(o *dynamodb.Options) { o.TracerProvider = ownTracers{} }, Call},
}

// configFields is clientFields for aws.Config.
var configFields = map[string]struct {
	set func(*aws.Config)
	way Way
}{
	"APIOptions":                  {func(c *aws.Config) { c.APIOptions = []func(*middleware.Stack) error{header("X-Own")} }, Call},
	"AccountIDEndpointMode":       {func(c *aws.Config) { c.AccountIDEndpointMode = aws.AccountIDEndpointModeRequired }, Direct},
	"AppID":                       {func(c *aws.Config) { c.AppID = "app" }, Direct},
	"AuthSchemePreference":        {func(c *aws.Config) { c.AuthSchemePreference = []string{"sigv4a"} }, Direct},
	"BaseEndpoint":                {func(c *aws.Config) { c.BaseEndpoint = aws.String("https://own.example") }, Direct},
	"BearerAuthTokenProvider":     {nil, Direct}, // DynamoDB has no such scheme
	"ClientLogMode":               {func(c *aws.Config) { c.ClientLogMode = aws.LogResponse }, Call},
	"ConfigSources":               {func(c *aws.Config) { c.ConfigSources = []any{environment{fips: aws.FIPSEndpointStateEnabled}} }, Direct},
	"Credentials":                 {func(c *aws.Config) { c.Credentials = staticKeys() }, Direct},
	"DefaultsMode":                {func(c *aws.Config) { c.DefaultsMode = aws.DefaultsModeInRegion }, Direct},
	"DisableClockSkewCorrection":  {func(c *aws.Config) { c.DisableClockSkewCorrection = true }, Direct},
	"DisableRequestCompression":   {func(c *aws.Config) { c.DisableRequestCompression = true }, Direct},
	"EndpointResolver":            {func(c *aws.Config) { c.EndpointResolver = legacyResolver }, Call},                       //nolint:staticcheck // callers have one
	"EndpointResolverWithOptions": {func(c *aws.Config) { c.EndpointResolverWithOptions = legacyResolverWithOptions }, Call}, //nolint:staticcheck // callers have one
	"HTTPClient":                  {func(c *aws.Config) { c.HTTPClient = ownHTTPClient{http.DefaultClient} }, Call},
	"Interceptors":                {func(c *aws.Config) { c.Interceptors.AddAfterSerialization(interceptor{}) }, Inputs},
	"Logger":                      {func(c *aws.Config) { c.Logger = new(logged) }, Direct},
	"Region":                      {func(c *aws.Config) { c.Region = "us-west-2" }, Direct},
	"RequestChecksumCalculation":  {func(c *aws.Config) { c.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired }, Direct},
	"RequestMinCompressSizeBytes": {func(c *aws.Config) { c.RequestMinCompressSizeBytes = 1 }, Direct},
	"ResponseChecksumValidation":  {func(c *aws.Config) { c.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired }, Direct},
	"RestrictFilePermissions":     {nil, Direct}, // of files with credentials
	"RetryMaxAttempts":            {func(c *aws.Config) { c.RetryMaxAttempts = 7 }, Direct},
	"RetryMode":                   {func(c *aws.Config) { c.RetryMode = aws.RetryModeAdaptive }, Direct},
	"Retryer":                     {func(c *aws.Config) { c.Retryer = func() aws.Retryer { return retry.NewStandard() } }, Direct},
	"RuntimeEnvironment":          {func(c *aws.Config) { c.RuntimeEnvironment.Region = "us-west-2" }, Direct},
	"ServiceOptions": {func(c *aws.Config) {
		c.ServiceOptions = []func(string, any){func(_ string, o any) { clientFields["APIOptions"].set(o.(*dynamodb.Options)) }}
	}, Call},
}

// Resolvers of endpoints as callers still have them.
var (
	legacyEndpoint            = aws.Endpoint{URL: "https://own.example"}                                                                               //nolint:staticcheck // the type is what this is about
	legacyResolver            = aws.EndpointResolverFunc(func(string, string) (aws.Endpoint, error) { return legacyEndpoint, nil })                    //nolint:staticcheck // the same
	legacyResolverWithOptions = aws.EndpointResolverWithOptionsFunc(func(string, string, ...any) (aws.Endpoint, error) { return legacyEndpoint, nil }) //nolint:staticcheck // the same
)

// A field that a new version of the SDK adds fails this test until it is known whether a caller who sets it
// changes more than what is learned from the SDK.
func TestEveryFieldOfTheSDKIsClassified(t *testing.T) {
	t.Parallel()
	names := func(of any) []string {
		var names []string
		for _, field := range reflect.VisibleFields(reflect.TypeOf(of)) {
			if field.IsExported() {
				names = append(names, field.Name)
			}
		}
		return names
	}
	var client, config []string
	for name, field := range clientFields {
		client = append(client, name)
		built := Build(Options{AWS: awsConfig(nil), Client: []func(*dynamodb.Options){field.set}})
		assert.Equal(t, max(field.way, ForTests.Way), built.way, "dynamodb.Options.%s", name)
		assert.Equal(t, built.way == Direct, built.poster != nil)
	}
	for name, field := range configFields {
		config = append(config, name)
		built := Build(Options{AWS: awsConfig(field.set)})
		assert.Equal(t, max(field.way, ForTests.Way), built.way, "aws.Config.%s", name)
	}
	assert.ElementsMatch(t, names(dynamodb.Options{}), client)
	assert.ElementsMatch(t, names(aws.Config{}), config)
}

func TestWays(t *testing.T) {
	t.Parallel()
	initialize := func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("Own", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			return next.HandleInitialize(ctx, in)
		}), middleware.After)
	}
	serialize := middleware.SerializeMiddlewareFunc("OperationSerializer", func(ctx context.Context, in middleware.SerializeInput, next middleware.SerializeHandler) (middleware.SerializeOutput, middleware.Metadata, error) {
		return next.HandleSerialize(ctx, in)
	})
	steps := func(change func(*middleware.Stack) error) func(*dynamodb.Options) {
		return func(o *dynamodb.Options) { o.APIOptions = append(o.APIOptions, change) }
	}
	for name, tt := range map[string]struct {
		change func(*dynamodb.Options)
		way    Way
	}{
		"nothing":                   {func(*dynamodb.Options) {}, Direct},
		"timeout":                   {func(o *dynamodb.Options) { o.HTTPClient = awshttp.NewBuildableClient().WithTimeout(time.Second) }, Direct},
		"no HTTP client":            {func(o *dynamodb.Options) { o.HTTPClient = nil }, Direct},
		"logs that are not written": {func(o *dynamodb.Options) { o.ClientLogMode = ^aws.LogResponse }, Direct},
		"discovery off":             {func(o *dynamodb.Options) { o.EndpointDiscovery.EnableEndpointDiscovery = aws.EndpointDiscoveryDisabled }, Direct},
		"no credentials":            {func(o *dynamodb.Options) { o.Credentials = nil }, Call},
		"anonymous credentials":     {func(o *dynamodb.Options) { o.Credentials = aws.AnonymousCredentials{} }, Call},
		"cached anonymous":          {func(o *dynamodb.Options) { o.Credentials = aws.NewCredentialsCache(aws.AnonymousCredentials{}) }, Call},
		"signing region":            {dynamodb.WithSigV4SigningRegion("eu-central-1"), Inputs},
		"step that gets the input":  {steps(initialize), Inputs},
		"serializer of the caller's": {steps(func(s *middleware.Stack) error {
			_, err := s.Serialize.Swap("OperationSerializer", serialize)
			return err
		}), Inputs},
		"validation removed": {steps(func(s *middleware.Stack) error { _, err := s.Initialize.Remove("OperationInputValidation"); return err }), Inputs},
		"step for puts alone": {steps(func(s *middleware.Stack) error {
			if s.ID() == PutItem {
				return initialize(s)
			}
			return nil
		}), Inputs},
		"steps that fail":  {steps(func(*middleware.Stack) error { return assert.AnError }), Inputs},
		"steps that panic": {steps(func(*middleware.Stack) error { panic("mine") }), Inputs},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			built := Build(Options{AWS: awsConfig(nil), Client: []func(*dynamodb.Options){tt.change}})
			assert.Equal(t, max(tt.way, ForTests.Way), built.way)
			assert.Equal(t, built.way != Inputs, New(built, "users").Encodes())
		})
	}
	require.False(t, New(builtClient("").Client, "users").Encodes(), "a client of the caller's")
}
