package schematest

import (
	"math/big"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/dynamodest/dynamodest"
)

// rule is one rule of DecodeConfig or Validate. Every fault that a configuration has is of one of them.
type rule struct {
	name           string
	field, problem *regexp.Regexp // of the ConfigError

	// only reports that a schema cannot hold the rule, for this document; nil: the schema holds it always.
	only func(doc document, fault *dynamodest.ConfigError) bool

	// why says why a schema cannot hold the rule.
	why string
}

func newRule(name, field, problem string) rule {
	return rule{name: name, field: regexp.MustCompile("^(" + field + ")$"), problem: regexp.MustCompile(problem)}
}

// onlyIf marks r as a rule that a schema cannot hold, for the documents that only reports.
func (r rule) onlyIf(why string, only func(document, *dynamodest.ConfigError) bool) rule {
	r.only, r.why = only, why
	return r
}

// onlyHere marks r as a rule that a schema can never hold.
func (r rule) onlyHere(why string) rule {
	return r.onlyIf(why, func(document, *dynamodest.ConfigError) bool { return true })
}

// matches reports whether fault is of r.
func (r rule) matches(fault *dynamodest.ConfigError) bool {
	return r.field.MatchString(fault.Field) && r.problem.MatchString(fault.Problem)
}

var (
	// durationText is what time.ParseDuration takes without a minus sign.
	durationText = regexp.MustCompile(`^\+?(0|(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$`)

	// hostGiven matches an endpoint whose scheme is right, with something before its path.
	hostGiven = regexp.MustCompile(`^(?i)https?://[^/?#@]+(/[^?#]*)?#?$`)
)

// wellFormedDuration reports whether a duration is out of range and not malformed.
func wellFormedDuration(doc document, fault *dynamodest.ConfigError) bool {
	text, isText := doc.at(fault.Pointer).(string)
	return isText && durationText.MatchString(text) || whole(doc, fault)
}

// whole reports whether a number is whole, though Go does not read it as an integer.
func whole(doc document, fault *dynamodest.ConfigError) bool {
	number, ok := doc.number(fault.Pointer)
	if !ok {
		return false
	}
	value, ok := new(big.Rat).SetString(number)
	return ok && value.IsInt()
}

// givesHost reports whether the endpoint has the form that the schema asks for.
func givesHost(doc document, _ *dynamodest.ConfigError) bool {
	endpoint, _ := doc.at("/endpoint").(string)
	return hostGiven.MatchString(endpoint)
}

// noKeys reports whether the document has no credentials at all.
func noKeys(doc document, _ *dynamodest.ConfigError) bool {
	keys, _ := doc.at("/credentials").(map[string]any)
	return len(keys) == 0
}

