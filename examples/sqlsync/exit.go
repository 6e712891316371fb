package main

import (
	"errors"
	"flag"
	"fmt"

	"github.com/dynamodest/dynamodest"
)

// The exit codes. Whatever the code, what was settled stays settled, and the next run goes on.
const (
	exitOK          = 0
	exitOpen        = 1   // rows are not in the table: dead letters, or rows that the next run sends again
	exitUsage       = 2   // the command line or a setting is wrong
	exitTable       = 3   // the table, the credentials, the access or an outage stopped the run
	exitSource      = 4   // the database stopped the run
	exitLocked      = 5   // another sqlsync is running
	exitInterrupted = 130 // SIGINT or SIGTERM
)

// exitError is an error with the exit code that it stands for.
type exitError struct {
	code int
	error
}

// Unwrap returns the error without the code.
func (e *exitError) Unwrap() error { return e.error }

// usageError returns an error of the command line or a setting.
func usageError(format string, args ...any) error {
	return &exitError{exitUsage, fmt.Errorf(format, args...)}
}

// exitCode returns the exit code for an error.
func exitCode(err error) int {
	var coded *exitError
	var setting *dynamodest.ConfigError
	var failed *databaseError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return exitOK
	case errors.Is(err, errReported):
		return exitOpen
	case errors.As(err, &coded):
		return coded.code
	case errors.Is(err, errLocked):
		return exitLocked
	case errors.As(err, &failed), errors.Is(err, errRestored):
		return exitSource
	case errors.As(err, &setting):
		return exitUsage
	}
	return exitTable
}
