package dynamodesttest

import (
	"context"
	"net/http"
	"strings"
)

// exchange is one request on its way to its answer.
type exchange struct {
	call Call
	puts []put
	err  *apiError // what is wrong with the request itself
	run  func(*exchange) ([]byte, *apiError)

	capacity string // ReturnConsumedCapacity

	// Of PutItem.
	absent    string // attribute that must not be there
	showItem  bool   // with a failed condition
	returnOld bool

	fault Fault
	back  int // items handed back
}

// answer is what goes back to the client.
type answer struct {
	status  int
	header  http.Header
	body    []byte
	ending  ending
	outcome string
}

// ending is how a connection ends.
type ending uint8

const (
	whole        ending = iota // the answer, and the connection goes on
	thenClosed                 // the answer, and then the connection is closed without notice
	reset                      // no answer, TCP RST
	closed                     // no answer, TCP FIN
	resetInBody                // half of the body, then RST
	closedInBody               // half of the body, then FIN
	stalledBody                // half of the body, and nothing more
	unreachable                // there never was a connection
)

// serve answers one request. It calls connected unless a fault is that there is
// no connection.
func (db *DB) serve(ctx context.Context, header http.Header, body string, connected func()) answer {
	x := &exchange{}
	x.err = checkSignature(header)
	target := header.Get("X-Amz-Target")
	_, x.call.Op, _ = strings.Cut(target, ".")
	x.call.Bytes = len(body)
	if x.err == nil {
		x.err = db.read(x, target, body)
	}
	x.call.puts = x.puts
	for i := range x.puts {
		x.call.Keys = append(x.call.Keys, x.puts[i].key)
	}
	if len(x.puts) > 0 {
		x.call.Table = x.puts[0].asked
	}
	x.call.Table = strings.Clone(x.call.Table) // not a part of the body, which need not be kept
	db.begin(x)
	if x.fault = db.faultFor(x); x.fault.ending != unreachable {
		connected()
	}
	a := db.answer(ctx, x)
	db.end(x, a.outcome)
	return a
}

// read reads and checks a request, and sets what will run it.
func (db *DB) read(x *exchange, target, body string) *apiError {
	if service, _, _ := strings.Cut(target, "."); service != "DynamoDB_20120810" {
		return apiErrorf("UnknownOperationException", "")
	}
	var read func(*reader, *exchange) *apiError
	switch x.call.Op {
	case "BatchWriteItem":
		read, x.run = db.readBatch, db.runBatch
	case "PutItem":
		read, x.run = db.readPut, db.runPut
	case "GetItem":
		read = db.readGet
	case "Scan":
		read = db.readScan
	case "CreateTable", "DescribeTable", "DeleteTable":
		return db.readTableCall(x, body)
	default:
		return apiErrorf("UnknownOperationException", "dynamodesttest does not know %s", x.call.Op)
	}
	var fault *apiError
	if err := readJSON(body, func(r *reader) { fault = read(r, x) }); err != nil {
		return err
	}
	db.findTables(x.puts)
	switch {
	case fault != nil:
		return fault
	case x.call.Op == "BatchWriteItem":
		fault = db.checkBatch(x)
	case x.call.Op == "PutItem":
		fault = x.puts[0].check(true)
	}
	if fault == nil && x.capacity != "" {
		fault = only("ReturnConsumedCapacity", x.capacity, "NONE", "TOTAL", "INDEXES")
	}
	if fault == nil {
		encode(x.puts)
	}
	return fault
}

// answer makes the answer that the fault leaves: the true one, if there is no
// fault.
func (db *DB) answer(ctx context.Context, x *exchange) answer {
	f := &x.fault
	givenUp := answer{ending: reset, outcome: "given up"}
	if !wait(ctx, db.delay()+f.before) {
		return givenUp
	}
	if f.isLate() {
		db.putOff(x)
	}
	if f.stall && f.writes == nil && !waitFor(ctx, f.release) {
		return givenUp
	}
	var a answer
	if !f.isLate() && (!f.replaced() || f.writes != nil) {
		a = db.execute(x)
	}
	if f.replaced() {
		a = f.answer()
	}
	f.finish(&a)
	if !wait(ctx, db.delay()+f.after) || f.stall && f.writes != nil && !waitFor(ctx, f.release) {
		return givenUp
	}
	return a
}

// execute gives the true answer.
func (db *DB) execute(x *exchange) answer {
	if x.err != nil {
		return errorAnswer(x.err, false)
	}
	body, err := x.run(x)
	if err != nil {
		return errorAnswer(err, false)
	}
	return answer{status: http.StatusOK, body: body, outcome: "ok"}
}

func errorAnswer(err *apiError, codeInHeader bool) answer {
	a := answer{status: err.status, body: err.body(!codeInHeader), outcome: err.code}
	if codeInHeader {
		a.header = http.Header{"X-Amzn-Errortype": {err.code}}
	}
	return a
}

func waitFor(ctx context.Context, release <-chan struct{}) bool {
	select {
	case <-release: // nil: never
		return true
	case <-ctx.Done():
		return false
	}
}
