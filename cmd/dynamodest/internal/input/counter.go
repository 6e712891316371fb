package input

import (
	"io"
	"sync/atomic"
)

// counter counts the bytes that are read.
type counter struct {
	reader io.Reader
	at     io.ReaderAt
	read   atomic.Int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.reader.Read(p)
	c.read.Add(int64(n))
	return n, err
}

func (c *counter) ReadAt(p []byte, offset int64) (int, error) {
	n, err := c.at.ReadAt(p, offset)
	c.read.Add(int64(n))
	return n, err
}
