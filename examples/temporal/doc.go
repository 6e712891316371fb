// Command temporal writes one file into one DynamoDB table from more than one machine, on Temporal.
//
//	go -C examples/temporal run .
//
// A workflow divides the rows into shards by the hash of their key, and each shard is an activity that writes with
// [dynamodest.Destination.WriteSeq] and heartbeats how far it has come. If its worker is killed, another one goes on
// from there. All workers share one budget of write units. Rows at fault end in one file of dead letters, and the
// totals of the workflow count each row once.
//
// Without flags everything is on loopback: a development server of Temporal, a table in memory, a worker and a load
// of a sample. The commands worker and load are its parts, for a Temporal and a table of your own:
//
//	temporal worker -address HOST:PORT -region REGION -table TABLE -dir FOLDER
//	temporal load -address HOST:PORT -table TABLE -source FILE -shards 64 -in-flight 32 -units 20000
//
// README.md says how each promise is kept, and what to change for production.
//
// # Exit codes
//
//	0    every row was written, or superseded or skipped for a newer row of its key
//	1    some rows are dead letters
//	2    flags or settings are wrong
//	3    the table, the access or the credentials stopped the load
//	4    the source or a file of the program's own stopped it
//	5    Temporal cannot be reached or gives the worker up, shards were given up, or rows or dead letters are missing
//	130  interrupted
package main
