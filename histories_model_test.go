package dynamodest_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/assert"
)

// maxCalls is the most calls of a trial.
const maxCalls = 6

// The values of a register that no row has written; row i writes the value i.
const (
	absent      = -1 - iota
	initialItem // from before the calls
)

// registerState is what the table holds for one key, and the last row that each call has written to
// it: the rows of one call go in their order.
type registerState struct {
	value   int
	version int           // of trials of versions
	last    [maxCalls]int // the row's index in its call, counted from 1; with versions, of the rows of this version
}

// Versions that no row has.
const (
	noVersion    = -1            // older than any
	otherVersion = math.MaxInt32 // of another type: not comparable
)

// registerKind is what an operation does to the register.
type registerKind string

const (
	putItem    registerKind = "put"
	deleteItem registerKind = "delete"
	insertItem registerKind = "insert"
	findItem   registerKind = "find an item"
	readItem   registerKind = "read"

	// With versions.
	putNewer  registerKind = "put unless newer"
	findNewer registerKind = "find a newer item"
	findOther registerKind = "find an item that is newer or not comparable"
)

// noReturn is when an operation returns that may take effect at any later time, or never.
const noReturn = math.MaxInt64

// registerInput is an operation on the register of one key.
type registerInput struct {
	kind  registerKind
	value int // what it writes, or has read: absent for a delete

	version int // the row's

	// Of writes.
	call  int // the number of the call
	index int // of the row in its call, counted from 1

	// doubtful is set for a request whose answer was lost: the request may take effect at any later
	// time, or never, over whatever is there by then.
	doubtful bool
}

func (in registerInput) String() string {
	text := fmt.Sprintf("%s %d", in.kind, in.value)
	if in.index > 0 {
		text += fmt.Sprintf(" (row %d of call %d)", in.index-1, in.call)
	}
	if in.doubtful {
		text += ", perhaps"
	}
	return text
}

// register is the sequential specification of one key: a register that holds one item. The puts and
// deletes of one call reach it in the order of their rows, apart from those whose answer was lost.
//
// With versions it is a register whose version never falls. Of rows of one version the order is that of
// their call, unless an answer was lost.
func register(before registerState) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return before },
		Step: func(state, input, _ any) (bool, any) {
			return state.(registerState).step(input.(registerInput))
		},
	}
}

// step performs an operation. It reports whether the operation is possible in s.
func (s registerState) step(in registerInput) (possible bool, next registerState) {
	switch in.kind {
	case readItem:
		return s.value == in.value, s
	case findItem:
		return s.value != absent, s
	case findNewer:
		return s.version > in.version && s.version != otherVersion, s
	case findOther:
		return s.version > in.version, s
	case putNewer:
		return s.stepNewer(in)
	case insertItem:
		if s.value != absent {
			return in.doubtful, s
		}
	case putItem, deleteItem:
		if !in.doubtful && s.last[in.call] > in.index {
			return false, s
		}
	}
	s.value, s.last[in.call] = in.value, max(s.last[in.call], in.index)
	return true, s
}

// stepNewer performs a put with a version.
func (s registerState) stepNewer(in registerInput) (possible bool, next registerState) {
	switch {
	case s.version > in.version:
		return in.doubtful, s
	case s.version < in.version:
		s.last = [maxCalls]int{}
	case !in.doubtful && s.last[in.call] > in.index:
		return false, s
	}
	s.value, s.version = in.value, in.version
	if !in.doubtful {
		s.last[in.call] = in.index
	}
	return true, s
}

