package dynamodesttest

import (
	"strconv"
	"strings"
)

// DynamoDB's messages for a number that it rejects.
const (
	numberOverflow  = "Number overflow. Attempting to store a number with magnitude larger than supported range"
	numberUnderflow = "Number underflow. Attempting to store a number with magnitude smaller than supported range"
	numberPrecision = "Attempting to store more than 38 significant digits in a Number"
	notANumber      = "The parameter cannot be converted to a numeric value"
)

// The range and precision of a number:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const (
	maxDigits   = 38
	maxExponent = 125
	minExponent = -130
)

// storedNumber returns the number s in the form in which DynamoDB stores and returns it: a decimal
// without an exponent and without an unnecessary zero, point or sign.
func storedNumber(s string) (string, *apiError) {
	negative, whole, fraction, exponent, ok := splitNumber(s)
	if !ok {
		if s == "" {
			return "", invalid(notANumber)
		}
		return "", invalid(notANumber+": %s", s)
	}
	digits := strings.TrimLeft(whole+fraction, "0")
	if digits == "" {
		// The range also applies to the exponent that a zero is written with.
		return "0", outOfRange(exponent)
	}
	// From here on the value is d.ddd × 10^exponent.
	exponent += len(digits) - 1 - len(fraction)
	digits = strings.TrimRight(digits, "0")
	if err := outOfRange(exponent); err != nil {
		return "", err
	}
	if len(digits) > maxDigits {
		return "", invalid(numberPrecision)
	}
	text := expand(digits, exponent)
	if negative {
		text = "-" + text
	}
	return text, nil
}

// splitNumber splits the text of a number into its parts. It clamps exponents far outside the
// supported range, so that they cannot overflow an int.
func splitNumber(s string) (negative bool, whole, fraction string, exponent int, ok bool) {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		negative = s[0] == '-'
		s = s[1:]
	}
	mantissa, exp := s, ""
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		mantissa, exp = s[:i], s[i+1:]
		sign := exp != "" && (exp[0] == '-' || exp[0] == '+')
		if exp == "" || sign && len(exp) == 1 || !onlyDigits(strings.TrimLeft(exp, "+-")) {
			return false, "", "", 0, false
		}
		n, err := strconv.Atoi(exp)
		if err != nil && !strings.HasSuffix(err.Error(), strconv.ErrRange.Error()) {
			return false, "", "", 0, false
		}
		exponent = min(max(n, -1<<30), 1<<30)
	}
	whole, fraction, _ = strings.Cut(mantissa, ".")
	ok = whole+fraction != "" && onlyDigits(whole) && onlyDigits(fraction)
	return negative, whole, fraction, exponent, ok
}

func onlyDigits(s string) bool { return strings.Trim(s, "0123456789") == "" }

func outOfRange(exponent int) *apiError {
	switch {
	case exponent > maxExponent:
		return invalid(numberOverflow)
	case exponent < minExponent:
		return invalid(numberUnderflow)
	}
	return nil
}

// expand returns d.ddd × 10^exponent without an exponent.
func expand(digits string, exponent int) string {
	switch point := exponent + 1; {
	case point <= 0:
		return "0." + strings.Repeat("0", -point) + digits
	case point >= len(digits):
		return digits + strings.Repeat("0", point-len(digits))
	default:
		return digits[:point] + "." + digits[point:]
	}
}

// numberSize returns what a stored number adds to an item's size: one byte, one for every two
// significant digits before the point, one for every two after it, and one for a negative sign.
// DynamoDB's documentation says "approximately"; this rule comes from measurements of the service.
func numberSize(stored string) int {
	if stored == "0" {
		return 1
	}
	size := 1
	unsigned, negative := strings.CutPrefix(stored, "-")
	if negative {
		size++
	}
	whole, fraction, _ := strings.Cut(unsigned, ".")
	if fraction == "" {
		whole = strings.TrimRight(whole, "0")
	}
	if whole == "0" {
		whole, fraction = "", strings.TrimLeft(fraction, "0")
	}
	return size + (len(whole)+1)/2 + (len(fraction)+1)/2
}

// compareNumbers compares two stored numbers by value.
func compareNumbers(a, b string) int {
	ua, na := strings.CutPrefix(a, "-")
	ub, nb := strings.CutPrefix(b, "-")
	switch {
	case na && nb:
		return compareUnsigned(ub, ua)
	case na:
		return -1
	case nb:
		return 1
	default:
		return compareUnsigned(ua, ub)
	}
}

func compareUnsigned(a, b string) int {
	wa, fa, _ := strings.Cut(a, ".")
	wb, fb, _ := strings.Cut(b, ".")
	if len(wa) != len(wb) {
		return len(wa) - len(wb)
	}
	if c := strings.Compare(wa, wb); c != 0 {
		return c
	}
	return strings.Compare(fa, fb)
}
