package dynamodest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// What shows before the first row: settings that cannot work, and a table that is not there.
func ExampleNew() {
	ctx := context.Background()
	db := dynamodesttest.NewTable("customer_scores", "customer:S")

	_, err := dynamodest.New(ctx, dynamodest.Config{Table: "customer_scores", Client: db, Mode: "mirror"})
	var configErr *dynamodest.ConfigError
	if errors.As(err, &configErr) { // shown beside its field of a form
		fmt.Println("setting:", configErr.Field)
	}
	_, err = dynamodest.New(ctx, dynamodest.Config{Table: "Customer_Scores", Client: db})
	var tableErr *dynamodest.TableError
	if errors.As(err, &tableErr) {
		fmt.Println("table:", tableErr.Reason)
	}
	dest, err := dynamodest.New(ctx, dynamodest.Config{Table: "customer_scores", Client: db})
	fmt.Println(dest != nil, err)
	// Output:
	// setting: Mode
	// table: no such table
	// true <nil>
}

// The client is built from an aws.Config, with everything that it holds.
func ExampleConfig_aws() {
	ctx := context.Background()
	server := httptest.NewServer(dynamodesttest.NewTable("customer_scores", "customer:S"))
	defer server.Close()
	cfg := aws.Config{ // what config.LoadDefaultConfig returns: roles, profiles, SSO, environment
		Region: "us-east-1", BaseEndpoint: &server.URL,
		Credentials: credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "secret", ""),
	}
	dest, err := dynamodest.New(ctx, dynamodest.Config{
		AWS: &cfg, Table: "customer_scores",
		ClientOptions: []func(*dynamodb.Options){func(o *dynamodb.Options) {
			o.AccountIDEndpointMode = aws.AccountIDEndpointModeDisabled // where a proxy allows the familiar host only
		}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := dest.Write(ctx, []dynamodest.Row{{"customer": "c-1"}})
	fmt.Println(result.Summary.Written, "written", err)
	// Output: 1 written <nil>
}

// Temporary keys of a role need their session token. A CredentialsProvider renews them; Credentials cannot.
func ExampleConfig_credentials() {
	ctx := context.Background()
	db := dynamodesttest.NewTable("customer_scores", "customer:S")
	db.Keys("ASIAIOSFODNN7EXAMPLE", "secret", "token") // verifies signatures
	server := httptest.NewServer(db)
	defer server.Close()
	cfg := dynamodest.Config{Region: "us-east-1", Table: "customer_scores", Endpoint: server.URL} // no Endpoint for AWS

	cfg.Credentials = dynamodest.Credentials{AccessKeyID: "ASIAIOSFODNN7EXAMPLE", SecretAccessKey: "secret", SessionToken: "token"}
	_, err := dynamodest.New(ctx, cfg)
	fmt.Printf("keys %v: %v\n", cfg.Credentials, err)

	cfg = dynamodest.Config{
		Region: cfg.Region, Table: cfg.Table, Endpoint: cfg.Endpoint,
		CredentialsProvider: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "ASIAIOSFODNN7EXAMPLE", SecretAccessKey: "secret", SessionToken: "token"}, nil // of a vault
		}),
	}
	_, err = dynamodest.New(ctx, cfg)
	fmt.Println("provider:", err)
	// Output:
	// keys [redacted]: <nil>
	// provider: <nil>
}

// itemCounter is a Client that counts items, for a test that wants no table.
type itemCounter struct {
	items int
}

func (*itemCounter) DescribeTable(context.Context, *dynamodb.DescribeTableInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error) {
	return &dynamodb.DescribeTableOutput{Table: &types.TableDescription{TableStatus: types.TableStatusActive}}, nil
}

func (r *itemCounter) BatchWriteItem(_ context.Context, in *dynamodb.BatchWriteItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error) {
	for _, requests := range in.RequestItems {
		r.items += len(requests) // one request at a time here
	}
	return &dynamodb.BatchWriteItemOutput{}, nil // everything was written
}

func (r *itemCounter) PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	r.items++
	return &dynamodb.PutItemOutput{}, nil
}

// A fake client of three methods. The double of package dynamodesttest is one too, and keeps DynamoDB's rules.
func ExampleClient() {
	ctx := context.Background()
	client := &itemCounter{}
	dest, err := dynamodest.New(ctx, dynamodest.Config{Table: "customer_scores", Client: client})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = dest.Write(ctx, []dynamodest.Row{{"customer": "c-1"}, {"customer": "c-2"}})
	fmt.Println(client.items, "items", err)
	// Output: 2 items <nil>
}

// A "test connection" button that writes nothing.
func ExampleDestination_Check() {
	ctx := context.Background()
	db := dynamodesttest.NewTable("customer_scores", "customer:S")
	dest, err := dynamodest.New(ctx, dynamodest.Config{Table: "customer_scores", Client: db})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(dest.Check(ctx))
	db.SetStatus("customer_scores", types.TableStatusDeleting)
	fmt.Println(errors.Is(dest.Check(ctx), dynamodest.ErrTableStatus))
	// Output:
	// <nil>
	// true
}

// A page on which people map columns shows which attributes they must fill.
func ExampleDestination_Keys() {
	dest, err := dynamodest.New(context.Background(), dynamodest.Config{
		Table: "orders", Client: dynamodesttest.NewTable("orders", "customer:S", "placed:N"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, key := range dest.Keys() {
		fmt.Println(key.Name, key.Type, key.Role)
	}
	// Output:
	// customer S partition
	// placed N sort
}
