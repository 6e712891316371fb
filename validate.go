package dynamodest

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// The defaults of Config, for every field that has one.
const (
	defaultConcurrency = 64
	defaultMaxAttempts = 10
	defaultMinDelay    = 50 * time.Millisecond
	defaultMaxDelay    = 5 * time.Second
	defaultMaxWait     = 200 * time.Millisecond
)

// longestDelay is the most that a delay of Config may be.
const longestDelay = 24 * time.Hour

// maxConcurrency keeps a slip of the keyboard from opening a connection for
// each file that a process may have.
const maxConcurrency = 10_000

// maxAttributeName is the longest name of an attribute, in bytes.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const maxAttributeName = 65_535

// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
var (
	tableNameForm = regexp.MustCompile(`^[a-zA-Z0-9_.-]{3,255}$`)
	tableARNForm  = regexp.MustCompile(`^arn:aws[a-z-]*:dynamodb:([a-z0-9-]+):[0-9]{12}:table/[a-zA-Z0-9_.-]{3,255}$`)
)

// A region is a part of the host name of the endpoint. Local servers take any.
var (
	regionForm      = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$`)
	localRegionForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
)

const (
	audienceReason = "DynamoDB tables have no lists or audiences to add to or remove from"
	mirrorReason   = "DynamoDB has no efficient way to replace a whole table, and this library deletes nothing"
)

// refusedModes are the modes that other destinations have, and why this one
// has not.
var refusedModes = map[Mode]string{
	"update":          "a put replaces the whole item, so it cannot change some attributes and leave the others, nor leave out keys that are not there yet",
	"mirror":          mirrorReason,
	"audience_add":    audienceReason,
	"audience_remove": audienceReason,
	"audience_mirror": audienceReason,
	"audience_upsert": audienceReason,
}

// withDefaults returns c with every field set that has a default. c must be
// valid.
func (c Config) withDefaults() Config {
	setDefault(&c.Mode, Upsert)
	setDefault(&c.OnExisting, Overwrite)
	setDefault(&c.Mapping.Null, WriteNull)
	setDefault(&c.Mapping.EmptyString, EmptyAsNull)
	setDefault(&c.Concurrency, defaultConcurrency)
	setDefault(&c.Retry.MaxAttempts, defaultMaxAttempts)
	setDefault(&c.MaxWait, defaultMaxWait)

	// A bound that is given moves the default of the other one.
	minGiven := c.Retry.MinDelay != 0
	setDefault(&c.Retry.MinDelay, defaultMinDelay)
	if c.Retry.MaxDelay == 0 {
		c.Retry.MaxDelay = max(defaultMaxDelay, c.Retry.MinDelay)
	} else if !minGiven {
		c.Retry.MinDelay = min(defaultMinDelay, c.Retry.MaxDelay)
	}
	return c
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Validate returns every fault in c that can be seen without a request, each a
// [*ConfigError], joined; nil if there is none. [New] calls it.
func (c Config) Validate() error {
	var f faults
	f.interfaces(c)
	f.region(c)
	f.table(c)
	f.credentials(c)
	if c.Endpoint != "" {
		if problem := endpointProblem(c.Endpoint); problem != "" {
			f.add("Endpoint", "%s", problem)
		}
	}
	f.mode(c)
	f.mapping(c.Mapping)
	f.numbers(c)
	return f.err()
}

// faults gathers the faults of a Config.
type faults []error

func (f *faults) add(field, problem string, args ...any) {
	*f = append(*f, &ConfigError{Field: field, Problem: fmt.Sprintf(problem, args...)})
}

func (f *faults) err() error { return errors.Join(*f...) }

// interfaces refuses a nil pointer in an interface: it looks as if it were
// set, and would panic at the first request.
func (f *faults) interfaces(c Config) {
	check := func(field string, value any) {
		if typedNil(value) {
			f.add(field, "is a nil %T: leave the field out, or set it to a value", value)
		}
	}
	check("Client", c.Client)
	check("CredentialsProvider", c.CredentialsProvider)
	check("Limiter", c.Limiter)
}

func typedNil(value any) bool {
	v := reflect.ValueOf(value)
	switch v.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Func, reflect.Chan, reflect.Slice:
		return v.IsNil()
	}
	return false
}

func (f *faults) region(c Config) {
	form := regionForm
	if c.Endpoint != "" || c.Client != nil {
		form = localRegionForm
	}
	switch {
	case c.Region == "" && c.Client == nil:
		f.add("Region", `is empty: set it to the table's AWS region, such as "eu-west-1"`)
	case c.Region != "" && !form.MatchString(c.Region):
		f.add("Region", `is %s, which is no AWS region: write its code in lower case, such as "eu-west-1" (not a name such as "Ireland", nor a zone such as "eu-west-1a")`, quote(c.Region))
	}
}

