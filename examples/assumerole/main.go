// Command assumerole writes a row to a table in the AWS account of a customer: by a role of the
// customer's that this account may assume, if it gives the external ID that both agreed on.
//
//	go run . -role arn:aws:iam::123456789012:role/writer -external-id 8e2f -region eu-west-1 -table users -key id
//
// It is a module of its own, so that the library does not depend on the packages that load profiles and
// assume roles.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/dynamodest/dynamodest"
)

func main() {
	var c customer
	flag.StringVar(&c.roleARN, "role", "", "`ARN` of the role in the customer's account")
	flag.StringVar(&c.externalID, "external-id", "", "external `ID` that the role's trust policy asks for")
	flag.StringVar(&c.region, "region", "", "`region` of the customer's table")
	flag.StringVar(&c.table, "table", "", "`name` of the table")
	key := flag.String("key", "id", "`name` of the table's key, a string")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := write(ctx, c, dynamodest.Row{*key: "assumerole"}); err != nil {
		fmt.Fprintln(os.Stderr, "assumerole:", err)
		os.Exit(1)
	}
}

func write(ctx context.Context, c customer, row dynamodest.Row) error {
	own, err := config.LoadDefaultConfig(ctx) // this account's own credentials
	if err != nil {
		return err
	}
	dest, err := c.destination(ctx, own)
	if err != nil {
		return err
	}
	_, err = dest.Write(ctx, []dynamodest.Row{row})
	return err
}

// customer is what an engine stores of a customer: nothing of it is secret, and no key is stored.
type customer struct {
	roleARN, externalID string
	region, table       string
}

// destination returns a Destination for the customer's table. own is the configuration of this account,
// which asks AWS STS for the role's temporary credentials. They are asked for once, and again shortly
// before they expire.
func (c customer) destination(ctx context.Context, own aws.Config) (*dynamodest.Destination, error) {
	// The external ID keeps other users of this account from having the role assumed for them.
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
	role := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(own), c.roleARN, func(o *stscreds.AssumeRoleOptions) {
		o.ExternalID = aws.String(c.externalID)
		o.RoleSessionName = "assumerole-example"
	})
	assumed := own.Copy()
	assumed.Credentials = aws.NewCredentialsCache(role)
	return dynamodest.New(ctx, dynamodest.Config{AWS: &assumed, Region: c.region, Table: c.table})
}
