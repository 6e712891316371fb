package source_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/source"
)

// Text that a proposed type would change is found, and text that it keeps passes.
func TestGuard(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		sample         []string
		passes, unlike []string
	}{
		"whole numbers": {
			sample: []string{"1", "42"},
			passes: []string{"", "0", "-7", "3.5", "12345678901234567890"},
			unlike: []string{"007", "+1", "1e5", " 12", "1.50", "1.", "-0", "n/a", "NaN", "100000000000000000000000000000000000000"},
		},
		"money": {
			sample: []string{"1.50", "2.25"},
			passes: []string{"3.00", "10.75", "3.5", "7"},
			unlike: []string{"1.500", "01.50", "1.5E1"},
		},
		"uneven fractions": {
			sample: []string{"1.5", "2.25"},
			passes: []string{"3.125", "4"},
			unlike: []string{"1.10", "2.50"},
		},
		"bools": {
			sample: []string{"true", "False"},
			passes: []string{"", "TRUE", "false"},
			unlike: []string{"1", "0", "t", "yes"},
		},
		"text": {
			sample: []string{"02134", "10001"},
			passes: []string{"007", "anything", ""},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var sample []dynamodest.Row
			for _, text := range test.sample {
				sample = append(sample, dynamodest.Row{"c": text, "other": "1"})
			}
			guard := source.NewGuard(sample, "c", "absent")
			for _, text := range test.passes {
				assert.NoError(t, guard.Check(dynamodest.Row{"c": text, "other": "007"}), text)
			}
			for _, text := range test.unlike {
				var unlike *source.UnlikeError
				require.ErrorAs(t, guard.Check(dynamodest.Row{"c": text}), &unlike, text)
				assert.Equal(t, "c", unlike.Column)
				assert.Equal(t, source.ProposeMapping(sample).Fields[0].Type, unlike.Type)
			}
			assert.NoError(t, guard.Check(dynamodest.Row{"c": 7}))
			assert.NoError(t, guard.Check(dynamodest.Row{}))
			assert.NoError(t, guard.Check(nil))
		})
	}
}
