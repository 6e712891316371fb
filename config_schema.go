package dynamodest

import (
	_ "embed" // the schema is a file of its own
	"encoding/json"
)

// The regions are those of DynamoDB's that AWS serves the public, governments and China from.
// https://github.com/aws/aws-sdk-go-v2/blob/main/internal/endpoints/awsrulesfn/partitions.json
//
//go:embed config_schema.json
var configSchema string

// ConfigSchema returns the JSON Schema (draft 2020-12) of the JSON form of a Config, which an engine can make a
// form of and check what a user enters. Each call returns a copy.
//
// Properties are in the order of a form, which "x-order" repeats for readers that lose it. They have titles and
// descriptions for the user of the form, defaults and bounds; the choices of a word have titles too. The region is
// a choice with free entry. The access keys are "writeOnly": [Config.WithoutSecrets] leaves them out, and all of
// them are entered again together. on_existing is only for the mode "insert".
//
// What the schema refuses, [DecodeConfig] or [Config.Validate] refuses. They refuse more, since a schema cannot
// compare settings with each other: two fields with one attribute, a version that no field produces, a region
// other than that of the table's ARN or the endpoint, a minimum delay above the maximum, durations over 24h given
// as text; nor can it look into the host of an endpoint, or count the bytes of a name. Validate requires
// credentials and the schema does not: a Go caller may set AWS, CredentialsProvider or Client instead. A caller
// that always does, and whose AWS or Client knows the region, should make its form without credentials and
// region, which the schema requires unless the table is an ARN.
// https://json-schema.org/draft/2020-12
func ConfigSchema() json.RawMessage { return json.RawMessage(configSchema) }

// WithoutSecrets returns c without its Credentials, the access key ID included, and without an Endpoint that
// Validate refuses for its form, since that may hold a password: as for a page that shows the settings.
// Everything else is as in c, and shared with it: the fields for Go callers too, some of which may know secrets.
func (c Config) WithoutSecrets() Config {
	c.Credentials = Credentials{}
	if c.Endpoint != "" && endpointProblem(c.Endpoint) != "" {
		c.Endpoint = ""
	}
	return c
}
