package dynamodesttest_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/dynamodesttest"
)

func describe(t *testing.T, c client, table string) *types.TableDescription {
	t.Helper()
	out, err := c.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &table})
	require.NoError(t, err)
	return out.Table
}

func TestTableSettings(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, db *dynamodesttest.DB, c client) {
		in := tableInput("id:S")
		in.TableName = aws.String(dynamodesttest.ARN("orders"))
		in.DeletionProtectionEnabled = aws.Bool(true)
		in.TableClass = types.TableClassStandardInfrequentAccess
		in.StreamSpecification = &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewImage}
		in.SSESpecification = &types.SSESpecification{Enabled: aws.Bool(true), KMSMasterKeyId: aws.String("alias/orders")}
		in.Tags = []types.Tag{{Key: aws.String("team"), Value: aws.String("")}, {Key: aws.String("stage"), Value: aws.String("test")}}
		in.WarmThroughput = &types.WarmThroughput{ReadUnitsPerSecond: aws.Int64(13_000), WriteUnitsPerSecond: aws.Int64(5_000)}
		_, err := c.CreateTable(t.Context(), &in)
		require.NoError(t, err)
		about := describe(t, c, "orders")
		assert.True(t, *about.DeletionProtectionEnabled)
		assert.Equal(t, types.TableClassStandardInfrequentAccess, about.TableClassSummary.TableClass)
		assert.Equal(t, in.StreamSpecification, about.StreamSpecification)
		assert.Equal(t, *about.TableArn+"/stream/"+*about.LatestStreamLabel, *about.LatestStreamArn)
		assert.Equal(t, types.SSETypeKms, about.SSEDescription.SSEType)
		assert.Equal(t, "arn:aws:kms:us-east-1:123456789012:alias/orders", *about.SSEDescription.KMSMasterKeyArn)
		assert.Equal(t, int64(5_000), *about.WarmThroughput.WriteUnitsPerSecond)

		tags, err := db.ListTagsOfResource(t.Context(), &dynamodb.ListTagsOfResourceInput{ResourceArn: about.TableArn})
		require.NoError(t, err)
		assert.Equal(t, in.Tags, tags.Tags)
		_, err = db.ListTagsOfResource(t.Context(), &dynamodb.ListTagsOfResourceInput{ResourceArn: aws.String(dynamodesttest.ARN("absent"))})
		require.ErrorContains(t, err, "ResourceNotFoundException")

		_, err = c.DeleteTable(t.Context(), &dynamodb.DeleteTableInput{TableName: about.TableArn})
		require.ErrorContains(t, err, "ValidationException: Resource cannot be deleted as it is currently protected against deletion")
		assert.False(t, *describe(t, c, "users").DeletionProtectionEnabled)
	})
}

