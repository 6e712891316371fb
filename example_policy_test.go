package dynamodest_test

import (
	"context"
	"fmt"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// What a settings page shows to whoever grants the access: it needs no credentials yet.
func ExampleConfig_Policy() {
	cfg := dynamodest.Config{Region: "eu-west-1", Table: "customer_scores", Mode: dynamodest.Insert, OnExisting: dynamodest.Skip}
	policy, err := cfg.Policy("123456789012", "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab")
	if err != nil {
		fmt.Println(err) // each fault is a *ConfigError, which names the field or the parameter
		return
	}
	fmt.Println(string(policy))
	// Output:
	// {
	//   "Version": "2012-10-17",
	//   "Statement": [
	//     {
	//       "Sid": "WriteTable",
	//       "Effect": "Allow",
	//       "Action": [
	//         "dynamodb:PutItem",
	//         "dynamodb:DescribeTable"
	//       ],
	//       "Resource": "arn:aws:dynamodb:eu-west-1:123456789012:table/customer_scores"
	//     },
	//     {
	//       "Sid": "UseTableKey",
	//       "Effect": "Allow",
	//       "Action": "kms:Decrypt",
	//       "Resource": "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
	//       "Condition": {
	//         "StringEquals": {
	//           "kms:ViaService": "dynamodb.eu-west-1.amazonaws.com"
	//         }
	//       }
	//     }
	//   ]
	// }
}

func ExampleDestination_Policy() {
	ctx := context.Background()
	db := dynamodesttest.NewTable("customer_scores", "customer:S")
	dest, err := dynamodest.New(ctx, dynamodest.Config{Table: "customer_scores", Client: db})
	if err != nil {
		fmt.Println(err)
		return
	}
	policy, err := dest.Policy()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(policy))
	// Output:
	// {
	//   "Version": "2012-10-17",
	//   "Statement": [
	//     {
	//       "Sid": "WriteTable",
	//       "Effect": "Allow",
	//       "Action": [
	//         "dynamodb:BatchWriteItem",
	//         "dynamodb:PutItem",
	//         "dynamodb:DescribeTable"
	//       ],
	//       "Resource": "arn:aws:dynamodb:us-east-1:123456789012:table/customer_scores"
	//     }
	//   ]
	// }
}

// A customer creates a role with this trust policy, which the engine in account 111122223333 assumes.
func ExampleTrustPolicy() {
	policy, err := dynamodest.TrustPolicy("111122223333", "customer-4711")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(policy))
	// Output:
	// {
	//   "Version": "2012-10-17",
	//   "Statement": [
	//     {
	//       "Sid": "AssumeRole",
	//       "Effect": "Allow",
	//       "Principal": {
	//         "AWS": "111122223333"
	//       },
	//       "Action": "sts:AssumeRole",
	//       "Condition": {
	//         "StringEquals": {
	//           "sts:ExternalId": "customer-4711"
	//         }
	//       }
	//     }
	//   ]
	// }
}
