package dynamodesttest

import (
	"fmt"
	"net/http"
	"strings"
)

// apiError is an error response of DynamoDB.
type apiError struct {
	status  int
	code    string
	message string
	members string // further members of the body, each `,"Name":JSON`
}

func (e *apiError) Error() string { return e.code + ": " + e.message }

const (
	codeValidation    = "ValidationException"
	codeSerialization = "SerializationException"
	codeCondition     = "ConditionalCheckFailedException"
	codeThroughput    = "ProvisionedThroughputExceededException"
	codeThrottling    = "ThrottlingException"
	codeInUse         = "ResourceInUseException"

	codeMissingToken        = "MissingAuthenticationTokenException"
	codeIncompleteSignature = "IncompleteSignatureException"
	codeInvalidSignature    = "InvalidSignatureException"
	codeUnrecognizedClient  = "UnrecognizedClientException"
	codeExpiredToken        = "ExpiredTokenException"
)

func apiErrorf(code, format string, args ...any) *apiError {
	return &apiError{status: http.StatusBadRequest, code: code, message: fmt.Sprintf(format, args...)}
}

func invalid(format string, args ...any) *apiError { return apiErrorf(codeValidation, format, args...) }

// invalidParameter returns a ValidationException with the prefix that DynamoDB uses for errors in
// an item.
func invalidParameter(format string, args ...any) *apiError {
	return invalid("One or more parameter values were invalid: "+format, args...)
}

func serialization(format string, args ...any) *apiError {
	return apiErrorf(codeSerialization, format, args...)
}

// unsupported returns the error for a feature that DynamoDB has and the double does not.
func unsupported(what string) *apiError {
	return invalid("dynamodesttest does not support %s", what)
}

func noTable() *apiError {
	return apiErrorf("ResourceNotFoundException", "Requested resource not found")
}

// fullCode returns the code with the namespace that DynamoDB puts before it.
func fullCode(code string) string {
	switch {
	case strings.Contains(code, "#"):
		return code
	case code == codeValidation:
		return "com.amazon.coral.validate#" + code
	case code == codeSerialization, code == codeMissingToken, code == codeIncompleteSignature,
		code == codeInvalidSignature, code == codeUnrecognizedClient, code == codeExpiredToken,
		code == "AccessDeniedException", code == "UnknownOperationException", code == "InternalFailure":
		return "com.amazon.coral.service#" + code
	default:
		return "com.amazonaws.dynamodb.v20120810#" + code
	}
}

// body returns the JSON body of the error response.
func (e *apiError) body(withCode bool) []byte {
	b := []byte{'{'}
	if withCode {
		b = append(b, `"__type":`...)
		b = appendString(b, fullCode(e.code))
		b = append(b, ',')
	}
	b = append(b, `"message":`...)
	b = appendString(b, e.message)
	b = append(b, e.members...)
	return append(b, '}')
}
