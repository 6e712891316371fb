// Package decimal reads, writes and measures numbers as DynamoDB keeps them:
// decimals of up to 38 significant digits with an exponent from -130 to 125.
// It never rounds.
//
// Each value has one canonical text, so canonical texts are equal exactly when
// the numbers are.
//
// It imports the standard library only, and knows nothing of attributes, rows or
// the SDK.
package decimal

import (
	"errors"
	"math"
	"strconv"
)

// Limits of a DynamoDB number: 1E-130 to 9.99...E125, either sign, and zero.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const (
	MaxDigits   = 38
	MinExponent = -130
	MaxExponent = 125
)

// Errors of Parse, Canonical and AppendFloat, to be read after what the number
// is called. They quote no number.
var (
	ErrSyntax    = errors.New("is not a decimal number")
	ErrNotFinite = errors.New("is NaN or infinite")
	ErrDigits    = errors.New("has more than 38 significant digits")
	ErrRange     = errors.New("is outside the range of a DynamoDB number, 1E-130 to 9.99...E125 or their negatives")
)

// maxZeros is the most zeros that the canonical text pads digits with, on
// either side. A number that needs more is written as 1.5E100.
const maxZeros = 20

// maxText is more than the length of any canonical text.
const maxText = 64

// Decimal is a number without its leading and trailing zeros. Decimals are
// equal (==) exactly when the numbers are. The zero Decimal is 0.
type Decimal struct {
	digits   [MaxDigits]byte // as ASCII; unused ones are 0
	n        int             // digits in use
	exponent int             // power of ten of the first digit
	negative bool
}

// Parse reads a decimal number: digits with an optional sign, point and
// exponent. Zero may have any exponent.
func Parse[T string | []byte](text T) (Decimal, error) {
	var d Decimal
	i := 0
	if len(text) > 0 && (text[0] == '-' || text[0] == '+') {
		d.negative = text[0] == '-'
		i++
	}
	i, tooLong, ok := parseDigits(&d, text, i)
	if !ok {
		return Decimal{}, ErrSyntax
	}
	if i < len(text) {
		shift, ok := parseExponent(text, i)
		if !ok {
			return Decimal{}, ErrSyntax
		}
		d.exponent += shift
	}
	switch {
	case tooLong:
		return Decimal{}, ErrDigits
	case d.n == 0:
		return Decimal{}, nil
	case d.exponent < MinExponent || d.exponent > MaxExponent:
		return Decimal{}, ErrRange
	}
	return d, nil
}

// parseDigits reads digits and a point from text[i:] into d and returns where
// they end.
func parseDigits[T string | []byte](d *Decimal, text T, i int) (end int, tooLong, ok bool) {
	point := false
	zeros := 0 // read since the last digit kept
	for ; i < len(text); i++ {
		c := text[i]
		if c == '.' && !point {
			point = true
			continue
		}
		if c < '0' || c > '9' {
			break
		}
		ok = true
		if point && d.n == 0 {
			d.exponent--
		} else if !point && d.n > 0 {
			d.exponent++
		}
		switch {
		case c != '0' && d.n+zeros >= MaxDigits:
			tooLong = true
		case c != '0':
			for ; zeros > 0; zeros-- {
				d.digits[d.n] = '0'
				d.n++
			}
			d.digits[d.n] = c
			d.n++
		case d.n > 0:
			zeros++
		}
	}
	return i, tooLong, ok
}

// parseExponent reads text[i:], which must be all of an exponent.
func parseExponent[T string | []byte](text T, i int) (exponent int, ok bool) {
	if text[i] != 'e' && text[i] != 'E' {
		return 0, false
	}
	i++
	negative := false
	if i < len(text) && (text[i] == '-' || text[i] == '+') {
		negative = text[i] == '-'
		i++
	}
	if i == len(text) {
		return 0, false
	}
	const enough = 200_000_000 // more than any text has zeros to make up for, and ten times it fits 32 bits
	for ; i < len(text); i++ {
		c := text[i]
		if c < '0' || c > '9' {
			return 0, false
		}
		if exponent < enough {
			exponent = exponent*10 + int(c-'0')
		}
	}
	if negative {
		exponent = -exponent
	}
	return exponent, true
}

// Append appends the canonical text of d to dst.
func (d *Decimal) Append(dst []byte) []byte {
	if d.n == 0 {
		return append(dst, '0')
	}
	if d.negative {
		dst = append(dst, '-')
	}
	digits, whole := d.digits[:d.n], d.exponent+1 // whole digits before the point
	switch {
	case whole-d.n > maxZeros || -whole > maxZeros:
		dst = append(dst, digits[0])
		if d.n > 1 {
			dst = append(append(dst, '.'), digits[1:]...)
		}
		return strconv.AppendInt(append(dst, 'E'), int64(d.exponent), 10)
	case whole >= d.n:
		return appendZeros(append(dst, digits...), whole-d.n)
	case whole <= 0:
		return append(appendZeros(append(dst, "0."...), -whole), digits...)
	}
	dst = append(append(dst, digits[:whole]...), '.')
	return append(dst, digits[whole:]...)
}

func appendZeros(dst []byte, n int) []byte {
	for range n {
		dst = append(dst, '0')
	}
	return dst
}

// Canonical returns the canonical text of the number that text spells. It
// returns text itself if that is canonical.
func Canonical(text string) (string, error) {
	d, err := Parse(text)
	if err != nil {
		return "", err
	}
	var buf [maxText]byte
	if out := d.Append(buf[:0]); string(out) != text {
		return string(out), nil
	}
	return text, nil
}

// AppendFloat appends the canonical text of the shortest decimal that reads
// back as f at bits (32 or 64) of precision.
func AppendFloat(dst []byte, f float64, bits int) ([]byte, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return dst, ErrNotFinite
	}
	// Well inside the bounds set by maxZeros, strconv's text is canonical.
	if a := math.Abs(f); a > 1e-19 && a < 1e19 {
		return strconv.AppendFloat(dst, f, 'f', -1, bits), nil
	}
	var buf [maxText]byte
	d, err := Parse(strconv.AppendFloat(buf[:0], f, 'e', -1, bits))
	if err != nil {
		return dst, err
	}
	return d.Append(dst), nil
}

// Size returns the bytes that DynamoDB counts for the number whose canonical
// text is given: one, and one for every two digits before the point, and one
// for every two after it, and one for a minus sign. Zeros at either end do not
// count; zero takes one byte. Of the two rules that fit every measurement known,
// this is the one that is never larger: the other counts pairs of digits
// aligned on the point, as those of 100, and a pair holds no more than two
// digits of one side.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
func Size[T string | []byte](canonical T) int {
	negative, n, exponent := shape(canonical)
	whole := max(0, min(n, exponent+1))
	return 1 + (whole+1)/2 + (n-whole+1)/2 + negative
}

// shape returns the number of digits without zeros at either end, the power of
// ten of the first of them, and 1 for a minus sign.
func shape[T string | []byte](canonical T) (negative, n, exponent int) {
	if canonical[0] == '-' {
		negative, canonical = 1, canonical[1:]
	}
	first, last, point, place := -1, -1, -1, 0
	for i := 0; i < len(canonical); i++ {
		c := canonical[i]
		if c == '.' {
			point = place
			continue
		}
		if c == 'E' {
			exponent, _ = strconv.Atoi(string(canonical[i+1:]))
			break
		}
		if c != '0' {
			if first < 0 {
				first = place
			}
			last = place
		}
		place++
	}
	if first < 0 {
		return 0, 0, 0
	}
	if point < 0 {
		point = place
	}
	return negative, last - first + 1, exponent + point - 1 - first
}
