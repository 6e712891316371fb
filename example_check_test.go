package dynamodest_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// What the "test connection" button of an engine does.
func ExampleDestination_CheckWrites() {
	ctx := context.Background()
	db := dynamodesttest.NewTable("customer_scores", "customer:S")
	dest, err := dynamodest.New(ctx, dynamodest.Config{Table: "customer_scores", Client: db})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := dest.CheckWrites(ctx); err != nil { // a *TableError says which action is denied, and what to allow
		fmt.Println(err)
		return
	}
	fmt.Println("writes are allowed, and the table has", db.Len("customer_scores"), "items")
	// Output: writes are allowed, and the table has 0 items
}

func ExampleConfig_Validate() {
	err := dynamodest.Config{Table: "users", Region: "Ireland", Mode: "mirror"}.Validate()
	var configErr *dynamodest.ConfigError
	for _, fault := range err.(interface{ Unwrap() []error }).Unwrap() {
		if errors.As(fault, &configErr) {
			fmt.Println(configErr.Field)
		}
	}
	// Output:
	// Region
	// Credentials.AccessKeyID
	// Credentials.SecretAccessKey
	// Mode
}
