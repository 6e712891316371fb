package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/dynamodest/dynamodest"
)

const (
	slowRequest  = 5 * time.Minute // for a preview, or a table that is slow
	shownLetters = 100
)

// state is what the page asks for first.
type state struct {
	Settings    settings     `json:"settings"`
	Sources     []sourceFile `json:"sources"`
	Runs        []view       `json:"runs"` // the newest first, without their samples
	Held        []string     `json:"held"` // the endpoints that access keys are held for
	Environment []string     `json:"environment"`
	Memory      string       `json:"memory"` // the endpoint of the table in memory
	MaxUpload   int64        `json:"maxUpload"`
}

func (e *engine) getState(http.ResponseWriter, *http.Request) (any, error) {
	e.mu.Lock()
	s := state{Settings: e.settings, Sources: []sourceFile{}, Runs: []view{}, Environment: []string{""}, MaxUpload: e.maxUpload}
	for _, source := range e.sources {
		s.Sources = append(s.Sources, source)
	}
	var runs []*run
	for _, r := range e.runs {
		runs = append(runs, r)
	}
	e.mu.Unlock()
	for _, r := range runs {
		v, _ := r.view()
		v.Samples = nil
		s.Runs = append(s.Runs, v)
	}
	slices.SortFunc(s.Runs, func(a, b view) int { return b.ID - a.ID })
	slices.SortFunc(s.Sources, func(a, b sourceFile) int { return slices.Compare([]byte(a.Name+a.ID), []byte(b.Name+b.ID)) })
	s.Held = e.access.endpoints()
	if e.trusted != "" {
		s.Environment = append(s.Environment, e.trusted)
	}
	if e.memory != nil {
		s.Memory = e.memory.url
	}
	return s, nil
}

func (e *engine) deleteKeys(http.ResponseWriter, *http.Request) (any, error) {
	keep := ""
	if e.memory != nil {
		keep = e.memory.url
	}
	e.access.forget(keep)
	return map[string][]string{"held": e.access.endpoints()}, nil
}

func (e *engine) postSource(w http.ResponseWriter, r *http.Request) (any, error) {
	format := ""
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	for name, mediaType := range formats {
		if kind == mediaType {
			format = name
		}
	}
	if format == "" {
		return nil, refusal{http.StatusUnsupportedMediaType, "a file is taken as text/csv or application/x-ndjson alone"}
	}
	s, err := e.addSource(http.MaxBytesReader(w, upload{r.Body, w}, e.maxUpload), r.URL.Query().Get("name"), format)
	if _, tooLong := errors.AsType[*http.MaxBytesError](err); tooLong {
		return nil, refusal{http.StatusRequestEntityTooLarge, fmt.Sprintf("the file is larger than %d MiB: split it, or start the engine with -max-upload", e.maxUpload>>20)}
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, refusal{http.StatusRequestTimeout, fmt.Sprintf("nothing of the file came in for %v: upload it again", readTimeout)}
	}
	return s, err
}

// upload is the body of a request that may take as long as it needs, unless nothing comes in.
type upload struct {
	io.ReadCloser
	w http.ResponseWriter
}

func (u upload) Read(p []byte) (int, error) {
	c, now := http.NewResponseController(u.w), time.Now()
	_ = errors.Join(c.SetReadDeadline(now.Add(readTimeout)), c.SetWriteDeadline(now.Add(slowRequest))) // a server has both
	return u.ReadCloser.Read(p)
}

// allowTime lets a request take longer than others.
func allowTime(w http.ResponseWriter) {
	c := http.NewResponseController(w)
	_ = errors.Join(c.SetReadDeadline(time.Now().Add(slowRequest)), c.SetWriteDeadline(time.Now().Add(slowRequest))) // a server has both
}

func (e *engine) getMapping(_ http.ResponseWriter, r *http.Request) (any, error) {
	s, err := e.source(r.PathValue("source"))
	if err != nil {
		return nil, err
	}
	return e.propose(s)
}

// exampleAccount stands for the account where only AWS knows it. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
const exampleAccount = "111122223333"

// checked is what Check has found.
type checked struct {
	Table  string                    `json:"table"`
	Keys   []dynamodest.KeyAttribute `json:"keys"`
	Policy json.RawMessage           `json:"policy"`
}

// withPolicy is an error with the policy that the settings need.
type withPolicy struct {
	error
	policy json.RawMessage
}

func (e *withPolicy) Unwrap() error { return e.error }

// addPolicy adds the policy that settings need to an error, if that is what the credentials lack.
func addPolicy(c dynamodest.Config, err error) error {
	if !errors.Is(err, dynamodest.ErrAccess) {
		return err
	}
	return &withPolicy{err, policyOf(c)}
}

// policyOf returns the policy that valid settings need.
func policyOf(c dynamodest.Config) json.RawMessage {
	policy, err := c.Policy("")
	if err != nil { // the table is not given by its ARN
		policy, _ = c.Policy(exampleAccount)
	}
	return policy
}

