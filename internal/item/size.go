package item

import (
	"encoding/base64"

	"github.com/dynamodest/dynamodest/internal/decimal"
)

// Sizes of the JSON that the SDK writes around the attributes of an item, around a value of each
// type, and around the items of a BatchWriteItem request.
const (
	EmptyEncodedSize = len(putStart + `{}` + RequestEnd)    // of an item without attributes
	EmptyDeleteSize  = len(deleteStart + `{}` + RequestEnd) // of a delete, without its key

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
