// Package fault is the vocabulary of failure: why a row, a request or a call failed, what to do
// about it, and which words of it may be shown.
//
// It imports the standard library only. It knows no AWS type, no table and no row: its texts are
// made from names, types and sizes, never from a row's value or a secret, and the packages that
// make an [Error] keep to that.
package fault
