package source

import "strings"

// isDecimal reports whether text is a decimal number as databases write one: digits, with a sign, a point and an
// exponent if need be, and without leading zeros.
func isDecimal(text string) bool {
	mantissa, exponent, hasExponent := strings.Cut(strings.ToLower(text), "e")
	if hasExponent && !isDigits(strings.TrimPrefix(strings.TrimPrefix(exponent, "-"), "+")) {
		return false
	}
	whole, fraction, hasPoint := strings.Cut(strings.TrimPrefix(mantissa, "-"), ".")
	if hasPoint && !isDigits(fraction) {
		return false
	}
	return hasPoint && whole == "" || isWhole(whole)
}

// isWhole reports whether text is a whole number without a sign and without leading zeros.
func isWhole(text string) bool { return isDigits(text) && (text == "0" || text[0] != '0') }

// isDigits reports whether text is digits alone, one at least.
func isDigits(text string) bool {
	for _, c := range []byte(text) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return text != ""
}