// rules are all rules that the JSON form of a Config can break.
var rules = []rule{
	// DecodeConfig's.
	newRule("unknown name", `.*`, `^is unknown(: remove|: did you| here: it belongs)`),
	newRule("unknown name that is not quoted", `.*`, `^member [0-9]+ of this object`),
	newRule("wrong type", `.*`, `but must be an? (string|object|array|bool|number)$`),
	newRule("null", `.*`, `^is null`),
	newRule("empty word", `.*`, `^is empty`),
	newRule("negative duration as text", `.*`, `^is negative`),
	newRule("not a whole number", `.*`, `but must be a whole number$`).
		onlyIf("JSON Schema counts 1.0, 1e3 and 1e30 as integers", whole),
	newRule("number beyond Go's", `.*`, `^is a JSON number that is too`).
		onlyIf("JSON Schema's numbers have no limit", whole),
	newRule("not a duration", `.*`, `^is not a duration`).
		onlyIf("a text of the right form may overflow, and JSON Schema counts 1e3 as an integer", wellFormedDuration),
	newRule("repeated name", `.*`, `^is given twice`).
		onlyHere("a validator sees one of the two"),

	// Validate's.
	newRule("region missing", `Region`, `^is required`),
	newRule("region malformed", `Region`, `not an AWS Region code`),
	newRule("local region malformed", `Region`, `malformed`),
	newRule("pseudo region", `Region`, `stands for the FIPS`),
	newRule("table missing", `Table`, `^is required`),
	newRule("table name", `Table`, `^is not a table name`),
	newRule("table ARN", `Table`, `^is not the ARN`),
	newRule("region other than the ARN's", `Table`, `^is the ARN of a table in`).
		onlyHere("a schema does not compare two settings"),
	newRule("region of the ARN", `Table`, `^its region`).
		onlyHere("which regions are allowed depends on the endpoint: the ARN's own form is all that the schema looks at"),
	newRule("credentials missing", `Credentials\.(AccessKeyID|SecretAccessKey)`, `^is required$`).
		onlyIf("a Go caller may set AWS, CredentialsProvider or Client instead", noKeys),
	newRule("character in a key", `Credentials\..*`, `^contains white space`),
	newRule("session token missing", `Credentials\.SessionToken`, `^is required: `),
	newRule("endpoint's scheme", `Endpoint`, `^does not begin with`),
	newRule("endpoint's user", `Endpoint`, `^has a user name`),
	newRule("endpoint's query", `Endpoint`, `^has a query`),
	newRule("endpoint's form", `Endpoint`, `^is not a URL`).
		onlyIf("a pattern for every URL would be unreadable", givesHost),
	newRule("endpoint's host", `Endpoint`, `^has no host`).
		onlyIf("a pattern for every host would be unreadable", givesHost),
	newRule("endpoint's port", `Endpoint`, `^has an invalid port`).
		onlyIf("a pattern for 1 to 65535 would be unreadable", givesHost),
	newRule("endpoint of another service", `Endpoint`, `^is an endpoint of another service`).
		onlyHere("AWS's hosts are a list with exceptions"),
	newRule("endpoint in another region", `Endpoint`, `^is DynamoDB's endpoint in`).
		onlyHere("a schema does not compare two settings"),
	newRule("endpoint in another partition", `Endpoint`, `^is not the host of an endpoint`).
		onlyHere("a schema does not compare two settings"),
	newRule("mode refused", `Mode`, `is not supported`),
	newRule("mode unknown", `Mode`, `is unknown: must be`),
	newRule("on_existing without insert", `OnExisting`, `^applies only to the mode`),
	newRule("on_existing unknown", `OnExisting`, `is unknown: must be`),
	newRule("version with insert", `Version`, `^applies only to the mode`),
	newRule("version without a field", `Version`, `^no field of the mapping`).
		onlyHere("a schema does not look up one value in a list of others"),
	newRule("type of the version", `Mapping\.Fields\[\d+\]\.Type`, `^cannot be the type of a version`).
		onlyHere("a schema does not look up one value in a list of others"),
	newRule("delete with version", `Delete`, `with a version attribute`),
	newRule("delete with on_existing", `Delete`, `for existing items`),
	newRule("duplicates unknown", `Duplicates`, `is unknown: must be`),
	newRule("duplicates with on_existing", `Duplicates`, `for existing items`),
	newRule("duplicates with version", `Duplicates`, `with a version attribute`),
	newRule("max_keys out of range", `MaxKeys`, `out of range`),
	newRule("max_keys without duplicates", `MaxKeys`, `^applies only`),
	newRule("column missing", `Mapping\.Fields\[\d+\]\.Column`, `^is required`),
	newRule("long name", `Version|Mapping\.Fields\[\d+\]\.(Column|Attribute)`, `bytes long`).
		onlyIf("a schema counts characters, and only attributes have a limit, not columns", func(doc document, fault *dynamodest.ConfigError) bool {
			name, _ := doc.at(fault.Pointer).(string)
			return strings.HasSuffix(fault.Field, ".Column") || utf8.RuneCountInString(name) <= 65_535
		}),
	newRule("attribute twice", `Mapping\.Fields\[\d+\]\.(Column|Attribute)`, `^has the same attribute`).
		onlyHere("uniqueItems compares whole fields"),
	newRule("type unknown", `Mapping\.Fields\[\d+\]\.Type`, `is unknown: must be`),
	newRule("null unknown", `Mapping\.Null`, `is unknown: must be`),
	newRule("empty_string unknown", `Mapping\.EmptyString`, `is unknown: must be`),
	newRule("missing unknown", `Mapping\.Missing`, `is unknown: must be`),
	newRule("missing without fields", `Mapping\.Missing`, `applies only`),
	newRule("bytes unknown", `Mapping\.Bytes`, `is unknown: must be`),
	newRule("concurrency", `Concurrency`, `out of range`),
	newRule("write units", `WriteUnitsPerSecond`, `out of range`),
	newRule("attempts", `Retry\.MaxAttempts`, `out of range`),
	newRule("duration out of range", `MaxWait|Retry\.M.*Delay`, `out of range`).
		onlyIf("a schema does not compare durations given as text", func(doc document, fault *dynamodest.ConfigError) bool {
			_, isText := doc.at(fault.Pointer).(string)
			return isText
		}),
	newRule("delays the wrong way round", `Retry\.MinDelay`, `is more than the maximum delay`).
		onlyHere("a schema does not compare two settings"),
	newRule("window", `WindowBytes`, `out of range`),
}
