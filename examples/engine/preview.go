package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"slices"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/source"
)

const (
	shownItems    = 3
	shownFailures = 10
)

// preview is what a run would do.
type preview struct {
	Source   sourceFile          `json:"source"`
	Forecast dynamodest.Forecast `json:"forecast"`
	Items    []json.RawMessage   `json:"items"`    // that the first rows would become, as DynamoDB JSON
	Failures []*letter           `json:"failures"` // the first rows that would fail
	Warnings []warning           `json:"warnings"`
}

// warning is about texts of a column that its type would change.
type warning struct {
	Column string          `json:"column"`
	Type   dynamodest.Type `json:"type"`
	Rows   int             `json:"rows"`
}

// preview finds out what a run would do. It writes nothing.
func (e *engine) preview(ctx context.Context, c dynamodest.Config, s sourceFile) (*preview, error) {
	dest, err := dynamodest.New(ctx, c)
	if err != nil {
		return nil, err
	}
	types, err := e.typesOf(c.Mapping, s)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(e.sourcePath(s.ID))
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it was read only
	p := &preview{Source: s, Items: []json.RawMessage{}, Failures: []*letter{}, Warnings: []warning{}}
	p.Forecast, err = dest.DryRun(ctx, rowsOf(s.Format, f), func(row dynamodest.Row, r dynamodest.RowForecast) error {
		if rowErr, ok := errors.AsType[*dynamodest.RowError](r.Err); ok {
			if len(p.Failures) < shownFailures {
				l := newLetter(row, dynamodest.NotWritten, rowErr)
				l.Values = nil
				p.Failures = append(p.Failures, l)
			}
			return nil
		}
		p.warn(types.Check(row))
		if len(p.Items) == shownItems {
			return nil
		}
		item, err := dest.Item(row)
		if err != nil {
			return err
		}
		text, err := dynamodest.Item(item).MarshalJSON()
		p.Items = append(p.Items, text)
		return err
	})
	p.Forecast.First = nil // as in Failures
	return p, err
}

// typesOf returns a guard for the columns whose types in the mapping are those that the first rows suggest: later rows
// may have texts that such a type changes.
func (e *engine) typesOf(m dynamodest.Mapping, s sourceFile) (*source.Guard, error) {
	sample, err := e.first(s)
	if err != nil {
		return nil, err
	}
	var columns []string
	for _, proposed := range source.ProposeMapping(sample).Fields {
		same := func(f dynamodest.Field) bool { return f.Column == proposed.Column && f.Type == proposed.Type }
		if proposed.Type != dynamodest.Auto && slices.ContainsFunc(m.Fields, same) {
			columns = append(columns, proposed.Column)
		}
	}
	return source.NewGuard(sample, columns...), nil
}

// warn counts a row that has a text which its type changes.
func (p *preview) warn(err error) {
	unlike, ok := errors.AsType[*source.UnlikeError](err)
	if !ok {
		return
	}
	i := slices.IndexFunc(p.Warnings, func(w warning) bool { return w.Column == unlike.Column })
	if i < 0 {
		i = len(p.Warnings)
		p.Warnings = append(p.Warnings, warning{Column: unlike.Column, Type: unlike.Type})
	}
	p.Warnings[i].Rows++
}
