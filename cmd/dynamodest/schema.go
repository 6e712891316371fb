package main

import (
	"bytes"
	"encoding/json"

	"github.com/dynamodest/dynamodest"
)

// schemaCmd is the command schema.
type schemaCmd struct{}

// Run prints the JSON Schema of the settings.
func (schemaCmd) Run(sys *system) error { return printJSON(sys, dynamodest.ConfigSchema()) }

// printJSON prints a JSON document as people read it.
func printJSON(sys *system, document json.RawMessage) error {
	var text bytes.Buffer
	if err := json.Indent(&text, bytes.TrimSpace(document), "", "  "); err != nil {
		return &exitError{code: exitSource, err: err}
	}
	text.WriteByte('\n')
	_, _ = sys.stdout.Write(text.Bytes()) // run reports an error
	return nil
}
