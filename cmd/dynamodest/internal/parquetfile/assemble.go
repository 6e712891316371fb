package parquetfile

import (
	"errors"
	"fmt"
	"slices"

	"github.com/parquet-go/parquet-go"
)

// The values of nested columns are put together by their levels, as in section 5 of
// https://research.google/pubs/dremel-interactive-analysis-of-web-scale-datasets-2/: the level of repetition says
// which of the repeated nodes above a value begins its next element with it, and the level of definition how many
// of the nodes above a null that could be absent are there.

// value returns the value of n. columns has the values of each leaf that belong to it, at least one: a null has
// its levels too.
func (n *node) value(columns [][]parquet.Value) (any, error) {
	if n.repeated {
		return n.elements(columns, n.one)
	}
	return n.one(columns)
}

// one returns the value of n, or of one of its elements if n is repeated.
func (n *node) one(columns [][]parquet.Value) (any, error) {
	if columns[n.first][0].DefinitionLevel() < n.definition {
		return nil, nil
	}
	switch n.form {
	case list:
		repeated, each := n.children[0], n.element.value
		if n.element == repeated {
			each = repeated.one
		}
		return repeated.elements(columns, each)
	case mapping:
		return n.mapOf(columns)
	case group:
		values := make(map[string]any, len(n.children))
		for _, child := range n.children {
			value, err := child.value(columns)
			if err != nil {
				return nil, err
			}
			values[child.name] = value
		}
		return values, nil
	case leaf:
	}
	return n.scalar(columns[n.first])
}

// scalar returns the value of a leaf.
func (n *node) scalar(values []parquet.Value) (any, error) {
	if len(values) != 1 {
		return nil, fmt.Errorf("column %q has %d values where one belongs", n.path, len(values))
	}
	if values[0].IsNull() {
		return nil, nil
	}
	value, err := n.convert(values[0])
	var problem *valueError
	if errors.As(err, &problem) {
		problem.column = n.path
	}
	return value, err
}

// elements returns what each returns for every element of n, which is repeated. Meanwhile columns has the values
// of that element.
func (n *node) elements(columns [][]parquet.Value, each func([][]parquet.Value) (any, error)) ([]any, error) {
	elements := []any{}
	if columns[n.first][0].DefinitionLevel() < n.definition {
		return elements, nil
	}
	all := slices.Clone(columns[n.first:n.last])
	defer copy(columns[n.first:n.last], all)
	rest := slices.Clone(all)
	for len(rest[0]) > 0 {
		for i := range rest {
			if len(rest[i]) == 0 {
				return nil, fmt.Errorf("the columns of %q have different numbers of elements", n.path)
			}
			end := 1
			for end < len(rest[i]) && rest[i][end].RepetitionLevel() > n.repetition {
				end++
			}
			columns[n.first+i], rest[i] = rest[i][:end], rest[i][end:]
		}
		element, err := each(columns)
		if err != nil {
			return nil, err
		}
		elements = append(elements, element)
	}
	for i := range rest {
		if len(rest[i]) > 0 {
			return nil, fmt.Errorf("the columns of %q have different numbers of elements", n.path)
		}
	}
	return elements, nil
}

// mapOf returns the value of a mapping: a map, a list of pairs if its keys cannot be those of a map, or a list of
// keys if it has no values. Of a key that is there twice the last value counts, as the format says.
func (n *node) mapOf(columns [][]parquet.Value) (any, error) {
	pair := n.children[0]
	key := pair.children[0]
	switch {
	case len(pair.children) == 1:
		return pair.elements(columns, key.value)
	case !key.textual || key.repeated:
		return pair.elements(columns, pair.one)
	}
	values := map[string]any{}
	_, err := pair.elements(columns, func(columns [][]parquet.Value) (any, error) {
		k, err := key.value(columns)
		if err == nil && k == nil {
			err = &valueError{column: n.path, problem: "has a map with a key that is null"}
		}
		if err != nil {
			return nil, err
		}
		values[fmt.Sprint(k)], err = pair.children[1].value(columns)
		return nil, err
	})
	if err != nil {
		return nil, err
	}
	return values, nil
}
