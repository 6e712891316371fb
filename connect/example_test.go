package connect_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/dynamodest/dynamodest/connect"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// A stream that a program builds: the output is registered by the import of package connect.
func Example() {
	db := dynamodesttest.NewTable("users", "id:S")
	server := httptest.NewServer(db)
	defer server.Close()
	builder := service.NewStreamBuilder()
	err := builder.SetYAML(fmt.Sprintf(`
input: {generate: {count: 3, interval: "", mapping: 'root.id = "u-%%v".format(counter())'}}
output:
  dynamodest:
    table: users
    region: us-east-1
    endpoint: %s # without it AWS
    credentials: {access_key_id: AKIDEXAMPLE, secret_access_key: secret}
logger: {level: none}
`, server.URL))
	if err != nil {
		fmt.Println(err)
		return
	}
	stream, err := builder.Build()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(stream.Run(context.Background()), db.Len("users"), "items")
	// Output: <nil> 3 items
}

// The output under another name, as a distribution may want that has another output "dynamodest".
func ExampleSpec() {
	environment := service.NewEnvironment()
	err := environment.RegisterBatchOutput("company_dynamodb", connect.Spec(), connect.New)
	fmt.Println(err)
	err = environment.NewStreamBuilder().AddOutputYAML("company_dynamodb: {table: users, region: us-east-1, mode: mirror}") // refused by the linter
	fmt.Println(err != nil)
	err = environment.NewStreamBuilder().AddOutputYAML("company_dynamodb: {table: users, region: us-east-1}")
	fmt.Println(err)
	// Output:
	// <nil>
	// true
	// <nil>
}

// New makes an output of settings; the table is looked for when the pipeline connects.
func ExampleNew() {
	parsed, err := connect.Spec().ParseYAML("{table: users, region: us-east-1, version: updated_at}", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	output, policy, inFlight, err := connect.New(parsed, service.MockResources())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("batches of", policy.Count, "rows,", inFlight, "in flight:", output.Close(context.Background()))
	// Output: batches of 1000 rows, 1 in flight: <nil>
}
