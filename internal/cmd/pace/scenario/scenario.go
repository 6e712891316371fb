// Package scenario measures how the library's write rate follows the capacity of a table. It writes rows with
// the default configuration and the client that the library builds, over HTTP on loopback, to a table with
// a capacity in a process of its own.
package scenario

import "context"

// Scenario is a measured run.
type Scenario struct {
	Name, About string
	run         func(context.Context, *Harness) ([]Figure, error)
}

// All returns all scenarios.
func All() []Scenario {
	return []Scenario{
		{"unlimited", "an unlimited table, compared with a sequential BatchWriteItem loop", unlimited},
		{"steady", "2,000 write units a second", steady},
		{"step", "500 write units a second, then 5,000, then 500", step},
		{"hot", "an unlimited table; 5 % of the rows on a key range of 200 write units a second", hot},
		{"bursts", "2,000 write units a second; another writer sends 3,000 for 5 s of every 20", bursts},
		{"spell", "2,000 write units a second; 90 % of the items are refused for 10 s", spell},
		{"noise", "5,000 write units a second; 10 % of the items are refused at random", noise},
		{"loops", "2,000 write units a second; four workers without a pace take what they can", loops},
	}
}

// Figure is a measured number, and the value that is required of it.
type Figure struct {
	What   string
	Format string // of Want and Got
	Want   float64
	Got    float64
	Rule   Rule
}

// Rule is what a figure requires.
type Rule string

// The rules.
const (
	AtLeast Rule = ">="
	AtMost  Rule = "<="
	Info    Rule = "" // nothing is required
)

// OK reports whether the figure is as required.
func (f Figure) OK() bool {
	switch f.Rule {
	case AtLeast:
		return f.Got >= f.Want
	case AtMost:
		return f.Got <= f.Want
	case Info:
	}
	return true
}
