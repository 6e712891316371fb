package main

import (
	"fmt"
	"runtime/debug"

	"github.com/alecthomas/kong"
)

// versionFlag is the flag -version.
type versionFlag bool

// BeforeReset prints the version and ends the parsing.
func (versionFlag) BeforeReset(app *kong.Kong) error {
	_, _ = fmt.Fprintln(app.Stdout, "dynamodest", version()) // run reports an error
	return errHelp
}

// version returns the version that the go command has put into the program: that of a release after go install of a
// version, one made from the commit or "(devel)" after a build in a clone.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}
