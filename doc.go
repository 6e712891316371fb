// Package dynamodest writes rows to an Amazon DynamoDB table in batches and
// says what became of every row.
package dynamodest
