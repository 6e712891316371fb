// Package wire answers requests of clients of DynamoDB as DynamoDB does, at next to no cost: nothing is stored, and
// the answers are made beforehand. The stub answers in the process that asks, the server in a process of its own, so
// that the client's CPU can be measured alone.
package wire
