// Package dynamodesttest has a double of DynamoDB for tests: tables in memory
// that keep DynamoDB's rules, and faults on demand.
//
// A [DB] refuses what DynamoDB refuses, with its codes: the counts and sizes of
// batches and items, the types and lengths of keys and of the keys of secondary
// indexes, the range and precision of numbers, equal keys in one batch. It
// remembers every request ([DB.Calls]) and every write ([DB.Writes]), so that a
// test can compare what it was told with what came to pass.
//
//	db := dynamodesttest.NewTable("users", "id:S")
//	db.FailWrites(dynamodesttest.Unprocessed(dynamodesttest.First(2)))
//	dest, err := dynamodest.New(ctx, dynamodest.Config{Table: "users", Client: db})
//
// A DB is a client to be used in process, where it also works under
// testing/synctest, and a [net/http.Handler] for the SDK's own client:
//
//	server := httptest.NewServer(db)
//	client := dynamodb.New(dynamodb.Options{BaseEndpoint: &server.URL, …})
//
// It is a test double and not a database: nothing is kept on disk, indexes
// cannot be read, reads are for looking at what was written, and what it does
// not know it refuses with a ValidationException that says so. Where it is known
// to differ from the service:
//
//   - tables are ACTIVE as soon as they are created, and gone as soon as they are deleted;
//   - an item's size does not count its entries in local secondary indexes;
//   - signatures are looked at but not verified, and nothing is denied to anyone;
//   - two values of one attribute name are refused, of which the service takes one;
//   - the texts of errors are close to the service's, which differ among its
//     Regions; the codes are the same.
package dynamodesttest
