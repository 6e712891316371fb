package transport

import (
	"errors"
	"regexp"
	"strings"

	"github.com/aws/smithy-go"

	"github.com/dynamodest/dynamodest/internal/fault"
)

// messageText returns the message of a DynamoDB error where such messages hold neither items nor
// secrets, otherwise "". The message of a signature fault, for one, quotes the request's headers,
// session token included. probe reports whether the request carried no row.
func messageText(op, code string, reason fault.Reason, err error, probe bool) string {
	message := messageOf(err)
	switch reason {
	case fault.Access, fault.NoTable, fault.Throttled:
		return fault.Cut(fault.Clean(message), fault.MaxDetail)
	case fault.Refused:
		if (op == DescribeTable || probe) && code == "ValidationException" || isHarmless(message) { // the former holds no row
			return fault.Cut(fault.Clean(message), fault.MaxDetail)
		}
	}
	return ""
}

// messageOf returns the message of DynamoDB in err, or "".
func messageOf(err error) string {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return ""
	}
	return api.ErrorMessage()
}

// nameForm matches the name of an attribute or index in a message. A message with a name of other
// characters is withheld.
const nameForm = `[^\s,:;"'{}\[\]=]{1,255}`

// harmless matches the messages of validation faults that hold no more than the names of attributes
// and indexes, types and sizes.
var harmless = regexp.MustCompile(`^(1 validation error detected: )?(` + strings.ReplaceAll(strings.Join([]string{
	`The provided key element does not match the schema`,
	`One or more parameter values were invalid: Missing the key NAME in the item`,
	`One or more parameter values were invalid: Type mismatch for key NAME expected: [A-Z]+ actual: [A-Z]+`,
	`One or more parameter values were invalid: Type mismatch for Index Key NAME Expected: [A-Z]+ Actual: [A-Z]+ IndexName: NAME`,
	`One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of ?\d+ bytes`,
	`One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of ?\d+ bytes`,
	`One or more parameter values were invalid: Size limit exceeded for Index Key NAME Actual Size: \d+ bytes Max Size: \d+ bytes IndexName: NAME`,
	`One or more parameter values are not valid\. The AttributeValue for a key attribute cannot contain an empty (string|binary) value\. Key: NAME`,
	`One or more parameter values are not valid\. A value specified for a secondary index key is not supported\. The AttributeValue for a key attribute cannot contain an empty (string|binary) value\. IndexName: NAME, IndexKey: NAME`,
	`One or more parameter values were invalid: An (string|number) set  may not be empty`,
	`Binary sets should not be empty`,
	`Item size has exceeded the maximum allowed size`,
	`Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit`,
	`Provided list of item keys contains duplicates`,
	`Input collection contains duplicates\.?`,
	`Number overflow\. Attempting to store a number with magnitude larger than supported range`,
	`Number underflow\. Attempting to store a number with magnitude smaller than supported range`,
	`Attempting to store more than 38 significant digits in a Number`,
	`The parameter cannot be converted to a numeric value`,
	`Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes`,
	`Supplied AttributeValue is empty, must contain exactly one of the supported datatypes`,
	`Too many items requested for the BatchWriteItem call`,
	`Empty attribute name`,
}, "|"), "NAME", nameForm) + `)$`)

func isHarmless(message string) bool { return harmless.MatchString(message) }
