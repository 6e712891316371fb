// Package realtypes has only tests: they write values of the types that database drivers and other
// libraries give to engines, and read the attributes back over HTTP. It is a module of its own, so
// that importers of dynamodest do not pay for those libraries.
package realtypes
