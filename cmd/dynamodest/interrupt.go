package main

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"syscall"
)

// interrupts acts on the signals of a command: the first one closes stop, and the second one ends the
// context. Until graceful is called the first one does both, since nothing is in flight.
type interrupts struct {
	stop     chan struct{}
	first    atomic.Pointer[os.Signal]
	isLoad   atomic.Bool
	quit     chan struct{}
	finished chan struct{}
}

// watch begins to act on the signals of sys. The returned context ends as interrupts says. The caller calls
// end.
func watch(ctx context.Context, sys *system) (context.Context, *interrupts) {
	ctx, cancel := context.WithCancel(ctx)
	i := &interrupts{stop: make(chan struct{}), quit: make(chan struct{}), finished: make(chan struct{})}
	go func() {
		defer close(i.finished)
		defer cancel()
		for {
			select {
			case s := <-sys.signals:
				if i.first.CompareAndSwap(nil, &s) {
					graceful := i.isLoad.Load()
					if !graceful {
						cancel() // first, so that a source that stop ends is not taken for complete
					}
					close(i.stop)
					if graceful {
						fmt.Fprintf(sys.stderr, "\ndynamodest: %s: no more rows are read, and what was read is written; once more to give that up\n", s)
						continue
					}
				}
				cancel()
			case <-i.quit:
				return
			}
		}
	}()
	return ctx, i
}

// graceful has the first signal, from now on, leave what is in flight alone.
func (i *interrupts) graceful() { i.isLoad.Store(true) }

// end ends the watching. It returns err, with the exit code of the signal if one has ended the command.
func (i *interrupts) end(err error) error {
	close(i.quit)
	<-i.finished
	if code := i.exitCode(); code != exitOK && err != nil {
		return &exitError{code: code, err: err}
	}
	return err
}

// exitCode returns the exit code for the first signal; 0 if there was none.
func (i *interrupts) exitCode() int {
	s := i.first.Load()
	if s == nil {
		return exitOK
	}
	if number, ok := (*s).(syscall.Signal); ok {
		return exitSignal + int(number)
	}
	return exitSignal
}