// TestRegister shows which histories the register allows.
func TestRegister(t *testing.T) {
	t.Parallel()
	during := func(from, to int64, in registerInput) porcupine.Operation {
		return porcupine.Operation{Call: from, Return: to, Input: in}
	}
	put := func(call, row int) registerInput {
		return registerInput{kind: putItem, value: 10*call + row, call: call, index: row + 1}
	}
	insert := func(call, row int) registerInput {
		in := put(call, row)
		in.kind = insertItem
		return in
	}
	remove := func(call, row int) registerInput {
		return registerInput{kind: deleteItem, value: absent, call: call, index: row + 1}
	}
	newer := func(call, row, version int) registerInput {
		in := put(call, row)
		in.kind, in.version = putNewer, version
		return in
	}
	lost := func(in registerInput) registerInput {
		in.doubtful = true
		return in
	}
	read := func(value int) registerInput { return registerInput{kind: readItem, value: value} }
	find := registerInput{kind: findItem}
	for _, c := range []struct {
		name    string
		legal   bool
		history []porcupine.Operation
	}{
		{"rows of a call in their order", true, []porcupine.Operation{during(1, 2, put(1, 0)), during(3, 4, put(1, 3)), during(5, 5, read(13))}},
		{"an older row over a newer one", false, []porcupine.Operation{during(1, 2, put(1, 3)), during(3, 4, put(1, 0))}},
		{"an older row of another call over it", true, []porcupine.Operation{during(1, 2, put(1, 3)), during(3, 4, put(0, 0)), during(5, 5, read(0))}},
		{"calls that overlap, one way", true, []porcupine.Operation{during(1, 4, put(1, 0)), during(2, 3, put(0, 0)), during(5, 5, read(0))}},
		{"calls that overlap, the other way", true, []porcupine.Operation{during(1, 4, put(1, 0)), during(2, 3, put(0, 0)), during(5, 5, read(10))}},
		{"a call after another", false, []porcupine.Operation{during(1, 2, put(1, 0)), during(3, 4, put(0, 0)), during(5, 5, read(10))}},
		{"a row said to be written", false, []porcupine.Operation{during(1, 2, put(1, 0)), during(3, 3, read(absent))}},
		{"a row said not to be written", false, []porcupine.Operation{during(1, 2, put(1, 0)), during(3, 3, read(4))}},
		{"a lost answer, applied late", true, []porcupine.Operation{during(1, noReturn, lost(put(1, 0))), during(2, 3, put(1, 1)), during(4, 4, read(11)), during(5, 5, read(10))}},
		{"a lost answer, applied twice", false, []porcupine.Operation{during(1, noReturn, lost(put(1, 0))), during(2, 3, put(1, 1)), during(4, 4, read(10)), during(5, 6, put(1, 2)), during(7, 7, read(10))}},
		{"a lost answer, never applied", true, []porcupine.Operation{during(1, noReturn, lost(put(1, 0))), during(2, 3, put(1, 1)), during(noReturn-1, noReturn-1, read(11))}},
		{"a lost answer, applied too early", false, []porcupine.Operation{during(1, 1, read(10)), during(2, noReturn, lost(put(1, 0)))}},
		{"a delete and then a put", true, []porcupine.Operation{during(1, 2, remove(1, 0)), during(3, 4, put(1, 1)), during(5, 5, read(11))}},
		{"a put after a delete that is later in its call", false, []porcupine.Operation{during(1, 2, remove(1, 1)), during(3, 4, put(1, 0))}},
		{"an item that was said to be deleted", false, []porcupine.Operation{during(1, 2, put(1, 0)), during(3, 4, remove(0, 0)), during(5, 5, read(10))}},
		{"an insert where nothing is", true, []porcupine.Operation{during(1, 2, insert(1, 0)), during(3, 4, find), during(5, 5, read(10))}},
		{"an insert over an item", false, []porcupine.Operation{during(1, 2, insert(1, 0)), during(3, 4, insert(0, 0))}},
		{"an item found where nothing is", false, []porcupine.Operation{during(1, 2, find), during(3, 4, insert(0, 0))}},
		{"an item found that was inserted meanwhile", true, []porcupine.Operation{during(1, 3, find), during(2, 4, insert(0, 0))}},
		{"a lost insert that came too late", true, []porcupine.Operation{during(1, noReturn, lost(insert(1, 0))), during(2, 3, insert(0, 0)), during(4, 4, read(0))}},
		{"a lost insert over an item", false, []porcupine.Operation{during(1, noReturn, lost(insert(1, 0))), during(2, 3, insert(0, 0)), during(4, 4, read(10))}},
		{"versions that rise", true, []porcupine.Operation{during(1, 2, newer(1, 3, 5)), during(3, 4, newer(1, 0, 6)), during(5, 5, read(10))}},
		{"a version that falls", false, []porcupine.Operation{during(1, 2, newer(1, 0, 6)), during(3, 4, newer(0, 0, 5))}},
		{"equal versions of a call in their order", true, []porcupine.Operation{during(1, 2, newer(1, 0, 5)), during(3, 4, newer(1, 1, 5)), during(5, 5, read(11))}},
		{"equal versions of a call in another order", false, []porcupine.Operation{during(1, 2, newer(1, 1, 5)), during(3, 4, newer(1, 0, 5))}},
		{"equal versions of two calls", true, []porcupine.Operation{during(1, 2, newer(1, 1, 5)), during(3, 4, newer(0, 0, 5)), during(5, 6, newer(1, 2, 5))}},
		{"a lost answer, applied late over an older version", true, []porcupine.Operation{during(1, noReturn, lost(newer(1, 0, 6))), during(2, 3, newer(0, 0, 5)), during(4, 4, read(0)), during(5, 5, read(10))}},
		{"a lost answer, applied late over a newer version", false, []porcupine.Operation{during(1, noReturn, lost(newer(1, 0, 5))), during(2, 3, newer(0, 0, 6)), during(4, 4, read(0)), during(5, 5, read(10))}},
		{"a newer version found", true, []porcupine.Operation{during(1, 2, newer(1, 0, 6)), during(3, 4, registerInput{kind: findNewer, version: 5})}},
		{"a newer version said to be found", false, []porcupine.Operation{during(1, 2, newer(1, 0, 5)), during(3, 4, registerInput{kind: findNewer, version: 5})}},
	} {
		assert.Equal(t, c.legal, porcupine.CheckOperations(register(registerState{value: absent, version: noVersion}), c.history), c.name)
	}
}
