package dynamodest

import (
	"encoding/base64"
	"unicode/utf8"

	"github.com/dynamodest/dynamodest/internal/decimal"
)

// maxItemSize is the most bytes of an item, attribute names included: 400 KB.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const maxItemSize = 409_600

// What the SDK writes around the attributes of an item, around a value of each
// type, and around the items of a BatchWriteItem request.
const (
	wireItem     = len(`{"PutRequest":{"Item":{}}}`)
	wireText     = len(`{"S":}`) // S, N and B
	wireNull     = len(`{"NULL":true}`)
	wireBool     = len(`{"BOOL":}`)
	wireDocument = len(`{"L":[]}`)  // L and M
	wireSet      = len(`{"SS":[]}`) // SS, NS and BS
	wireEnvelope = len(`{"RequestItems":{:[]},"ReturnConsumedCapacity":"INDEXES"}`)
)

// envelopeSize returns the bytes of a BatchWriteItem request on table, as
// Config gives it, without its items. The whole body is that, the sum of the
// items' wire, and a comma between each two items.
func envelopeSize(table string) int {
	name, _ := jsonSize(table)
	return wireEnvelope + name
}

// weigh returns the bytes that DynamoDB counts for the value of a, and those
// that the SDK sends for it. It fails if a holds text that is not valid UTF-8, or a name that
// DynamoDB does not take.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
func weigh(a *attr) (size, wire int, err error) {
	switch a.kind {
	case kindNull:
		return 1, wireNull, nil
	case kindBool:
		return 1, wireBool + len(a.text), nil
	case kindS, kindN, kindB:
		size, wire, err = weighScalar(a)
		return size, wireText + wire, err
	case kindL, kindM:
		return weighDocument(a)
	}
	wire = wireSet + max(0, len(a.elems)-1)
	for i := range a.elems {
		s, w, err := weighScalar(&a.elems[i])
		if err != nil {
			return 0, 0, err
		}
		size, wire = size+s, wire+w
	}
	return size, wire, nil
}

// weighScalar is weigh for the S, N or B, and the text without its type.
func weighScalar(a *attr) (size, wire int, err error) {
	switch a.kind {
	case kindN:
		return decimal.Size(a.text), len(a.text) + 2, nil
	case kindB:
		return len(a.text), base64.StdEncoding.EncodedLen(len(a.text)) + 2, nil
	}
	wire, ok := jsonSize(a.text)
	if !ok {
		return 0, 0, errUTF8
	}
	return len(a.text), wire, nil
}

// weighDocument is weigh for an L or M: three bytes, and one for each member.
func weighDocument(a *attr) (size, wire int, err error) {
	size, wire = 3+len(a.elems), wireDocument+max(0, len(a.elems)-1)
	for i := range a.elems {
		elem := &a.elems[i]
		if a.kind == kindM {
			name, ok := jsonSize(elem.name)
			switch {
			case !ok:
				return 0, 0, errUTF8
			case elem.name == "" || len(elem.name) > maxAttributeName:
				return 0, 0, errName
			}
			size, wire = size+len(elem.name), wire+name+len(":")
		}
		s, w, err := weigh(elem)
		if err != nil {
			return 0, 0, err
		}
		size, wire = size+s, wire+w
	}
	return size, wire, nil
}

// extra is how many bytes more than one the SDK takes for each ASCII character
// in a JSON string.
var extra = func() (t [utf8.RuneSelf]uint8) {
	for c := range byte(' ') {
		t[c] = 5 // as \u0000
	}
	t[0x7f] = 5
	for _, c := range "\"\\\n\r\t" {
		t[c] = 1
	}
	return t
}()

// jsonSize returns the bytes of s as the SDK writes it in JSON, quotes
// included, and whether s is valid UTF-8.
func jsonSize(s string) (n int, ok bool) {
	n = len(s) + 2
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			n += int(extra[c])
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			return n, false
		case r == '\u2028' || r == '\u2029':
			n += 3 // as \u2028 in place of three bytes
		}
		i += size
	}
	return n, true
}
