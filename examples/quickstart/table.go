package main

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest"
)

// client returns the AWS SDK's client, for what a Destination does not do: creating, reading and
// deleting the table.
func client(cfg dynamodest.Config) *dynamodb.Client {
	c := cfg.Credentials
	options := dynamodb.Options{
		Region:      cfg.Region,
		Credentials: credentials.NewStaticCredentialsProvider(c.AccessKeyID, c.SecretAccessKey, c.SessionToken),
	}
	if cfg.Endpoint != "" {
		options.BaseEndpoint = aws.String(cfg.Endpoint)
	}
	return dynamodb.New(options)
}

// createTable creates the table and waits until it is active. A table that already exists is left
// as it is.
func createTable(ctx context.Context, cfg dynamodest.Config) (created bool, err error) {
	db := client(cfg)
	_, err = db.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName:   aws.String(cfg.Table),
		BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("network"), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String("event"), AttributeType: types.ScalarAttributeTypeS},
		},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String("network"), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String("event"), KeyType: types.KeyTypeRange},
		},
	})
	var exists *types.ResourceInUseException
	if err != nil && !errors.As(err, &exists) {
		return false, err
	}
	created = err == nil
	waiter := dynamodb.NewTableExistsWaiter(db, func(o *dynamodb.TableExistsWaiterOptions) {
		o.MinDelay, o.MaxDelay = 200*time.Millisecond, 2*time.Second
	})
	return created, waiter.Wait(ctx, &dynamodb.DescribeTableInput{TableName: aws.String(cfg.Table)}, 2*time.Minute)
}

// deleteTable deletes the table, even if ctx is done.
func deleteTable(ctx context.Context, cfg dynamodest.Config) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	_, err := client(cfg).DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: aws.String(cfg.Table)})
	return err
}

// scan reads the whole table.
func scan(ctx context.Context, cfg dynamodest.Config) ([]map[string]types.AttributeValue, error) {
	var items []map[string]types.AttributeValue
	pages := dynamodb.NewScanPaginator(client(cfg), &dynamodb.ScanInput{
		TableName:      aws.String(cfg.Table),
		ConsistentRead: aws.Bool(true),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		items = append(items, page.Items...)
	}
	return items, nil
}
