package main

import (
	"embed"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"path"
	"strings"

	"github.com/dynamodest/dynamodest"
)

//go:embed web
var web embed.FS

// maxSettings is the size of the largest settings that are taken, in bytes.
const maxSettings = 1 << 20

// policyOfPage lets the page load its own files, and nothing else: no script in a text could run, wherever it stood.
const policyOfPage = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"

// routes returns the handler of the page and of what it asks for.
func (e *engine) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { serveFile(w, r, "index.html") })
	mux.HandleFunc("GET /assets/{name}", func(w http.ResponseWriter, r *http.Request) { serveFile(w, r, r.PathValue("name")) })

	mux.Handle("GET /api/schema", api(func(http.ResponseWriter, *http.Request) (any, error) { return dynamodest.ConfigSchema(), nil }))
	mux.Handle("GET /api/state", api(e.getState))
	mux.Handle("DELETE /api/keys", api(e.deleteKeys))
	mux.Handle("POST /api/sources", api(e.postSource))
	mux.Handle("GET /api/sources/{source}/mapping", api(e.getMapping))
	mux.Handle("POST /api/check", api(e.postCheck))
	mux.Handle("POST /api/preview", api(e.postPreview))
	mux.Handle("POST /api/runs", api(e.postRun))
	mux.Handle("GET /api/runs/{run}", api(e.getRun))
	mux.Handle("POST /api/runs/{run}/stop", api(e.postStop))
	mux.Handle("POST /api/runs/{run}/resume", api(e.postResume))
	mux.Handle("GET /api/runs/{run}/letters", api(e.getLetters))
	mux.HandleFunc("GET /api/runs/{run}/letters.ndjson", e.downloadLetters)
	mux.HandleFunc("GET /api/runs/{run}/rows.ndjson", e.downloadRows)
	mux.HandleFunc("GET /api/runs/{run}/events", e.streamRun)
	return mux
}

// hostsOf returns the Hosts that requests for the engine have: those of the address that it listens on, and the name that
// its proxy has.
func hostsOf(address, host string) map[string]bool {
	listening, port, _ := net.SplitHostPort(address)
	hosts := map[string]bool{}
	for _, name := range []string{listening, "127.0.0.1", "localhost", "::1"} {
		hosts[net.JoinHostPort(name, port)] = true
		if port == "80" { // which browsers leave out
			hosts[strings.TrimSuffix(net.JoinHostPort(name, ""), ":")] = true
		}
	}
	if host = strings.ToLower(host); host != "" {
		hosts[host], hosts[net.JoinHostPort(host, port)] = true, true
	}
	return hosts
}

// guard keeps other sites out. A site whose name was made to resolve to this machine (DNS rebinding) is known by the
// Host of its requests, and a page of another site by what the browser says of the request's origin.
func guard(next http.Handler, address, host string) http.Handler {
	hosts := hostsOf(address, host)
	sameOrigin := http.NewCrossOriginProtection()
	sameOrigin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		writeFailure(w, &failure{Text: "The request comes from another site.", status: http.StatusForbidden})
	}))
	protected := sameOrigin.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policyOfPage)
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		if !hosts[strings.ToLower(r.Host)] {
			writeFailure(w, &failure{Text: "The engine does not answer under this name: open the address that it printed.", status: http.StatusMisdirectedRequest})
			return
		}
		switch r.Header.Get("Sec-Fetch-Site") { // CrossOriginProtection looks at requests that change something
		case "cross-site", "same-site":
			if strings.HasPrefix(r.URL.Path, "/api/") {
				writeFailure(w, &failure{Text: "The request comes from another site.", status: http.StatusForbidden})
				return
			}
		}
		protected.ServeHTTP(w, r)
	})
}

// mediaTypes are those of the files of the page: the operating system's list may have others.
var mediaTypes = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml",
}

// serveFile serves a file of the page.
func serveFile(w http.ResponseWriter, r *http.Request, name string) {
	data, err := web.ReadFile("web/" + name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", mediaTypes[path.Ext(name)])
	_, _ = w.Write(data) // an error means that the browser is gone
}

// api is a handler that returns what it has to say as JSON, or why it has nothing to say.
type api func(http.ResponseWriter, *http.Request) (any, error)

func (f api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer, err := f(w, r)
	if err != nil {
		described := describe(err)
		if with, ok := errors.AsType[*withPolicy](err); ok {
			described.Policy = with.policy
		}
		writeFailure(w, described)
		return
	}
	writeAnswer(w, http.StatusOK, answer)
}

func writeFailure(w http.ResponseWriter, f *failure) {
	writeAnswer(w, f.status, map[string]*failure{"error": f})
}

func writeAnswer(w http.ResponseWriter, status int, answer any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer) // an error means that the browser is gone
}

// readConfig reads the settings that are the body of a request, and makes them complete.
func (e *engine) readConfig(w http.ResponseWriter, r *http.Request) (c dynamodest.Config, err error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return c, refusal{http.StatusUnsupportedMediaType, "settings are taken as application/json alone"}
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxSettings))
	if _, tooLong := errors.AsType[*http.MaxBytesError](err); tooLong {
		return c, refusal{http.StatusRequestEntityTooLarge, "the settings are larger than 1 MiB"}
	}
	if err != nil {
		return c, refusal{http.StatusBadRequest, "the request ended too early"}
	}
	allowTime(w)
	entered, err := dynamodest.DecodeConfig(data)
	if err != nil {
		return c, err
	}
	c, err = e.complete(r.Context(), entered)
	if err != nil {
		return c, err
	}
	if entered.Credentials != (dynamodest.Credentials{}) {
		e.access.hold(c.Endpoint, entered.Credentials)
	}
	return c, e.save(c, r.URL.Query().Get("source"))
}
