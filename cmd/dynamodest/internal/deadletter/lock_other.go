//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd)

package deadletter

import "os"

// lock does nothing: this system has no flock, and two loads with one file must be kept apart by their user.
func lock(*os.File) error { return nil }

func unlock(*os.File) {}
