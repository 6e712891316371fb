package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/dynamodest/dynamodest"
)

// errInUse reports a folder that another engine has.
var errInUse = errors.New("another engine is using this folder: end it, or give another -dir")

// engine is all that the page shows and does. Its methods may be called from any goroutine.
type engine struct {
	folder    string
	maxUpload int64  // bytes
	trusted   string // the endpoint of the command line
	shared    bool   // the page is reached from other machines
	temporary bool   // the folder was made for this process
	memory    *memory
	instance  string // a name of this process
	access    access
	lock      *os.File
	output    *output

	running sync.WaitGroup // one for each run in progress

	mu       sync.Mutex
	settings settings
	sources  map[string]sourceFile
	runs     map[int]*run   // by ID
	lastID   int            // of a run
	busy     map[string]int // the ID of the run in progress, by the ARN of its table
	closing  bool
	cutOff   bool // a run has ended since closing, and is to be resumed
}

// settings are what the form shows.
type settings struct {
	Config dynamodest.Config `json:"config"` // without secrets
	Source string            `json:"source"` // the ID of a sourceFile
	Memory bool              `json:"memory"` // the table is in the memory of the process that has saved them
}

// open opens an engine with its state in o.dir. The caller closes it.
func open(ctx context.Context, o options, stdout io.Writer) (e *engine, err error) {
	e = &engine{
		folder: o.dir, maxUpload: o.maxUpload << 20, trusted: o.endpoint, shared: o.host != "",
		instance: rand.Text(), output: &output{w: stdout}, access: newAccess(),
		sources: map[string]sourceFile{}, runs: map[int]*run{}, busy: map[string]int{},
	}
	if e.folder == "" {
		e.temporary = true
		if e.folder, err = os.MkdirTemp("", "dynamodest-engine-"); err != nil {
			return nil, err
		}
	}
	defer func() {
		if err != nil {
			e.close(ctx)
		}
	}()
	for _, name := range []string{sourcesFolder, runsFolder} {
		if err := os.MkdirAll(filepath.Join(e.folder, name), 0o700); err != nil {
			return e, err
		}
	}
	if err := e.takeFolder(); err != nil {
		return e, err
	}
	if err := errors.Join(e.loadSources(), e.loadRuns()); err != nil {
		return e, err
	}
	return e, e.loadSettings(ctx, o)
}

// takeFolder locks the folder for this process.
func (e *engine) takeFolder() (err error) {
	e.lock, err = os.OpenFile(filepath.Join(e.folder, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err == nil {
		err = lock(e.lock)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", e.folder, err)
	}
	return nil
}

// loadSettings loads the settings that were saved, or makes those with which the form begins.
func (e *engine) loadSettings(ctx context.Context, o options) error {
	sample, err := e.addSource(sample(), "airports.csv", "csv")
	if err != nil {
		return err
	}
	first := settings{Source: sample.ID, Config: dynamodest.Config{
		Region: o.region, Endpoint: o.endpoint, Table: cmp.Or(o.table, "airports"), WriteUnitsPerSecond: sampleRate, Mapping: sampleMapping(),
	}}
	if o.endpoint != "" && o.region == "" {
		first.Config.Region = "us-east-1"
	}
	if o.endpoint == "" && o.region == "" {
		if e.memory, err = serveMemory(ctx, first.Config.Table); err != nil {
			return err
		}
		first.Memory, first.Config.Region, first.Config.Endpoint = true, "us-east-1", e.memory.url
		e.access.hold(e.memory.url, memoryKeys())
	}
	switch err := readJSON(e.path("settings.json"), &e.settings); {
	case errors.Is(err, fs.ErrNotExist):
		e.settings = first
		return nil
	case err != nil:
		return err
	}
	c := &e.settings.Config
	if e.settings.Memory { // the table of an earlier process
		e.settings.Memory = first.Memory
		c.Region, c.Table, c.Endpoint = first.Config.Region, first.Config.Table, first.Config.Endpoint
	}
	if o.endpoint != "" || o.region != "" {
		c.Region, c.Endpoint = first.Config.Region, o.endpoint
	}
	c.Table = cmp.Or(o.table, c.Table)
	return nil
}

// save saves the settings of a request that was valid, without their secrets, and the source if it is one.
func (e *engine) save(c dynamodest.Config, source string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, ok := e.sources[source]; !ok {
		source = e.settings.Source
	}
	e.settings = settings{Config: stored(c), Source: source, Memory: e.inMemory(c)}
	return writeJSON(e.path("settings.json"), e.settings)
}

// stored returns what is stored of settings: what was entered, but for the secrets.
func stored(c dynamodest.Config) dynamodest.Config {
	c.AWS, c.ClientOptions = nil, nil
	return c.WithoutSecrets()
}

// inMemory reports whether the table of c is in the memory of this process.
func (e *engine) inMemory(c dynamodest.Config) bool {
	return e.memory != nil && c.Endpoint == e.memory.url
}

// path returns the path of a file in the engine's folder.
func (e *engine) path(elem ...string) string {
	return filepath.Join(append([]string{e.folder}, elem...)...)
}

// where says where the table of the first settings is.
func (e *engine) where() string {
	if e.memory != nil {
		return "in the memory of this program"
	}
	if e.trusted != "" {
		return "at " + e.trusted
	}
	return "on AWS"
}

// close stops the runs in progress and waits for them. When ctx ends it gives up their requests in flight. It
// reports whether a run is left that is to be resumed.
func (e *engine) close(ctx context.Context) bool {
	var attempts []*attempt
	for _, r := range e.endRuns() {
		if a := r.attempt(); a != nil {
			attempts = append(attempts, a)
			a.stop()
		}
	}
	for _, a := range attempts {
		select {
		case <-a.done:
		case <-ctx.Done():
			a.cancel()
		}
	}
	e.running.Wait()
	if e.memory != nil {
		e.memory.close()
	}
	if e.lock != nil {
		_ = e.lock.Close()
	}
	if e.temporary && e.forgettable() {
		_ = os.RemoveAll(e.folder) // what is left of it is in the system's folder of temporary files
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.cutOff
}

// endRuns keeps runs from starting, and returns those that there are.
func (e *engine) endRuns() []*run {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closing = true
	return slices.Collect(maps.Values(e.runs))
}

// ended notes a run whose attempt has ended.
func (e *engine) ended(r *run) {
	left := r.resumable() && !e.inMemory(r.config())
	e.mu.Lock()
	defer e.mu.Unlock()
	e.cutOff = e.cutOff || e.closing && left
}

func (e *engine) isClosing() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.closing
}

// forgettable reports whether no run is about a table outside this process.
func (e *engine) forgettable() bool {
	for _, r := range e.runs {
		if !e.inMemory(r.config()) {
			return false
		}
	}
	return true
}

// output is where the engine says what it does: no row, and no secret.
type output struct {
	mu sync.Mutex
	w  io.Writer
}

func (o *output) printf(format string, args ...any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	fmt.Fprintf(o.w, format+"\n", args...)
}
