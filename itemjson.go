package dynamodest

import (
	"fmt"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
)

// Item is an item, or the key of one, that prints and marshals as DynamoDB JSON, the form that the AWS command
// line takes and shows:
//
//	{"b":{"B":"AQI="},"id":{"S":"a"},"l":{"L":[{"N":"1"}]}}
//
// What [Destination.Item] returns can be converted to an Item.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html
//
// Unlike the other types of this package an Item prints the values of a row, on purpose: they may be personal data,
// so keep Items out of logs and errors.
type Item map[string]types.AttributeValue

// String returns the item as MarshalJSON writes it, or the error of MarshalJSON.
func (i Item) String() string {
	text, err := i.MarshalJSON()
	if err != nil {
		return fmt.Sprintf("invalid item: %v", err)
	}
	return string(text)
}

// MarshalJSON writes the item as DynamoDB JSON: names sorted, numbers as DynamoDB stores them, lists and maps without
// members as [] and {}, and a nil Item as {}. It escapes no HTML, but json.Marshal, which calls it, does, unlike an
// encoder after SetEscapeHTML(false). A value that DynamoDB takes nowhere, such as a nil AttributeValue, is an error
// that names the attribute.
func (i Item) MarshalJSON() ([]byte, error) {
	attributes := make([]item.Attr, 0, len(i))
	for name, v := range i {
		a, err := item.FromSDK(v)
		if err == nil {
			_, _, err = a.Measure() // which finds text that is not UTF-8
		}
		if !utf8.ValidString(name) {
			err = item.ErrUTF8
		}
		if err != nil {
			return nil, fmt.Errorf("attribute %s: %w", fault.Quote(name), err)
		}
		a.Name = name
		attributes = append(attributes, a)
	}
	item.SortByName(attributes)
	it := item.Item{Attrs: attributes}
	return it.AppendAttributes(nil), nil
}
