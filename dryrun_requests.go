package dynamodest

import (
	"time"

	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/pace"
	"github.com/dynamodest/dynamodest/internal/schedule"
)

// plannedRoundTrip is how long a response takes in a plan.
const plannedRoundTrip = 10 * time.Millisecond

// planner counts the requests of a call that does not take place: the real Scheduler packs the rows, and a Gate of
// its own says when and how much may go, as in a call on a new Destination whose rows are at hand, and whose
// table takes everything. Time is virtual, and passes only while the window is full. It holds the rows of the
// window without their values.
type planner struct {
	d         *Destination
	scheduler *schedule.Scheduler
	gate      *pace.Gate
	waiter    *pace.Waiter
	now       time.Time
	inFlight  []plannedRequest // in the order of their responses

	unsettled, bytes int           // of the window
	rows             int           // added so far
	spare            []*plannedRow // memory for the next rows
}

// plannedRow is a row of a plan.
type plannedRow struct {
	schedule.Row
	bytes int // of the window
}

// plannedRequest is a request that waits for its response.
type plannedRequest struct {
	batch *schedule.Batch
	done  time.Time
}

// minPlannedCap is the lowest cap of a plan, in write units a second. Under a lower one each request carries one row,
// as under this one, and a plan would go through years of virtual time.
const minPlannedCap = 1

// newPlanner returns a planner for a table that is described to take so many write units a second.
func (d *Destination) newPlanner(units float64) *planner {
	limit := d.cap
	if limit > 0 {
		limit = max(limit, minPlannedCap)
	}
	p := &planner{d: d, scheduler: schedule.New(d.scheduling), waiter: pace.NewWaiter(), gate: d.newGate(units, limit)}
	p.now = time.Now() // no earlier than the gate's origin
	return p
}

// add takes a row that is to be sent, as a row of a key of its own.
func (p *planner) add(it *item.Item) {
	row := &plannedRow{}
	if last := len(p.spare) - 1; last >= 0 {
		row, p.spare = p.spare[last], p.spare[:last]
	}
	if p.d.encodes {
		row.bytes = unsettledBytes(&item.Item{EncodedSize: it.EncodedSize}, it.EncodedSize+len(it.Key), encodedFactor)
	} else {
		row.bytes = unsettledBytes(it, it.Footprint, sendFactor)
	}
	row.Row = schedule.Row{
		Index: p.rows, Units: it.Units(), Size: it.Size, EncodedSize: it.EncodedSize, Delete: it.Delete, Payload: row,
	}
	p.rows++
	p.unsettled++
	p.bytes += row.bytes
	p.scheduler.Add(&row.Row, p.now)
	if p.full() {
		p.scheduler.WindowFull(true)
		p.run((*planner).full)
		p.scheduler.WindowFull(false)
	}
}

// finish sends all the rows that are left, and returns how many requests were sent.
func (p *planner) finish() int {
	p.scheduler.Close()
	p.run(func(p *planner) bool { return p.unsettled > 0 })
	return p.scheduler.Stats().Requests
}

// full reports whether the window takes no further row.
func (p *planner) full() bool {
	return p.unsettled >= activeRows(p.d.concurrency) || p.bytes >= p.d.windowBytes
}

// run sends requests and takes their responses while goOn reports true.
func (p *planner) run(goOn func(*planner) bool) {
	for goOn(p) {
		switch at := p.send(); {
		case len(p.inFlight) > 0 && (at.IsZero() || !p.inFlight[0].done.After(at)):
			p.now = p.inFlight[0].done
			p.settle()
		case !at.After(p.now): // nothing is left that time could change
			return
		default:
			p.now = at
		}
	}
}

// send sends what may go now, as a dispatcher does. It returns when the next request may go, or zero if that takes
// a response first.
func (p *planner) send() time.Time {
	for p.scheduler.Next(p.now, schedule.Budget{}).Kind == schedule.Send {
		grant := p.gate.Start(p.waiter, p.now, p.scheduler.FitsOneRequest())
		switch {
		case grant.Wait > 0:
			return p.now.Add(grant.Wait)
		case !grant.OK:
			return time.Time{}
		}
		next := p.scheduler.Next(p.now, p.d.limitedBudget(grant.Budget))
		if next.Kind != schedule.Send {
			p.gate.Leave(p.waiter)
			return next.Until
		}
		p.gate.Sent(p.waiter, p.now, float64(next.Batch.Units))
		p.inFlight = append(p.inFlight, plannedRequest{next.Batch, p.now.Add(plannedRoundTrip)})
	}
	return time.Time{}
}

// settle takes the response that comes next, which accepts all rows of its request.
func (p *planner) settle() {
	b := p.inFlight[0].batch
	p.inFlight = p.inFlight[1:]
	units, rows := float64(b.Units), len(b.Rows)
	for _, row := range b.Rows {
		planned := row.Payload.(*plannedRow) //nolint:forcetypeassert // add alone sets it
		p.unsettled--
		p.bytes -= planned.bytes
		p.spare = append(p.spare, planned)
	}
	p.scheduler.Settle(schedule.Response{Batch: b, Sent: true, Done: p.now})
	p.gate.Done(b.SentAt, p.now, pace.Sample{Units: units, Rows: rows, Consumed: units})
}
