package dynamodest_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// policyParts are what a test reads of a policy.
type policyParts struct {
	Version   string
	Statement []struct {
		Sid, Effect                            string
		Principal, Action, Resource, Condition any
	}
}

func parsePolicy(t *testing.T, policy json.RawMessage) policyParts {
	t.Helper()
	var parts policyParts
	require.NoError(t, json.Unmarshal(policy, &parts))
	assert.Equal(t, "2012-10-17", parts.Version)
	for _, s := range parts.Statement {
		assert.Equal(t, "Allow", s.Effect)
		assert.Regexp(t, `^[A-Za-z0-9]+$`, s.Sid)
	}
	return parts
}

var (
	threeActions = []any{"dynamodb:BatchWriteItem", "dynamodb:PutItem", "dynamodb:DescribeTable"}
	twoActions   = []any{"dynamodb:PutItem", "dynamodb:DescribeTable"}
)

func TestPolicyNamesTheActionsAndTheTable(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		cfg      dynamodest.Config
		account  string
		resource string
		actions  []any
	}{
		"upsert":    {dynamodest.Config{Region: "eu-west-1", Table: "users"}, "123456789012", "arn:aws:dynamodb:eu-west-1:123456789012:table/users", threeActions},
		"insert":    {dynamodest.Config{Region: "eu-west-1", Table: "users", Mode: dynamodest.Insert}, "123456789012", "arn:aws:dynamodb:eu-west-1:123456789012:table/users", threeActions},
		"skip":      {dynamodest.Config{Region: "eu-west-1", Table: "users", Mode: dynamodest.Insert, OnExisting: dynamodest.Skip}, "123456789012", "arn:aws:dynamodb:eu-west-1:123456789012:table/users", twoActions},
		"fail":      {dynamodest.Config{Region: "eu-west-1", Table: "users", Mode: dynamodest.Insert, OnExisting: dynamodest.Fail}, "123456789012", "arn:aws:dynamodb:eu-west-1:123456789012:table/users", twoActions},
		"version":   {dynamodest.Config{Region: "eu-west-1", Table: "users", Version: "v"}, "123456789012", "arn:aws:dynamodb:eu-west-1:123456789012:table/users", twoActions},
		"delete":    {dynamodest.Config{Region: "eu-west-1", Table: "users", Delete: "gone"}, "123456789012", "arn:aws:dynamodb:eu-west-1:123456789012:table/users", threeActions},
		"China":     {dynamodest.Config{Region: "cn-north-1", Table: "a.b-c_d"}, "000000000000", "arn:aws-cn:dynamodb:cn-north-1:000000000000:table/a.b-c_d", threeActions},
		"GovCloud":  {dynamodest.Config{Region: "us-gov-west-1", Table: "users"}, "123456789012", "arn:aws-us-gov:dynamodb:us-gov-west-1:123456789012:table/users", threeActions},
		"sovereign": {dynamodest.Config{Region: "eusc-de-east-1", Table: "users"}, "123456789012", "arn:aws-eusc:dynamodb:eusc-de-east-1:123456789012:table/users", threeActions},
		"iso-b":     {dynamodest.Config{Region: "us-isob-east-1", Table: "users"}, "123456789012", "arn:aws-iso-b:dynamodb:us-isob-east-1:123456789012:table/users", threeActions},
		"of AWS":    {dynamodest.Config{AWS: &aws.Config{Region: "ap-south-2"}, Table: "users"}, "123456789012", "arn:aws:dynamodb:ap-south-2:123456789012:table/users", threeActions},
		"ARN":       {dynamodest.Config{Table: "arn:aws-cn:dynamodb:cn-north-1:123456789012:table/users"}, "", "arn:aws-cn:dynamodb:cn-north-1:123456789012:table/users", threeActions},
		"ARN and account": {
			dynamodest.Config{Region: "us-east-1", Table: "arn:aws:dynamodb:us-east-1:123456789012:table/users"}, "123456789012", "arn:aws:dynamodb:us-east-1:123456789012:table/users", threeActions,
		},
	} {
		policy, err := tt.cfg.Policy(tt.account)
		require.NoError(t, err, name)
		parts := parsePolicy(t, policy)
		require.Len(t, parts.Statement, 1, name)
		assert.Equal(t, tt.actions, parts.Statement[0].Action, name)
		assert.Equal(t, tt.resource, parts.Statement[0].Resource, name)
		assert.Nil(t, parts.Statement[0].Condition, name)
		assert.Nil(t, parts.Statement[0].Principal, name)
	}
}

