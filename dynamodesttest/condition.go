package dynamodesttest

import (
	"regexp"
	"slices"
	"strings"
)

// condition is a ConditionExpression: it reports whether it holds for an item, which is nil if there is
// none.
type condition func(item []attr) bool

// holds reports whether c holds for the item in the table, which is nil if there is none. No condition
// always holds.
func (c condition) holds(old *stored) bool {
	switch {
	case c == nil:
		return true
	case old == nil:
		return c(nil)
	}
	return c(parseItem(old.item))
}

// conditionReader reads a ConditionExpression by recursive descent:
//
//	or         = and { "OR" and }
//	and        = term { "AND" term }
//	term       = "(" or ")" | function "(" name ")" | operand comparator operand
//	function   = "attribute_exists" | "attribute_not_exists"
//	comparator = "=" | "<>" | "<" | "<=" | ">" | ">="
//	operand    = name | #name | :value
//
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
type conditionReader struct {
	tokens []string
	names  map[string]string
	values []attr
	used   map[string]bool // names and values
	fault  *apiError       // the first one
}

var conditionToken = regexp.MustCompile(`[#:]?[a-zA-Z0-9_]+|<=|>=|<>|[<>=(),]|\S`)

// readCondition returns the condition that expression spells, or nil if it is "".
func readCondition(expression string, names map[string]string, values []attr) (condition, *apiError) {
	if expression == "" {
		switch {
		case len(names) > 0:
			return nil, invalid("ExpressionAttributeNames can only be specified when using expressions")
		case values != nil:
			return nil, invalid("ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null")
		}
		return nil, nil
	}
	r := &conditionReader{tokens: conditionToken.FindAllString(expression, -1), names: names, values: values, used: map[string]bool{}}
	r.checkValues()
	c := r.or()
	if len(r.tokens) > 0 {
		r.unknown()
	}
	for name := range names {
		if !r.used[name] {
			r.fail(invalid("Value provided in ExpressionAttributeNames unused in expressions: keys: {%s}", name))
		}
	}
	for _, v := range values {
		if !r.used[v.name] {
			r.fail(invalid("Value provided in ExpressionAttributeValues unused in expressions: keys: {%s}", v.name))
		}
	}
	return c, r.fault
}

func (r *conditionReader) fail(fault *apiError) { r.fault = firstError(r.fault, fault) }

// unknown fails for an expression that is wrong, or that the double does not know.
func (r *conditionReader) unknown() {
	r.fail(unsupported("a ConditionExpression other than attribute_exists(name), attribute_not_exists(name) and comparisons, joined by AND and OR"))
}

// checkValues checks ExpressionAttributeValues.
func (r *conditionReader) checkValues() {
	if r.values != nil && len(r.values) == 0 {
		r.fail(invalid("ExpressionAttributeValues must not be empty"))
	}
	for _, v := range r.values {
		if !strings.HasPrefix(v.name, ":") {
			r.fail(invalid("ExpressionAttributeValues contains invalid key: Syntax error; key: %q", v.name))
		}
	}
	if err := checkAttrs(r.values, 1); err != nil {
		r.fail(err)
	}
}

// peek returns the next token, in capitals if it is a keyword; "" at the end.
func (r *conditionReader) peek() string {
	if len(r.tokens) == 0 {
		return ""
	}
	switch word := strings.ToUpper(r.tokens[0]); word {
	case "AND", "OR":
		return word
	}
	return r.tokens[0]
}

// take takes the next token; "" at the end.
func (r *conditionReader) take() string {
	token := r.peek()
	r.tokens = r.tokens[min(1, len(r.tokens)):]
	return token
}

// expect takes the next token, which must be the given one.
func (r *conditionReader) expect(token string) {
	if r.take() != token {
		r.unknown()
	}
}

func (r *conditionReader) or() condition {
	c := r.and()
	for r.peek() == "OR" {
		r.take()
		left, right := c, r.and()
		c = func(item []attr) bool { return left(item) || right(item) }
	}
	return c
}

func (r *conditionReader) and() condition {
	c := r.term()
	for r.peek() == "AND" {
		r.take()
		left, right := c, r.term()
		c = func(item []attr) bool { return left(item) && right(item) }
	}
	return c
}

func (r *conditionReader) term() condition {
	switch token := r.peek(); token {
	case "(":
		r.take()
		c := r.or()
		r.expect(")")
		return c
	case "attribute_exists", "attribute_not_exists":
		r.take()
		r.expect("(")
		operand := r.operand()
		r.expect(")")
		return func(item []attr) bool { return (operand(item) != nil) == (token == "attribute_exists") }
	}
	left, operator, right := r.operand(), r.take(), r.operand()
	if !slices.Contains([]string{"=", "<>", "<", "<=", ">", ">="}, operator) {
		r.unknown()
	}
	return func(item []attr) bool { return compares(operator, left(item), right(item)) }
}

// operand returns the value of an operand in an item; nil if the item does not have it.
func (r *conditionReader) operand() func(item []attr) *value {
	token := r.take()
	switch {
	case strings.HasPrefix(token, "#"):
		name, ok := r.names[token]
		if !ok {
			r.fail(invalid("Invalid ConditionExpression: An expression attribute name used in the document path is not defined; attribute name: %s", token))
		}
		r.used[token] = true
		return func(item []attr) *value { return find(item, name) }
	case strings.HasPrefix(token, ":"):
		v := find(r.values, token)
		if v == nil {
			r.fail(invalid("Invalid ConditionExpression: An expression attribute value used in expression is not defined; attribute value: %s", token))
		} else if kind := v.kind; kind != kindS && kind != kindN && kind != kindB {
			r.fail(unsupported("a condition with a value that is no S, N or B"))
		}
		r.used[token] = true
		return func([]attr) *value { return v }
	case token == "" || strings.Contains("()<>=,", token[:1]) || !conditionToken.MatchString(token):
		r.unknown()
	}
	return func(item []attr) *value { return find(item, token) }
}

// compares reports whether a comparison holds. A value that is missing, or has another type, is neither equal
// nor less nor greater.
func compares(operator string, a, b *value) bool {
	if a == nil || b == nil || a.kind != b.kind {
		return operator == "<>"
	}
	if a.kind != kindS && a.kind != kindN && a.kind != kindB {
		return false // both are attributes: the double has no order for them
	}
	order := compareValues(*a, *b)
	switch operator {
	case "=":
		return order == 0
	case "<>":
		return order != 0
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	}
	return order >= 0
}
