package main

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/serve"
)

// lines is a writer that hands on each write.
type lines chan string

func (l lines) Write(p []byte) (int, error) {
	l <- string(p)
	return len(p), nil
}

func TestServeUntilASignal(t *testing.T) {
	t.Parallel()
	signals := make(chan os.Signal, 2)
	stdout := make(lines, 1)
	code := make(chan int, 1)
	go func() {
		code <- run(t.Context(), []string{"serve", "-addr", "127.0.0.1:0", "-table", "users(id:S,at:N)", "-latency", "1ms-2ms"},
			&system{stdin: strings.NewReader(""), stdout: stdout, stderr: &bytes.Buffer{}, signals: signals})
	}()
	line := <-stdout
	assert.Equal(t, 1, strings.Count(line, "\n"))
	endpoint := regexp.MustCompile(`AWS_ENDPOINT_URL_DYNAMODB=(http://127\.0\.0\.1:\d+) AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1 AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any`).FindStringSubmatch(line)
	require.NotNil(t, endpoint, line)
	client := dynamodb.New(dynamodb.Options{
		Region: "us-east-1", BaseEndpoint: &endpoint[1], Credentials: credentials.NewStaticCredentialsProvider("any", "any", ""),
	})
	about, err := client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String("users")})
	require.NoError(t, err)
	assert.Len(t, about.Table.KeySchema, 2)
	signals <- syscall.SIGTERM
	assert.Zero(t, <-code)
}

func TestFlagsOfServe(t *testing.T) {
	t.Parallel()
	o, err := (&serveCmd{Addr: "127.0.0.1:1", Throttle: "25/s", Unprocessed: "10%", Latency: "5ms-1s", Seed: 7}).options()
	require.NoError(t, err)
	assert.Equal(t, serve.Options{Addr: "127.0.0.1:1", Throttle: 25, Unprocessed: 0.1, Least: 5 * time.Millisecond, Most: time.Second, Seed: 7}, o)
	o, err = (&serveCmd{Throttle: "0.5", Unprocessed: "100", Latency: "20ms"}).options()
	require.NoError(t, err)
	assert.Equal(t, serve.Options{Throttle: 0.5, Unprocessed: 1, Least: 20 * time.Millisecond, Most: 20 * time.Millisecond}, o)
	for _, wrong := range []serveCmd{
		{Throttle: "0"}, {Throttle: "-1"}, {Throttle: "NaN"}, {Throttle: "Inf"}, {Throttle: "x"}, {Unprocessed: "101"}, {Unprocessed: "NaN"},
		{Unprocessed: "-1"}, {Latency: "5"}, {Latency: "-5ms"}, {Latency: "9ms-5ms"}, {Latency: "1ms-2ms-3ms"},
	} {
		_, err := wrong.options()
		assert.ErrorContains(t, err, ": give ", "%+v", wrong)
	}
}