func TestPolicyAllowsTheTablesKMSKeys(t *testing.T) {
	t.Parallel()
	for region, tt := range map[string]struct {
		partition string
		via       any
	}{
		"eu-west-1":      {"aws", "dynamodb.eu-west-1.amazonaws.com"},
		"us-gov-west-1":  {"aws-us-gov", "dynamodb.us-gov-west-1.amazonaws.com"},
		"cn-north-1":     {"aws-cn", []any{"dynamodb.cn-north-1.amazonaws.com.cn", "dynamodb.cn-north-1.amazonaws.com"}},
		"eusc-de-east-1": {"aws-eusc", []any{"dynamodb.eusc-de-east-1.amazonaws.eu", "dynamodb.eusc-de-east-1.amazonaws.com"}},
	} {
		// The key of another account is allowed, and so is one of several Regions.
		first := fmt.Sprintf("arn:%s:kms:%s:210987654321:key/1234abcd-12ab-34cd-56ef-1234567890ab", tt.partition, region)
		second := fmt.Sprintf("arn:%s:kms:%s:123456789012:key/mrk-1234abcd12ab34cd56ef1234567890ab", tt.partition, region)
		cfg := dynamodest.Config{Region: region, Table: "users"}
		policy, err := cfg.Policy("123456789012", first, second)
		require.NoError(t, err)
		parts := parsePolicy(t, policy)
		require.Len(t, parts.Statement, 2)
		assert.Equal(t, "kms:Decrypt", parts.Statement[1].Action)
		assert.Equal(t, []any{first, second}, parts.Statement[1].Resource)
		assert.Equal(t, map[string]any{"StringEquals": map[string]any{"kms:ViaService": tt.via}}, parts.Statement[1].Condition)

		policy, err = cfg.Policy("123456789012", first)
		require.NoError(t, err)
		assert.Equal(t, first, parsePolicy(t, policy).Statement[1].Resource)
	}
}

// configErrors returns the fields and problems of the ConfigErrors that err joins.
func configErrors(t *testing.T, err error) map[string]string {
	t.Helper()
	require.ErrorIs(t, err, dynamodest.ErrConfig)
	faults := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		faults = joined.Unwrap()
	}
	found := map[string]string{}
	for _, fault := range faults {
		var configErr *dynamodest.ConfigError
		require.ErrorAs(t, fault, &configErr)
		found[configErr.Field] = configErr.Problem
	}
	return found
}

