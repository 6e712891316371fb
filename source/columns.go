package source

import "io"

// Columns returns the names of the columns in their order: Header, or what the header of r says. Its errors are
// those with which Rows would begin. It reads r ahead, so the rows are not to be read from what is left of r.
func (c CSV) Columns(r io.Reader) ([]string, error) {
	_, names, err := c.begin(r)
	return names, err
}
