package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"sync"
	"syscall"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/dynamodest/dynamodest"
)

// access holds the access keys that were entered in the page, in memory until the process ends. Each pair is for
// the endpoint that it was entered with: a person who enters another endpoint cannot have them sent there.
type access struct {
	client *awshttp.BuildableClient // of all Destinations

	mu   *sync.Mutex
	keys map[string]*dynamodest.Credentials // by endpoint
}

func newAccess() access {
	return access{
		client: awshttp.NewBuildableClient().WithDialerOptions(func(d *net.Dialer) { d.Control = refuseLinkLocal }),
		mu:     new(sync.Mutex),
		keys:   map[string]*dynamodest.Credentials{},
	}
}

// servicesOfEC2 has the addresses in IPv6 of what a machine of EC2 alone can reach: the metadata service and the
// credentials of pods among others. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
var servicesOfEC2 = netip.MustParsePrefix("fd00:ec2::/32")

// refuseLinkLocal refuses connections to link-local addresses and to services of EC2, where no table is
// but the credentials of a machine are. It sees the address that a name has resolved to.
func refuseLinkLocal(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	ip := at.Addr().Unmap()
	if ip.IsLinkLocalUnicast() || servicesOfEC2.Contains(ip) {
		return errors.New("the address is link-local, where no table is")
	}
	return nil
}

func (a access) hold(endpoint string, keys dynamodest.Credentials) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.keys[endpoint] = &keys
}

func (a access) held(endpoint string) *dynamodest.Credentials {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.keys[endpoint]
}

// endpoints returns the endpoints that keys are held for.
func (a access) endpoints() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	list := []string{}
	for endpoint := range a.keys {
		list = append(list, endpoint)
	}
	slices.Sort(list)
	return list
}

// forget drops all keys but those for one endpoint, which is that of the table in memory.
func (a access) forget(except string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for endpoint := range a.keys {
		if endpoint != except {
			delete(a.keys, endpoint)
		}
	}
}

// usesEnvironment reports whether the credentials of the engine's environment may be sent to an endpoint: to AWS,
// and to that of the command line. They are not for an endpoint that was entered in the page.
func (e *engine) usesEnvironment(endpoint string) bool {
	return endpoint == "" || endpoint == e.trusted
}

// complete returns settings from the page with what they lack to reach the table: credentials, and a client that
// refuses addresses where no table is. All errors are [*dynamodest.ConfigError] values.
func (e *engine) complete(ctx context.Context, c dynamodest.Config) (dynamodest.Config, error) {
	c.AWS, c.ClientOptions = nil, []func(*dynamodb.Options){func(o *dynamodb.Options) { o.HTTPClient = e.access.client }}
	err := e.checkEndpoint(c.Endpoint)
	if c.Credentials == (dynamodest.Credentials{}) {
		held := e.access.held(c.Endpoint)
		switch {
		case held != nil:
			c.Credentials = *held
		case e.usesEnvironment(c.Endpoint):
			loaded, failed := config.LoadDefaultConfig(ctx)
			if failed != nil {
				return c, configError("Credentials", "/credentials", fmt.Sprintf("cannot be taken from the environment of the engine (%T): enter access keys, or check the AWS_ variables and the files in ~/.aws", failed))
			}
			c.AWS = &loaded
		default:
			missing := configError("Credentials", "/credentials", "are required for this endpoint: keys that were entered for another one, and those of the engine's environment, are not sent to it")
			others := c
			others.Credentials = memoryKeys() // Validate is to say what else is wrong
			return c, errors.Join(err, missing, others.Validate())
		}
	}
	return c, errors.Join(err, c.Validate())
}

// checkEndpoint returns what is wrong with an endpoint that was entered, in addition to what Validate finds.
func (e *engine) checkEndpoint(endpoint string) error {
	if endpoint == "" || endpoint == e.trusted || e.memory != nil && endpoint == e.memory.url {
		return nil
	}
	u, err := url.Parse(endpoint)
	switch {
	case err != nil:
		return nil //nolint:nilerr // Validate says so, and quotes no password
	case e.shared:
		return configError("Endpoint", "/endpoint", "must be empty, or that of the engine's command line, since the page is open to other machines")
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return configError("Endpoint", "/endpoint", "is http at another machine: rows would cross the network in the clear, and anybody on the way could answer; use https")
	}
	return nil
}

func configError(field, pointer, problem string) error {
	return &dynamodest.ConfigError{Field: field, Pointer: pointer, Problem: problem}
}
