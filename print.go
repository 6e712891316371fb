package dynamodest

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"
)

// printed is what fmt and slog show of a Config: plain values, no secret, and
// of the Go values no more than their types.
type printed struct {
	Region              string
	Table               string
	Credentials         string
	Endpoint            string
	Mode                Mode
	OnExisting          OnExisting
	Mapping             Mapping
	Concurrency         int
	WriteUnitsPerSecond float64
	Retry               Retry
	MaxWait             time.Duration
	Client              string
	CredentialsProvider string
	Limiter             string
}

func (c Config) printed() printed {
	endpoint := c.Endpoint
	if endpoint != "" && endpointProblem(endpoint) != "" {
		endpoint = "[malformed]" // it may hold a password
	}
	return printed{
		Region:              c.Region,
		Table:               c.Table,
		Credentials:         c.Credentials.placeholder(),
		Endpoint:            endpoint,
		Mode:                c.Mode,
		OnExisting:          c.OnExisting,
		Mapping:             c.Mapping,
		Concurrency:         c.Concurrency,
		WriteUnitsPerSecond: c.WriteUnitsPerSecond,
		Retry:               c.Retry,
		MaxWait:             c.MaxWait,
		Client:              typeName(c.Client),
		CredentialsProvider: typeName(c.CredentialsProvider),
		Limiter:             typeName(c.Limiter),
	}
}

// typeName is the type of what an interface holds, or "" for nothing.
func typeName(value any) string {
	if value == nil {
		return ""
	}
	return fmt.Sprintf("%T", value)
}

// Format prints c for fmt, under every verb, without its secrets.
//
// It is not asked where a Config is in an unexported field of another struct:
// fmt prints such a field by reflection. Keep a *Config there, which prints as
// an address. Nor is it asked under %p, and under the %w of fmt.Errorf, which
// are no verbs for a Config: go vet reports them.
func (c Config) Format(s fmt.State, verb rune) {
	if verb != 'v' {
		_, _ = fmt.Fprintf(s, "%+v", c.printed())
		return
	}
	_, _ = fmt.Fprintf(s, fmt.FormatString(s, verb), c.printed())
}

// LogValue is what slog shows of c: all but the secrets.
func (c Config) LogValue() slog.Value { return slog.AnyValue(c.printed()) }

// Format prints the table and the region of d for fmt, under every verb: d's
// client knows secrets.
func (d Destination) Format(s fmt.State, _ rune) {
	_, _ = fmt.Fprintf(s, "Destination{Table: %q, Region: %q}", d.table, d.region)
}

// Format prints the text of e for fmt, under every verb: fields of the causes
// of e may hold what their texts do not show.
func (e RowError) Format(s fmt.State, verb rune) { printText(s, verb, e.Error()) }

// Format prints the text of e for fmt, under every verb; see
// [RowError.Format].
func (e TableError) Format(s fmt.State, verb rune) { printText(s, verb, e.Error()) }

// Format prints the text of e for fmt, under every verb; see
// [RowError.Format].
func (e WriteError) Format(s fmt.State, verb rune) { printText(s, verb, e.Error()) }

func (e serviceError) Format(s fmt.State, verb rune) { printText(s, verb, e.Error()) }

func (m misfit) Format(s fmt.State, verb rune) { printText(s, verb, m.Error()) }

// printText prints text as verb says if that is one for strings, else as it is.
func printText(s fmt.State, verb rune, text string) {
	if !strings.ContainsRune("vsqxX", verb) {
		verb = 's'
	}
	_, _ = fmt.Fprintf(s, fmt.FormatString(s, verb), text)
}

// placeholder stands for c in print.
func (c Credentials) placeholder() string {
	if c == (Credentials{}) {
		return ""
	}
	return "[redacted]"
}

// Format prints a placeholder for fmt, under every verb; see [Config.Format].
func (c Credentials) Format(s fmt.State, _ rune) {
	_, _ = io.WriteString(s, c.placeholder())
}

// LogValue is what slog shows of c: a placeholder.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(c.placeholder()) }
