package connect_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestStrictErrorHandling has a batch of the input with a bad row, and with one for which a processor fails: Benthos
// withholds that from every output, and gives it back to the input. Neither is lost.
func TestStrictErrorHandling(t *testing.T) {
	t.Parallel()
	const bad, failing, good = `{"id":"","is":"bad"}`, `{"id":"failing"}`, `{"id":"a","n":3}`
	for _, form := range []string{"%s", "reject_errored:\n        %s"} {
		for _, batching := range []string{"", "batching: {count: 1}"} {
			for _, batch := range [][]string{{bad, failing, good}, {good, failing, bad}} {
				t.Run(fmt.Sprint(form, batching, batch), func(t *testing.T) {
					t.Parallel()
					p := newPipeline(t)
					p.strict, p.form, p.settings = true, form, batching
					p.processors = `{mapping: 'root = if this.id == "failing" { throw("failed") }'}`
					rows := new(source)
					rows.use(p, batch, []string{`{"id":"b","n":4}`})
					p.run()
					assert.Equal(t, map[string]string{"a": "3", "b": "4"}, p.numbers())
					dead, err := os.ReadFile(p.dead)
					require.NoError(t, err)
					assert.Contains(t, string(dead), "bad")
					if batching != "" {
						assert.Equal(t, 1, bytes.Count(dead, []byte("\n")), "batches that are not gathered have no dead letters of other rows")
					}
					taken, rejected := rows.acknowledged()
					require.Equal(t, []int{1, 1}, []int{taken, rejected})
					for _, err := range rows.acks {
						var failed *service.BatchError
						if errors.As(err, &failed) {
							assert.Equal(t, 1, failed.IndexedErrors())
							assert.ErrorContains(t, err, "failed processing")
						}
					}
				})
			}
		}
	}
}
