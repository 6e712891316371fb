package scenario

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/rpc"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/dynamodest/dynamodest/dynamodesttest"
	"github.com/dynamodest/dynamodest/internal/cmd/again"
)

// Table describes a table to create. Its partition key is the string "id".
type Table struct {
	Name           string
	UnitsPerSecond float64 // 0: no limit
	HotPerSecond   float64 // for the keys that begin with hotPrefix; 0: no limit
	OnDemand       bool    // what DescribeTable reports; otherwise it reports no capacity
}

// hotPrefix begins the keys of the hot range.
const hotPrefix = "hot-"

// Usage is the write units that a table has accepted and rejected so far, and those of Written that
// were other writers'.
type Usage struct{ Written, Refused, Others float64 }

// Control is the RPC service of the server process. The measuring process calls it over the
// server's standard input and output.
type Control struct {
	address string
	db      *dynamodesttest.DB
	limit   *dynamodesttest.Limit // of the newest table
	secret  bool                  // the newest table's description has no capacity
	others  *dynamodesttest.Limit // counts what other writers of the newest table write; nil without one
	stop    context.CancelFunc    // stops them; nil without one
}

// Address reports the URL of the tables.
func (c *Control) Address(_ struct{}, address *string) error {
	*address = c.address
	return nil
}

// Make creates a table. Other writers and refusals end.
func (c *Control) Make(t Table, _ *struct{}) error {
	c.leaveAlone()
	c.db.AddTable(t.Name, "id:S")
	c.secret = !t.OnDemand
	c.limit = nil
	if t.UnitsPerSecond > 0 {
		c.limit = c.db.Limit(t.Name, dynamodesttest.Capacity{UnitsPerSecond: t.UnitsPerSecond})
	}
	if t.HotPerSecond > 0 {
		c.db.Limit(t.Name, dynamodesttest.Capacity{UnitsPerSecond: t.HotPerSecond, Keys: keysWith(hotPrefix)})
	}
	return nil
}

// Set changes the capacity of the newest table.
func (c *Control) Set(unitsPerSecond float64, _ *struct{}) error {
	c.limit.Set(unitsPerSecond)
	return nil
}

// Usage reports what a table has accepted and rejected.
func (c *Control) Usage(table string, u *Usage) error {
	if c.others != nil {
		u.Others, _ = c.others.Usage()
	}
	u.Written, u.Refused = c.db.Usage(table)
	return nil
}

// ServeHTTP serves DynamoDB requests. It removes the capacity from the newest table's description
// if that is secret.
func (c *Control) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !c.secret || !strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".DescribeTable") {
		c.db.ServeHTTP(w, r)
		return
	}
	response := httptest.NewRecorder()
	c.db.ServeHTTP(response, r)
	var body struct{ Table map[string]any }
	if err := json.Unmarshal(response.Body.Bytes(), &body); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	for _, name := range []string{"BillingModeSummary", "ProvisionedThroughput", "OnDemandThroughput", "WarmThroughput"} {
		delete(body.Table, name)
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	_ = json.NewEncoder(w).Encode(body)
}

// pipe joins standard input and output into one connection.
type pipe struct {
	io.Reader
	io.WriteCloser
}

// Serve runs the server's process until the controlling process closes its standard input.
func Serve(ctx context.Context) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	c := &Control{address: "http://" + listener.Addr().String(), db: dynamodesttest.New()}
	c.db.KeepHistory(0)
	c.db.SetLatency(8*time.Millisecond, 12*time.Millisecond, 1)
	control := rpc.NewServer()
	if err := control.RegisterName("Control", c); err != nil {
		return err
	}
	server := &http.Server{Handler: c, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }()
	control.ServeConn(pipe{os.Stdin, os.Stdout})
	return server.Close()
}

// remote is the measuring process's connection to the server process.
type remote struct {
	address string
	control *rpc.Client
	process *exec.Cmd
}

// startServer starts a second process of this program, as the server.
func startServer(ctx context.Context, arguments []string) (*remote, error) {
	process, in, out, err := again.Start(ctx, arguments...)
	if err != nil {
		return nil, err
	}
	s := &remote{control: rpc.NewClient(pipe{out, in}), process: process}
	return s, s.control.Call("Control.Address", struct{}{}, &s.address)
}

func (s *remote) stop() {
	_ = s.control.Close()
	_ = s.process.Wait()
}

func (s *remote) make(t Table) error { return s.control.Call("Control.Make", t, &struct{}{}) }

func (s *remote) set(unitsPerSecond float64) error {
	return s.control.Call("Control.Set", unitsPerSecond, &struct{}{})
}

func (s *remote) bursts(b Bursts) error { return s.control.Call("Control.Bursts", b, &struct{}{}) }

func (s *remote) loops(l Loops) error { return s.control.Call("Control.Loops", l, &struct{}{}) }

func (s *remote) refuse(share float64) error {
	return s.control.Call("Control.Refuse", share, &struct{}{})
}

func (s *remote) usage(table string) (u Usage, err error) {
	err = s.control.Call("Control.Usage", table, &u)
	return u, err
}
