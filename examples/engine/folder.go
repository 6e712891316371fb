package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
)

// writeJSON writes v to a file that is there whole or not at all, whenever the process or the machine stops: a
// file beside it is synced and renamed, and then the directory is synced.
func writeJSON(path string, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	temporary := path + ".tmp"
	f, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(data, '\n'))
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(temporary))
	}
	if err := os.Rename(temporary, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// readAll calls use with the path of each file or folder in a folder. The name of the engine's folder may have characters
// that mean something in a pattern, so filepath.Glob is not for it.
func readAll(folder string, use func(path string) error) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if err := use(filepath.Join(folder, entry.Name())); err != nil {
			return err
		}
	}
	return nil
}

// readJSON reads what writeJSON has written.
func readJSON(path string, v any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return &os.PathError{Op: "read", Path: path, Err: errors.New("it is not a file of this engine: move it away")}
	}
	return nil
}

// syncDir makes a rename in a directory last. Windows has nothing of the kind.
func syncDir(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
