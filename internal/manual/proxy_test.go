package manual

import (
	"archive/zip"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
)

// released is the version of this repository's modules in the proxy. It is the one by which they require each other on main, so
// that their go.mod files need no change.
const released = "v0.0.0"

// releases makes a file-system module proxy that has the modules for users, as they are in the working tree, and returns its
// folder. https://go.dev/ref/mod#goproxy-protocol has its form, .ci/release-rehearsal the way to a real release.
var releases = sync.OnceValues(func() (string, error) {
	proxy := filepath.Join(scratch, "proxy")
	if err := os.RemoveAll(proxy); err != nil {
		return "", err
	}
	folders, err := modules()
	if err != nil {
		return "", err
	}
	for folder, path := range folders {
		if regexp.MustCompile(`(^|/)(internal|examples)(/|$)`).MatchString(folder) {
			continue
		}
		dir := filepath.Join(proxy, path, "@v")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return "", err
		}
		if err := zipModule(filepath.Join(dir, released+".zip"), folder, path, folders); err != nil {
			return "", err
		}
		if err := copyFile(filepath.Join(root, folder, "go.mod"), filepath.Join(dir, released+".mod")); err != nil {
			return "", err
		}
		for name, text := range map[string]string{"list": released + "\n", released + ".info": fmt.Sprintf(`{"Version": %q}`, released)} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				return "", err
			}
		}
	}
	return proxy, nil
})

// modules returns the paths of the repository's modules by their folders. The root's is ".".
func modules() (map[string]string, error) {
	all := map[string]string{}
	err := walk(func(path string, _ fs.DirEntry) error {
		if filepath.Base(path) != "go.mod" {
			return nil
		}
		text, err := os.ReadFile(filepath.Join(root, path))
		name, _, _ := strings.Cut(strings.TrimPrefix(string(text), "module "), "\n")
		all[filepath.Dir(path)] = name
		return err
	})
	return all, err
}

// zipModule writes the files of a module, but for those of modules in it, to a zip file of the proxy.
func zipModule(file, folder, path string, folders map[string]string) (err error) {
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	archive := zip.NewWriter(out)
	defer func() { err = errors.Join(err, archive.Close(), out.Close()) }()
	return walk(func(name string, d fs.DirEntry) error {
		rel, err := filepath.Rel(folder, name)
		if err != nil || strings.HasPrefix(rel, "..") || !d.Type().IsRegular() || moduleOf(name, folders) != folder {
			return err
		}
		data, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return err
		}
		entry, err := archive.Create(path + "@" + released + "/" + rel)
		if err != nil {
			return err
		}
		_, err = entry.Write(data)
		return err
	})
}

// moduleOf returns the folder of the module that a file belongs to.
func moduleOf(name string, folders map[string]string) string {
	for dir := filepath.Dir(name); ; dir = filepath.Dir(dir) {
		if folders[dir] != "" || dir == "." {
			return dir
		}
	}
}
