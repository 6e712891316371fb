package table

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest/internal/item"
)

// Vector is the attribute that holds the vectors of a vector index: a list of as many numbers as the
// index has dimensions, each in the range of a 32-bit float.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html
type Vector struct {
	Name       string
	Dimensions int // 0 if a fake does not describe them
	Index      string
}

// Takes names the value that the attribute takes.
func (v *Vector) Takes() string {
	if v.Dimensions == 0 {
		return "a list of numbers"
	}
	return fmt.Sprintf("a list of %d numbers", v.Dimensions)
}

// String describes the attribute for an error: "vector of index NAME (a list of 3 numbers)".
func (v *Vector) String() string { return fmt.Sprintf("vector of index %s (%s)", v.Index, v.Takes()) }

// addVectorIndex adds the vector of a vector index, and the attributes of its search schema. The type
// of those must be the one that the table declares; a length limit is not documented for them.
func (s *Schema) addVectorIndex(index *types.VectorIndexDescription, kinds map[string]item.Kind) {
	name := aws.ToString(index.IndexName)
	var partition []Key
	for _, element := range index.SearchSchema {
		key := Key{Name: aws.ToString(element.AttributeName), Role: "filter of vector index " + name}
		key.Kind = kinds[key.Name]
		if element.SearchSchemaElementType == types.SearchSchemaElementTypeHash {
			key.Role = "partition key of vector index " + name
			partition = append(partition, key)
		} else {
			s.Filters = append(s.Filters, key)
		}
	}
	if len(partition) > 0 {
		s.Indexes = append(s.Indexes, Index{Name: name, Keys: partition})
	}
	if index.VectorAttribute == nil {
		return
	}
	v := Vector{Name: aws.ToString(index.VectorAttribute.AttributeName), Dimensions: int(aws.ToInt64(index.Dimensions)), Index: name}
	if v.Name != "" && s.Vector(v.Name) == nil { // all indexes of an attribute have the same dimensions
		s.Vectors = append(s.Vectors, v)
	}
}

// Vector returns the vector attribute of the given name, or nil.
func (s *Schema) Vector(name string) *Vector {
	for i := range s.Vectors {
		if s.Vectors[i].Name == name {
			return &s.Vectors[i]
		}
	}
	return nil
}
