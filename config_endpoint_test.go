package dynamodest

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Hosts of AWS's services are checked without a request. Every other host is the caller's to know.
func TestEndpointsOnAWS(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ region, endpoint, want string }{
		{"eu-west-1", "https://dynamodb.eu-west-1.amazonaws.com", ""},
		{"eu-west-1", "http://dynamodb.eu-west-1.amazonaws.com:80/", ""},
		{"eu-west-1", "https://DynamoDB.EU-WEST-1.AmazonAWS.com.", ""},
		{"us-east-1", "https://dynamodb-fips.us-east-1.amazonaws.com", ""},
		{"us-east-1", "https://dynamodb.amazonaws.com", ""},
		{"eu-west-1", "https://dynamodb.eu-west-1.api.aws", ""},
		{"us-east-1", "https://dynamodb-fips.us-east-1.api.aws", ""},
		{"eu-west-1", "https://123456789012.ddb.eu-west-1.amazonaws.com", ""},
		{"eu-west-1", "https://123456789012.ddb.eu-west-1.api.aws", ""},
		{"eu-west-1", "https://vpce-1a2b3c4d-5e6f.dynamodb.eu-west-1.vpce.amazonaws.com", ""},
		{"eu-west-1", "https://vpce-1a2b3c4d-5e6f-eu-west-1a.dynamodb.eu-west-1.vpce.amazonaws.com", ""},
		{"us-east-1", "https://vpce-1a2b3c4d-5e6f.dynamodb-fips.us-east-1.vpce.amazonaws.com", ""},
		{"cn-north-1", "https://dynamodb.cn-north-1.amazonaws.com.cn", ""},
		{"cn-north-1", "https://dynamodb.cn-north-1.api.amazonwebservices.com.cn", ""},
		{"cn-north-1", "https://vpce-1a2b.dynamodb.cn-north-1.vpce.amazonaws.com.cn", ""},
		{"us-gov-west-1", "https://dynamodb-fips.us-gov-west-1.amazonaws.com", ""},
		{"eusc-de-east-1", "https://dynamodb.eusc-de-east-1.amazonaws.eu", ""},
		{"us-iso-east-1", "https://dynamodb.us-iso-east-1.c2s.ic.gov", ""},
		{"us-isob-east-1", "https://dynamodb.us-isob-east-1.sc2s.sgov.gov", ""},
		{"us-isof-south-1", "https://dynamodb.us-isof-south-1.api.aws.hci.ic.gov", ""},
		{"eu-isoe-west-1", "https://dynamodb.eu-isoe-west-1.cloud.adc-e.uk", ""},

		{"eu-west-1", "https://dynamodb.us-east-1.amazonaws.com", "endpoint in \"us-east-1\", but the region is \"eu-west-1\""},
		{"eu-west-1", "https://DYNAMODB.US-EAST-1.AMAZONAWS.COM", "endpoint in \"us-east-1\""},
		{"eu-west-1", "https://dynamodb.amazonaws.com", "endpoint in \"us-east-1\""},
		{"eu-west-1", "https://dynamodb-fips.us-east-1.amazonaws.com", "endpoint in \"us-east-1\""},
		{"eu-west-1", "https://dynamodb.us-east-1.api.aws", "endpoint in \"us-east-1\""},
		{"eu-west-1", "https://123456789012.ddb.us-east-1.amazonaws.com", "endpoint in \"us-east-1\""},
		{"eu-west-1", "https://vpce-1a2b-3c4d.dynamodb.us-east-1.vpce.amazonaws.com", "endpoint in \"us-east-1\""},
		{"cn-north-1", "https://dynamodb.cn-northwest-1.amazonaws.com.cn", "endpoint in \"cn-northwest-1\""},
		{"cn-north-1", "https://dynamodb.cn-north-1.amazonaws.com", "end in amazonaws.com.cn"},
		{"eu-west-1", "https://dynamodb.eu-west-1.amazonaws.com.cn", "end in amazonaws.com"},
		{"us-iso-east-1", "https://dynamodb.us-iso-east-1.sc2s.sgov.gov", "end in c2s.ic.gov"},
		{"local", "https://dynamodb.eu-west-1.amazonaws.com", "the region is \"local\""},

		{"eu-west-1", "https://streams.dynamodb.eu-west-1.amazonaws.com", "of another service and not of DynamoDB"},
		{"eu-west-1", "https://streams-dynamodb.eu-west-1.api.aws", "of another service"},
		{"eu-west-1", "https://search-dynamodb.eu-west-1.api.aws", "of another service"},
		{"eu-west-1", "https://123456789012.search-ddb.eu-west-1.api.aws", "of another service"},
		{"eu-west-1", "https://vpce-1a2b-3c4d.streams.dynamodb.eu-west-1.vpce.amazonaws.com", "of another service"},
		{"eu-west-1", "https://sqs.eu-west-1.amazonaws.com", "of another service"},
		{"eu-west-1", "https://s3.amazonaws.com", "of another service"},
		{"eu-west-1", "https://bucket.s3.eu-west-1.amazonaws.com", "of another service"},
		{"eu-west-1", "https://cluster.1a2b3c.dax-clusters.eu-west-1.amazonaws.com", "of another service"},
		{"eu-west-1", "https://vpce-1a2b-3c4d.sqs.eu-west-1.vpce.amazonaws.com", "of another service"},
		{"eu-west-1", "https://vpce.amazonaws.com", "of another service"},
		{"eu-west-1", "https://ddb.eu-west-1.amazonaws.com", "of another service"},

		// Servers of customers' own, which may stand before DynamoDB or a local server.
		{"eu-west-1", "http://ec2-1-2-3-4.eu-central-1.compute.amazonaws.com:8000", ""},
		{"local", "http://ec2-1-2-3-4.compute-1.amazonaws.com:8000", ""},
		{"eu-west-1", "https://internal-proxy-123.eu-central-1.elb.amazonaws.com", ""},
		{"eu-west-1", "https://proxy-123.elb.eu-central-1.amazonaws.com", ""},
		{"eu-west-1", "https://a1b2c3.execute-api.eu-central-1.amazonaws.com", ""},
		{"eu-west-1", "https://vpce-1a2b-3c4d.vpce-svc-5e6f.eu-central-1.vpce.amazonaws.com", ""},
		{"local", "http://localhost:8000", ""},
		{"eu-west-1", "https://dynamodb.us-east-1.amazonaws.com.example", ""},
		{"eu-west-1", "https://notamazonaws.com", ""},
		{"eu-west-1", "https://amazonaws.com", ""},
		{"eu-west-1", "http://[::1]:8000", ""},
	} {
		cfg := validConfig()
		cfg.Region, cfg.Endpoint = tt.region, tt.endpoint
		err := cfg.Validate()
		if tt.want == "" {
			assert.NoError(t, err, tt.endpoint)
			continue
		}
		require.Error(t, err, tt.endpoint)
		assert.Equal(t, []string{"Endpoint"}, configFields(t, err), tt.endpoint)
		assert.Contains(t, err.Error(), tt.want)

		loaded := awsConfig()
		loaded.Region, loaded.BaseEndpoint = tt.region, aws.String(tt.endpoint)
		assert.Equal(t, []string{"AWS.BaseEndpoint"}, configFields(t, Config{Table: "users", AWS: loaded}.Validate()))

		// The ARN of a table gives the region, too.
		if tt.region == "eu-west-1" {
			cfg.Region, cfg.Table = "", "arn:aws:dynamodb:eu-west-1:123456789012:table/users"
			assert.Equal(t, []string{"Endpoint"}, configFields(t, cfg.Validate()), tt.endpoint)
		}

		// A client has an endpoint of its own.
		assert.NoError(t, Config{Table: "users", Client: &dynamodb.Client{}, Endpoint: tt.endpoint}.Validate())
	}
}

