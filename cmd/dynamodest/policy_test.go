package main

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
)

// The policy has the table's own ARN if the table is described, and otherwise that of the flags.
func TestPolicy(t *testing.T) {
	t.Parallel()
	remote := newRemote(t)
	for name, tt := range map[string]struct {
		args   []string
		says   string
		asking bool
	}{
		"account":      {[]string{"-table", "users", "-region", "cn-north-1", "-account", "123456789012"}, "arn:aws-cn:dynamodb:cn-north-1:123456789012:table/users", false},
		"ARN":          {[]string{"-table", "arn:aws:dynamodb:eu-west-1:123456789012:table/users"}, "arn:aws:dynamodb:eu-west-1:123456789012:table/users", false},
		"described":    {[]string{"-config", remote.config}, remote.db.ARN("users"), true},
		"insert, skip": {[]string{"-config", remote.config, "-mode", "insert", "-on-existing", "skip"}, "dynamodb:PutItem", true},
		"KMS":          {[]string{"-config", remote.config, "-kms-key", "arn:aws:kms:us-east-1:123456789012:key/1"}, "kms:Decrypt", true},
		"trust":        {[]string{"-trust", "123456789012", "-external-id", "customer-7"}, "sts:AssumeRole", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := runIn(t, "", append([]string{"policy"}, tt.args...)...)
			require.Equal(t, exitOK, r.code, r.stderr)
			assert.True(t, json.Valid([]byte(r.stdout)))
			assert.Contains(t, r.stdout, tt.says)
		})
	}
	r := runIn(t, "", "policy", "-trust", "123456789012")
	assert.Equal(t, exitUsage, r.code)
	assert.Contains(t, r.stderr, "-external-id: is required")
	r = runIn(t, "", "policy", "-table", "arn:aws:dynamodb:eu-west-1:123456789012:table/users", "-account", "999999999999", "-kms-key", "alias/a", "-kms-key", "b")
	assert.Equal(t, exitUsage, r.code)
	for _, says := range []string{"\n-account: is not the account in the ARN that -table gives", "\n-kms-key number 1: is not the ARN", "\n-kms-key number 2: is not the ARN"} {
		assert.Contains(t, r.stderr, says)
	}
	r = runIn(t, "", "policy", "-config", remote.config, "-table", "others")
	assert.Equal(t, exitStopped, r.code)
}

func TestSchema(t *testing.T) {
	t.Parallel()
	r := runIn(t, "", "schema")
	assert.Equal(t, exitOK, r.code)
	var printed, want bytes.Buffer
	require.NoError(t, json.Compact(&printed, []byte(r.stdout)))
	require.NoError(t, json.Compact(&want, dynamodest.ConfigSchema()))
	assert.Equal(t, want.Bytes(), printed.Bytes())
}
