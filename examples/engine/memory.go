package main

import (
	"context"
	"net"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// memory is a table in the memory of this process. It is reached over HTTP, as DynamoDB is.
type memory struct {
	url    string
	server *http.Server
	served chan struct{}
}

// serveMemory makes a table for the sample. The caller closes it.
func serveMemory(ctx context.Context, table string) (*memory, error) {
	db := dynamodesttest.New()
	db.KeepHistory(0)
	if _, err := db.CreateTable(ctx, tableForSample(table)); err != nil {
		return nil, err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	m := &memory{
		url:    "http://" + listener.Addr().String(),
		server: &http.Server{Handler: db, ReadHeaderTimeout: headerTimeout},
		served: make(chan struct{}),
	}
	go func() {
		defer close(m.served)
		_ = m.server.Serve(listener) // until close
	}()
	return m, nil
}

// tableForSample describes a table with the key of the sample.
func tableForSample(name string) *dynamodb.CreateTableInput {
	return &dynamodb.CreateTableInput{
		TableName: &name, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String(sampleKey), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String(sampleKey), KeyType: types.KeyTypeHash}},
	}
}

// close ends the server of the table.
func (m *memory) close() {
	_ = m.server.Close() // of the listener, after which nothing is left to do
	<-m.served
}

// memoryKeys are the access keys of the table in memory, which takes any.
func memoryKeys() dynamodest.Credentials {
	return dynamodest.Credentials{AccessKeyID: "example", SecretAccessKey: "example"}
}
