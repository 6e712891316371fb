package dynamodest

// mustBeMade panics if d was not made by [New]. Every method that uses the table calls it first, on the
// caller's goroutine, where the panic can be recovered and shows who called.
func (d *Destination) mustBeMade() {
	switch {
	case d == nil:
		panic("dynamodest: the Destination is nil: use the one that New returns, once its error is nil")
	case d.converter == nil:
		panic("dynamodest: the Destination is its zero value, which writes to no table: create it with New")
	}
}
