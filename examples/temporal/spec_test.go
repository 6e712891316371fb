package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/dynamodest/dynamodest"
)

func TestSpecsAreValidated(t *testing.T) {
	t.Parallel()
	long := dynamodest.Mapping{Fields: []dynamodest.Field{{Column: strings.Repeat("c", 100_000)}}}
	longest := dynamodest.Mapping{Fields: []dynamodest.Field{{Column: strings.Repeat("c", 2_000_000)}}}
	for _, c := range []struct {
		change func(*Spec)
		want   string // "" if it is valid
	}{
		{func(*Spec) {}, ""},
		{func(s *Spec) { s.Units, s.Shards, s.InFlight, s.ShardsPerRun = 1e9, 10_000, 1_000, 5_000 }, ""},
		{func(s *Spec) { s.Source, s.Table, s.VersionAttribute = "", "", "" }, "-source: name the file"},
		{func(s *Spec) { s.Generation = -1 }, "-generation -1: give 0 to 999999999999999"},
		{func(s *Spec) { s.InFlight = 1_001 }, "-in-flight 1001: give 1 to 1000"},
		{func(s *Spec) { s.ShardsPerRun = 0 }, "-shards-per-run 0: give 1 to 5000"},
		{func(s *Spec) { s.Units = -1 }, "-units -1: give 0 to 1e9"},
		{func(s *Spec) { s.Heartbeat = 2 * time.Hour }, "-heartbeat 2h0m0s: give 100ms to 1h"},
		{func(s *Spec) { s.RetryAfter, s.RetryMax = time.Minute, time.Second }, "-retry-max 1s is less than -retry-after"},
		{func(s *Spec) { s.MaxAttempts = -1 }, "-attempts -1: give 0 or more"},
		{func(s *Spec) { s.Mapping = long }, "with -shards-per-run 500 is more than Temporal keeps"},
		{func(s *Spec) { s.Mapping, s.ShardsPerRun, s.InFlight = long, 100, 50 }, "with -in-flight 50 is more than Temporal takes at once"},
		{func(s *Spec) { s.Mapping, s.ShardsPerRun, s.InFlight = longest, 1, 1 }, "which is more than Temporal takes in one input"},
	} {
		spec := defaultSpec()
		spec.Source, spec.Table = "rows.csv", "users"
		c.change(&spec)
		if c.want == "" {
			assert.NoError(t, spec.validate())
		} else {
			assert.ErrorContains(t, spec.validate(), c.want)
		}
	}
}
