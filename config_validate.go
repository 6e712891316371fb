package dynamodest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/transport"
)

// The defaults of Config, for every field that has one.
const (
	defaultConcurrency = 64
	defaultMaxAttempts = 10
	defaultMinDelay    = 50 * time.Millisecond
	defaultMaxDelay    = 5 * time.Second
	defaultMaxWait     = 200 * time.Millisecond
	defaultWindowBytes = 64 << 20
	defaultMaxKeys     = 10_000_000 // with RefuseDuplicates
)

// minWindowBytes is the smallest window that a Config may set: it holds full batches of small rows.
const minWindowBytes = 1 << 20

// longestDelay is the longest delay that a Config may set.
const longestDelay = 24 * time.Hour

const (
	audienceReason = "DynamoDB tables have no lists or audiences to add to or remove from"
	mirrorReason   = "DynamoDB has no efficient way to replace a whole table, and the rows do not say which others have left the source; an engine that knows can send those as deletes (delete column)"
)

// refusedModes are modes of other destinations, and why this one does not support them.
var refusedModes = map[Mode]string{
	"update":          "a put replaces the whole item, so it can neither change single attributes nor skip new keys",
	"mirror":          mirrorReason,
	"audience_add":    audienceReason,
	"audience_remove": audienceReason,
	"audience_mirror": audienceReason,
	"audience_upsert": audienceReason,
}

