package table

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/tabletest"
)

func TestParseProjections(t *testing.T) {
	t.Parallel()
	described := tabletest.Described() // keys id, at; by_email of email, at; the local by_blob of id, blob
	described.ProvisionedThroughput = &types.ProvisionedThroughputDescription{WriteCapacityUnits: aws.Int64(10)}
	described.GlobalSecondaryIndexes[0].ProvisionedThroughput = &types.ProvisionedThroughputDescription{WriteCapacityUnits: aws.Int64(7)}
	described.GlobalSecondaryIndexes[0].Projection = &types.Projection{ProjectionType: types.ProjectionTypeInclude, NonKeyAttributes: []string{"name"}}
	described.LocalSecondaryIndexes[0].Projection = &types.Projection{ProjectionType: types.ProjectionTypeAll}
	d := Parse(described)
	require.Len(t, d.Projections, 2)
	assert.Equal(t, Capacity{10, Provisioned}, d.Capacity)

	email, blob := &d.Projections[0], &d.Projections[1]
	assert.Equal(t, "by_email", email.Index)
	assert.Equal(t, []string{"email", "at"}, email.Keys)
	assert.Equal(t, Capacity{7, Provisioned}, email.Capacity)
	assert.False(t, email.Local)
	assert.True(t, blob.Local)
	assert.Zero(t, blob.Capacity)
	for attribute, in := range map[string][2]bool{
		"id": {true, true}, "at": {true, true}, "email": {true, true}, "name": {true, true}, "blob": {false, true}, "other": {false, true},
	} {
		assert.Equal(t, in[0], email.Includes(attribute), attribute)
		assert.Equal(t, in[1], blob.Includes(attribute), attribute)
	}

	described.GlobalSecondaryIndexes[0].Projection = nil // of a fake
	keysOnly := Parse(described).Projections[0]
	assert.True(t, keysOnly.Includes("id"))
	assert.False(t, keysOnly.Includes("name"))

	described.KeySchema = nil
	assert.Empty(t, Parse(described).Projections, "without keys nothing is known")
}

func TestParseVectorProjections(t *testing.T) {
	t.Parallel()
	described := tabletest.DescribedVectors()
	described.VectorIndexes = append(described.VectorIndexes, types.VectorIndexDescription{}) // of a fake
	d := Parse(described)
	require.Len(t, d.VectorProjections, 2)
	v := &d.VectorProjections[0]
	assert.Equal(t, []string{"embedding", "tenant"}, v.Keys, "an item without a filter is in the index")
	assert.Equal(t, "embedding", v.Attribute)
	for attribute, in := range map[string]bool{"id": true, "tenant": true, "year": true, "embedding": true, "other": false} {
		assert.Equal(t, in, v.Includes(attribute), attribute)
	}
}

func TestWhereCapacityComesFrom(t *testing.T) {
	t.Parallel()
	onDemand := &types.BillingModeSummary{BillingMode: types.BillingModePayPerRequest}
	for want, described := range map[Capacity]types.TableDescription{
		{}:                  {},
		{500, Provisioned}:  {ProvisionedThroughput: &types.ProvisionedThroughputDescription{WriteCapacityUnits: aws.Int64(500)}},
		{newOnDemand, Warm}: {BillingModeSummary: onDemand},
		{100, MaxOnDemand}:  {BillingModeSummary: onDemand, OnDemandThroughput: &types.OnDemandThroughput{MaxWriteRequestUnits: aws.Int64(100)}},
	} {
		assert.Equal(t, want, Parse(&described).Capacity)
	}
}
