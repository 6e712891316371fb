package transport

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go"
	smithyendpoints "github.com/aws/smithy-go/endpoints"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/fault"
)

// planted is a secret that no text may show.
const planted = "s3cr3t-person@example.com"

// assertHidden checks that no text of a failure shows what was planted.
func assertHidden(t *testing.T, f *fault.Failure) {
	t.Helper()
	for _, text := range []string{
		f.Err.Error(), fault.Remedy(f.Reason, f.Err), fault.Table{}.Remedy(BatchWriteItem, f.Reason, f.Err), fmt.Sprintf("%+v %#v", f.Err, f.Err),
	} {
		assert.NotContains(t, text, "s3cr3t")
		assert.NotContains(t, text, "person@example.com")
		assertNoSecret(t, text)
	}
	assert.Less(t, len(f.Err.Error()), maxText)
}

// certified starts a TLS server with a certificate for the host and the dates, and returns it with a
// client that trusts its authority.
func certified(t *testing.T, host string, from, to time.Time) (*httptest.Server, *http.Client) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test CA"}, NotBefore: from, NotAfter: to,
		DNSNames: []string{host}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	server := httptest.NewUnstartedServer(respond(200, "{}"))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	server.StartTLS()
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	t.Cleanup(transport.CloseIdleConnections)
	return server, &http.Client{Transport: transport}
}

// refusedPort returns an address that refuses connections: its port is taken, and nobody listens there.
func refusedPort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { assert.NoError(t, listener.Close()) }()
	held, err := net.Dial("tcp", listener.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, held.Close()) })
	return held.LocalAddr().String()
}