// withDefaults returns c with the default of every field that has one and is not set. c must be valid.
func (c Config) withDefaults() Config {
	setDefault(&c.Mode, Upsert)
	setDefault(&c.OnExisting, Overwrite)
	setDefault(&c.Duplicates, LastWins)
	if c.Duplicates == RefuseDuplicates {
		setDefault(&c.MaxKeys, defaultMaxKeys)
	}
	setDefault(&c.Mapping.Null, WriteNull)
	setDefault(&c.Mapping.EmptyString, EmptyAsNull)
	setDefault(&c.Mapping.Missing, MissingNothing)
	setDefault(&c.Concurrency, defaultConcurrency)
	setDefault(&c.Retry.MaxAttempts, defaultMaxAttempts)
	setDefault(&c.MaxWait, defaultMaxWait)
	setDefault(&c.WindowBytes, defaultWindowBytes)

	// A bound that is set moves the default of the other bound.
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

// Validate returns every fault in c that shows without a request, each a [*ConfigError], joined; nil if
// there is none. [New] calls it.
func (c Config) Validate() error {
	var p problems
	p.interfaces(c)
	p.aws(c)
	p.region(c)
	p.table(c)
	p.credentials(c)
	p.endpoint(c)
	p.mode(c)
	p.version(c)
	p.delete(c)
	p.duplicates(c)
	p.mapping(c.Mapping)
	p.numbers(c)
	return p.err()
}

// problems collects the faults of a Config.
type problems []error

func (p *problems) add(field, problem string, args ...any) {
	*p = append(*p, configError(field, problem, args...))
}

func (p *problems) err() error { return errors.Join(*p...) }

// interfaces rejects a nil pointer in an interface: the field looks set, and would panic at the first
// request.
func (p *problems) interfaces(c Config) {
	check := func(field string, value any) {
		if typedNil(value) {
			p.add(field, "is a nil %T: leave the field out, or set it to a value", value)
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

func (p *problems) credentials(c Config) {
	switch {
	case c.Client != nil || c.AWS != nil:
		return
	case c.CredentialsProvider != nil:
		p.staticProvider("CredentialsProvider", c.CredentialsProvider)
		return
	}
	check := func(field, value string, required bool) {
		switch {
		case value == "" && required:
			p.add("Credentials."+field, "is required")
		case strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r > '~' }):
			p.add("Credentials."+field, "contains white space or another character that no AWS key has: copy it again")
		}
	}
	check("AccessKeyID", c.Credentials.AccessKeyID, true)
	check("SecretAccessKey", c.Credentials.SecretAccessKey, true)
	check("SessionToken", c.Credentials.SessionToken, false)
	if lacksToken(c.Credentials.AccessKeyID, c.Credentials.SessionToken) {
		p.add("Credentials.SessionToken", "is required: %s", noToken)
	}
}

// noToken says why temporary keys need a token.
const noToken = "an access key id that begins with ASIA is of temporary credentials, which are refused without their session token: copy all three values, or use a long-term key, which begins with AKIA"

// lacksToken reports whether an access key ID is of temporary credentials and token is empty.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes
func lacksToken(accessKeyID, token string) bool {
	return strings.HasPrefix(accessKeyID, "ASIA") && token == ""
}

// staticProvider checks the keys of a provider of static keys; any other provider is not asked.
func (p *problems) staticProvider(field string, provider aws.CredentialsProvider) {
	if keys := staticKeys(provider); lacksToken(keys.AccessKeyID, keys.SessionToken) {
		p.add(field, "has no session token: %s", noToken)
	}
}

// staticKeys returns the keys of a provider that always returns the same, such as that for the keys in the
// environment, which config.LoadDefaultConfig caches; of any other provider it returns none.
//
//nolint:contextcheck,nolintlint // Validate has no context, and keys that are at hand need none
func staticKeys(provider aws.CredentialsProvider) aws.Credentials {
	var static credentials.StaticCredentialsProvider
	switch provider := provider.(type) {
	case credentials.StaticCredentialsProvider:
		return provider.Value
	case *aws.CredentialsCache:
		if provider != nil && provider.IsCredentialsProvider(static) {
			keys, _ := provider.Retrieve(context.Background()) //nolint:forbidigo // returns at once, without keys if they are incomplete
			return keys
		}
	}
	return static.Value
}

func (p *problems) mode(c Config) {
	reason, refused := refusedModes[c.Mode]
	switch {
	case refused:
		p.add("Mode", "%q is not supported: %s; use %q or %q", c.Mode, reason, Upsert, Insert)
		return
	case c.Mode != "" && c.Mode != Upsert && c.Mode != Insert:
		p.add("Mode", "%s unknown: must be %q or %q", subject(c.Mode), Upsert, Insert)
		return
	}
	switch c.OnExisting {
	case "":
	case Overwrite, Skip, Fail:
		if c.Mode != Insert {
			p.add("OnExisting", "applies only to the mode %q: leave it empty, or set the mode to %[1]q", Insert)
		}
	default:
		p.add("OnExisting", "%s unknown: must be %q, %q or %q", subject(c.OnExisting), Overwrite, Skip, Fail)
	}
}

func (p *problems) mapping(m Mapping) {
	seen := make(map[string]int, len(m.Fields))
	for i, field := range m.Fields {
		p.field(fmt.Sprintf("Mapping.Fields[%d]", i), field, i, seen)
	}
	switch m.Null {
	case "", WriteNull, OmitNull, RefuseNull:
	default:
		p.add("Mapping.Null", "%s unknown: must be %q, %q or %q", subject(m.Null), WriteNull, OmitNull, RefuseNull)
	}
	switch m.EmptyString {
	case "", EmptyAsNull, KeepEmpty, OmitEmpty:
	default:
		p.add("Mapping.EmptyString", "%s unknown: must be %q, %q or %q", subject(m.EmptyString), EmptyAsNull, KeepEmpty, OmitEmpty)
	}
	switch m.Bytes {
	case "", BinaryBytes, TextBytes:
	default:
		p.add("Mapping.Bytes", "%s unknown: must be %q or %q", subject(m.Bytes), BinaryBytes, TextBytes)
	}
	switch m.Missing {
	case "", MissingNothing:
	case MissingNull, MissingRequired:
		if len(m.Fields) == 0 {
			p.add("Mapping.Missing", "%q applies only to the columns that the mapping lists as fields: list them, or leave this empty", m.Missing)
		}
	default:
		p.add("Mapping.Missing", "%s unknown: must be %q, %q or %q", subject(m.Missing), MissingNothing, MissingNull, MissingRequired)
	}
}

// field checks one field at path, and records its attribute in seen.
func (p *problems) field(path string, field Field, i int, seen map[string]int) {
	if field.Column == "" {
		p.add(path+".Column", "is required: the name of a column")
	} else if !utf8.ValidString(field.Column) {
		p.add(path+".Column", "is not valid UTF-8: write the name in UTF-8")
	}

	attribute, at := field.attribute(), path+".Attribute"
	if field.Attribute == "" {
		at = path + ".Column"
	} else if !utf8.ValidString(attribute) {
		p.add(at, "is not valid UTF-8: write the name in UTF-8")
	}
	if len(attribute) > item.MaxAttributeName {
		p.add(at, "is %d bytes long: the name of an attribute has at most %d", len(attribute), item.MaxAttributeName)
	}
	if attribute != "" {
		if first, ok := seen[attribute]; ok {
			p.add(at, "has the same attribute as field number %d of the mapping: rename one of the two", first+1)
		} else {
			seen[attribute] = i
		}
	}

	switch field.Type {
	case Auto, String, Number, Binary, Bool, JSON, List, Map, StringSet, NumberSet, BinarySet, EpochSeconds, EpochMillis, SortableTime:
	default:
		p.add(path+".Type", "%s unknown: must be S, N, B, BOOL, JSON, L, M, SS, NS, BS, EPOCH_SECONDS, EPOCH_MILLIS or SORTABLE_TIME, or empty to go by the value", subject(field.Type))
	}
}

func (p *problems) numbers(c Config) {
	if c.Concurrency < 0 || c.Concurrency > transport.MaxConcurrency {
		p.add("Concurrency", "%d is out of range: must be 1 to %d, or 0 for the default (%d)", c.Concurrency, transport.MaxConcurrency, defaultConcurrency)
	}
	if w := c.WriteUnitsPerSecond; w < 0 || math.IsNaN(w) || math.IsInf(w, 0) {
		p.add("WriteUnitsPerSecond", "%v is out of range: must be more than 0, or 0 for no limit", w)
	}
	if c.Retry.MaxAttempts < 0 {
		p.add("Retry.MaxAttempts", "%d is out of range: must be 1 or more, or 0 for the default (%d)", c.Retry.MaxAttempts, defaultMaxAttempts)
	}
	p.duration("Retry.MinDelay", c.Retry.MinDelay, defaultMinDelay)
	p.duration("Retry.MaxDelay", c.Retry.MaxDelay, defaultMaxDelay)
	if lo, hi := c.Retry.MinDelay, c.Retry.MaxDelay; hi > 0 && lo > hi {
		p.add("Retry.MinDelay", "%v is more than the maximum delay (%v): lower it, or raise that", lo, hi)
	}
	p.duration("MaxWait", c.MaxWait, defaultMaxWait)
	if c.WindowBytes != 0 && c.WindowBytes < minWindowBytes {
		p.add("WindowBytes", "%d is out of range: must be %d (1 MiB) or more, or 0 for the default (%d)", c.WindowBytes, minWindowBytes, defaultWindowBytes)
	}
}

func (p *problems) duration(field string, d, standard time.Duration) {
	if d < 0 || d > longestDelay {
		p.add(field, "%v is out of range: must be 1ns to 24h, or 0 for the default (%v)", d, standard)
	}
}
