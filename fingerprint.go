package dynamodest

import (
	"crypto/sha256"
	"slices"
)

// Fingerprint returns 16 bytes that are equal for rows that Write would write as the same item, and differ
// for others: the first 16 bytes of SHA-256 over the canonical form of the item, which docs/identity.md
// describes to the byte. The order of attributes and set members, and the spelling of numbers, do not
// matter. It sends nothing.
//
// It is for an engine that skips rows that have not changed, since DynamoDB bills a write that changes
// nothing as any other: store the fingerprint of each row that was Written or Deleted under the Bytes of its
// [Key], and leave out of the next sync the rows whose fingerprint is the same. Before a row is written,
// delete what is stored under its key, or a lost outcome would leave out a row that the table does not hold.
// What others write to the table shows in no fingerprint.
//
// The attribute that Config.Version names, and the attributes that are made from the columns in except, are
// left out: a row whose updated_at alone has changed is then the same. A column that the mapping does not
// have changes nothing.
//
// The fingerprint is of the item: a document that is written as JSON text, or a time, is its text. It stays
// the same over releases as long as the item does. A delete (Config.Delete) has a fingerprint of its own,
// made from its key, that differs from those of all puts.
//
// A fingerprint is pseudonymous and not anonymous: whoever can guess a row can compute its fingerprint, and
// rows of a few possible values can be guessed. Treat it as personal data if the rows are.
//
// A row that Write would refuse gives its [*RowError], with Index 0.
func (d *Destination) Fingerprint(row Row, except ...string) ([16]byte, error) {
	d.mustBeMade()
	it, invalid := d.converter.Convert(row)
	if invalid != nil {
		return [16]byte{}, conversionError(0, invalid)
	}
	var names [8]string
	omitted := d.attributesOf(append(names[:0], d.version), except)
	var form [1024]byte
	sum := sha256.Sum256(it.AppendCanonical(form[:0], func(attribute string) bool {
		return slices.Contains(omitted, attribute)
	}))
	return [16]byte(sum[:16]), nil
}

// attributesOf appends to attributes those that the mapping makes from columns.
func (d *Destination) attributesOf(attributes []string, columns []string) []string {
	if len(d.mapping.Fields) == 0 {
		return append(attributes, columns...)
	}
	for _, f := range d.mapping.Fields {
		if slices.Contains(columns, f.Column) {
			attributes = append(attributes, f.attribute())
		}
	}
	return attributes
}
