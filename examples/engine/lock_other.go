//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd)

package main

import "os"

// lock does nothing: this system has no flock, and two engines with one folder must be kept apart by their user.
func lock(*os.File) error { return nil }
