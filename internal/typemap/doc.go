// Package typemap converts rows of Go values to items: which column becomes which attribute, which
// DynamoDB type a Go value becomes, and why a value cannot be stored.
//
// It imports item, table, fault and decimal, and the SDK's types. It knows neither how an item is
// sent nor when, and no setting beyond the [Mapping].
//
// A [Converter] works in three layers. The plan (plan.go) holds the facts of a column that need
// no row: the attribute, the type that a field forces, the keys of that attribute. The conversion
// of a column (convert.go, forced.go) picks the kind of the attribute and applies the policies for
// null and empty values. The conversion of a value (the methods of tree) is a recursion over Go
// values: who speaks for a value is settled first (resolve.go, with convertfunc.go for the mapping's
// Convert, valuer.go and literal.go for the answers of database/sql), scalars are set (scalar.go,
// times.go), and containers become sets (sets.go) or documents (document.go, mapkeys.go, structs.go, jsonparse.go),
// which jsontext.go writes out where they are stored as text. Which fields of a struct are written, and
// how, is read from its tags once for each type (tags.go, structfields.go, fieldoptions.go).
// encode.go and quick.go make the bytes of an item without the item's attributes, values.go those of rows
// without a map; convertall.go works on many rows at once. textfault.go says what is wrong with a text that
// is not what its field forces.
package typemap
