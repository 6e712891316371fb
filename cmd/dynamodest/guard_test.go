package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A code with leading zeros that comes after the sample is no number, although the sample suggests so: its row fails
// alone, until a person has said what the column is.
func TestProposedTypesChangeNoText(t *testing.T) {
	t.Parallel()
	var rows strings.Builder
	rows.WriteString("id,zip\n")
	for i := range sampleRows {
		fmt.Fprintf(&rows, "%d-a,%d\n", i, 10_000+i)
	}
	rows.WriteString("late,02134\n")
	for given, want := range map[string]types.AttributeValue{
		"":      nil,
		"zip=S": &types.AttributeValueMemberS{Value: "02134"},
		"zip=N": &types.AttributeValueMemberN{Value: "2134"},
	} {
		t.Run(given, func(t *testing.T) {
			t.Parallel()
			remote := newRemote(t)
			source, failed := remote.write(t, "rows.csv", rows.String()), filepath.Join(remote.dir, "failed")
			args := []string{"load", "-config", remote.config, "-failed", failed, "-with-rows", source}
			if given != "" {
				args = append(args, "-type", given)
			}
			r := runIn(t, "", args...)
			if want != nil {
				require.Equal(t, exitOK, r.code, r.stderr)
				assert.Equal(t, want, remote.db.Item("users", "late")["zip"])
				return
			}
			require.Equal(t, exitFailed, r.code, r.stderr)
			assert.Equal(t, sampleRows, remote.db.Len("users"))
			kept := letters(t, failed)
			require.Len(t, kept, 1)
			assert.Equal(t, sampleRows, kept[0].Row)
			assert.Equal(t, "zip", kept[0].Column)
			assert.Contains(t, kept[0].Text, "not in a form that N keeps")
			assert.Contains(t, kept[0].Remedy, "-type zip=S")
			assert.NotContains(t, kept[0].Text+kept[0].Remedy, "02134")
			assert.Equal(t, "02134", kept[0].Values["zip"])

			preview := runIn(t, "", "preview", "-config", remote.config, source)
			assert.Contains(t, preview.stdout, "-type zip=S")
		})
	}
}