func (f *faults) table(c Config) {
	switch region := arnRegion(c.Table); {
	case c.Table == "":
		f.add("Table", "is empty: set it to the name or the ARN of the table")
	case strings.HasPrefix(c.Table, "arn:"):
		switch {
		case region == "":
			f.add("Table", "is not the ARN of a DynamoDB table: it looks like arn:aws:dynamodb:REGION:ACCOUNT:table/NAME, with nothing after the name")
		case c.Region != "" && c.Region != region:
			f.add("Table", "is the ARN of a table in %s, but Region is %s: set Region to %s, or give the ARN of the table there", region, quote(c.Region), region)
		}
	case !tableNameForm.MatchString(c.Table):
		f.add("Table", "is %s, which is no table name: one has 3 to 255 characters out of a-z, A-Z, 0-9, '_', '-' and '.'", quote(c.Table))
	}
}

// arnRegion is the region in the ARN of a table, or "" if table is not one.
func arnRegion(table string) string {
	if m := tableARNForm.FindStringSubmatch(table); m != nil {
		return m[1]
	}
	return ""
}

func (f *faults) credentials(c Config) {
	if c.Client != nil || c.CredentialsProvider != nil {
		return
	}
	check := func(field, value string, required bool) {
		switch {
		case value == "" && required:
			f.add("Credentials."+field, "is empty: set it, or set CredentialsProvider or Client")
		case strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r > '~' }):
			f.add("Credentials."+field, "has white space or another character that no AWS key has: copy it again")
		}
	}
	check("AccessKeyID", c.Credentials.AccessKeyID, true)
	check("SecretAccessKey", c.Credentials.SecretAccessKey, true)
	check("SessionToken", c.Credentials.SessionToken, false)
}

// endpointProblem says what is wrong with an endpoint, or "". It quotes
// nothing of it, since it may hold a password.
func endpointProblem(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return "is not a URL: write it as https://HOST or http://HOST:PORT"
	}
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return "does not begin with https:// or http://: write it as https://HOST or http://HOST:PORT"
	case u.Hostname() == "" || strings.ContainsAny(u.Host, " \t"):
		return "has no host: write it as https://HOST or http://HOST:PORT"
	case u.User != nil:
		return "has a user name or password before the host: leave it out; requests are signed with Credentials"
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "has a query or a fragment: end it after the host and port"
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return "has a port that is not one of 1 to 65535"
		}
	}
	return ""
}

func (f *faults) mode(c Config) {
	reason, refused := refusedModes[c.Mode]
	switch {
	case refused:
		f.add("Mode", "%q is not supported: %s; the modes are %q and %q", c.Mode, reason, Upsert, Insert)
		return
	case c.Mode != "" && c.Mode != Upsert && c.Mode != Insert:
		f.add("Mode", "%s is not a mode: the modes are %q and %q", quote(c.Mode), Upsert, Insert)
		return
	}
	switch c.OnExisting {
	case "":
	case Overwrite, Skip, Fail:
		if c.Mode != Insert {
			f.add("OnExisting", "is only for the mode %q: leave it out, or set Mode", Insert)
		}
	default:
		f.add("OnExisting", "%s is unknown: it is %q, %q or %q", quote(c.OnExisting), Overwrite, Skip, Fail)
	}
}

