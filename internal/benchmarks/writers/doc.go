// Package writers holds what writes rows to a table: the library, what one would write by hand with the AWS SDK, other
// libraries, and floors that do less than anything that converts rows can.
package writers
