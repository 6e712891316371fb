package dynamodesttest

import (
	"context"
	"net/http"
	"strings"
)

// request is one call, from its arrival to its response.
type request struct {
	call Call
	puts []put
	err  *apiError // why the request is invalid
	run  func(*request) ([]byte, *apiError)

	elsewhere bool // the request is for another Region than that of SetRegion

	capacity string // ReturnConsumedCapacity

	// Only for PutItem.
	condition condition // of a put; nil if there is none
	showItem  bool      // return the existing item if the condition fails
	returnOld bool

	fault       Fault
	unprocessed int // number of items returned as unprocessed
}

// response is what the client gets.
type response struct {
	status  int
	header  http.Header
	body    []byte
	ending  ending
	outcome string

	requestID string // "" for a request that is not recorded
}

// ending says whether the client gets the whole response, and how the connection ends.
type ending uint8

const (
	whole        ending = iota // the whole response; the connection stays open
	closedAfter                // the whole response; then the connection is closed without notice
	reset                      // no response; TCP RST
	closed                     // no response; TCP FIN
	resetInBody                // half of the body; then TCP RST
	closedInBody               // half of the body; then TCP FIN
	stalledBody                // half of the body; the connection stays open
	unreachable                // connection refused
)

// serve returns the response to one request, which is denied if that is not nil. It calls connected,
// unless a fault refuses the connection.
func (db *DB) serve(ctx context.Context, header http.Header, body string, denied *apiError, connected func()) response {
	req := &request{err: denied}
	target := header.Get("X-Amz-Target")
	_, req.call.Op, _ = strings.Cut(target, ".")
	req.call.Bytes = len(body)
	req.elsewhere = db.signedElsewhere(header)
	if req.err == nil {
		req.err = db.read(req, target, body)
	}
	req.call.puts = req.puts
	for i := range req.puts {
		req.call.Keys = append(req.call.Keys, req.puts[i].key)
	}
	if len(req.puts) > 0 {
		req.call.Table = req.puts[0].nameOrARN
	}
	req.call.Table = strings.Clone(req.call.Table) // a substring would keep the whole body in memory
	db.begin(req)
	if req.fault = db.faultFor(req); req.fault.ending != unreachable {
		connected()
	}
	resp := db.respond(ctx, req)
	resp.requestID = req.call.RequestID
	db.end(req, resp.outcome)
	return resp
}

// read parses and validates a request, and sets the function that runs it.
func (db *DB) read(req *request, target, body string) *apiError {
	if service, _, _ := strings.Cut(target, "."); service != "DynamoDB_20120810" {
		return apiErrorf("UnknownOperationException", "")
	}
	var read func(*reader, *request) *apiError
	switch req.call.Op {
	case "BatchWriteItem":
		read, req.run = db.readBatch, db.runBatch
	case "PutItem":
		read, req.run = db.readPut, db.runPut
	case "GetItem":
		read = db.readGet
	case "Scan":
		read = db.readScan
	case "CreateTable", "DescribeTable", "DeleteTable", "ListTagsOfResource":
		return db.readTableCall(req, body)
	default:
		return apiErrorf("UnknownOperationException", "dynamodesttest does not support %s", req.call.Op)
	}
	var err *apiError
	if malformed := readJSON(body, func(r *reader) { err = read(r, req) }); malformed != nil {
		return malformed
	}
	db.findTables(req)
	switch {
	case err != nil:
		return err
	case req.call.Op == "BatchWriteItem":
		err = db.checkBatch(req)
	case req.call.Op == "PutItem":
		if err = checkAttrs(req.puts[0].item, 1); err == nil {
			err = req.puts[0].check(true)
		}
	}
	if err == nil && req.capacity != "" {
		err = only("ReturnConsumedCapacity", req.capacity, "NONE", "TOTAL", "INDEXES")
	}
	if err == nil {
		encode(req.puts)
	}
	return err
}

// respond returns the response that req's fault leaves, which is the regular response if there is
// no fault.
func (db *DB) respond(ctx context.Context, req *request) response {
	f := &req.fault
	givenUp := response{ending: reset, outcome: "given up"}
	if !wait(ctx, db.delay()+f.before) {
		return givenUp
	}
	if f.isLate() {
		db.postponeWrite(req)
	}
	if f.stall && f.writes == nil && !waitFor(ctx, f.release) {
		return givenUp
	}
	var resp response
	if !f.isLate() && (!f.replacesResponse() || f.writes != nil) {
		resp = db.execute(req)
	}
	if f.replacesResponse() {
		resp = f.response()
	}
	f.applyTo(&resp)
	if !wait(ctx, db.delay()+f.after) || f.stall && f.writes != nil && !waitFor(ctx, f.release) {
		return givenUp
	}
	return resp
}

// execute runs req and returns the regular response.
func (db *DB) execute(req *request) response {
	if req.err != nil {
		return errorResponse(req.err, false)
	}
	body, err := req.run(req)
	if err != nil {
		return errorResponse(err, false)
	}
	return response{status: http.StatusOK, body: body, outcome: "ok"}
}

func errorResponse(err *apiError, codeInHeader bool) response {
	resp := response{status: err.status, body: err.body(!codeInHeader), outcome: err.code}
	if codeInHeader {
		resp.header = http.Header{"X-Amzn-Errortype": {err.code}}
	}
	return resp
}

func waitFor(ctx context.Context, release <-chan struct{}) bool {
	select {
	case <-release: // a nil channel never releases
		return true
	case <-ctx.Done():
		return false
	}
}
