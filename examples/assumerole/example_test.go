package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// The README's first screen. It is compiled and not run, since it writes to AWS; [Example] runs the
// same calls.
func _(ctx context.Context, rows []map[string]any, deadLetter func(dynamodest.Row, error), queue func(dynamodest.Row)) error {
	// README: first screen
	cfg, err := config.LoadDefaultConfig(ctx) // of github.com/aws/aws-sdk-go-v2/config: roles, profiles, SSO, environment
	if err != nil {
		return err
	}
	dest, err := dynamodest.New(ctx, dynamodest.Config{AWS: &cfg, Table: "customer_scores"})
	if err != nil {
		return err // bad config, missing table or access denied (New calls only DescribeTable); err says which
	}
	result, err := dest.Write(ctx, rows) // rows is a []map[string]any
	var tableErr *dynamodest.TableError
	if errors.As(err, &tableErr) {
		return err // not a row's fault: stop the sync, and do what tableErr.Remedy() says
	}
	if err != nil { // one or more rows failed, or may have
		for i, r := range result.Rows { // one result for every row, at the row's own index
			var rowErr *dynamodest.RowError
			switch {
			case !errors.As(r.Err, &rowErr): // written, or skipped or superseded: nothing to do
			case rowErr.Scope() == dynamodest.ScopeRow: // bad data: rowErr says what to fix
				deadLetter(rows[i], rowErr)
			default: // transient: send it again, unless a newer row of its key has been written
				queue(rows[i])
			}
		}
	}
	// README end
	return nil
}

// The rows of a customer go to a table in the customer's own account. A server here stands in for AWS.
func Example() {
	ctx := context.Background()
	server := newServer("customer_scores", "customer:S")
	defer server.Close()
	own, err := config.LoadDefaultConfig(ctx,
		config.WithSharedConfigFiles([]string{}), config.WithSharedCredentialsFiles([]string{}), // nothing of this machine
		config.WithRegion("us-east-1"), config.WithBaseEndpoint(server.URL),
		config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider("AKIAOWN", "example", "")),
	)
	if err != nil {
		fmt.Println(err)
		return
	}

	c := customer{
		roleARN: "arn:aws:iam::123456789012:role/writer", externalID: "8e2f",
		region: "eu-west-1", table: "customer_scores",
	}
	dest, err := c.destination(ctx, own)
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := dest.Write(ctx, []dynamodest.Row{
		{"customer": "c-1", "score": 0.91},
		{"customer": "c-2", "score": 0.87},
	})
	fmt.Println(result.Summary.Written, err)
	// Output:
	// AssumeRole in us-east-1 by AKIAOWN: arn:aws:iam::123456789012:role/writer, external ID 8e2f
	// DescribeTable in eu-west-1 by ASIAROLE
	// BatchWriteItem in eu-west-1 by ASIAROLE
	// 2 <nil>
}

var (
	scope  = regexp.MustCompile(`Credential=(\w+)/\d+/([a-z0-9-]+)/`)
	target = regexp.MustCompile(`^DynamoDB_20120810\.(\w+)$`)
)

// newServer is AWS STS, for one role, and a DynamoDB table. It prints the requests.
func newServer(table, key string) *httptest.Server {
	db := dynamodesttest.NewTable(table, key)
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		signer := scope.FindStringSubmatch(r.Header.Get("Authorization"))
		if signer == nil {
			http.Error(w, "not signed", http.StatusForbidden)
			return
		}
		if op := target.FindStringSubmatch(r.Header.Get("X-Amz-Target")); op != nil {
			fmt.Printf("%s in %s by %s\n", op[1], signer[2], signer[1])
			db.ServeHTTP(w, r)
			return
		}
		fmt.Printf("%s in %s by %s: %s, external ID %s\n",
			r.FormValue("Action"), signer[2], signer[1], r.FormValue("RoleArn"), r.FormValue("ExternalId"))
		w.Header().Set("Content-Type", "text/xml")
		_, _ = fmt.Fprint(w, `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
			<AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>example</SecretAccessKey><SessionToken>token</SessionToken>
			<Expiration>2100-01-01T00:00:00Z</Expiration>
		</Credentials></AssumeRoleResult></AssumeRoleResponse>`)
	}))
}
