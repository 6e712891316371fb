package decimal

// AppendSortable appends bytes to dst that sort, compared byte by byte, as the numbers do: one for the sign
// (0 negative, 1 zero, 2 positive), one for the exponent and the digits. Those of a negative number are
// complemented, with an end that is greater than any digit, since of two negative numbers the one with
// more digits is the lesser.
func (d *Decimal) AppendSortable(dst []byte) []byte {
	switch {
	case d.n == 0:
		return append(dst, 1)
	case d.negative:
		dst = append(dst, 0, byte(MaxExponent-d.exponent))
		for _, digit := range d.digits[:d.n] {
			dst = append(dst, '0'+'9'-digit)
		}
		return append(dst, 0xff)
	}
	dst = append(dst, 2, byte(d.exponent-MinExponent))
	return append(dst, d.digits[:d.n]...)
}
