package otel_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
	dynamodestotel "github.com/dynamodest/dynamodest/otel"
)

// The figures of several Destinations for one table add up, whether they have its name or its ARN, and counters keep
// what a Destination counted that is watched no longer.
func TestWatchSeveral(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, db := newBackend(t), dynamodesttest.New()
		db.SetRegion(region)
		db.AddTable(table, "id:S")
		db.AddTable("orders", "id:S")
		byName, stopName, err := b.telemetry.NewDestination(t.Context(), dynamodest.Config{Table: table, Region: region, Client: db})
		require.NoError(t, err)
		byARN, stopARN, err := b.telemetry.NewDestination(t.Context(), dynamodest.Config{Table: db.ARN(table), Client: db, WriteUnitsPerSecond: 10})
		require.NoError(t, err)
		orders := b.dest(t, db, dynamodest.Config{Table: "orders", Region: region})
		write := func(d *dynamodest.Destination, rows int) {
			_, err := d.Write(t.Context(), numbered(rows))
			require.NoError(t, err)
		}
		const ofOrders = "cloud.region=eu-west-1 db.collection.name=orders"
		write(byName, 3)
		write(byARN, 4)
		write(orders, 1)
		all := append(outcomes(ofOrders, 0, 0, 0, 0, 0, 1), outcomes(users, 0, 0, 0, 0, 0, 7)...)
		assert.Equal(t, all, b.series(t, "dynamodest.rows"))
		assert.Equal(t, []string{ofOrders + ": 500", users + ": 510"}, b.series(t, "dynamodest.pace"))
		assert.Equal(t, []string{ofOrders + ": 1", users + ": 7"}, b.series(t, "dynamodest.write_units"))

		stopName()
		stopName()
		assert.Equal(t, all, b.series(t, "dynamodest.rows"))
		stopARN()
		assert.Equal(t, all, b.series(t, "dynamodest.rows"))
		assert.Equal(t, []string{ofOrders + ": 500"}, b.series(t, "dynamodest.pace"))
		assert.Equal(t, []string{ofOrders + ": 0", users + ": 0"}, b.series(t, "dynamodest.active_calls"))

		put := b.spansNamed("PutItem orders")
		require.Len(t, put, 1)
		again, stop, err := b.telemetry.NewDestination(t.Context(), dynamodest.Config{Table: table, Region: region, Client: db})
		require.NoError(t, err)
		defer stop()
		write(again, 2)
		assert.Equal(t, append(outcomes(ofOrders, 0, 0, 0, 0, 0, 1), outcomes(users, 0, 0, 0, 0, 0, 9)...), b.series(t, "dynamodest.rows"))
	})
}

// A table that is given by its ARN has its name in all attributes, but for the one that says what the request has.
func TestTableByARN(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, db := newBackend(t), dynamodesttest.New()
		db.SetRegion(region)
		db.AddTable(table, "id:S")
		dest := b.dest(t, db, dynamodest.Config{Table: db.ARN(table)})
		_, err := dest.Write(t.Context(), numbered(1))
		require.NoError(t, err)
		assert.Equal(t, []string{users + " dynamodest.call.op=Write: 1, 0"}, b.series(t, "dynamodest.call.duration"))
		put := b.spansNamed("PutItem users")
		require.Len(t, put, 1)
		assert.Equal(t, `aws.dynamodb.table_names=["arn:aws:dynamodb:eu-west-1:123456789012:table/users"] aws.request_id=`+
			db.Calls()[1].RequestID+" "+users+" db.operation.name=PutItem db.system.name=aws.dynamodb dynamodest.request.bytes=8 "+
			"dynamodest.write_units=1", text(put[0].Attributes))
	})
}

