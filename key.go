package dynamodest

import "fmt"

// keyMisfit returns the misfit of a row that has no value for key, which
// format's last verb shows.
func keyMisfit(format string, key *keyAttr) error {
	return &misfit{reason: ErrKey, text: fmt.Sprintf(format, key), mend: "give every row a value for the key, of one byte at least"}
}

// String describes k for an error: `partition key "id" (S)`.
func (k *keyAttr) String() string { return fmt.Sprintf("%s %q (%s)", k.role, clip(k.name), k.types()) }

// check says why a, made from v, cannot be the table key k.
func (k *keyAttr) check(a *attr, v any) error {
	switch {
	case a.kind == kindNull:
		return keyMisfit("a null value came as the table's %s", k)
	case a.empty():
		return keyMisfit("an empty value came as the table's %s, which takes one byte at least", k)
	}
	return k.checkForm(a, v)
}

// checkIndexKeys says why a, made from v, cannot be each of keys. A null or
// empty one is left out, and the item then is not in the index.
func checkIndexKeys(keys []*keyAttr, a *attr, v any) error {
	if a.kind == kindNull || a.empty() {
		a.kind = kindNone
		return nil
	}
	for _, k := range keys {
		if err := k.checkForm(a, v); err != nil {
			return err
		}
	}
	return nil
}

// checkForm checks the type and the length of a. A number has no length: its
// digits are limited.
func (k *keyAttr) checkForm(a *attr, v any) error {
	var text, mend string
	switch {
	case !k.takes(a.kind):
		text = fmt.Sprintf("Go type %s gives %s, which the %s does not take", goType(v), a.kind, k)
		mend = fmt.Sprintf("give the column a value that becomes %s, or map another column to the attribute", k.types())
		if k.kind != kindNone && converts(v, k.kind) {
			mend = fmt.Sprintf("Field.Type %q converts the column", k.kind)
		}
	case a.kind != kindN && k.max > 0 && len(a.text) > k.max:
		text = fmt.Sprintf("Go type %s with %d bytes came as the %s, which takes 1 to %d bytes", goType(v), len(a.text), k, k.max)
		mend = "shorten it, or make the key from a hash of the value"
	default:
		return nil
	}
	return &misfit{reason: ErrKey, text: text, mend: mend}
}

// converts is whether a field of type k makes a k of v.
func converts(v any, k kind) bool {
	var b builder
	var a attr
	if b.forced(&a, v, Type(k.String()), false) != nil || a.kind != k {
		return false
	}
	_, _, err := weigh(&a)
	return err == nil
}
