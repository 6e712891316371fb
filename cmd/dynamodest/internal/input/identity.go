package input

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// headBytes is how much of a file its Identity has a hash of.
const headBytes = 64 << 10

// Identity says which file a source is, so that a load can be resumed only with the same one.
type Identity struct {
	Path    string    `json:"path"` // absolute
	Size    int64     `json:"size"`
	ModTime time.Time `json:"mod_time"`
	Head    string    `json:"head"` // SHA-256 of the first 64 KiB, in hexadecimal
}

// Equal reports whether both are the same file with the same contents, as far as an Identity says.
func (id Identity) Equal(other Identity) bool {
	return id.Path == other.Path && id.Size == other.Size && id.ModTime.Equal(other.ModTime) && id.Head == other.Head
}

// identify returns the Identity of f, a regular file that was opened by path.
func identify(f *os.File, path string, info fs.FileInfo) (*Identity, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	head := sha256.New()
	if _, err := io.Copy(head, io.NewSectionReader(f, 0, headBytes)); err != nil {
		return nil, err
	}
	return &Identity{Path: absolute, Size: info.Size(), ModTime: info.ModTime(), Head: hex.EncodeToString(head.Sum(nil))}, nil
}