// A member that the double does not know, or does not keep, is rejected and never dropped in silence.
func TestUnknownMembers(t *testing.T) {
	t.Parallel()
	e := &endpoint{region: "us-east-1", names: strings.NewReplacer("$", "")}
	server := httptest.NewServer(dynamodesttest.NewTable("plain", "id:S"))
	t.Cleanup(server.Close)
	e.url, e.creds = server.URL, aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}
	item := `{"id":{"S":"a"}}`
	for name, r := range map[string]request{
		"CreateTable":                createBody(object{"Colour": "blue"}),
		"CreateTable, wrong case":    createBody(object{"tableclass": "STANDARD"}),
		"CreateTable, inside a list": createBody(object{"KeySchema": []object{{"AttributeName": "id", "KeyType": "HASH", "Order": 1}}}),
		"ResourcePolicy":             createBody(object{"ResourcePolicy": "{}"}),
		"GlobalTableSourceArn":       createBody(object{"GlobalTableSourceArn": dynamodesttest.ARN("a_table")}),
		"GlobalTableSettings":        createBody(object{"GlobalTableSettingsReplicationMode": "ENABLED"}),
		"DescribeTable":              {"DescribeTable", `{"TableName":"plain","Colour":"blue"}`},
		"DeleteTable":                {"DeleteTable", `{"TableName":"plain","Colour":"blue"}`},
		"ListTagsOfResource":         {"ListTagsOfResource", `{"ResourceArn":"` + dynamodesttest.ARN("plain") + `","NextToken":"a"}`},
		"Scan":                       {"Scan", `{"TableName":"plain","FilterExpression":"a = b"}`},
		"GetItem":                    {"GetItem", `{"TableName":"plain","Key":` + item + `,"ProjectionExpression":"a"}`},
		"PutItem":                    {"PutItem", `{"TableName":"plain","Item":` + item + `,"Colour":"blue"}`},
		"BatchWriteItem":             {"BatchWriteItem", `{"RequestItems":{"plain":[{"PutRequest":{"Item":` + item + `}}]},"Colour":"blue"}`},
		"PutRequest":                 {"BatchWriteItem", `{"RequestItems":{"plain":[{"PutRequest":{"Item":` + item + `,"ConditionExpression":"a = b"}}]}}`},
	} {
		got := e.send(t, r)
		assert.Equal(t, validationCode, got.code, name)
		assert.Contains(t, got.body, "dynamodesttest does not support", name)
	}
	got := e.send(t, request{"BatchWriteItem", `{"RequestItems":{"plain":[null]}}`})
	assert.Equal(t, validationCode, got.code, "a null instead of a request")
}

func TestCreationDelay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable("users", "id:S")
		db.SetCreationDelay(20 * time.Second)
		in := withIndex(tableInput("id:S"), "global", []string{"gk:S"}, nil)
		in.TableName = aws.String("orders")
		out, err := db.CreateTable(t.Context(), &in)
		require.NoError(t, err)
		assert.Equal(t, types.TableStatusCreating, out.TableDescription.TableStatus)
		assert.Equal(t, types.IndexStatusCreating, out.TableDescription.GlobalSecondaryIndexes[0].IndexStatus)

		time.Sleep(20*time.Second - time.Nanosecond)
		assert.Equal(t, types.TableStatusCreating, describe(t, db, "orders").TableStatus)
		var missing *types.ResourceNotFoundException
		_, err = db.PutItem(t.Context(), putItem("orders", item{"id": s("a")}))
		require.ErrorAs(t, err, &missing)
		_, err = db.BatchWriteItem(t.Context(), batch("orders", item{"id": s("a")}))
		require.ErrorAs(t, err, &missing)
		_, err = db.Scan(t.Context(), &dynamodb.ScanInput{TableName: in.TableName})
		require.ErrorAs(t, err, &missing)
		var inUse *types.ResourceInUseException
		_, err = db.DeleteTable(t.Context(), &dynamodb.DeleteTableInput{TableName: in.TableName})
		require.ErrorAs(t, err, &inUse)
		_, err = db.CreateTable(t.Context(), &in)
		require.ErrorAs(t, err, &inUse)

		time.Sleep(time.Nanosecond)
		about := describe(t, db, "orders")
		assert.Equal(t, types.TableStatusActive, about.TableStatus)
		assert.Equal(t, types.IndexStatusActive, about.GlobalSecondaryIndexes[0].IndexStatus)
		_, err = db.PutItem(t.Context(), putItem("orders", item{"id": s("a")}))
		require.NoError(t, err)

		db.SetCreationDelay(-1)
		in.TableName = aws.String("later")
		_, err = db.CreateTable(t.Context(), &in)
		require.NoError(t, err)
		db.AddTable("at_once", "id:S")
		time.Sleep(time.Hour)
		assert.Equal(t, types.TableStatusCreating, describe(t, db, "later").TableStatus)
		assert.Equal(t, types.TableStatusActive, describe(t, db, "at_once").TableStatus)
		db.SetStatus("later", types.TableStatusActive)
		assert.Equal(t, types.TableStatusActive, describe(t, db, "later").TableStatus)
	})
}

