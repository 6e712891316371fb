package dynamodest

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// A Destination that New did not make panics on the goroutine that uses it, where it can be recovered.
func TestUnmadeDestinationsPanic(t *testing.T) {
	t.Parallel()
	for want, d := range map[string]*Destination{
		"dynamodest: the Destination is nil: use the one that New returns, once its error is nil":     nil,
		"dynamodest: the Destination is its zero value, which writes to no table: create it with New": {},
	} {
		rows := make(chan Row)
		for name, use := range map[string]func(){
			"Write":       func() { _, _ = d.Write(t.Context(), []Row{{"id": 1}}) },
			"no rows":     func() { _, _ = d.Write(t.Context(), nil) },
			"WriteSeq":    func() { _, _ = d.WriteSeq(t.Context(), nil, nil) },
			"WriteChan":   func() { _, _ = d.WriteChan(t.Context(), rows, nil) },
			"no channel":  func() { _, _ = d.WriteChan(t.Context(), nil, nil) },
			"Check":       func() { _ = d.Check(t.Context()) },
			"CheckWrites": func() { _ = d.CheckWrites(t.Context()) },
			"Item":        func() { _, _ = d.Item(Row{"id": 1}) },
			"DryRun":      func() { _, _ = d.DryRun(t.Context(), nil, nil) },
		} {
			assert.PanicsWithValue(t, want, use, name)
		}
	}
}