// throughProxy returns an HTTP client whose proxy is the server at address, with a password.
func throughProxy(t *testing.T, address string, change func(*http.Transport)) *http.Client {
	t.Helper()
	transport := &http.Transport{Proxy: http.ProxyURL(&url.URL{Scheme: "http", User: url.UserPassword("user", planted), Host: address})}
	change(transport)
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func asBuilt(t *http.Transport)   { configureTransport(t, 0) }
func asForeign(t *http.Transport) {}

const familiarHost = "dynamodb.eu-west-1.amazonaws.com"

func TestNetworkCausesAreShown(t *testing.T) {
	t.Parallel()
	now := time.Now()
	plain := httptest.NewServer(respond(200, "{}"))
	defer plain.Close()
	address := plain.Listener.Addr().String()
	unknown := httptest.NewUnstartedServer(respond(200, "{}"))
	unknown.Config.ErrorLog = log.New(io.Discard, "", 0)
	unknown.StartTLS()
	defer unknown.Close()
	unknownAddress := unknown.Listener.Addr().String()
	wrongName, wrongNameClient := certified(t, "dynamodb.example", now.Add(-time.Hour), now.Add(time.Hour))
	expired, expiredClient := certified(t, "127.0.0.1", now.Add(-2*time.Hour), now.Add(-time.Hour))
	refused := refusedPort(t)
	noName := &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "dynamodb.eu-wst-1.amazonaws.com", Server: "10.0.0.2:53", IsNotFound: true}}
	}}}
	proxy := func(status int) string {
		server := httptest.NewServer(respond(status, planted, "Proxy-Authenticate", planted))
		t.Cleanup(server.Close)
		return server.Listener.Addr().String()
	}
	toTLS := listen(t, "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n") // as net/http does, which may reset the connection
	alerting := listen(t, "\x15\x03\x01\x00\x02\x02\x16")
	ssh := listen(t, "SSH-2.0-"+planted+"\r\n")
	custom := httptest.NewServer(rawResponse("HTTP/1.1 499 "+planted+"\r\n\r\n", false))
	defer custom.Close()

	secretURL := "http://user:" + planted + "@%s/?token=" + planted
	tests := []struct {
		name   string
		client API
		want   []string
	}{
		{"wrong host", foreignClient("https://dynamodb.eu-wst-1.amazonaws.com", noName),
			[]string{"host dynamodb.eu-wst-1.amazonaws.com: lookup dynamodb.eu-wst-1.amazonaws.com on 10.0.0.2:53: no such host"}},
		{"refused port", foreignClient(fmt.Sprintf(secretURL, refused), http.DefaultClient),
			[]string{"host " + refused + ": dial tcp " + refused + ": connect: connection refused"}},
		{"https to a plain port", builtClient("https://" + address), []string{"host " + address, "server gave HTTP response to HTTPS client"}},
		{"http to a TLS port", builtClient("http://" + toTLS), []string{"HTTP status 400, host " + toTLS, "a port that expects https"}},
		{"http to a TLS port that alerts", builtClient("http://" + alerting), []string{"host " + alerting, "Endpoint should begin with https"}},
		{"another protocol", foreignClient("http://"+ssh, http.DefaultClient), []string{"host " + ssh, "the response is not HTTP"}},
		{"unknown authority", builtClient(unknown.URL), []string{"host " + unknownAddress, "tls: failed to verify certificate: x509: certificate signed by unknown authority"}},
		{"wrong host name", foreignClient(strings.Replace(wrongName.URL, "127.0.0.1", "localhost", 1), wrongNameClient),
			[]string{"certificate is valid for dynamodb.example, not localhost"}},
		{"expired certificate", foreignClient(expired.URL, expiredClient),
			[]string{"certificate has expired or is not yet valid: it is valid from " + now.Add(-2*time.Hour).UTC().Format(time.RFC3339)}},
		{"proxy wants a password", foreignClient("https://"+familiarHost, throughProxy(t, proxy(407), asBuilt)),
			[]string{"host " + familiarHost, "the proxy answered CONNECT with status 407 (Proxy Authentication Required)"}},
		{"proxy forbids the host", foreignClient("https://"+familiarHost, throughProxy(t, proxy(403), asBuilt)),
			[]string{"host " + familiarHost, "the proxy answered CONNECT with status 403 (Forbidden)"}},
		{"proxy with words of its own", foreignClient("https://"+familiarHost, throughProxy(t, custom.Listener.Addr().String(), asBuilt)),
			[]string{"the proxy answered CONNECT with status 499"}},
		{"proxy of a foreign client wants a password", foreignClient("https://"+familiarHost, throughProxy(t, proxy(407), asForeign)),
			[]string{"the proxy answered CONNECT with status 407 (Proxy Authentication Required)"}},
		{"proxy of a foreign client with words of its own", foreignClient("https://"+familiarHost, throughProxy(t, custom.Listener.Addr().String(), asForeign)),
			[]string{"an error of type *errors.errorString"}},
		{"proxy refuses connections", foreignClient("https://"+familiarHost, throughProxy(t, refused, asBuilt)),
			[]string{"proxyconnect tcp: dial tcp " + refused + ": connect: connection refused"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, failure := putBatch(t.Context(), tt.client)
			require.NotNil(t, failure)
			for _, want := range tt.want {
				assert.Contains(t, failure.Err.Error(), want)
			}
			assert.Equal(t, fault.Unavailable, failure.Reason)
			assertHidden(t, failure)
		})
	}
	for status, want := range map[int]string{407: "a user and a password", 403: "must allow CONNECT"} {
		_, failure := putBatch(t.Context(), foreignClient("https://"+familiarHost, throughProxy(t, proxy(status), asBuilt)))
		assert.Contains(t, fault.Remedy(failure.Reason, failure.Err), want)
		assert.Contains(t, fault.Table{}.Remedy(BatchWriteItem, failure.Reason, failure.Err), want)
	}
	_, failure := putBatch(t.Context(), foreignClient("http://"+familiarHost, throughProxy(t, proxy(407), asBuilt)))
	assert.Contains(t, failure.Err.Error(), "HTTP status 407", "of a proxy for plain http, which gets no CONNECT")
	assert.Contains(t, fault.Remedy(failure.Reason, failure.Err), "HTTP_PROXY gives them as http://USER:PASSWORD@HOST:PORT")
}

// listen starts a server that answers a request by greeting.
func listen(t *testing.T, greeting string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			if r, err := http.ReadRequest(bufio.NewReader(conn)); err == nil { // net/http drops what comes before that
				_, _ = io.Copy(io.Discard, r.Body)
			}
			_, _ = conn.Write([]byte(greeting))
			_ = conn.(*net.TCPConn).CloseWrite()
			_, _ = io.Copy(io.Discard, conn) // so that the greeting is not reset
			_ = conn.Close()
		}
	}()
	return listener.Addr().String()
}

