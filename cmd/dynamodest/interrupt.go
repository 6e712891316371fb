package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"syscall"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/load"
)

// interrupts acts on the signals of a command: the first one closes stop, and the second one ends the
// context. Until graceful is called the first one does both, since nothing is in flight. A hangup is never the
// second one: when a terminal closes, the kernel sends one and the shell another.
type interrupts struct {
	stop     chan struct{}
	first    atomic.Pointer[os.Signal]
	isLoad   atomic.Bool
	quit     chan struct{}
	finished chan struct{}
	decided  bool // outcome has said with which exit code the command ends
}

// watch begins to act on the signals of sys. The returned context ends as interrupts says. The caller calls
// end.
func watch(ctx context.Context, sys *system) (context.Context, *interrupts) {
	ctx, cancel := context.WithCancel(ctx)
	i := &interrupts{stop: make(chan struct{}), quit: make(chan struct{}), finished: make(chan struct{})}
	go func() {
		defer close(i.finished)
		defer cancel()
		asked := 0 // how often somebody asked for the end
		for {
			select {
			case s := <-sys.signals:
				if s != syscall.SIGHUP {
					asked++
				}
				if asked > 1 || !i.isLoad.Load() {
					cancel() // before stop is closed, so that a source that stop ends is not taken for complete
				}
				if i.first.CompareAndSwap(nil, &s) {
					close(i.stop)
				}
				if ctx.Err() == nil {
					fmt.Fprintf(sys.stderr, "\ndynamodest: %s: no more rows are read, and what was read is written; once more to give that up\n", s)
				}
			case <-i.quit:
				return
			}
		}
	}()
	return ctx, i
}

// graceful has the first signal, from now on, leave what is in flight alone.
func (i *interrupts) graceful() { i.isLoad.Store(true) }

// outcome returns the error of a load that has ended, which end leaves as it is: a signal that came when the load was
// complete has not ended it.
func (i *interrupts) outcome(result load.Result) error {
	i.decided = true
	return outcome(result, i.exitCode())
}

// end ends the watching. It returns err, with the exit code of the signal if one has ended the command.
func (i *interrupts) end(err error) error {
	close(i.quit)
	<-i.finished
	if code := i.exitCode(); code != exitOK && err != nil && !i.decided {
		var table *dynamodest.TableError
		if errors.Is(err, context.Canceled) && !errors.As(err, &table) { // a TableError says what was waited for
			err = errors.New("interrupted")
		}
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
