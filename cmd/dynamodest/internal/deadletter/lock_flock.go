//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package deadletter

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lock locks f until it is closed or the process ends, in whatever way. The error is [ErrLocked] if another open file
// has the lock, of this process or of another. A file system that has no locks leaves f unlocked.
func lock(f *os.File) error {
	for {
		switch err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); {
		case err == nil, errors.Is(err, errors.ErrUnsupported), errors.Is(err, syscall.ENOLCK):
			return nil
		case errors.Is(err, syscall.EWOULDBLOCK):
			return fmt.Errorf("%w to %s: wait for it to end, or give another file", ErrLocked, f.Name())
		case !errors.Is(err, syscall.EINTR):
			return &os.PathError{Op: "lock", Path: f.Name(), Err: err}
		}
	}
}

// unlock ends the lock of f. Closing f does so too, but for the moment in which a child process of this one that is about
// to start has f as well.
func unlock(f *os.File) { _ = syscall.Flock(int(f.Fd()), syscall.LOCK_UN) }
