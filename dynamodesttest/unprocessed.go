package dynamodesttest

import (
	"math/rand/v2"
	"slices"
	"strings"
)

// shape describes how UnprocessedItems is written. Callers must not rely on any of it.
type shape struct {
	shuffle  bool
	seed     uint64
	respell  bool
	byARN    bool
	stranger bool
	empty    bool
	null     bool
	omitted  bool
}

// Shuffled returns unprocessed items in a different order.
func (f Fault) Shuffled(seed uint64) Fault {
	f.shape.shuffle, f.shape.seed = true, seed
	return f
}

// Respelled returns unprocessed items with their numbers written differently (1 as 1.0, 1.5 as
// 1.50) and their sets in reverse order.
func (f Fault) Respelled() Fault {
	f.shape.respell = true
	return f
}

// ByARN returns unprocessed items under the ARN of their table even if the request gave its name.
// Without it they are returned under what the request gave, as by DynamoDB.
func (f Fault) ByARN() Fault {
	f.shape.byARN = true
	return f
}

// WithStranger additionally returns an item that was not in the request.
func (f Fault) WithStranger() Fault {
	f.shape.stranger = true
	return f
}

// WithEmptyRequest additionally returns an empty WriteRequest.
func (f Fault) WithEmptyRequest() Fault {
	f.shape.empty = true
	return f
}

// NullMap sends UnprocessedItems as null. The service always sends a map.
func NullMap() Fault { return Fault{shape: shape{null: true}} }

// NoMap omits UnprocessedItems from the response. The service always sends a map.
func NoMap() Fault { return Fault{shape: shape{omitted: true}} }

// appendUnprocessed appends the member UnprocessedItems of the response.
func (f *Fault) appendUnprocessed(b []byte, puts []put, unprocessed []int) []byte {
	switch s := &f.shape; {
	case s.omitted:
		return b
	case s.null:
		return append(b, `"UnprocessedItems":null`...)
	}
	if f.shape.shuffle {
		rand.New(rand.NewPCG(f.shape.seed, 0)).Shuffle(len(unprocessed), func(i, j int) { unprocessed[i], unprocessed[j] = unprocessed[j], unprocessed[i] })
	}
	tables, requests := []string{}, map[string][]string{}
	add := func(p *put, request string) {
		name := p.nameOrARN
		if f.shape.byARN {
			name = p.t.arn
		}
		if requests[name] == nil {
			tables = append(tables, name)
		}
		requests[name] = append(requests[name], request)
	}
	for _, i := range unprocessed {
		add(&puts[i], f.writeRequest(&puts[i], puts[i].item))
	}
	if f.shape.stranger {
		add(&puts[0], f.writeRequest(&puts[0], strangeItem(puts[0].t.key)))
	}
	if f.shape.empty {
		add(&puts[0], "{}")
	}
	b = append(b, `"UnprocessedItems":{`...)
	for i, name := range tables {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, name), ":["...)
		b = append(append(b, strings.Join(requests[name], ",")...), ']')
	}
	return append(b, '}')
}

func (f *Fault) writeRequest(p *put, item []attr) string {
	if f.shape.respell {
		item = respell(item)
	}
	head := `{"PutRequest":{"Item":`
	if p.delete {
		head = `{"DeleteRequest":{"Key":`
	}
	return string(append(appendAttrs([]byte(head), item), "}}"...))
}

// strangeItem returns an item that no request contains.
func strangeItem(key []keyAttr) []attr {
	item := make([]attr, len(key))
	for i, k := range key {
		text := "not in the request"
		if k.kind == kindN {
			text = "-98765432123456789"
		}
		item[i] = attr{k.name, value{kind: k.kind, text: text}}
	}
	return item
}

// respell returns a copy of an item with its numbers and sets written differently.
func respell(item []attr) []attr {
	item = slices.Clone(item)
	for i := range item {
		v := &item[i].value
		switch v.kind {
		case kindN:
			v.text = respellNumber(v.text)
		case kindNS:
			v.parts = slices.Clone(v.parts)
			for j := range v.parts {
				v.parts[j].text = respellNumber(v.parts[j].text)
			}
			slices.Reverse(v.parts)
		case kindSS, kindBS:
			v.parts = slices.Clone(v.parts)
			slices.Reverse(v.parts)
		case kindM, kindL:
			v.parts = respell(v.parts)
		}
	}
	return item
}

func respellNumber(number string) string {
	if strings.Contains(number, ".") {
		return number + "0"
	}
	return number + ".0"
}
