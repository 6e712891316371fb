package item

import (
	"encoding/base64"
	"unicode/utf8"

	"github.com/dynamodest/dynamodest/internal/decimal"
)

// Sizes of the JSON that the SDK writes around the attributes of an item, around a value of each
// type, and around the items of a BatchWriteItem request.
const (
	EmptyEncodedSize = len(`{"PutRequest":{"Item":{}}}`)   // of an item without attributes
	EmptyDeleteSize  = len(`{"DeleteRequest":{"Key":{}}}`) // of a delete, without its key

	encodedScalar   = len(`{"S":}`) // S, N and B
	encodedNull     = len(`{"NULL":true}`)
	encodedBool     = len(`{"BOOL":}`)
	encodedDocument = len(`{"L":[]}`)  // L and M
	encodedSet      = len(`{"SS":[]}`) // SS, NS and BS
	encodedEnvelope = len(`{"RequestItems":{:[]},"ReturnConsumedCapacity":"INDEXES"}`)
)

// EnvelopeSize returns the bytes of a BatchWriteItem request on table, by the name or ARN that is
// sent, without its items. The whole body is the envelope, the sum of the items' EncodedSize, and a
// comma between each two items.
func EnvelopeSize(table string) int {
	name, _ := EncodedText(table)
	return encodedEnvelope + name
}

// Measure returns the bytes that DynamoDB counts for the value of a, and the bytes that the SDK
// sends for it. It fails if a holds text that is not valid UTF-8, or a name that DynamoDB does not
// take.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
func (a *Attr) Measure() (size, encoded int, err error) {
	switch a.Kind {
	case Null:
		return 1, encodedNull, nil
	case Bool:
		return 1, encodedBool + len(a.Text), nil
	case S, N, B:
		size, encoded, err = a.measureScalar()
		return size, encodedScalar + encoded, err
	case L, M:
		return a.measureDocument()
	}
	encoded = encodedSet + max(0, len(a.Elems)-1)
	for i := range a.Elems {
		s, e, err := a.Elems[i].measureScalar()
		if err != nil {
			return 0, 0, err
		}
		size, encoded = size+s, encoded+e
	}
	return size, encoded, nil
}

// measureScalar measures an S, N or B. The encoded size does not include the type.
func (a *Attr) measureScalar() (size, encoded int, err error) {
	switch a.Kind {
	case N:
		return decimal.Size(a.Text), len(a.Text) + 2, nil
	case B:
		return len(a.Text), base64.StdEncoding.EncodedLen(len(a.Text)) + 2, nil
	}
	encoded, ok := EncodedText(a.Text)
	if !ok {
		return 0, 0, ErrUTF8
	}
	return len(a.Text), encoded, nil
}

// measureDocument measures an L or M: DynamoDB counts three bytes, and one more for each member.
func (a *Attr) measureDocument() (size, encoded int, err error) {
	size, encoded = 3+len(a.Elems), encodedDocument+max(0, len(a.Elems)-1)
	for i := range a.Elems {
		elem := &a.Elems[i]
		if a.Kind == M {
			name, ok := EncodedText(elem.Name)
			switch {
			case !ok:
				return 0, 0, ErrUTF8
			case elem.Name == "" || len(elem.Name) > MaxAttributeName:
				return 0, 0, ErrName
			}
			size, encoded = size+len(elem.Name), encoded+name+len(":")
		}
		s, e, err := elem.Measure()
		if err != nil {
			return 0, 0, err
		}
		size, encoded = size+s, encoded+e
	}
	return size, encoded, nil
}

// escapeOverhead is the number of extra bytes that the SDK's escaping adds for each ASCII character
// of a JSON string.
var escapeOverhead = func() (t [utf8.RuneSelf]uint8) {
	for c := range byte(' ') {
		t[c] = 5 // as \u0000
	}
	t[0x7f] = 5
	for _, c := range "\"\\\n\r\t" {
		t[c] = 1
	}
	return t
}()

// EncodedText returns the number of bytes of s as the SDK writes s in JSON, quotes included. It
// reports false if s is not valid UTF-8.
func EncodedText(s string) (n int, ok bool) {
	n = len(s) + 2
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			n += int(escapeOverhead[c])
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			return n, false
		case r == '\u2028' || r == '\u2029':
			n += 3 // as \u2028 instead of three bytes
		}
		i += size
	}
	return n, true
}
