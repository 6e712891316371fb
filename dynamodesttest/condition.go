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

// maxExpressionSize is the largest size of an expression, in bytes. It also keeps a malicious expression from
// exhausting the stack.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-expression-parameters
const maxExpressionSize = 4096

// conditionReader reads a ConditionExpression by recursive descent:
//
//	or         = and { "OR" and }
//	and        = term { "AND" term }
//	term       = "(" or ")" | function "(" path ")" | operand comparator operand
//	function   = "attribute_exists" | "attribute_not_exists"
//	comparator = "=" | "<>" | "<" | "<=" | ">" | ">="
//	operand    = path | :value
//	path       = name | #name
//
// One of the operands of a comparison must be a value.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
type conditionReader struct {
	tokens []string
	names  map[string]string
	values []attr
	used   map[string]bool // names and values
	group  group           // the last one that was closed
	fault  *apiError       // the first one
}

// group is a part of the expression in parentheses: the number of tokens left before it and after it.
type group struct{ before, after int }

// keywords are the words of the expression language that cannot be names, in any case.
var keywords = []string{"AND", "OR", "NOT", "BETWEEN", "IN"}

var (
	conditionToken = regexp.MustCompile(`[#:]?[a-zA-Z0-9_]+|<=|>=|<>|\S`)
	attributeName  = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)
)

// readCondition returns the condition that expression spells, or nil if there is no expression.
func readCondition(expression *string, names map[string]string, values []attr) (condition, *apiError) {
	switch {
	case expression == nil && names != nil:
		return nil, invalid("ExpressionAttributeNames can only be specified when using expressions")
	case expression == nil && values != nil:
		return nil, invalid("ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null")
	case expression == nil:
		return nil, nil
	case *expression == "":
		return nil, invalid("Invalid ConditionExpression: The expression can not be empty;")
	case len(*expression) > maxExpressionSize:
		return nil, invalid("Invalid ConditionExpression: Expression size has exceeded the maximum allowed size; expression size: %d", len(*expression))
	}
	r := &conditionReader{tokens: conditionToken.FindAllString(*expression, -1), names: names, values: values, used: map[string]bool{}}
	r.checkNames()
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

// checkNames checks ExpressionAttributeNames. A name without a # cannot be used, and is rejected for that.
func (r *conditionReader) checkNames() {
	if r.names != nil && len(r.names) == 0 {
		r.fail(invalid("ExpressionAttributeNames must not be empty"))
	}
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
	if word := strings.ToUpper(r.tokens[0]); slices.Contains(keywords, word) {
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
		return r.parentheses()
	case "attribute_exists", "attribute_not_exists":
		r.take()
		r.expect("(")
		name := r.path(r.take())
		r.expect(")")
		return func(item []attr) bool { return (find(item, name) != nil) == (token == "attribute_exists") }
	}
	return r.comparison()
}

func (r *conditionReader) parentheses() condition {
	before := len(r.tokens)
	r.expect("(")
	c := r.or()
	if (r.group == group{before - 1, len(r.tokens)}) {
		r.fail(invalid("Invalid ConditionExpression: The expression has redundant parentheses;"))
	}
	r.expect(")")
	r.group = group{before, len(r.tokens)}
	return c
}

func (r *conditionReader) comparison() condition {
	left, operator, right := r.operand(), r.take(), r.operand()
	if !slices.Contains([]string{"=", "<>", "<", "<=", ">", ">="}, operator) {
		r.unknown()
	}
	for _, o := range []operand{left, right} {
		switch {
		case o.value == nil || o.value.ordered():
		case operator == "=" || operator == "<>":
			r.fail(unsupported("a condition with a value that is no S, N or B"))
		default:
			r.fail(invalid("Invalid ConditionExpression: Incorrect operand type for operator or function; operator or function: %s, operand type: %s", operator, o.value.kind))
		}
	}
	if left.value == nil && right.value == nil {
		r.fail(unsupported("a comparison of two attributes in a condition"))
	}
	return func(item []attr) bool { return compares(operator, left.in(item), right.in(item)) }
}

// operand is a side of a comparison: an attribute or a value.
type operand struct {
	name  string
	value *value // nil for an attribute
}

// in returns the value of an operand for an item; nil if the item does not have the attribute.
func (o operand) in(item []attr) *value {
	if o.value != nil {
		return o.value
	}
	return find(item, o.name)
}

func (r *conditionReader) operand() operand {
	token := r.take()
	if !strings.HasPrefix(token, ":") {
		return operand{name: r.path(token)}
	}
	v := find(r.values, token)
	if v == nil {
		r.fail(invalid("Invalid ConditionExpression: An expression attribute value used in expression is not defined; attribute value: %s", token))
	}
	r.used[token] = true
	return operand{value: v}
}

// path returns the name of the attribute that a token stands for.
func (r *conditionReader) path(token string) string {
	if strings.HasPrefix(token, "#") {
		name, ok := r.names[token]
		if !ok {
			r.fail(invalid("Invalid ConditionExpression: An expression attribute name used in the document path is not defined; attribute name: %s", token))
		}
		r.used[token] = true
		return name
	}
	if slices.Contains(keywords, token) || !attributeName.MatchString(token) {
		r.unknown()
	}
	return token
}

// ordered reports whether values of the type of v have an order.
func (v *value) ordered() bool { return v.kind == kindS || v.kind == kindN || v.kind == kindB }

// compares reports whether a comparison holds, in which one of the values is an S, N or B. A value that is
// missing, or has another type, is neither equal nor less nor greater.
func compares(operator string, a, b *value) bool {
	if a == nil || b == nil || a.kind != b.kind {
		return operator == "<>"
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
