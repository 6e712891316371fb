package schedule

import (
	"errors"
	"slices"
	"strings"
)

// violation is a path to a state in which something is wrong.
type violation struct {
	path []choice
	err  error
}

// frame is a state on the path of a depth-first search, and what may happen in it.
type frame struct {
	w       *world
	hash    hash
	choices []choice
	i       int
}

const (
	onPath = iota + 1
	explored
)

// depthFirst explores all states. Since it follows paths it also sees a path that comes back to where it
// was: such a run need not end.
func (e *explorer) depthFirst() *violation {
	seen := map[hash]uint8{}
	var stack []frame
	enter := func(w *world, h hash) {
		seen[h] = onPath
		e.states++
		stack = append(stack, frame{w: w, hash: h, choices: w.choices(e.list())})
		e.depth = max(e.depth, len(stack)-1)
		if w.ended {
			e.ends++
		}
	}
	fail := func(err error) *violation {
		v := &violation{err: err}
		for i := range stack {
			if f := &stack[i]; f.i > 0 {
				v.path = append(v.path, f.choices[f.i-1])
			}
		}
		return v
	}
	first := newWorld(e)
	enter(first, e.hash(first))
	for len(stack) > 0 {
		f := &stack[len(stack)-1]
		if f.i == len(f.choices) {
			if len(f.choices) == 0 && !f.w.ended {
				return fail(errors.New("nothing can happen any more, and the call has not ended"))
			}
			seen[f.hash] = explored
			e.spare = append(e.spare, f.w)
			e.spareLists = append(e.spareLists, f.choices[:0])
			*f = frame{}
			stack = stack[:len(stack)-1]
			continue
		}
		c := f.choices[f.i]
		f.i++
		w := e.copyOf(f.w)
		e.transitions++
		if err := e.take(w, c); err != nil {
			return fail(err)
		}
		if e.drawn && !c.short {
			c.short = true
			f.choices = append(f.choices, c)
		}
		h := e.hash(w)
		switch seen[h] {
		case 0:
			enter(w, h)
		case explored:
			e.spare = append(e.spare, w)
		case onPath:
			if h == f.hash && c.kind == askNext {
				e.spare = append(e.spare, w) // a part-filled request waits for more rows
				continue
			}
			return fail(errors.New("the call comes back to an earlier state: it need not end"))
		}
	}
	return nil
}

// node is a state on a path of a breadth-first search.
type node struct {
	from   *node
	choice choice
	w      *world
}

func (n *node) path() (all []choice) {
	for ; n.from != nil; n = n.from {
		all = append(all, n.choice)
	}
	slices.Reverse(all)
	return all
}

// breadthFirst finds a shortest path to a violation, in at most so many states.
func (e *explorer) breadthFirst(most int) *violation {
	first := newWorld(e)
	seen := map[hash]bool{e.hash(first): true}
	queue := []*node{{w: first}}
	for len(queue) > 0 && len(seen) < most {
		n := queue[0]
		queue = queue[1:]
		choices := n.w.choices(nil)
		for i := 0; i < len(choices); i++ {
			next := &node{from: n, choice: choices[i], w: e.copyOf(n.w)}
			if err := e.take(next.w, choices[i]); err != nil {
				return &violation{next.path(), err}
			}
			if e.drawn && !choices[i].short {
				again := choices[i]
				again.short = true
				choices = append(choices, again)
			}
			if h := e.hash(next.w); !seen[h] {
				seen[h] = true
				queue = append(queue, next)
			}
		}
		e.spare = append(e.spare, n.w)
		n.w = nil
	}
	return nil
}

// words plays a path again, and returns it in words.
func (e *explorer) words(path []choice) string {
	var lines []string
	e.lines = &lines
	defer func() { e.lines = nil }()
	w := newWorld(e)
	for _, c := range path {
		if err := e.take(w, c); err != nil {
			lines = append(lines, "wrong: "+err.Error())
		}
	}
	return strings.Join(lines, "\n")
}