// postCheck asks DynamoDB whether the table is there and takes writes. It writes nothing.
func (e *engine) postCheck(w http.ResponseWriter, r *http.Request) (any, error) {
	c, err := e.readConfig(w, r)
	if err != nil {
		return nil, err
	}
	dest, err := dynamodest.New(r.Context(), c)
	if err == nil {
		err = dest.Check(r.Context())
	}
	if err == nil {
		err = dest.CheckWrites(r.Context())
	}
	if err != nil {
		return nil, addPolicy(c, err)
	}
	policy, err := dest.Policy()
	if err != nil { // the server has described no ARN
		policy = policyOf(c)
	}
	return checked{Table: c.Table, Keys: dest.Keys(), Policy: policy}, nil
}

func (e *engine) postPreview(w http.ResponseWriter, r *http.Request) (any, error) {
	c, s, err := e.readJob(w, r)
	if err != nil {
		return nil, err
	}
	p, err := e.preview(r.Context(), c, s)
	if err != nil {
		return nil, addPolicy(c, err)
	}
	return p, nil
}

// readJob reads the settings of a request and the source that it names.
func (e *engine) readJob(w http.ResponseWriter, r *http.Request) (c dynamodest.Config, s sourceFile, err error) {
	if s, err = e.source(r.URL.Query().Get("source")); err != nil {
		return c, s, err
	}
	c, err = e.readConfig(w, r)
	return c, s, err
}

func (e *engine) postRun(w http.ResponseWriter, r *http.Request) (any, error) {
	c, s, err := e.readJob(w, r)
	if err != nil {
		return nil, err
	}
	started, err := e.start(r.Context(), c, s)
	if err != nil {
		return nil, addPolicy(c, err)
	}
	v, _ := started.view()
	return v, nil
}

func (e *engine) getRun(_ http.ResponseWriter, r *http.Request) (any, error) {
	found, err := e.find(r.PathValue("run"))
	if err != nil {
		return nil, err
	}
	v, _ := found.view()
	return v, nil
}

// postStop stops a run: no further row is read. With now=1 the requests in flight are given up too.
func (e *engine) postStop(_ http.ResponseWriter, r *http.Request) (any, error) {
	found, err := e.find(r.PathValue("run"))
	if err != nil {
		return nil, err
	}
	a := found.attempt()
	if a == nil {
		return nil, refusal{http.StatusConflict, "the run is not in progress, so there is nothing to stop"}
	}
	a.stop()
	if r.URL.Query().Get("now") != "" {
		a.cancel()
	}
	v, _ := found.view()
	return v, nil
}

func (e *engine) postResume(w http.ResponseWriter, r *http.Request) (any, error) {
	found, err := e.find(r.PathValue("run"))
	if err != nil {
		return nil, err
	}
	allowTime(w)
	if err := e.resume(r.Context(), found); err != nil {
		return nil, addPolicy(found.config(), err)
	}
	v, _ := found.view()
	return v, nil
}

// getLetters returns the first dead letters that are settled, without the values of their rows.
func (e *engine) getLetters(_ http.ResponseWriter, r *http.Request) (any, error) {
	path, size, err := e.lettersOf(r)
	if err != nil {
		return nil, err
	}
	list, err := readLetters(path, size, shownLetters)
	if err != nil {
		return nil, err
	}
	return map[string][]letter{"letters": list}, nil
}

// lettersOf returns the file of the dead letters that a request is about, and the size of those that are settled.
func (e *engine) lettersOf(r *http.Request) (path string, size int64, err error) {
	found, err := e.find(r.PathValue("run"))
	if err != nil {
		return "", 0, err
	}
	found.mu.Lock()
	defer found.mu.Unlock()
	return filepath.Join(found.folder, lettersFile), found.record.LetterSize, nil
}

// downloadLetters sends the file of the dead letters, with the values of their rows.
func (e *engine) downloadLetters(w http.ResponseWriter, r *http.Request) {
	e.download(w, r, "dead-letters", func(w io.Writer, letters io.Reader) error {
		_, err := io.Copy(w, letters)
		return err
	})
}

// downloadRows sends the rows of the dead letters alone: a source, once they are corrected.
func (e *engine) downloadRows(w http.ResponseWriter, r *http.Request) {
	e.download(w, r, "rows", copyRows)
}

// download sends what write makes of the dead letters.
func (e *engine) download(w http.ResponseWriter, r *http.Request, name string, write func(io.Writer, io.Reader) error) {
	path, size, err := e.lettersOf(r)
	if err != nil {
		writeFailure(w, describe(err))
		return
	}
	f, err := os.Open(path)
	if err != nil {
		writeFailure(w, describe(err))
		return
	}
	defer f.Close() //nolint:errcheck // it was read only
	allowTime(w)
	w.Header().Set("Content-Type", formats["ndjson"])
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="run-%s-%s.ndjson"`, r.PathValue("run"), name))
	if write(w, io.LimitReader(f, size)) != nil {
		panic(http.ErrAbortHandler) // so that nobody takes a part of the file for the whole
	}
}
