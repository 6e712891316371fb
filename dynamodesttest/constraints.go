package dynamodesttest

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// maxReported is the largest number of violations that DynamoDB lists in one error.
const maxReported = 10

// maxNameLength and minNameLength limit the names of tables and indexes:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
const (
	minNameLength = 3
	maxNameLength = 255
)

// maxKeyNameSize limits the name of an attribute of a key or a projection, in bytes:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const maxKeyNameSize = 255

var nameCharacters = regexp.MustCompile(`^[a-zA-Z0-9_.-]+$`)

// constraints collects the members of a request that violate DynamoDB's model of the operation.
// DynamoDB reports them together, before it looks at what the members mean.
type constraints struct{ violations []string }

// err returns the error that lists the violations, or nil if there are none.
func (c *constraints) err() *apiError {
	n := min(len(c.violations), maxReported)
	switch n {
	case 0:
		return nil
	case 1:
		return invalid("1 validation error detected: %s", c.violations[0])
	default:
		return invalid("%d validation errors detected: %s", n, strings.Join(c.violations[:n], "; "))
	}
}

func (c *constraints) add(value, path, rule string, args ...any) {
	c.violations = append(c.violations, fmt.Sprintf("Value %s at '%s' failed to satisfy constraint: ", value, path)+fmt.Sprintf(rule, args...))
}

func quoted(s string) string { return "'" + s + "'" }

// present reports whether a required member is there, and adds a violation if it is not.
func (c *constraints) present(path string, present bool) bool {
	if !present {
		c.add("null", path, "Member must not be null")
	}
	return present
}

// length checks a required text or name.
func (c *constraints) length(path string, s *string, least, most int) {
	if !c.present(path, s != nil) {
		return
	}
	if len(*s) < least {
		c.add(quoted(*s), path, "Member must have length greater than or equal to %d", least)
	}
	if len(*s) > most {
		c.add(quoted(*s), path, "Member must have length less than or equal to %d", most)
	}
}

// name checks the required name of a table or an index.
func (c *constraints) name(path string, s *string) {
	if s != nil && !nameCharacters.MatchString(*s) {
		c.add(quoted(*s), path, "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+")
	}
	c.length(path, s, minNameLength, maxNameLength)
}

// enum checks a member that takes one of a few words. An empty value stands for a missing member.
func (c *constraints) enum(path, value string, required bool, words ...string) {
	switch {
	case value == "" && required:
		c.present(path, false)
	case value != "" && !slices.Contains(words, value):
		c.add(quoted(value), path, "Member must satisfy enum value set: [%s]", strings.Join(words, ", "))
	}
}

// positive checks a required number.
func (c *constraints) positive(path string, n *int64) {
	if c.present(path, n != nil) && *n < 1 {
		c.add(quoted(strconv.FormatInt(*n, 10)), path, "Member must have value greater than or equal to 1")
	}
}

// nonEmpty checks a list that must not be empty if it is there.
func (c *constraints) nonEmpty(path string, there bool, n int) {
	if there && n == 0 {
		c.add("'[]'", path, "Member must have length greater than or equal to 1")
	}
}

// member returns the path of the i-th element of a list, counted from 0.
func member(list string, i int) string { return list + "." + strconv.Itoa(i+1) + ".member" }

// projection checks the required projection of an index.
func (c *constraints) projection(path string, p *types.Projection) {
	if !c.present(path, p != nil) {
		return
	}
	c.enum(path+".projectionType", string(p.ProjectionType), false, "ALL", "INCLUDE", "KEYS_ONLY")
	c.nonEmpty(path+".nonKeyAttributes", p.NonKeyAttributes != nil, len(p.NonKeyAttributes))
	for i := range p.NonKeyAttributes {
		c.length(member(path+".nonKeyAttributes", i), &p.NonKeyAttributes[i], 1, maxKeyNameSize)
	}
}

// checkProjection checks that a projection has the attributes that its type asks for.
func checkProjection(p *types.Projection) *apiError {
	switch {
	case p.ProjectionType == "":
		return invalidParameter("Unknown ProjectionType: null")
	case p.ProjectionType == types.ProjectionTypeInclude && p.NonKeyAttributes == nil:
		return invalidParameter("ProjectionType is INCLUDE, but NonKeyAttributes is not specified")
	case p.ProjectionType != types.ProjectionTypeInclude && p.NonKeyAttributes != nil:
		return invalidParameter("ProjectionType is %s, but NonKeyAttributes is specified", p.ProjectionType)
	}
	return nil
}
