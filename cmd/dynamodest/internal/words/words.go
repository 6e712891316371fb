// Package words has the library's texts in the terms of the command. Where the library names a setting of a Config or a
// type of Go, as suits its own users, the command names the flag, or the kind of value.
package words

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// flags are the flags that set a field of a Config, or a parameter of a policy. Those of one of Mapping.Fields, -map and
// -type, are not among them.
var flags = map[string]string{
	"Table": "-table", "Region": "-region", "Endpoint": "-endpoint", "Mode": "-mode", "OnExisting": "-on-existing",
	"Version": "-version-attribute", "Delete": "-delete-column", "Duplicates": "-duplicates",
	"Mapping.Null": "-null", "Mapping.EmptyString": "-empty", "Mapping.Missing": "-missing", "Mapping.Fields": "-map",
	"Concurrency": "-concurrency", "WriteUnitsPerSecond": "-max-rate",
	"account": "-account", "principal": "-trust", "externalID": "-external-id",
}

// places are where AWS's settings are from, which no flag sets.
var places = map[string]string{
	"AWS":              "the AWS configuration",
	"AWS.Region":       "AWS_REGION or the region of the profile",
	"AWS.BaseEndpoint": "AWS_ENDPOINT_URL or the endpoint of the profile",
	"AWS.Credentials":  "the access keys of the environment or the profile",
}

// Flag returns the flag that sets the field of a Config at a Go path, or the parameter of a policy, or where the setting of
// AWS is from; "" if there is none.
func Flag(field string) string {
	var i int
	if _, err := fmt.Sscanf(field, "kmsKeys[%d]", &i); err == nil {
		return fmt.Sprintf("-kms-key number %d", i+1)
	}
	return cmp.Or(flags[field], places[field])
}

// NoCredentials is the remedy of the command for credentials that nothing provides, where that of the library is for
// programs.
const NoCredentials = "give credentials as the AWS command line takes them: by the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY), by -profile, or by the role of the machine; those of SSO expire: aws sso login"

// credentialsRemedy is that remedy of the library.
const credentialsRemedy = "check the error of what provides the credentials (CredentialsProvider, AWS.Credentials, or the Credentials that ClientOptions set): its text is hidden because it may contain a secret; dynamodest.Cause returns the error at its end, and errors.As finds one by its type"

// settings are the settings and functions that the library's texts name.
var settings = strings.NewReplacer(
	"Config.Policy returns the policy", "dynamodest policy prints the policy",
	"Config.Version", "-version-attribute",
	"Config.Delete", "-delete-column",
	"with Version, give", "with -version-attribute, give",
	"Retry.MaxAttempts", "attempts (retry.max_attempts in the file of -config)",
	"WriteUnitsPerSecond", "-max-rate",
	`write with OnExisting "skip" or "overwrite"`, "give -on-existing skip or overwrite",
	`set Duplicates to "last"`, "give -duplicates last",
	`Duplicates "fail"`, "-duplicates fail",
	`set Mapping.Null to "null" or "omit"`, "give -null null or omit",
	"Mapping.Null", "-null",
	"(Field.Required, Mapping.Missing)", "(-missing, or required of the field in the file of -config)",
	"no field produces the attribute", "no column becomes the attribute",
	"set Field.Column to the name", "give -map the name",
	"Field.Type converts", "-type converts",
	"only if a Field asks for that", "only if -type asks for that",
	`, or write binary: provide a []byte, with Field.Type "B" or no Field.Type`, "",
	"a Field.Type", "a -type",
	"another Field.Type", "another -type",
	`Field.Type "`, `-type "`,
	"add a Field with this attribute to the mapping", "give the attribute a -map",
	"list the columns to write in Mapping.Fields", "list the columns to write by -map",
	" (a Mapping with Fields writes only the columns that it lists)", "",
	"create a new Destination with New", "run the command again",
	"create a new Destination", "run the command again",
	"since this Destination was created", "since the command began",
	"; create one Destination for each table and share it", "",
	"no field of the mapping produces this attribute: add one", "no column becomes this attribute: add one by -map",
	", or set CSV.Header", "",
	", or raise CSV.MaxRecord", ", as an item has 400 KB at most",
	", or raise NDJSON.MaxLine", ", as an item has 400 KB at most",
	"try again with a context that is not cancelled and has a later deadline", "run the command again",
	"is not the account in the ARN that Table is: leave it empty", "is not the account in the ARN that -table gives: leave it out",
	"; AWS has none, which AWS_REGION or a profile would give it", "; AWS_REGION or a profile would give it too",
	"check Table and Region", "check -table and -region",
	"; use errors.As or errors.Is to get the error", "",
	"; use errors.As or errors.Is", "",
	"; errors.Is and errors.As reach what the source found wrong", "",
	" is hidden because it may contain row data: errors.As with a smithy.APIError reads it", " is not shown because it may contain row data",
	": load AWS with config.LoadDefaultConfig, or set it to a provider", "",
	credentialsRemedy, NoCredentials,
	"CSV.Comma", "-comma",
	"Endpoint, if set,", "-endpoint, if given,",
	"check Region, Endpoint,", "check -region, -endpoint,",
	"the configured Region", "the region of the table",
)

