package dynamodesttest

import (
	"math/rand/v2"
	"slices"
	"strings"
)

// shape is how UnprocessedItems is written. A caller may rely on none of it.
type shape struct {
	shuffle  bool
	seed     uint64
	respell  bool
	byARN    bool
	stranger bool
	empty    bool
	null     bool
	absent   bool
}

// Shuffled hands unprocessed items back in another order.
func (f Fault) Shuffled(seed uint64) Fault {
	f.shape.shuffle, f.shape.seed = true, seed
	return f
}

// Respelled hands unprocessed items back with their numbers spelled otherwise
// (1 as 1.0, 1.5 as 1.50) and their sets in reverse.
func (f Fault) Respelled() Fault {
	f.shape.respell = true
	return f
}

// ByARN hands unprocessed items back under the ARN of their table, even if the
// request gave its name. DynamoDB does so if the request gave the ARN, and so
// does a DB without this.
func (f Fault) ByARN() Fault {
	f.shape.byARN = true
	return f
}

// WithStranger hands back an item that was not in the request, besides the
// others.
func (f Fault) WithStranger() Fault {
	f.shape.stranger = true
	return f
}

// WithEmptyRequest hands back an empty WriteRequest, besides the others.
func (f Fault) WithEmptyRequest() Fault {
	f.shape.empty = true
	return f
}

// NullMap gives UnprocessedItems as null. The service always sends a map.
func NullMap() Fault { return Fault{shape: shape{null: true}} }

// NoMap leaves UnprocessedItems out. The service always sends a map.
func NoMap() Fault { return Fault{shape: shape{absent: true}} }

// appendUnprocessed writes the member of the answer that hands items back.
func (f *Fault) appendUnprocessed(b []byte, puts []put, back []int) []byte {
	switch s := &f.shape; {
	case s.absent:
		return b
	case s.null:
		return append(b, `"UnprocessedItems":null`...)
	}
	if f.shape.shuffle {
		rand.New(rand.NewPCG(f.shape.seed, 0)).Shuffle(len(back), func(i, j int) { back[i], back[j] = back[j], back[i] })
	}
	tables, requests := []string{}, map[string][]string{}
	add := func(p *put, request string) {
		name := p.asked
		if f.shape.byARN {
			name = p.t.arn
		}
		if requests[name] == nil {
			tables = append(tables, name)
		}
		requests[name] = append(requests[name], request)
	}
	for _, i := range back {
		add(&puts[i], f.writeRequest(&puts[i], puts[i].item))
	}
	if f.shape.stranger {
		add(&puts[0], f.writeRequest(&puts[0], strange(puts[0].t.key)))
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

// strange is an item that no request has.
func strange(key []keyAttr) []attr {
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

// respell copies an item with its numbers and sets written in another way.
func respell(item []attr) []attr {
	item = slices.Clone(item)
	for i := range item {
		v := &item[i].value
		switch v.kind {
		case kindN:
			v.text = longer(v.text)
		case kindNS:
			v.parts = slices.Clone(v.parts)
			for j := range v.parts {
				v.parts[j].text = longer(v.parts[j].text)
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

func longer(number string) string {
	if strings.Contains(number, ".") {
		return number + "0"
	}
	return number + ".0"
}
