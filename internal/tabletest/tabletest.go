// Package tabletest has descriptions of tables for the tests of this module.
package tabletest

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// KeySchema makes a key schema: the first hash names are its HASH attributes.
func KeySchema(hash int, names ...string) []types.KeySchemaElement {
	var schema []types.KeySchemaElement
	for i, name := range names {
		element := types.KeySchemaElement{AttributeName: aws.String(name), KeyType: types.KeyTypeRange}
		if i < hash {
			element.KeyType = types.KeyTypeHash
		}
		schema = append(schema, element)
	}
	return schema
}

// Definitions makes attribute definitions out of pairs of name and type.
func Definitions(pairs ...string) []types.AttributeDefinition {
	var defs []types.AttributeDefinition
	for i := 0; i < len(pairs); i += 2 {
		defs = append(defs, types.AttributeDefinition{AttributeName: aws.String(pairs[i]), AttributeType: types.ScalarAttributeType(pairs[i+1])})
	}
	return defs
}

// Described returns the description of an active table with a key of two attributes and two indexes.
func Described() *types.TableDescription {
	return &types.TableDescription{
		TableArn:             aws.String("arn:aws:dynamodb:eu-west-1:123456789012:table/users"),
		TableStatus:          types.TableStatusActive,
		KeySchema:            KeySchema(1, "id", "at"),
		AttributeDefinitions: Definitions("id", "S", "at", "N", "email", "S", "blob", "B"),
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndexDescription{
			{IndexName: aws.String("by_email"), KeySchema: KeySchema(1, "email", "at")},
		},
		LocalSecondaryIndexes: []types.LocalSecondaryIndexDescription{
			{IndexName: aws.String("by_blob"), KeySchema: KeySchema(1, "id", "blob")},
		},
	}
}

// DescribedVectors returns the description of an active table whose key is id (S), with a vector index
// on embedding, of three dimensions, that is partitioned by tenant (S) and filtered by year (N).
func DescribedVectors() *types.TableDescription {
	return &types.TableDescription{
		TableStatus:          types.TableStatusActive,
		KeySchema:            KeySchema(1, "id"),
		AttributeDefinitions: Definitions("id", "S", "tenant", "S", "year", "N"),
		VectorIndexes: []types.VectorIndexDescription{{
			IndexName: aws.String("by_embedding"), IndexStatus: types.IndexStatusActive, Dimensions: aws.Int64(3),
			VectorAttribute: &types.VectorAttributeDefinition{AttributeName: aws.String("embedding")},
			SearchSchema: []types.SearchSchemaElement{
				{AttributeName: aws.String("tenant"), SearchSchemaElementType: types.SearchSchemaElementTypeHash},
				{AttributeName: aws.String("year"), SearchSchemaElementType: types.SearchSchemaElementTypeInlineFilter},
			},
		}},
	}
}