func TestPolicyRefuses(t *testing.T) {
	t.Parallel()
	const key, arn = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd", "arn:aws:dynamodb:eu-west-1:123456789012:table/users"
	good := dynamodest.Config{Region: "eu-west-1", Table: "users"}
	for name, tt := range map[string]struct {
		cfg     dynamodest.Config
		account string
		keys    []string
		want    map[string]string // what each problem has in it
	}{
		"nothing":               {want: map[string]string{"Table": "is required", "Region": "is required", "account": "is required"}},
		"account with hyphens":  {cfg: good, account: "1234-5678-9012", want: map[string]string{"account": "12 digits"}},
		"account too short":     {cfg: good, account: "12345678901", want: map[string]string{"account": "12 digits"}},
		"account of no digits":  {cfg: good, account: "１２３４５６７８９０１２", want: map[string]string{"account": "12 digits"}},
		"account and more":      {cfg: good, account: "123456789012\n", want: map[string]string{"account": "12 digits"}},
		"account of another":    {cfg: dynamodest.Config{Table: arn}, account: "210987654321", want: map[string]string{"account": "ARN"}},
		"no region":             {cfg: dynamodest.Config{Table: "users"}, account: "123456789012", want: map[string]string{"Region": "is required"}},
		"local region":          {cfg: dynamodest.Config{Table: "users", Region: "local", Endpoint: "http://localhost:8000"}, account: "123456789012", want: map[string]string{"Region": "not an AWS Region"}},
		"wildcard region":       {cfg: dynamodest.Config{Table: "users", Region: "*"}, account: "123456789012", want: map[string]string{"Region": "not an AWS Region"}},
		"pseudo region":         {cfg: dynamodest.Config{Table: "users", Region: "fips-us-east-1"}, account: "123456789012", want: map[string]string{"Region": "FIPS"}},
		"wildcard table":        {cfg: dynamodest.Config{Table: "users*", Region: "eu-west-1"}, account: "123456789012", want: map[string]string{"Table": "not a table name"}},
		"ARN of an index":       {cfg: dynamodest.Config{Table: arn + "/index/i"}, want: map[string]string{"Table": "not the ARN"}},
		"ARN of all tables":     {cfg: dynamodest.Config{Table: "arn:aws:dynamodb:eu-west-1:123456789012:table/*"}, want: map[string]string{"Table": "not the ARN"}},
		"ARN elsewhere":         {cfg: dynamodest.Config{Table: arn, Region: "eu-west-2"}, want: map[string]string{"Table": "the region is"}},
		"ARN of two partitions": {cfg: dynamodest.Config{Table: "arn:aws:dynamodb:cn-north-1:123456789012:table/users"}, want: map[string]string{"Table": "partition"}},
		"ARN of a local server": {cfg: dynamodest.Config{Table: "arn:aws:dynamodb:ddblocal:000000000000:table/users"}, want: map[string]string{"Table": "not an AWS Region"}},
		"mode":                  {cfg: dynamodest.Config{Region: "eu-west-1", Table: "users", Mode: "mirror"}, account: "123456789012", want: map[string]string{"Mode": "not supported"}},
		"no key":                {cfg: good, account: "123456789012", keys: []string{key, ""}, want: map[string]string{"kmsKeys[1]": "not the ARN of a KMS key"}},
		"alias":                 {cfg: good, account: "123456789012", keys: []string{"arn:aws:kms:eu-west-1:123456789012:alias/users"}, want: map[string]string{"kmsKeys[0]": "alias"}},
		"all keys":              {cfg: good, account: "123456789012", keys: []string{"arn:aws:kms:eu-west-1:123456789012:key/*", "*"}, want: map[string]string{"kmsKeys[0]": "ARN", "kmsKeys[1]": "ARN"}},
		"key elsewhere":         {cfg: good, account: "123456789012", keys: []string{strings.Replace(key, "eu-west-1", "eu-west-2", 1)}, want: map[string]string{"kmsKeys[0]": `a key in "eu-west-2"`}},
		"key of a partition":    {cfg: good, account: "123456789012", keys: []string{strings.Replace(key, "aws", "aws-cn", 1)}, want: map[string]string{"kmsKeys[0]": "partition"}},
	} {
		policy, err := tt.cfg.Policy(tt.account, tt.keys...)
		assert.Nil(t, policy, name)
		found := configErrors(t, err)
		assert.Len(t, found, len(tt.want), "%s: %v", name, err)
		for field, problem := range tt.want {
			assert.Contains(t, found[field], problem, "%s: %v", name, err)
		}
		if tt.account != "" {
			assert.NotContains(t, err.Error(), tt.account, name)
		}
	}
}

// Policy asks the client for its region only if there is one.
func TestPolicyWithANilClient(t *testing.T) {
	t.Parallel()
	cfg := dynamodest.Config{Region: "eu-west-1", Table: "users", Client: (*dynamodb.Client)(nil)}
	policy, err := cfg.Policy("123456789012")
	require.NoError(t, err)
	assert.Equal(t, "arn:aws:dynamodb:eu-west-1:123456789012:table/users", parsePolicy(t, policy).Statement[0].Resource)
}