func (f *faults) mapping(m Mapping) {
	seen := make(map[string]int, len(m.Fields))
	for i, field := range m.Fields {
		f.field(fmt.Sprintf("Mapping.Fields[%d]", i), field, i, seen)
	}
	switch m.Null {
	case "", WriteNull, OmitNull, RefuseNull:
	default:
		f.add("Mapping.Null", "%s is unknown: it is %q, %q or %q", quote(m.Null), WriteNull, OmitNull, RefuseNull)
	}
	switch m.EmptyString {
	case "", EmptyAsNull, KeepEmpty, OmitEmpty:
	default:
		f.add("Mapping.EmptyString", "%s is unknown: it is %q, %q or %q", quote(m.EmptyString), EmptyAsNull, KeepEmpty, OmitEmpty)
	}
}

// field checks one field at path, and notes its attribute in seen.
func (f *faults) field(path string, field Field, i int, seen map[string]int) {
	if field.Column == "" {
		f.add(path+".Column", "is empty: set it to the name of a column")
	} else if !utf8.ValidString(field.Column) {
		f.add(path+".Column", "is not valid UTF-8: write the name in UTF-8")
	}

	attribute, at := field.attribute(), path+".Attribute"
	if field.Attribute == "" {
		at = path + ".Column"
	} else if !utf8.ValidString(attribute) {
		f.add(at, "is not valid UTF-8: write the name in UTF-8")
	}
	if len(attribute) > maxAttributeName {
		f.add(at, "is %d bytes long: the name of an attribute has at most %d", len(attribute), maxAttributeName)
	}
	if attribute != "" {
		if first, ok := seen[attribute]; ok {
			f.add(at, "gives the attribute %s, as Mapping.Fields[%d] does: give one of the two another attribute", quote(attribute), first)
		} else {
			seen[attribute] = i
		}
	}

	switch field.Type {
	case Auto, String, Number, Binary, Bool, JSON, List, Map, StringSet, NumberSet, BinarySet:
	default:
		f.add(path+".Type", "%s is unknown: it is S, N, B, BOOL, JSON, L, M, SS, NS or BS, or empty to go by the value", quote(field.Type))
	}
}

// attribute is the name of the attribute that f gives.
func (f Field) attribute() string {
	if f.Attribute != "" {
		return f.Attribute
	}
	return f.Column
}

func (f *faults) numbers(c Config) {
	if c.Concurrency < 0 || c.Concurrency > maxConcurrency {
		f.add("Concurrency", "is %d: it is 1 to %d, or 0 for the default of %d", c.Concurrency, maxConcurrency, defaultConcurrency)
	}
	if w := c.WriteUnitsPerSecond; w < 0 || math.IsNaN(w) || math.IsInf(w, 0) {
		f.add("WriteUnitsPerSecond", "is %v: it is a number above 0, or 0 for no limit", w)
	}
	if c.Retry.MaxAttempts < 0 {
		f.add("Retry.MaxAttempts", "is %d: it is 1 or more, or 0 for the default of %d", c.Retry.MaxAttempts, defaultMaxAttempts)
	}
	f.duration("Retry.MinDelay", c.Retry.MinDelay, defaultMinDelay)
	f.duration("Retry.MaxDelay", c.Retry.MaxDelay, defaultMaxDelay)
	if lo, hi := c.Retry.MinDelay, c.Retry.MaxDelay; hi > 0 && lo > hi {
		f.add("Retry.MinDelay", "is %v, more than Retry.MaxDelay (%v): lower it, or raise Retry.MaxDelay", lo, hi)
	}
	f.duration("MaxWait", c.MaxWait, defaultMaxWait)
}

func (f *faults) duration(field string, d, standard time.Duration) {
	if d < 0 || d > longestDelay {
		f.add(field, "is %v: it is more than 0 and at most %v, or 0 for the default of %v", d, longestDelay, standard)
	}
}

// quote quotes a name or a setting for a text, cut if it is long.
func quote[T ~string](name T) string { return strconv.Quote(cut(string(name), 100)) }

// cut returns s, or the beginning of it in at most limit bytes, the mark of
// the cut included.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	const mark = "…"
	end := max(0, limit-len(mark))
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + mark
}