func TestRegionOfAnARN(t *testing.T) {
	t.Parallel()
	const arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/users"
	for name, change := range map[string]func(*Config){
		"alone":         func(*Config) {},
		"with Endpoint": func(c *Config) { c.Endpoint = "http://localhost:8000" },
		"with AWS":      func(c *Config) { c.Credentials, c.AWS = Credentials{}, awsConfig() },
		"with the same": func(c *Config) { c.Region = "eu-west-1" },
		"AWS without it": func(c *Config) {
			c.Credentials, c.AWS = Credentials{}, &aws.Config{Credentials: aws.AnonymousCredentials{}}
		},
	} {
		cfg := validConfig()
		cfg.Region, cfg.Table = "", arn
		change(&cfg)
		require.NoError(t, cfg.Validate(), name)
		assert.Equal(t, "eu-west-1", cfg.region(), name)
		assert.Equal(t, "eu-west-1", cfg.transportOptions().Region, name)
	}
	cfg := validConfig()
	cfg.Region, cfg.Table = "", arn+"/index/i"
	assert.Equal(t, []string{"Region", "Table"}, configFields(t, cfg.Validate()))

	for region, want := range map[string][]string{
		"fips-eu-west-1": {"Table"}, "eu-west-1a": {"Table"}, "local": {"Table"},
	} {
		cfg.Table = strings.Replace(arn, "eu-west-1", region, 1)
		assert.Equal(t, want, configFields(t, cfg.Validate()), region)
		assert.ErrorContains(t, cfg.Validate(), `Table: its region "`+region+`" is not a`, region)
	}
	cfg.Table, cfg.Endpoint = strings.Replace(arn, "eu-west-1", "local", 1), "http://localhost:8000"
	assert.NoError(t, cfg.Validate(), "local servers take any region")
}

func TestPseudoRegionsAreRefused(t *testing.T) {
	t.Parallel()
	for pseudo, region := range map[string]string{
		"fips-us-east-1": "us-east-1", "us-east-1-fips": "us-east-1", "us-fips-east-1": "us-east-1", "fips-us-gov-west-1": "us-gov-west-1",
	} {
		cfg := validConfig()
		cfg.Region = pseudo
		assert.Equal(t, []string{"Region"}, configFields(t, cfg.Validate()))
		assert.Contains(t, cfg.Validate().Error(), `set it to "`+region+`"`)
		assert.Contains(t, cfg.Validate().Error(), "https://dynamodb-fips.us-east-1.amazonaws.com")
		cfg.Endpoint = "http://localhost:8000"
		assert.Equal(t, []string{"Region"}, configFields(t, cfg.Validate()))
		loaded := awsConfig()
		loaded.Region = pseudo
		assert.Equal(t, []string{"AWS.Region"}, configFields(t, Config{Table: "users", AWS: loaded}.Validate()))
		assert.NoError(t, Config{Table: "users", AWS: loaded, Region: region}.Validate())
	}
}