// values are the types of Go, and what belongs to them, that rows of the command's sources have.
var values = strings.NewReplacer(
	" of Go type string", "",
	"Go type string", "a text",
	"Go type json.Number", "a number",
	"Go type float64", "a number",
	"Go type float32", "a number",
	"Go type int64", "a number",
	"Go type int32", "a number",
	"Go type uint64", "a number",
	"Go type uint32", "a number",
	"Go type bool", "true or false",
	"Go type []byte", "bytes",
	"Go type []uint8", "bytes",
	"Go type time.Time", "a time",
	"Go type []interface {}", "a list",
	"Go type []any", "a list",
	"Go type map[string]interface {}", "an object",
	"Go type map[string]any", "an object",
	"a time.Time, or text by RFC 3339", "text by RFC 3339",
	"a []byte or base64 text", "base64 text",
	", or provide a []byte", "",
	"a slice or the JSON text of an array", "the JSON text of an array",
	"a map, a struct or the JSON text of an object", "the JSON text of an object",
	"a text that strconv.ParseBool takes, such as", "a text such as",
	"does not spell a bool", "is not true or false",
	`provide a bool, "true", "false", 0 or 1`, "provide true, false, 0 or 1",
	"provide a bool, 0 or 1", "provide true, false, 0 or 1",
	"provide a bool, the text true or false, 1 or 0", "provide true, false, 1 or 0",
	"a bool", "true or false",
	"provide nil", "provide null",
	"as nil where", "as null where",
)

// fieldType matches the advice to give a field one of some types.
var fieldType = regexp.MustCompile(`set Field\.Type to ("[A-Z_]+"(?:(?:, | or )"[A-Z_]+")*)(?: for the column)?`)

// Name returns the name of a column or an attribute for a terminal: in quotes, with escapes where it needs them, unless
// it has nothing but visible characters.
func Name(name string) string {
	quoted := strconv.Quote(name)
	if name == "" || quoted[1:len(quoted)-1] != name || strings.ContainsFunc(name, unicode.IsSpace) {
		return quoted
	}
	return name
}

// Names returns names as [Name] does, separated by commas.
func Names(names []string) string {
	shown := make([]string, len(names))
	for i, name := range names {
		shown[i] = Name(name)
	}
	return strings.Join(shown, ", ")
}

// userName matches a name of a user's own in a text. It stays as it is, whatever words it has.
var userName = regexp.MustCompile(`\b(?:column|attribute,?|key|table|named) ("(?:[^"\\]|\\.)*")`)

// Command returns a text of the library in the terms of the command. column is the column that it is about, or "".
func Command(text, column string) string {
	if column == "" {
		column = "COLUMN"
	}
	column = Name(column)
	var said strings.Builder
	at := 0
	for _, match := range userName.FindAllStringSubmatchIndex(text, -1) {
		said.WriteString(command(text[at:match[2]], column))
		said.WriteString(text[match[2]:match[3]])
		at = match[3]
	}
	said.WriteString(command(text[at:], column))
	return said.String()
}

// command is Command for a text without names.
func command(text, column string) string {
	return fieldType.ReplaceAllStringFunc(values.Replace(settings.Replace(text)), func(advice string) string {
		types := fieldType.FindStringSubmatch(advice)[1]
		return "give -type " + column + "=" + strings.ReplaceAll(types, `"`, "")
	})
}