// The account's own host is another than the familiar one: the text names the one that was called.
func TestTheHostThatWasCalledIsNamed(t *testing.T) {
	t.Parallel()
	noName := &http.Client{Transport: &http.Transport{DialContext: func(_ context.Context, _, address string) (net.Conn, error) {
		host, _, _ := net.SplitHostPort(address)
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}}}
	client := dynamodb.New(dynamodb.Options{Region: "eu-west-1", HTTPClient: noName, Credentials: staticKeys()})
	_, failure := New(client, "arn:aws:dynamodb:eu-west-1:123456789012:table/users").WriteBatch(t.Context(), t.Context().Err, twoItems())
	require.NotNil(t, failure)
	assert.Contains(t, failure.Err.Error(), "host 123456789012.ddb.eu-west-1.amazonaws.com: lookup 123456789012.ddb.eu-west-1.amazonaws.com: no such host")
	assert.True(t, failure.Unreachable)
}

func TestUnreachableHosts(t *testing.T) {
	t.Parallel()
	timeout := &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ETIMEDOUT)}
	for _, tt := range []struct {
		err  error
		want bool
	}{
		{&net.DNSError{Err: "no such host", IsNotFound: true}, true},
		{&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}, true},
		{&net.OpError{Op: "proxyconnect", Err: &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}}, true},
		{fmt.Errorf("send: %w", http.ErrSchemeMismatch), true},
		{&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, true},
		{proxyRefusal(407), true},
		{timeout, false},
		{io.EOF, false},
		{&net.OpError{Op: "read", Err: os.NewSyscallError("read", syscall.ECONNRESET)}, false},
	} {
		assert.Equal(t, tt.want, classify(tt.err, progress{sdk: true, sends: 1, dialing: true}, 1, PutItem).Unreachable, "%v", tt.err)
		assert.False(t, classify(tt.err, answered(0), 1, PutItem).Unreachable, "a connection was made")
	}
}

// sealedError is the error of a provider whose vault is sealed.
type sealedError struct {
	token string
	cause error
}

func (e *sealedError) Error() string { return "vault is sealed, token " + e.token }
func (e *sealedError) Unwrap() error { return e.cause }

func TestCausesOfCredentialsAreShown(t *testing.T) {
	t.Parallel()
	notFound := &net.DNSError{Err: planted, Name: "vault.internal", IsNotFound: true}
	role := &retry.MaxAttemptsError{Attempt: 3, Err: &smithy.OperationError{ServiceID: "STS", OperationName: "AssumeRole", Err: &smithyhttp.ResponseError{
		Response: &smithyhttp.Response{Response: &http.Response{StatusCode: http.StatusForbidden}},
		Err:      &smithy.GenericAPIError{Code: "AccessDenied", Message: planted},
	}}}
	for name, tt := range map[string]struct {
		err  error
		want string
	}{
		"a type of its own":      {&sealedError{token: planted}, "could not retrieve credentials (error of type *transport.sealedError)"},
		"wrapped":                {fmt.Errorf("get %s: %w", planted, &sealedError{planted, errors.New(planted)}), "could not retrieve credentials (error of type *transport.sealedError)"},
		"with a network error":   {&sealedError{planted, &url.Error{Op: "Get", URL: "https://" + planted, Err: notFound}}, "could not retrieve credentials: lookup vault.internal: no such host (error of type *transport.sealedError)"},
		"of another service":     {role, "could not retrieve credentials: STS AssumeRole: HTTP status 403: AccessDenied"},
		"with a code of no form": {&smithy.GenericAPIError{Code: "code " + planted}, "could not retrieve credentials (error of type *smithy.GenericAPIError)"},
		"a file":                 {&os.PathError{Op: "open", Path: "/run/" + planted, Err: syscall.ENOENT}, "could not retrieve credentials: open: no such file or directory"},
		"several":                {errors.Join(errors.New(planted), notFound, role), "could not retrieve credentials: lookup vault.internal: no such host; STS AssumeRole: HTTP status 403: AccessDenied"},
		"two types":              {&sealedError{planted, structError{planted}}, "could not retrieve credentials (error of type *transport.sealedError, caused by transport.structError)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := Build(Options{Region: "eu-west-1", AWS: aws.Config{Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{}, tt.err
			})}})
			_, failure := putBatch(t.Context(), client)
			require.NotNil(t, failure)
			assert.Equal(t, "BatchWriteItem: "+tt.want, failure.Err.Error())
			assert.Equal(t, meaning{fault.Credentials, fault.Abort, false}, meaningOf(failure))
			assert.Contains(t, fault.Remedy(failure.Reason, failure.Err), "dynamodest.Cause")
			assert.ErrorIs(t, failure.Err, tt.err)
			assertHidden(t, failure)
		})
	}
}

func TestProviderThatHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		client := Build(Options{Region: "eu-west-1", AWS: aws.Config{Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			<-release
			return aws.Credentials{}, errors.New("released")
		})}})
		_, failure := putBatch(t.Context(), client)
		require.NotNil(t, failure)
		assert.Equal(t, meaning{fault.Unavailable, fault.Retry, false}, meaningOf(failure))
		assert.Equal(t, "BatchWriteItem: no response within 30s while credentials were retrieved", failure.Err.Error())

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, failure = putBatch(ctx, client)
		require.NotNil(t, failure)
		assert.Equal(t, "BatchWriteItem: context deadline exceeded while credentials were retrieved", failure.Err.Error())
		require.ErrorIs(t, failure.Err, context.DeadlineExceeded)
	})
}

func TestCausesOfEndpointsAreShown(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*dynamodb.Options)
		want   string
	}{
		"FIPS": {func(o *dynamodb.Options) { o.EndpointOptions.UseFIPSEndpoint = aws.FIPSEndpointStateEnabled }, "Invalid Configuration: FIPS and custom endpoint are not supported"},
		"no account": {func(o *dynamodb.Options) {
			o.BaseEndpoint, o.AccountIDEndpointMode = nil, aws.AccountIDEndpointModeRequired
		}, "accountID is required but not set"},
		"bad region":   {func(o *dynamodb.Options) { o.BaseEndpoint, o.Region = nil, planted }, "the region is not valid in a host's name"},
		"bad URL":      {func(o *dynamodb.Options) { o.BaseEndpoint = aws.String("http://[" + planted) }, "the endpoint is not a URL"},
		"own resolver": {func(o *dynamodb.Options) { o.EndpointResolverV2 = failingResolver{} }, "(error of type *transport.sealedError)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, failure := putBatch(t.Context(), foreignClient("http://127.0.0.1:1", http.DefaultClient, tt.change))
			require.NotNil(t, failure)
			assert.Equal(t, meaning{fault.Config, fault.Abort, false}, meaningOf(failure))
			assert.True(t, strings.HasPrefix(failure.Err.Error(), "BatchWriteItem: could not resolve the endpoint"), failure.Err.Error())
			assert.Contains(t, failure.Err.Error(), tt.want)
			assert.Contains(t, fault.Remedy(failure.Reason, failure.Err), "Region, Endpoint, AWS and ClientOptions")
			assertHidden(t, failure)
		})
	}
}

// failingResolver is an endpoint resolver of the caller's own.
type failingResolver struct{}

func (failingResolver) ResolveEndpoint(context.Context, dynamodb.EndpointParameters) (smithyendpoints.Endpoint, error) {
	return smithyendpoints.Endpoint{}, &sealedError{token: planted}
}

// The texts of the SDK's endpoint rules are those that may be shown.
func TestEndpointRulesAreKnown(t *testing.T) {
	t.Parallel()
	yes, no, required := aws.Bool(true), aws.Bool(false), aws.String("required")
	for _, parameters := range []dynamodb.EndpointParameters{
		{},
		{Region: aws.String("eu-west-1"), UseFIPS: yes, Endpoint: aws.String("https://x.example")},
		{Region: aws.String("eu-west-1"), UseDualStack: yes, Endpoint: aws.String("https://x.example")},
		{Region: aws.String("local"), UseFIPS: yes},
		{Region: aws.String("local"), UseDualStack: yes},
		{Region: aws.String("eu-west-1"), UseFIPS: yes, AccountIdEndpointMode: required, AccountId: aws.String("123456789012")},
		{Region: aws.String("eu-west-1"), AccountIdEndpointMode: required, AccountId: aws.String("a b")},
		{Region: aws.String("eu-west-1"), AccountIdEndpointMode: required},
	} {
		if parameters.UseFIPS == nil {
			parameters.UseFIPS = no
		}
		if parameters.UseDualStack == nil {
			parameters.UseDualStack = no
		}
		_, err := dynamodb.NewDefaultEndpointResolverV2().ResolveEndpoint(t.Context(), parameters)
		require.Error(t, err, "%+v", parameters)
		text := new(composer).compose(err)
		assert.Equal(t, strings.TrimPrefix(err.Error(), "endpoint rule error, "), text)
		assert.NotEmpty(t, text)
	}
}
