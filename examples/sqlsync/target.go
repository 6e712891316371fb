package main

import (
	"context"
	"fmt"
	"net/http/httptest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// table is a DynamoDB table.
type table struct {
	dest  *dynamodest.Destination
	id    string // its ARN and when it was made: a table that was made anew has no rows
	where string // for the reader
	close func()
}

// openTable opens the table that the flags name, or makes one in memory, behind HTTP.
func openTable(ctx context.Context, s *settings) (*table, error) {
	t := &table{close: func() {}}
	cfg := dynamodest.Config{Table: s.table, Region: s.region, Endpoint: s.endpoint, Version: positionAttribute, Retry: s.retry}
	if s.inMemory() {
		server := httptest.NewServer(dynamodesttest.NewTable(s.table, keyColumn+":S"))
		t.close, t.where = server.Close, "this program's memory"
		cfg.Endpoint, cfg.Region = server.URL, "us-east-1"
		cfg.AWS = &aws.Config{Credentials: credentials.NewStaticCredentialsProvider("example", "example", "")}
	} else {
		loaded, err := config.LoadDefaultConfig(ctx)
		if err != nil {
			return nil, usageError("the AWS settings of the environment cannot be read: %w", err)
		}
		cfg.AWS, t.where = &loaded, "AWS"
		if s.endpoint != "" {
			t.where = s.endpoint
		}
	}
	err := t.open(ctx, cfg)
	if err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

// open makes the destination, and asks which table it is.
func (t *table) open(ctx context.Context, cfg dynamodest.Config) (err error) {
	if t.dest, err = dynamodest.New(ctx, cfg); err != nil { // describes the table, and writes nothing
		return err
	}
	client := dynamodb.NewFromConfig(*cfg.AWS, func(o *dynamodb.Options) {
		if cfg.Endpoint != "" {
			o.BaseEndpoint = aws.String(cfg.Endpoint)
		}
		if cfg.Region != "" {
			o.Region = cfg.Region
		}
	})
	about, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &cfg.Table})
	if err != nil {
		return err
	}
	created := aws.ToTime(about.Table.CreationDateTime).UTC().Format(time.RFC3339Nano)
	t.id = fmt.Sprintf("%s made %s", aws.ToString(about.Table.TableArn), created)
	return nil
}
