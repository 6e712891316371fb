// Package dynamodesttest provides a test double of DynamoDB: tables in memory that enforce
// DynamoDB's rules, and faults on demand.
//
// A [DB] rejects what DynamoDB rejects, with the same error codes: too many or too large items,
// keys of the wrong type or length, values that do not fit the key of a secondary index, vectors
// that do not fit a vector index, numbers out of range or precision, equal keys in one batch, and
// tables that cannot be created. It performs puts, conditional puts ([DB.PutItem] lists the
// conditions) and deletes. It records every request ([DB.Calls]) and every write, deletes included
// ([DB.Writes]), so a test can compare the outcomes that the code under test reports with what was
// written.
//
//	db := dynamodesttest.NewTable("users", "id:S")
//	db.FailWrites(dynamodesttest.Unprocessed(dynamodesttest.First(2)))
//	dest, err := dynamodest.New(ctx, dynamodest.Config{Table: "users", Client: db})
//
// A DB is a client for use in process, where it also works under testing/synctest, and a
// [net/http.Handler] for the SDK's own client:
//
//	server := httptest.NewServer(db)
//	client := dynamodb.New(dynamodb.Options{BaseEndpoint: &server.URL, …})
//
// Over HTTP it verifies SigV4 signatures on request, with keys that may expire ([DB.Keys],
// [DB.ExpireKeys]) and by a clock that may differ from the client's ([DB.SetClock]), so a test can
// show that the code under test refreshes its credentials and corrects its clock:
//
//	db.Keys("ASIAEXAMPLE", "secret", "session token")
//	db.SetClock(func() time.Time { return time.Now().Add(time.Hour) })
//
// It is a test double, not a database: nothing is stored on disk, indexes cannot be read, reads
// exist only for looking at what was written, and a request that uses an unsupported feature gets a
// ValidationException that says so. A test may ask for more of the service's behavior:
//
//   - [DB.SetCreationDelay] leaves a new table CREATING for some time;
//   - [DB.SetRegion] puts the tables in one Region, where requests to other Regions do not meet them;
//   - [DB.Limit] limits the write capacity, also to what CreateTable provisioned.
//
// Known differences from the service:
//
//   - tables are ACTIVE as soon as they are created, unless a creation delay is set, and gone as soon
//     as they are deleted;
//   - a stream, a table class, encryption and tags of a table are described and have no effect;
//   - an item's size does not include its entries in local secondary indexes;
//   - signatures must be well-formed but are verified only after [DB.Keys], and nobody is denied
//     access;
//   - an attribute name that occurs twice in an item is rejected, where the service takes one of
//     the values;
//   - the texts of errors are close to the service's, which differ among its Regions; the codes are
//     the same.
package dynamodesttest
