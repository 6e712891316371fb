package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/progress"
	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/words"
	"github.com/dynamodest/dynamodest/source"
)

// propose returns a field for each of the columns, in their order, with the types that the sample suggests.
func propose(sample []dynamodest.Row, columns []string) []dynamodest.Field {
	fields := source.ProposeMapping(sample).Fields
	place := func(f dynamodest.Field) int { return slices.Index(columns, f.Column) }
	slices.SortStableFunc(fields, func(a, b dynamodest.Field) int { return place(a) - place(b) })
	return fields
}

// fitKeys gives fields that are proposed the types of the table's keys: what looks like a number is a text where
// the table has a text.
func fitKeys(fields []dynamodest.Field, keys []dynamodest.KeyAttribute) {
	for i, f := range fields {
		for _, key := range keys {
			if f.Column == key.Name && f.Type != dynamodest.Auto && key.Type != dynamodest.Auto {
				fields[i].Type = key.Type
			}
		}
	}
}

// guard returns the check of the rows that the sample lacks, for the columns whose types are proposed and not given
// by -type.
func (s *settings) guard(fields []dynamodest.Field, sample []dynamodest.Row) *source.Guard {
	var columns []string
	for _, f := range fields {
		if _, given := s.Type[f.Column]; !given && (f.Type == dynamodest.Number || f.Type == dynamodest.Bool) {
			columns = append(columns, f.Column)
		}
	}
	return source.NewGuard(sample, columns...)
}

// describeProposal says which types were proposed from n rows.
func describeProposal(fields []dynamodest.Field, n int) string {
	var typed []string
	for _, f := range fields {
		if f.Type != dynamodest.Auto {
			typed = append(typed, fmt.Sprintf("%s %s", words.Name(f.Column), f.Type))
		}
	}
	says := strings.Join(typed, ", ") + "; the other columns are text"
	switch len(typed) {
	case 0:
		says = "every column is text"
	case len(fields):
		says = strings.Join(typed, ", ")
	}
	return fmt.Sprintf("types by the first %s rows: %s; -type changes that", progress.Count(n), says)
}
