package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aws/smithy-go"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/words"
)

// The exit codes of the command.
const (
	exitOK      = 0
	exitFailed  = 1   // some rows were not written, or may not have been
	exitUsage   = 2   // the command line, the settings or the header of the source are wrong; nothing was written
	exitStopped = 3   // the table, the credentials or the access stopped the command
	exitSource  = 4   // the source or a file of the command's own stopped it, or its output was lost
	exitTooMany = 5   // -max-write-units allows less; nothing was written
	exitSignal  = 128 // and the number of the signal: 130 for SIGINT, 143 for SIGTERM, 129 for SIGHUP
)

const exitCodes = `

Exit codes:
  0    every row was written, or skipped or superseded as the settings say
  1    some rows were not written, or may not have been: see the report and the file of -failed
  2    the command line, the settings or the header of the source are wrong; nothing was written
  3    the table, the credentials, the access or an outage stopped the command
  4    the source broke off, or a file of the command's own or standard output could not be written
  5    the rows take more write units than -max-write-units allows; nothing was written
  130  stopped by SIGINT (Ctrl-C); 143 by SIGTERM; 129 by SIGHUP
A load that was stopped has settled and reported every row that it took.`

// exitError is an error with the exit code that it stands for. A nil err has been reported already.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// userError is an error with another text.
type userError struct {
	error
	text string
}

func (e *userError) Error() string { return e.text }

func (e *userError) Unwrap() error { return e.error }

// forUsers returns err in the terms of the command, with another remedy if it is about credentials that were not found:
// those that were found and that DynamoDB refuses have a response.
func forUsers(err error) error {
	text := err.Error()
	var table *dynamodest.TableError
	var response smithy.APIError
	if errors.As(err, &table) && table.Reason == dynamodest.ErrCredentials && !errors.As(table.Err, &response) {
		text = strings.Replace(text, table.Remedy(), words.NoCredentials, 1)
	}
	return &userError{err, words.Command(text, "")}
}

// usageError returns an error of the command line or the settings.
func usageError(format string, args ...any) error {
	return &exitError{code: exitUsage, err: fmt.Errorf(format, args...)}
}
