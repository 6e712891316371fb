package dynamodest_test

import (
	"flag"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/assert"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
	"github.com/dynamodest/dynamodest/internal/pipes"
	"github.com/dynamodest/dynamodest/internal/testsize"
)

// TestPromisesOverHTTP is TestPromises by the client that the library builds, with net/http on both sides of
// connections in memory, in virtual time. The flag -way has the client take another way.
func TestPromisesOverHTTP(t *testing.T) {
	t.Parallel()
	met := new(tally)
	for seed := range testsize.Pick(20, 80) {
		t.Run(strconv.Itoa(seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSchedule(t, uint64(seed), met)
				s.cfg, s.overHTTP = overPipes(t, s.cfg, s.db, posted(t, s.db)), true
				s.run()
				s.check()
			})
		})
	}
}

// posted is db, whose writes must come without a call of the SDK where the flag -way asks for that.
func posted(t *testing.T, db *dynamodesttest.DB) http.Handler {
	t.Helper()
	direct := flag.Lookup("way").Value.String() == "1"
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".DescribeTable") {
			assert.Equal(t, direct, r.Header.Get("Amz-Sdk-Request") == "", "the library itself posts the request")
		}
		db.ServeHTTP(w, r)
	})
}

// overPipes is cfg for the client that the library builds, which talks to handler, by which db responds, by HTTP over
// connections in memory, so that it works in virtual time. db verifies signatures.
func overPipes(t testing.TB, cfg dynamodest.Config, db *dynamodesttest.DB, handler http.Handler) dynamodest.Config {
	t.Helper()
	const id, secret = "AKIDEXAMPLE", "secret"
	db.Keys(id, secret, "")
	network := pipes.Serve(t, handler, nil)
	connections := awshttp.NewBuildableClient().WithTransportOptions(network.Connect)
	region := strings.Split(db.ARN(cfg.Table), ":")[3] // that of the double
	cfg.Client, cfg.Region, cfg.Endpoint = nil, region, "http://dynamodb.test"
	cfg.Credentials = dynamodest.Credentials{AccessKeyID: id, SecretAccessKey: secret}
	cfg.ClientOptions = []func(*dynamodb.Options){func(o *dynamodb.Options) { o.HTTPClient = connections }}
	return cfg
}
