package pace

// evidence adds up what responses said about new rows.
type evidence struct {
	responses, rejections float64 // rejections are the responses with a rejected unit
	cleanRun              float64 // responses without one since the last rejection
	asked, rejected       float64 // units
	squares               float64 // sum of the squares of the shares rejected, by response
}

// add counts a response.
func (e *evidence) add(units, rejected float64) {
	share := rejected / units
	e.responses++
	e.cleanRun++
	if rejected > 0 {
		e.rejections++
		e.cleanRun = 0
	}
	e.asked += units
	e.rejected += rejected
	e.squares += share * share
}

// merge adds what other has counted, but for its clean run.
func (e *evidence) merge(other *evidence) {
	e.responses += other.responses
	e.rejections += other.rejections
	e.asked += other.asked
	e.rejected += other.rejected
	e.squares += other.squares
}

// share is the share of the units that was rejected; 0 without any.
func (e *evidence) share() float64 { return e.rejected / max(1, e.asked) }

// variance is the variance of the share between responses: large if requests are rejected whole, small
// if a few rows of each are.
func (e *evidence) variance() float64 {
	return max(0, e.squares/max(1, e.responses)-e.share()*e.share())
}
