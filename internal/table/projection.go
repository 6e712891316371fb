package table

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Projection is what a secondary index holds of the items of its table.
type Projection struct {
	Index    string
	Local    bool     // it takes from the capacity of its table
	Keys     []string // an item that lacks one of these attributes is not in the index
	Capacity Capacity // zero of a local index

	all       bool // every attribute is projected
	projected []string
}

// VectorProjection is what a vector index holds of the items of its table.
type VectorProjection struct {
	Projection
	Attribute string // the vector, which is one of the Keys
}

// Includes reports whether the index holds the attribute of the given name: a key of the table or of the index,
// or an attribute of the projection.
func (p *Projection) Includes(attribute string) bool {
	return p.all || slices.Contains(p.projected, attribute)
}

// newProjection returns what an index with the given keys holds.
func newProjection(t *types.TableDescription, name *string, keys []string, p *types.Projection) Projection {
	c := Projection{Index: aws.ToString(name), Keys: keys, projected: append(namesOf(t.KeySchema), keys...)}
	if p != nil {
		c.all = p.ProjectionType == types.ProjectionTypeAll
		c.projected = append(c.projected, p.NonKeyAttributes...)
	}
	return c
}

func namesOf(schema []types.KeySchemaElement) []string {
	names := make([]string, len(schema))
	for i, element := range schema {
		names[i] = aws.ToString(element.AttributeName)
	}
	return names
}

// parseProjections reads the secondary indexes of a description, the global ones first.
func parseProjections(t *types.TableDescription) []Projection {
	var all []Projection
	for i := range t.GlobalSecondaryIndexes {
		index := &t.GlobalSecondaryIndexes[i]
		c := newProjection(t, index.IndexName, namesOf(index.KeySchema), index.Projection)
		c.Capacity = indexCapacity(t, index)
		all = append(all, c)
	}
	for _, index := range t.LocalSecondaryIndexes {
		c := newProjection(t, index.IndexName, namesOf(index.KeySchema), index.Projection)
		c.Local = true
		all = append(all, c)
	}
	return all
}

// parseVectorProjections reads the vector indexes of a description. An index holds the attributes of its search schema,
// of which the partition key alone must be there.
func parseVectorProjections(t *types.TableDescription) []VectorProjection {
	var all []VectorProjection
	for i := range t.VectorIndexes {
		index := &t.VectorIndexes[i]
		var v VectorProjection
		if index.VectorAttribute != nil {
			v.Attribute = aws.ToString(index.VectorAttribute.AttributeName)
		}
		keys, filters := []string{v.Attribute}, []string(nil)
		for _, element := range index.SearchSchema {
			if name := aws.ToString(element.AttributeName); element.SearchSchemaElementType == types.SearchSchemaElementTypeHash {
				keys = append(keys, name)
			} else {
				filters = append(filters, name)
			}
		}
		v.Projection = newProjection(t, index.IndexName, keys, index.Projection)
		v.projected = append(v.projected, filters...)
		all = append(all, v)
	}
	return all
}
