// Package manual has only tests: they run the commands of every Markdown file of the repository, and check that the
// programs, flags and targets that the prose names exist. It is a module of its own, so that importers of dynamodest
// do not pay for the drivers of databases.
//
// [docs/testing.md] says how a page marks its commands.
//
// [docs/testing.md]: https://github.com/dynamodest/dynamodest/blob/main/docs/testing.md#commands-of-the-manual
package manual
