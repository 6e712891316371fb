package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"strings"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/source"
)

// failure is what the page shows of an error: what was wrong, where, and what to do.
type failure struct {
	Text   string                    `json:"text"`
	Remedy string                    `json:"remedy,omitempty"`
	Reason dynamodest.Reason         `json:"reason,omitempty"`
	Fields []*dynamodest.ConfigError `json:"fields,omitempty"` // the settings at fault, each with its JSON pointer
	Policy json.RawMessage           `json:"policy,omitempty"` // that the credentials need

	status int // of HTTP
}

// refusal is a request that the engine does not fulfil, with an HTTP status and a text for the person who made it.
type refusal struct {
	status int
	text   string
}

func (r refusal) Error() string { return r.text }

// describe returns what the page shows of err. Texts of errors that the engine does not know are hidden, since they may
// quote a row.
func describe(err error) *failure {
	if fields := configErrors(err); len(fields) > 0 {
		text := "One setting has to be changed."
		if len(fields) > 1 {
			text = fmt.Sprintf("%d settings have to be changed.", len(fields))
		}
		return &failure{Text: text, Fields: fields, Reason: dynamodest.ErrConfig, status: http.StatusUnprocessableEntity}
	}
	var (
		refused  refusal
		tableErr *dynamodest.TableError
		line     *source.LineError
		path     *fs.PathError
		rename   *os.LinkError
	)
	switch {
	case errors.As(err, &refused):
		return &failure{Text: refused.text, status: refused.status}
	case errors.As(err, &tableErr):
		text := strings.TrimSuffix(tableErr.Error(), "; remedy: "+tableErr.Remedy())
		return &failure{Text: formTerms(text), Remedy: formTerms(tableErr.Remedy()), Reason: tableErr.Reason, status: http.StatusBadGateway}
	case errors.As(err, &line):
		return &failure{Text: "The source cannot be read: " + line.Error(), status: http.StatusUnprocessableEntity}
	case errors.As(err, &path):
		return &failure{Text: "The engine's folder: " + path.Error(), Remedy: "make room on the disk, check who may write there, and put back what was moved or changed", status: http.StatusInternalServerError}
	case errors.As(err, &rename):
		return describe(&fs.PathError{Op: rename.Op, Path: rename.New, Err: rename.Err})
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return &failure{Text: "The request was given up before its end.", status: http.StatusServiceUnavailable}
	}
	return &failure{Text: fmt.Sprintf("An error of type %T, whose text is hidden because it may contain a row.", err), status: http.StatusInternalServerError}
}

// configErrors returns the faults of settings that err joins, in the terms of the form.
func configErrors(err error) []*dynamodest.ConfigError {
	if one, ok := err.(*dynamodest.ConfigError); ok { //nolint:errorlint // each of those joined is looked at below
		return []*dynamodest.ConfigError{{Field: one.Field, Pointer: one.Pointer, Problem: formTerms(one.Problem)}}
	}
	var all []*dynamodest.ConfigError
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, err := range joined.Unwrap() {
			all = append(all, configErrors(err)...)
		}
	}
	return all
}
