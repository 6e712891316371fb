// Command dynamodest-connect runs pipelines of Redpanda Connect's core, Benthos, that write to Amazon DynamoDB: with its
// commands create, lint and run, and with the inputs and processors that the core has. docs/connect.md is its manual.
package main

import (
	"context"

	_ "github.com/redpanda-data/benthos/v4/public/components/io"
	_ "github.com/redpanda-data/benthos/v4/public/components/pure"
	"github.com/redpanda-data/benthos/v4/public/service"

	_ "github.com/dynamodest/dynamodest/connect"
)

func main() {
	service.RunCLI(context.Background(),
		service.CLIOptSetMainSchemaFrom(schema),
		service.CLIOptSetBinaryName("dynamodest-connect"),
		service.CLIOptSetProductName("dynamodest-connect"),
		service.CLIOptSetDocumentationURL("https://github.com/dynamodest/dynamodest/blob/main/docs/connect.md"),
	)
}

// schema returns the configuration of a pipeline, in which the HTTP server is off unless it is turned on, and then
// reached from this machine alone. Benthos has it on, for every machine of the network.
func schema() *service.ConfigSchema {
	s := service.GlobalEnvironment().FullConfigSchema("", "")
	s.SetFieldDefault(false, "http", "enabled")
	s.SetFieldDefault("127.0.0.1:4195", "http", "address")
	return s
}