func TestSetRegion(t *testing.T) {
	t.Parallel()
	db := dynamodesttest.New()
	db.SetRegion("cn-north-1")
	db.AddTable("users", "id:S")
	home := "arn:aws-cn:dynamodb:cn-north-1:123456789012:table/users"
	assert.Equal(t, home, db.ARN("users"))
	assert.Panics(t, func() { db.SetRegion("eu-west-1") }, "after a table was added")

	elsewhere := overHTTP(t, db) // signs for us-east-1
	here := func(o *dynamodb.Options) { o.Region = "cn-north-1" }
	ctx := t.Context()
	var missing *types.ResourceNotFoundException
	for _, name := range []string{"users", home} {
		put := putItem(name, item{"id": s("a")})
		_, err := elsewhere.PutItem(ctx, put)
		require.ErrorAs(t, err, &missing)
		_, err = elsewhere.BatchWriteItem(ctx, batch(name, item{"id": s("a")}))
		require.ErrorAs(t, err, &missing)
		_, err = elsewhere.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &name})
		require.ErrorAs(t, err, &missing)
		_, err = elsewhere.Scan(ctx, &dynamodb.ScanInput{TableName: &name})
		require.ErrorAs(t, err, &missing)
		_, err = elsewhere.PutItem(ctx, put, here)
		require.NoError(t, err)
		_, err = db.PutItem(ctx, put)
		require.NoError(t, err)
	}
	_, err := db.PutItem(ctx, putItem(dynamodesttest.ARN("users"), item{"id": s("a")}))
	require.ErrorAs(t, err, &missing, "an ARN of another Region")
	in := tableInput("id:S")
	in.TableName = aws.String("orders")
	_, err = elsewhere.CreateTable(ctx, &in)
	require.ErrorContains(t, err, "dynamodesttest does not support a table in another Region")

	anywhere := dynamodesttest.NewTable("users", "id:S")
	_, err = anywhere.PutItem(ctx, putItem("users", item{"id": s("a")}), here)
	require.NoError(t, err, "without SetRegion")
}

func TestProvisionedLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable("on-demand", "id:S")
		in := withIndex(tableInput("id:S"), "global", []string{"gk:S"}, nil)
		units := func(n int64) *types.ProvisionedThroughput {
			return &types.ProvisionedThroughput{ReadCapacityUnits: aws.Int64(1), WriteCapacityUnits: &n}
		}
		in.TableName, in.BillingMode, in.ProvisionedThroughput = aws.String("orders"), "", units(5)
		in.GlobalSecondaryIndexes[0].ProvisionedThroughput = units(2)
		_, err := db.CreateTable(t.Context(), &in)
		require.NoError(t, err)
		table := db.Limit("orders", dynamodesttest.Capacity{Provisioned: true})
		index := db.Limit("orders", dynamodesttest.Capacity{Provisioned: true, Index: "global"})
		time.Sleep(time.Minute)
		out, err := db.BatchWriteItem(t.Context(), batch("orders", item{"id": s("1"), "gk": s("a")}, item{"id": s("2"), "gk": s("a")},
			item{"id": s("3"), "gk": s("a")}, item{"id": s("4")}, item{"id": s("5")}, item{"id": s("6")}, item{"id": s("7")}))
		require.NoError(t, err)
		assert.Len(t, out.UnprocessedItems["orders"], 2, "one for the index, one for the table")
		written, refused := table.Usage()
		assert.Equal(t, []float64{5, 1}, []float64{written, refused})
		written, refused = index.Usage()
		assert.Equal(t, []float64{2, 1}, []float64{written, refused})
		assert.PanicsWithValue(t, "dynamodesttest: table on-demand is on-demand: nothing is provisioned", func() {
			db.Limit("on-demand", dynamodesttest.Capacity{Provisioned: true})
		})
	})
}
