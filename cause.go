package dynamodest

import "reflect"

// maxCauses is the most errors that Cause unwraps. A longer chain counts as a cycle.
const maxCauses = 10_000

// Cause returns the error at the end of err's chain: the error of the AWS SDK, of the network, of a
// CredentialsProvider or of another part that is not this library's. Where an error unwraps to several,
// Cause takes the last of them, so for a [*RowError] and a [*TableError] it is the end of their Err, or
// their Reason if they have none, and for a [*WriteError] that of its last row in First, or of Stop if no
// row failed. It returns nil for nil, and never a nil pointer.
//
// It is for logs that may hold everything: the text of the result may quote a row or a secret, which is
// why the texts of this library's errors do not quote it. errors.Unwrap does not lead there, since it
// returns nil for an error that unwraps to several.
func Cause(err error) error {
	if isNil(err) {
		return nil
	}
	for range maxCauses {
		inner := unwrapLast(err)
		if inner == nil {
			break
		}
		err = inner
	}
	return err
}

// unwrapLast returns the last error that err unwraps to; nil if there is none, or if unwrapping panics.
func unwrapLast(err error) (inner error) {
	defer func() {
		if recover() != nil {
			inner = nil
		}
	}()
	switch err := err.(type) { //nolint:errorlint // the methods of err itself
	case interface{ Unwrap() error }:
		if inner := err.Unwrap(); !isNil(inner) {
			return inner
		}
	case interface{ Unwrap() []error }:
		branches := err.Unwrap()
		for i := len(branches) - 1; i >= 0; i-- {
			if !isNil(branches[i]) {
				return branches[i]
			}
		}
	}
	return nil
}

// isNil reports whether err is nil or a nil pointer.
func isNil(err error) bool {
	if err == nil {
		return true
	}
	v := reflect.ValueOf(err)
	return v.Kind() == reflect.Pointer && v.IsNil()
}