// The policy of a Destination has the ARN that DescribeTable reported.
func TestDestinationPolicy(t *testing.T) {
	t.Parallel()
	db := dynamodesttest.New()
	db.SetRegion("cn-north-1")
	db.AddTable(table, "id:S")
	dest := newDest(t, dynamodest.Config{Table: table, Client: db})
	policy, err := dest.Policy()
	require.NoError(t, err)
	parts := parsePolicy(t, policy)
	assert.Equal(t, "arn:aws-cn:dynamodb:cn-north-1:123456789012:table/"+table, parts.Statement[0].Resource)
	assert.Equal(t, threeActions, parts.Statement[0].Action)

	skipping := newDest(t, dynamodest.Config{Table: table, Client: db, Mode: dynamodest.Insert, OnExisting: dynamodest.Skip})
	policy, err = skipping.Policy("arn:aws-cn:kms:cn-north-1:123456789012:key/1")
	require.NoError(t, err)
	parts = parsePolicy(t, policy)
	assert.Equal(t, twoActions, parts.Statement[0].Action)
	require.Len(t, parts.Statement, 2)

	_, err = dest.Policy("arn:aws:kms:eu-west-1:123456789012:key/1")
	assert.Contains(t, configErrors(t, err), "kmsKeys[0]")
	_, err = newDest(t, dynamodest.Config{Table: table, Client: &minimalFake{}}).Policy()
	assert.Contains(t, configErrors(t, err), "Client")
}

func TestTrustPolicy(t *testing.T) {
	t.Parallel()
	for _, principal := range []string{
		"123456789012", "arn:aws:iam::123456789012:root", "arn:aws-cn:iam::123456789012:user/sync", "arn:aws-us-gov:iam::123456789012:role/engine/prod/sync-role_1@x",
	} {
		policy, err := dynamodest.TrustPolicy(principal, "customer+1=a,b.c@d:e/f-g")
		require.NoError(t, err)
		parts := parsePolicy(t, policy)
		require.Len(t, parts.Statement, 1)
		assert.Equal(t, map[string]any{"AWS": principal}, parts.Statement[0].Principal)
		assert.Equal(t, "sts:AssumeRole", parts.Statement[0].Action)
		assert.Nil(t, parts.Statement[0].Resource, "a trust policy has none")
		assert.Equal(t, map[string]any{"StringEquals": map[string]any{"sts:ExternalId": "customer+1=a,b.c@d:e/f-g"}}, parts.Statement[0].Condition)
	}
	for _, id := range []string{"ab", strings.Repeat("x", 1224)} {
		_, err := dynamodest.TrustPolicy("123456789012", id)
		require.NoError(t, err)
	}

	for _, bad := range []string{
		"", "*", "12345678901", "123456789012\n", "arn:aws:iam::123456789012:*", "arn:aws:iam::*:root", "arn:aws:iam::123456789012:role/*", "arn:aws:iam::123456789012:role/",
		"arn:aws:iam::123456789012:user//x", "arn:aws:sts::123456789012:assumed-role/r/s", "arn:aws:iam::123456789012:group/g", "arn:aws-mars:iam::123456789012:root",
		"lambda.amazonaws.com", "arn:aws:iam::123456789012:role/" + strings.Repeat("a/", 1024) + "x",
	} {
		_, err := dynamodest.TrustPolicy(bad, "customer-1")
		found := configErrors(t, err)
		assert.Contains(t, found, "principal", bad)
		assert.Len(t, found, 1)
	}
	for _, bad := range []string{"", "a", strings.Repeat("x", 1225), "a b", "a*", "a?", `a\b`, "ä1", "ab\n", `a"b`, "${aws:username}"} {
		_, err := dynamodest.TrustPolicy("123456789012", bad)
		found := configErrors(t, err)
		assert.Contains(t, found, "externalID", bad)
		assert.Len(t, found, 1)
		if len(bad) > 1 {
			assert.NotContains(t, err.Error(), bad)
		}
	}
	_, err := dynamodest.TrustPolicy("", "")
	assert.Len(t, configErrors(t, err), 2)
}