// The Region that requests go to is that of all signals, also if no field of Config says it; without one there is none.
func TestRegionThatOnlyTheClientKnows(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		client func(db *dynamodesttest.DB) dynamodest.Client
		table  string // the attributes
	}{
		"client of the SDK": {
			client: sdkClient,
			table:  "cloud.region=ap-south-1 db.collection.name=users",
		},
		"fake": {
			client: func(db *dynamodesttest.DB) dynamodest.Client { return db },
			table:  "db.collection.name=users",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b, db := newBackend(t), dynamodesttest.NewTable(table, "id:S")
				dest, stop, err := b.telemetry.NewDestination(t.Context(), dynamodest.Config{Table: table, Client: c.client(db)})
				require.NoError(t, err)
				defer stop()
				_, err = dest.Write(t.Context(), numbered(1))
				require.NoError(t, err)
				assert.Equal(t, []string{c.table + " dynamodest.call.op=Write: 1, 0"}, b.series(t, "dynamodest.call.duration"))
				assert.Equal(t, outcomes(c.table, 0, 0, 0, 0, 0, 1), b.series(t, "dynamodest.rows"))
			})
		})
	}
}

// What writes to vector indexes cost is a series once there is any.
func TestVectorWriteBytes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, db := newBackend(t), dynamodesttest.New()
		_, err := db.CreateTable(t.Context(), &dynamodb.CreateTableInput{
			TableName: new(table), BillingMode: types.BillingModePayPerRequest,
			KeySchema:            []types.KeySchemaElement{{AttributeName: new("id"), KeyType: types.KeyTypeHash}},
			AttributeDefinitions: []types.AttributeDefinition{{AttributeName: new("id"), AttributeType: types.ScalarAttributeTypeS}},
			VectorIndexes: []types.VectorIndex{{
				IndexName: new("by_embedding"), VectorAttribute: &types.VectorAttributeDefinition{AttributeName: new("embedding")},
				Dimensions: new(int64(2)), DistanceFunction: types.VectorDistanceFunctionCosine,
				Projection: &types.Projection{ProjectionType: types.ProjectionTypeAll},
			}},
		})
		require.NoError(t, err)
		dest, stop, err := b.telemetry.NewDestination(t.Context(), dynamodest.Config{Table: table, Client: sdkClient(db)})
		require.NoError(t, err)
		defer stop()
		assert.Empty(t, b.series(t, "dynamodest.vector_write_bytes"))
		_, err = dest.Write(t.Context(), []dynamodest.Row{{"id": "a", "embedding": []float32{1, 2}}, {"id": "b", "embedding": []float32{3, 4}}})
		require.NoError(t, err)
		assert.Equal(t, []string{"cloud.region=ap-south-1 db.collection.name=users: 2048"}, b.series(t, "dynamodest.vector_write_bytes"))
	})
}

// sdkClient returns a client of the AWS SDK, for one Region, whose requests db answers.
func sdkClient(db *dynamodesttest.DB) dynamodest.Client {
	return dynamodb.New(dynamodb.Options{
		Region: "ap-south-1", HTTPClient: inProcess{db},
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
	})
}

// inProcess is an HTTP client whose requests a handler answers, without a network.
type inProcess struct{ http.Handler }

func (p inProcess) Do(r *http.Request) (*http.Response, error) {
	recorder := httptest.NewRecorder()
	p.ServeHTTP(recorder, r)
	return recorder.Result(), nil
}

// A Destination may be watched no longer while its calls run: they end as ever, and no counter goes back.
func TestStopWhileCallsRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, db := newBackend(t), dynamodesttest.NewTable(table, "id:S")
		dest, stop, err := b.telemetry.NewDestination(t.Context(), dynamodest.Config{Table: table, Region: region, Client: db})
		require.NoError(t, err)
		summary, err := dest.WriteSeq(t.Context(), func(yield func(dynamodest.Row, error) bool) {
			yield(dynamodest.Row{"id": "before"}, nil)
			time.Sleep(time.Second)
			stop()
			yield(dynamodest.Row{"id": "after"}, nil)
			time.Sleep(time.Second)
			assert.Equal(t, outcomes(users, 0, 0, 0, 0, 0, 1), b.series(t, "dynamodest.rows"))
		}, func(dynamodest.Row, dynamodest.RowResult) error { return nil })
		require.NoError(t, err)
		assert.Equal(t, 2, summary.Written)
		assert.Equal(t, 2, db.Len(table))
		assert.Equal(t, outcomes(users, 0, 0, 0, 0, 0, 1), b.series(t, "dynamodest.rows"))
	})
}

