package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"go.temporal.io/server/common/config"
	sqliteplugin "go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/schema/sqlite"
)

// openDatabase returns the server's database: the SQLite file of that path, or one in memory for an empty
// path. The database has the server's tables and the namespace.
func openDatabase(path string) (*config.SQL, error) {
	database := &config.SQL{
		PluginName:        sqliteplugin.PluginName,
		DatabaseName:      "temporal",
		ConnectAttributes: map[string]string{"mode": "memory", "cache": "shared"},
	}
	if path == "" {
		return database, register(database)
	}
	if err := create(path); err != nil {
		return nil, fmt.Errorf("-db %s: %w", path, err)
	}
	database.DatabaseName = escape(path)
	database.ConnectAttributes = map[string]string{
		"mode": "rw",
		// One server at a time; the lock ends with its process. The first statement takes it.
		"locking_mode": "EXCLUSIVE",
		// A killed process loses nothing; a machine that fails may lose the last writes.
		"journal_mode": "WAL",
		"synchronous":  "NORMAL",
	}
	switch err := register(database); {
	case err == nil:
		return database, nil
	case strings.Contains(err.Error(), "SQLITE_BUSY"): // the server does not wrap the driver's error
		return nil, fmt.Errorf("-db %s: another process has the file open: stop it, or choose another file (%w)", path, err)
	default:
		return nil, fmt.Errorf("-db %s: %w", path, err)
	}
}

// create makes the file with the server's tables unless there is one. The file appears whole: a process
// that is killed in the middle leaves none of this name.
func create(path string) error {
	switch info, err := os.Stat(path); {
	case err == nil && info.Size() == 0:
		return errors.New("the file is empty: remove it, and the server makes it")
	case err == nil:
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	temporary, err := os.MkdirTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(temporary) }()
	whole := filepath.Join(temporary, "schema")
	err = sqlite.SetupSchema(&config.SQL{
		PluginName:        sqliteplugin.PluginName,
		DatabaseName:      escape(whole),
		ConnectAttributes: map[string]string{"mode": "rwc"},
	})
	if err != nil {
		return err
	}
	if err := os.Chmod(whole, 0o600); err != nil { // who reads it reads all inputs and results of workflows
		return err
	}
	if err := os.Link(whole, path); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil // another server was faster
}

// register adds the namespace unless the database has it.
func register(database *config.SQL) error {
	made, err := sqlite.NewNamespaceConfig(clusterID, namespace, false, nil)
	if err != nil {
		return err
	}
	return sqlite.CreateNamespaces(database, made)
}

// escape returns path as a part of a SQLite URI.
func escape(path string) string { return (&url.URL{Path: path}).EscapedPath() }
