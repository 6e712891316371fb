package dynamodest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
)

// hostRecorder is a transport that records the hosts of requests, and answers as DynamoDB does for a table that is not there.
type hostRecorder []string

func (hosts *hostRecorder) RoundTrip(r *http.Request) (*http.Response, error) {
	*hosts = append(*hosts, r.URL.Host)
	body := `{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":""}`
	return &http.Response{
		StatusCode: http.StatusBadRequest, Request: r, Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}, nil
}

// calledHosts returns the hosts that New calls for a table in a Region of AWS, and its error.
func calledHosts(t *testing.T, region, account string, cfg dynamodest.Config) ([]string, error) {
	t.Helper()
	var hosts hostRecorder
	keys := credentials.StaticCredentialsProvider{Value: aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret", AccountID: account}}
	cfg.AWS = &aws.Config{Region: region, Credentials: keys, HTTPClient: &http.Client{Transport: &hosts}}
	if cfg.Table == "" {
		cfg.Table = table
	}
	_, err := dynamodest.New(t.Context(), cfg)
	return hosts, err
}

// endpointSettings are what AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT set.
func endpointSettings(fips, dualStack bool) []func(*dynamodb.Options) {
	return []func(*dynamodb.Options){func(o *dynamodb.Options) {
		if fips {
			o.EndpointOptions.UseFIPSEndpoint = aws.FIPSEndpointStateEnabled
		}
		if dualStack {
			o.EndpointOptions.UseDualStackEndpoint = aws.DualStackEndpointStateEnabled
		}
	}}
}

// The hosts that docs/access.md lists are the ones that are called, and no others.
func TestOperatorsHosts(t *testing.T) {
	t.Parallel()
	_, after, found := strings.Cut(read(t, "docs/access.md"), "<!-- test: hosts -->\n")
	require.True(t, found)
	listed, _, _ := strings.Cut(after, "\n\n")
	rows := regexp.MustCompile("(?m)^\\| (true|) ?\\| (true|) ?\\| (yes|no) \\| `(.+)` \\|$").FindAllStringSubmatch(listed, -1)
	require.Len(t, rows, 8, "each combination has a row")
	const region, account = "us-east-1", "123456789012"
	for _, row := range rows {
		options := endpointSettings(row[1] == "true", row[2] == "true")
		host := strings.NewReplacer("REGION", region, "ACCOUNT", account).Replace(row[4])
		known := ""
		if row[3] == "yes" {
			known = account
		}
		hosts, err := calledHosts(t, region, known, dynamodest.Config{ClientOptions: options})
		require.ErrorIs(t, err, dynamodest.ErrNoTable, row[0])
		assert.Equal(t, []string{host}, hosts, row[0])
	}
}

// What docs/access.md says of the hosts beyond its table.
func TestOperatorsHostsOfOtherSettings(t *testing.T) {
	t.Parallel()
	arn := "arn:aws:dynamodb:eu-west-1:999999999999:table/rows"
	required := func(o *dynamodb.Options) { o.AccountIDEndpointMode = aws.AccountIDEndpointModeRequired }
	disabled := func(o *dynamodb.Options) { o.AccountIDEndpointMode = aws.AccountIDEndpointModeDisabled }
	for name, tt := range map[string]struct {
		region, account string
		cfg             dynamodest.Config
		host            string // "" if none is called, with ErrConfig
	}{
		"account of the ARN first":   {"eu-west-1", "123456789012", dynamodest.Config{Table: arn}, "999999999999.ddb.eu-west-1.amazonaws.com"},
		"disabled":                   {"eu-west-1", "123456789012", dynamodest.Config{ClientOptions: []func(*dynamodb.Options){disabled}}, "dynamodb.eu-west-1.amazonaws.com"},
		"required, not known":        {"eu-west-1", "", dynamodest.Config{ClientOptions: []func(*dynamodb.Options){required}}, ""},
		"required with FIPS":         {"us-east-1", "123456789012", dynamodest.Config{ClientOptions: append(endpointSettings(true, false), required)}, ""},
		"FIPS where there is none":   {"eu-west-1", "", dynamodest.Config{ClientOptions: endpointSettings(true, false)}, "dynamodb-fips.eu-west-1.amazonaws.com"},
		"FIPS in GovCloud":           {"us-gov-west-1", "", dynamodest.Config{ClientOptions: endpointSettings(true, false)}, "dynamodb.us-gov-west-1.amazonaws.com"},
		"China":                      {"cn-north-1", "", dynamodest.Config{}, "dynamodb.cn-north-1.amazonaws.com.cn"},
		"European Sovereign Cloud":   {"eusc-de-east-1", "", dynamodest.Config{}, "dynamodb.eusc-de-east-1.amazonaws.eu"},
		"VPC endpoint":               {"eu-west-1", "123456789012", dynamodest.Config{Endpoint: "https://vpce-1a2b-3c4d.dynamodb.eu-west-1.vpce.amazonaws.com"}, "vpce-1a2b-3c4d.dynamodb.eu-west-1.vpce.amazonaws.com"},
		"FIPS and an endpoint":       {"us-east-1", "", dynamodest.Config{Endpoint: "https://dynamodb-fips.us-east-1.amazonaws.com", ClientOptions: endpointSettings(true, false)}, ""},
		"dual stack and an endpoint": {"us-east-1", "", dynamodest.Config{Endpoint: "https://dynamodb.us-east-1.api.aws", ClientOptions: endpointSettings(false, true)}, ""},
	} {
		hosts, err := calledHosts(t, tt.region, tt.account, tt.cfg)
		if tt.host == "" {
			require.ErrorIs(t, err, dynamodest.ErrConfig, name)
			assert.Empty(t, hosts, name)
			continue
		}
		require.ErrorIs(t, err, dynamodest.ErrNoTable, name)
		assert.Equal(t, []string{tt.host}, hosts, name)
	}
}

// A Mapper makes the lines that docs/tables.md gives to a load from S3.
func TestOperatorsItems(t *testing.T) {
	t.Parallel()
	want := regexp.MustCompile("(?m)^```json\n(.+)\n```$").FindStringSubmatch(read(t, "docs/tables.md"))
	require.NotNil(t, want)
	mapper, err := dynamodest.NewMapper(dynamodest.Mapping{}, []dynamodest.KeyAttribute{{Name: "id", Type: dynamodest.String, Role: dynamodest.PartitionKey}})
	require.NoError(t, err)
	item, err := mapper.Item(dynamodest.Row{"id": "1", "name": "Ada", "joined": "2026-01-02T03:04:05Z"})
	require.NoError(t, err)
	line, err := json.Marshal(map[string]dynamodest.Item{"Item": item})
	require.NoError(t, err)
	assert.Equal(t, want[1], string(line))
	assert.Contains(t, read(t, "docs/tables.md"), "```text\n"+want[1]+"\n", "the command makes the same line")
}