// A reader that asks for deltas gets what has changed since it last collected, also when Destinations come and go.
func TestDeltas(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, db := &backend{spans: tracetest.NewInMemoryExporter()}, dynamodesttest.NewTable(table, "id:S")
		b.reader = sdkmetric.NewManualReader(sdkmetric.WithTemporalitySelector(sdkmetric.DeltaTemporalitySelector))
		var err error
		b.telemetry, err = dynamodestotel.New(dynamodestotel.Options{
			TracerProvider: tracenoop.NewTracerProvider(), MeterProvider: sdkmetric.NewMeterProvider(sdkmetric.WithReader(b.reader)),
		})
		require.NoError(t, err)
		write := func(d *dynamodest.Destination, rows int) {
			_, err := d.Write(t.Context(), append(numbered(rows), dynamodest.Row{"id": 7}))
			require.ErrorIs(t, err, dynamodest.ErrKey)
		}
		const failed = users + " dynamodest.scope=row error.type=bad_key: 1"
		first, stop, err := b.telemetry.NewDestination(t.Context(), dynamodest.Config{Table: table, Region: region, Client: db})
		require.NoError(t, err)
		write(first, 3)
		metrics := b.collect(t)
		assert.Equal(t, outcomes(users, 0, 1, 0, 0, 0, 3), seriesOf(t, metrics["dynamodest.rows"]))
		assert.Equal(t, []string{failed}, seriesOf(t, metrics["dynamodest.failed_rows"]))
		write(first, 1)
		stop()
		second := b.dest(t, db, dynamodest.Config{})
		write(second, 4)
		metrics = b.collect(t)
		assert.Equal(t, outcomes(users, 0, 2, 0, 0, 0, 5), seriesOf(t, metrics["dynamodest.rows"]))
		assert.Equal(t, []string{strings.TrimSuffix(failed, "1") + "2"}, seriesOf(t, metrics["dynamodest.failed_rows"]))
		assert.Equal(t, []string{users + ": 0"}, seriesOf(t, metrics["dynamodest.active_calls"]), "up-down counters stay cumulative")
		assert.Equal(t, outcomes(users, 0, 0, 0, 0, 0, 0), b.series(t, "dynamodest.rows"))
	})
}

// After Close no figure is collected, and events still are.
func TestClose(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, db := newBackend(t), dynamodesttest.NewTable(table, "id:S")
		dest := b.dest(t, db, dynamodest.Config{})
		require.NoError(t, b.telemetry.Close())
		require.NoError(t, b.telemetry.Close())
		_, err := dest.Write(t.Context(), numbered(1))
		require.NoError(t, err)
		assert.Empty(t, b.series(t, "dynamodest.rows"))
		assert.Equal(t, []string{users + " dynamodest.call.op=Write: 1, 0"}, b.series(t, "dynamodest.call.duration"))
	})
}

// The errors of dynamodest.New are those of NewDestination, and a Destination that does not exist is not watched.
func TestNewDestinationErrors(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBackend(t)
		dest, stop, err := b.telemetry.NewDestination(t.Context(), dynamodest.Config{Table: table, Region: region, Client: dynamodesttest.New()})
		require.ErrorIs(t, err, dynamodest.ErrNoTable)
		assert.Nil(t, dest)
		assert.Nil(t, stop)
		assert.Panics(t, func() { b.telemetry.Watch(nil, table, region) })
		assert.Empty(t, b.series(t, "dynamodest.rows"))
		assert.Equal(t, []string{users + " db.operation.name=DescribeTable db.response.status_code=ResourceNotFoundException " +
			"db.system.name=aws.dynamodb error.type=no_table: 1, 0"}, b.series(t, "db.client.operation.duration"))
	})
}
