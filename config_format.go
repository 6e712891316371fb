package dynamodest

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"
)

// redacted is what fmt and slog show of a Config: its settings without the secrets, and of the Go
// values no more than their types. It has every field of Config, in the same order.
type redacted struct {
	Region              string
	Table               string
	Credentials         string
	Endpoint            string
	Mode                Mode
	OnExisting          OnExisting
	Version             string
	Delete              string
	Duplicates          Duplicates
	MaxKeys             int
	Mapping             shownMapping
	Concurrency         int
	WriteUnitsPerSecond float64
	Retry               Retry
	MaxWait             time.Duration
	WindowBytes         int
	AWS                 string
	ClientOptions       string
	Client              string
	CredentialsProvider string
	Limiter             string
	Observer            string
	ReportAsSettled     bool
}

func (c Config) redacted() redacted {
	endpoint := c.Endpoint
	if endpoint != "" && endpointProblem(endpoint) != "" {
		endpoint = "[malformed]" // it may hold a password
	}
	return redacted{
		Region:              c.Region,
		Table:               c.Table,
		Credentials:         c.Credentials.placeholder(),
		Endpoint:            endpoint,
		Mode:                c.Mode,
		OnExisting:          c.OnExisting,
		Version:             c.Version,
		Delete:              c.Delete,
		Duplicates:          c.Duplicates,
		MaxKeys:             c.MaxKeys,
		Mapping:             c.Mapping.shown(),
		Concurrency:         c.Concurrency,
		WriteUnitsPerSecond: c.WriteUnitsPerSecond,
		Retry:               c.Retry,
		MaxWait:             c.MaxWait,
		WindowBytes:         c.WindowBytes,
		AWS:                 setOrNot(c.AWS != nil),
		ClientOptions:       countOf(len(c.ClientOptions)),
		Client:              typeName(c.Client),
		CredentialsProvider: typeName(c.CredentialsProvider),
		Limiter:             typeName(c.Limiter),
		Observer:            c.Observer.hooks(),
		ReportAsSettled:     c.ReportAsSettled,
	}
}

// setOrNot stands for a value that is not printed.
func setOrNot(set bool) string {
	if !set {
		return ""
	}
	return "[set]"
}

// countOf stands for n values that are not printed.
func countOf(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("[%d set]", n)
}

// shownMapping is what fmt and slog show of a Mapping. It has every field of Mapping, in the same order.
type shownMapping struct {
	Fields      []Field
	Null        Null
	EmptyString EmptyString
	Missing     Missing
	Bytes       Bytes
	Convert     string
}

func (m Mapping) shown() shownMapping {
	return shownMapping{
		Fields: m.Fields, Null: m.Null, EmptyString: m.EmptyString, Missing: m.Missing, Bytes: m.Bytes, Convert: setOrNot(m.Convert != nil),
	}
}

// typeName returns the type of the value in an interface, or "" for none.
func typeName(value any) string {
	if value == nil {
		return ""
	}
	return fmt.Sprintf("%T", value)
}

// hooks names the funcs that are set, such as "RequestDone, Wait".
func (o Observer) hooks() string {
	var set []string
	if o.CallStart != nil {
		set = append(set, "CallStart")
	}
	if o.CallDone != nil {
		set = append(set, "CallDone")
	}
	if o.RequestStart != nil {
		set = append(set, "RequestStart")
	}
	if o.RequestDone != nil {
		set = append(set, "RequestDone")
	}
	if o.Wait != nil {
		set = append(set, "Wait")
	}
	return strings.Join(set, ", ")
}

// Format prints c for fmt, under every verb, without its secrets.
//
// fmt does not call Format where a Config is in an unexported field of another struct: it prints such
// a field by reflection. Keep a *Config there, which prints as an address. Nor does fmt call it under
// %p, and under the %w of fmt.Errorf, which are no verbs for a Config: go vet reports them.
func (c Config) Format(s fmt.State, verb rune) { formatAs(s, verb, c.redacted()) }

// formatAs prints shown under verb, or under %+v if verb is not for structs.
func formatAs(s fmt.State, verb rune, shown any) {
	if verb != 'v' {
		_, _ = fmt.Fprintf(s, "%+v", shown)
		return
	}
	_, _ = fmt.Fprintf(s, fmt.FormatString(s, verb), shown)
}

// Format prints m for fmt, and of Convert only that it is set.
func (m Mapping) Format(s fmt.State, verb rune) { formatAs(s, verb, m.shown()) }

// LogValue returns what slog shows of m.
func (m Mapping) LogValue() slog.Value { return slog.AnyValue(m.shown()) }

// LogValue returns what slog shows of c: everything but the secrets.
//
// slog calls it where a Config or a *Config is the value of an attribute itself, also in a group. It
// does not where the Config is inside another value: slog.JSONHandler then shows the secrets of every
// Config that encoding/json reaches, as in an exported field, by pointer or not, in a map or in a
// slice, and slog.TextHandler those in an unexported field that is no pointer, as [Config.Format] says.
// Give the outer type a LogValue of its own that returns
//
//	slog.GroupValue(slog.Any("config", x.config))
//
// or log the Config as an attribute.
func (c Config) LogValue() slog.Value { return slog.AnyValue(c.redacted()) }

// Format prints the table and the region of d for fmt, under every verb: d's client knows secrets.
func (d Destination) Format(s fmt.State, _ rune) {
	_, _ = fmt.Fprintf(s, "Destination{Table: %q, Region: %q}", d.table, d.region)
}

// placeholder stands for c in printed text.
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

// LogValue returns what slog shows of c: a placeholder.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(c.placeholder()) }
