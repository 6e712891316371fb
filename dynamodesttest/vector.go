package dynamodesttest

import (
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Limits on vector indexes:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html#limits-vector-indexes
const (
	maxVectorIndexes = 5
	maxDimensions    = 4096
	maxInlineFilters = 18
)

// Sizes in a vector index. Each dimension counts as a 32-bit number, whatever the digits of the
// number in the item, and an entry counts as at least 1,024 bytes:
// https://github.com/paritysuite/dynamodb-conformance/blob/main/tests/tier2/vectorSearch/consumedCapacity.test.ts
const (
	dimensionSize      = 4
	minVectorEntrySize = 1024
)

// vectorIndex is an index for similarity search. Its key is its search schema, in which hash marks
// the partition key and every other attribute is an inline filter.
type vectorIndex struct {
	index
	attribute  string
	dimensions int
}

// checkVectorModel checks the members of the vector indexes in a CreateTable.
func checkVectorModel(c *constraints, indexes []types.VectorIndex) {
	for i, x := range indexes {
		path := member("vectorIndexes", i)
		c.name(path+".indexName", x.IndexName)
		if c.present(path+".vectorAttribute", x.VectorAttribute != nil) {
			c.length(path+".vectorAttribute.attributeName", x.VectorAttribute.AttributeName, 1, maxNameSize)
		}
		c.positive(path+".dimensions", x.Dimensions)
		c.enum(path+".distanceFunction", string(x.DistanceFunction), true, "COSINE", "DOT_PRODUCT", "EUCLIDEAN")
		c.nonEmpty(path+".searchSchema", x.SearchSchema != nil, len(x.SearchSchema))
		for j, e := range x.SearchSchema {
			at := member(path+".searchSchema", j)
			c.length(at+".attributeName", e.AttributeName, 1, maxNameSize)
			c.enum(at+".searchSchemaElementType", string(e.SearchSchemaElementType), true, "HASH", "INLINE_FILTER")
		}
		c.projection(path+".projection", x.Projection)
	}
}

// addVectorIndexes adds the vector indexes of a CreateTable. The texts of the errors are those that
// https://github.com/paritysuite/dynamodb-conformance recorded of the service.
func (t *table) addVectorIndexes(in *dynamodb.CreateTableInput, kinds map[string]kind, used map[string]bool) *apiError {
	switch n := len(in.VectorIndexes); {
	case in.VectorIndexes == nil:
		return nil
	case n == 0:
		return invalidParameter("List of VectorIndexes is empty")
	case in.BillingMode != types.BillingModePayPerRequest:
		return invalidParameter("Vector indexes are only supported for PAY_PER_REQUEST tables")
	case n > maxVectorIndexes:
		return invalidParameter("VectorIndex count exceeds the per-table limit of %d", maxVectorIndexes)
	}
	for i := range in.VectorIndexes {
		if err := t.addVectorIndex(&in.VectorIndexes[i], kinds, used); err != nil {
			return err
		}
	}
	return nil
}

func (t *table) addVectorIndex(in *types.VectorIndex, kinds map[string]kind, used map[string]bool) *apiError {
	x := vectorIndex{
		index: index{
			name: aws.ToString(in.IndexName), all: in.Projection.ProjectionType == types.ProjectionTypeAll,
			projects: in.Projection.NonKeyAttributes,
		},
		attribute: aws.ToString(in.VectorAttribute.AttributeName), dimensions: int(aws.ToInt64(in.Dimensions)),
	}
	switch {
	case t.hasIndex(x.name):
		return invalidParameter("Duplicate index name: %s", x.name)
	case x.dimensions > maxDimensions:
		return invalidParameter("Number of dimensions must be between 1 and %d inclusive.", maxDimensions)
	case kinds[x.attribute] != "":
		return invalidParameter("Conflicting attribute definition for '%s'. An attribute cannot be defined in AttributeDefinitions when used as a VectorAttribute.", x.attribute)
	case slices.ContainsFunc(t.vectors, func(v vectorIndex) bool { return v.attribute == x.attribute && v.dimensions != x.dimensions }):
		return invalidParameter("Conflicting attribute definition for '%s'. All VectorIndexes on the same vector attribute must use the same dimensions.", x.attribute)
	}
	if err := checkProjection(in.Projection); err != nil {
		return err
	}
	if err := x.readSearchSchema(in.SearchSchema, kinds, used); err != nil {
		return err
	}
	t.vectors = append(t.vectors, x)
	return nil
}

// readSearchSchema sets the attributes that a search may name in its condition.
func (x *vectorIndex) readSearchSchema(schema []types.SearchSchemaElement, kinds map[string]kind, used map[string]bool) *apiError {
	hashes := 0
	for _, e := range schema {
		name, hash := aws.ToString(e.AttributeName), e.SearchSchemaElementType == types.SearchSchemaElementTypeHash
		switch {
		case kinds[name] == "":
			return invalidParameter("One element in SearchSchema is not defined in attribute definitions")
		case slices.ContainsFunc(x.key, func(k keyAttr) bool { return k.name == name }):
			return invalidParameter("SearchSchema contains a duplicate AttributeName")
		case hash:
			hashes++
		}
		used[name] = true
		x.key = append(x.key, keyAttr{name, kinds[name], hash})
	}
	switch filters := len(x.key) - hashes; {
	case hashes > 1:
		return invalidParameter("Value '%d' at 'SearchSchema' failed to satisfy constraint: Member must have HASH count less than or equal to 1", hashes)
	case filters > maxInlineFilters:
		return invalidParameter("Value '%d' at 'SearchSchema' failed to satisfy constraint: Member must have INLINE_FILTER count less than or equal to %d", filters, maxInlineFilters)
	}
	return nil
}

// describeVectors returns the vector indexes of a CreateTable as DescribeTable shows them.
func (t *table) describeVectors(indexes []types.VectorIndex) []types.VectorIndexDescription {
	var about []types.VectorIndexDescription
	for _, x := range indexes {
		about = append(about, types.VectorIndexDescription{
			IndexName: x.IndexName, IndexArn: t.indexARN(x.IndexName), IndexStatus: types.IndexStatusActive,
			VectorAttribute: x.VectorAttribute, Dimensions: x.Dimensions, DistanceFunction: x.DistanceFunction,
			SearchSchema: x.SearchSchema, Projection: x.Projection,
			ItemCount: aws.Int64(0), IndexSizeBytes: aws.Int64(0),
		})
	}
	return about
}

// checkVectors checks an item against the vector indexes: the vector is a list of as many 32-bit
// numbers as the index has dimensions, and the attributes of the search schema have their declared
// types. The SDK's model of PutItem says so. An item without the vector or without the attributes is
// valid and just does not appear in the index, which the model leaves open and
// https://github.com/paritysuite/dynamodb-conformance recorded of the service.
func (t *table) checkVectors(item []attr) *apiError {
	for i := range t.vectors {
		x := &t.vectors[i]
		if v := find(item, x.attribute); v != nil {
			if err := x.checkVector(v); err != nil {
				return err
			}
		}
		for _, k := range x.key {
			v := find(item, k.name)
			switch {
			case v == nil:
			case v.kind != k.kind:
				return invalid("One or more parameter values were invalid. Attribute '%s' type mismatch. Expected: %s, Actual: %s. IndexName: %s", k.name, k.kind, v.kind, x.name)
			case k.hash && v.text == "":
				return emptyIndexKey(k, x.name)
			}
		}
	}
	return nil
}

func (x *vectorIndex) checkVector(v *value) *apiError {
	const prefix = "One or more parameter values were invalid. Invalid "
	switch {
	case v.kind != kindL:
		return invalid(prefix+"type for parameter %s, Expected: 32-bit floating point number list IndexName: %s", x.attribute, x.name)
	case len(v.parts) != x.dimensions:
		return invalid(prefix+"size for parameter %s, Expected: %d, Actual: %d IndexName: %s", x.attribute, x.dimensions, len(v.parts), x.name)
	}
	for i := range v.parts {
		element := &v.parts[i]
		if element.kind != kindN {
			return invalid(prefix+"type for parameter %s[%d], Expected: 32-bit floating point number, Actual: %s. IndexName: %s", x.attribute, i, element.kind, x.name)
		}
		if _, err := strconv.ParseFloat(element.text, 32); err != nil {
			return invalid(prefix+"value for parameter %s[%d], Value: %s is outside valid range [-3.4028235E38, 3.4028235E38]. IndexName: %s", x.attribute, i, element.text, x.name)
		}
	}
	return nil
}

// writeSize returns the size of an item for which a write is charged. It differs from attrsSize
// where an attribute is the vector of an index: its numbers count as 32-bit numbers.
func (t *table) writeSize(item []attr) int {
	size := attrsSize(item)
	for i := range item {
		a := &item[i]
		if slices.ContainsFunc(t.vectors, func(x vectorIndex) bool { return x.attribute == a.name }) {
			size += dimensionSize*len(a.parts) - a.size()
		}
	}
	return size
}

// vectorEntry returns the item's entry in the index in its stored form, and the size of the entry.
// The entry is "" if the item is not in the index.
func (t *table) vectorEntry(x *vectorIndex, item []attr) (entry string, size int) {
	if find(item, x.attribute) == nil || slices.ContainsFunc(x.key, func(k keyAttr) bool { return k.hash && find(item, k.name) == nil }) {
		return "", 0
	}
	var attrs []attr
	size = dimensionSize*x.dimensions + len(x.attribute)
	for i := range item {
		switch a := item[i]; {
		case a.name == x.attribute:
			attrs = append(attrs, a)
		case t.projected(&x.index, a.name):
			attrs = append(attrs, a)
			size += len(a.name) + a.size()
		}
	}
	return string(appendAttrs(nil, attrs)), max(size, minVectorEntrySize)
}

// vectorBytes returns the bytes that replacing old with item costs in the index: none if the entry
// stays the same, otherwise the size of the larger entry.
func (t *table) vectorBytes(x *vectorIndex, old, item []attr) float64 {
	before, oldSize := t.vectorEntry(x, old)
	after, size := t.vectorEntry(x, item)
	if before == after {
		return 0
	}
	return float64(max(oldSize, size))
}
