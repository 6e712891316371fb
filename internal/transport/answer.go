package transport

// The responses to nearly all requests say no more than that all was written, and what it cost. These
// functions read such a response without the SDK's decoder, which takes more CPU than all else that reads a
// response. For any other response they report false, and leave r as it was. They accept JSON of the plainest
// form alone, in which the SDK's decoder reads the same.

// scanBatch reads the response to a BatchWriteItem request.
func scanBatch(body []byte, r *Result) bool {
	s := scanner{rest: body}
	var sum Result
	unprocessed := false
	ok := s.members(func(name string) bool {
		switch name {
		case "ConsumedCapacity":
			return s.elements(func() bool { return s.consumed(&sum) })
		case "UnprocessedItems":
			unprocessed = true
			return s.literal("{}")
		}
		return false
	})
	if !ok || !unprocessed || len(s.rest) > 0 {
		return false
	}
	r.add(&sum)
	return true
}

// scanPut reads the response to a PutItem request.
func scanPut(body []byte, r *Result) bool {
	s := scanner{rest: body}
	var sum Result
	ok := s.members(func(name string) bool { return name == "ConsumedCapacity" && s.consumed(&sum) })
	if !ok || len(s.rest) > 0 {
		return false
	}
	r.add(&sum)
	return true
}

// add adds the units of o.
func (r *Result) add(o *Result) {
	r.TableUnits += o.TableUnits
	r.WriteUnits += o.WriteUnits
}

// scanner reads JSON without spaces from the front of rest. Each method reports false for what it does not
// read, and then nothing more is to be read.
type scanner struct{ rest []byte }

// consumed reads the capacity that a request has consumed of a table, and adds it to r.
func (s *scanner) consumed(r *Result) bool {
	var total, table, ignored float64
	tableShown := false
	ok := s.members(func(name string) bool {
		switch name {
		case "TableName":
			_, ok := s.text()
			return ok
		case "CapacityUnits":
			return s.units(&total)
		case "ReadCapacityUnits", "WriteCapacityUnits":
			return s.units(&ignored)
		case "Table":
			tableShown = true
			return s.capacity(&table)
		case "GlobalSecondaryIndexes", "LocalSecondaryIndexes":
			return s.members(func(string) bool { return s.capacity(&ignored) })
		}
		return false // VectorIndexes, which are rare, or new
	})
	r.WriteUnits += total
	if !tableShown {
		table = total
	}
	r.TableUnits += table
	return ok
}

// capacity reads the units of a table alone, or of an index.
func (s *scanner) capacity(units *float64) bool {
	var ignored float64
	return s.members(func(name string) bool {
		switch name {
		case "CapacityUnits":
			return s.units(units)
		case "ReadCapacityUnits", "WriteCapacityUnits":
			return s.units(&ignored)
		}
		return false
	})
}

// literal reads text.
func (s *scanner) literal(text string) bool {
	if len(s.rest) < len(text) || string(s.rest[:len(text)]) != text {
		return false
	}
	s.rest = s.rest[len(text):]
	return true
}

// members reads an object; member reads the value of the member with the given name. No known name may come twice.
func (s *scanner) members(member func(name string) bool) bool {
	if s.literal("{}") {
		return true
	}
	var names [maxMembers]string
	for n := 0; ; n++ {
		first := "{"
		if n > 0 {
			first = ","
		}
		if n == maxMembers || !s.literal(first) {
			return false
		}
		name, ok := s.text()
		if !ok || !s.literal(":") {
			return false
		}
		names[n] = known(name)
		for _, before := range names[:n] {
			if before == names[n] && before != "" {
				return false
			}
		}
		if !member(names[n]) {
			return false
		}
		if s.literal("}") {
			return true
		}
	}
}

// maxMembers is the most members of an object.
const maxMembers = 64

// known returns the name of a member of a response, and "" for another, such as the name of an index.
func known(name []byte) string {
	for _, k := range [...]string{
		"ConsumedCapacity", "UnprocessedItems", "TableName", "CapacityUnits", "ReadCapacityUnits", "WriteCapacityUnits",
		"Table", "GlobalSecondaryIndexes", "LocalSecondaryIndexes",
	} {
		if string(name) == k {
			return k
		}
	}
	return ""
}

// elements reads an array; element reads one element.
func (s *scanner) elements(element func() bool) bool {
	if s.literal("[]") {
		return true
	}
	if !s.literal("[") {
		return false
	}
	for {
		if !element() {
			return false
		}
		if s.literal("]") {
			return true
		}
		if !s.literal(",") {
			return false
		}
	}
}

// text reads a string of printable ASCII characters without escapes.
func (s *scanner) text() ([]byte, bool) {
	if !s.literal(`"`) {
		return nil, false
	}
	for i, c := range s.rest {
		switch {
		case c == '"':
			text := s.rest[:i]
			s.rest = s.rest[i+1:]
			return text, true
		case c < ' ' || c == '\\' || c > '~':
			return nil, false
		}
	}
	return nil, false
}

// maxDigits is the most digits of a number whose value, and that of the power of ten below it, are exact in a
// float64, so that one division rounds it correctly.
const maxDigits = 15

// units reads a number that is not negative and has no exponent.
func (s *scanner) units(v *float64) bool {
	var digits, scale float64 = 0, 1
	n, fraction := 0, false
	for _, c := range s.rest {
		switch {
		case '0' <= c && c <= '9':
			digits = 10*digits + float64(c-'0')
			if n++; fraction {
				scale *= 10
			}
		case c == '.' && n > 0 && !fraction:
			fraction = true
		default:
			read := n
			if fraction {
				read++
			}
			return s.endUnits(v, read, n, digits, scale)
		}
	}
	return false
}

// endUnits ends a number of so many bytes and digits.
func (s *scanner) endUnits(v *float64, read, n int, digits, scale float64) bool {
	number := s.rest[:read]
	after := s.rest[read]
	leadingZero := len(number) > 1 && number[0] == '0' && number[1] != '.'
	if n == 0 || n > maxDigits || leadingZero || number[read-1] == '.' || after == 'e' || after == 'E' || after == '.' {
		return false
	}
	s.rest = s.rest[read:]
	*v = digits / scale
	return true
}
