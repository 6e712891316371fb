package main

import (
	"bytes"
	"errors"
	"regexp"

	"github.com/alecthomas/kong"
)

// errHelp ends the parsing of a command line that asked for help.
var errHelp = errors.New("help was printed")

var (
	oneDashFlag   = regexp.MustCompile(`^-[a-z][a-z0-9-]+(=|$)`)
	twoDashesFlag = regexp.MustCompile(`--([a-z])`)
)

// twoDashes writes flags such as -table as kong reads them, with two dashes. Arguments after "--" are left
// as they are.
func twoDashes(args []string) []string {
	out := make([]string, len(args))
	for i, arg := range args {
		if arg == "--" {
			copy(out[i:], args[i:])
			break
		}
		if oneDashFlag.MatchString(arg) {
			arg = "-" + arg
		}
		out[i] = arg
	}
	return out
}

// oneDash writes the flags in a text as the manual writes them, with one dash.
func oneDash(text string) string { return twoDashesFlag.ReplaceAllString(text, "-$1") }

// printHelp prints kong's help with flags of one dash, and ends the parsing.
func printHelp(options kong.HelpOptions, ctx *kong.Context) error {
	stdout := ctx.Stdout
	var text bytes.Buffer
	ctx.Stdout = &text
	if err := kong.DefaultHelpPrinter(options, ctx); err != nil {
		return err
	}
	ctx.Stdout = stdout
	_, _ = stdout.Write([]byte(oneDash(text.String()))) // run reports an error
	return errHelp
}
