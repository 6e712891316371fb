package main

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// A site that is not the engine's own gets nothing, by whatever name it reaches the engine.
func TestOtherSitesAreKeptOut(t *testing.T) {
	t.Parallel()
	s := newSite(t, "-host", "engine.example")
	_, port, _ := strings.Cut(strings.TrimPrefix(s.url, "http://"), ":")
	for _, tt := range []struct {
		what    string
		method  string
		path    string
		headers []string
		status  int
	}{
		{"the page", "GET", "/", nil, 200},
		{"localhost", "GET", "/", []string{"Host", "localhost:" + port}, 200},
		{"IPv6", "GET", "/", []string{"Host", "[::1]:" + port}, 200},
		{"the proxy's name", "GET", "/", []string{"Host", "engine.example"}, 200},
		{"a name that resolves to this machine", "GET", "/", []string{"Host", "evil.example:" + port}, 421},
		{"such a name asks for the state", "GET", "/api/state", []string{"Host", "evil.example:" + port}, 421},
		{"another port", "GET", "/", []string{"Host", "localhost:1"}, 421},
		{"its own page", "DELETE", "/api/keys", []string{"Sec-Fetch-Site", "same-origin", "Origin", s.url}, 200},
		{"a browser before Sec-Fetch-Site", "DELETE", "/api/keys", []string{"Origin", s.url}, 200},
		{"another site posts", "DELETE", "/api/keys", []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"}, 403},
		{"another port of this machine posts", "DELETE", "/api/keys", []string{"Sec-Fetch-Site", "same-site", "Origin", "http://127.0.0.1:1"}, 403},
		{"another site posts, in an old browser", "DELETE", "/api/keys", []string{"Origin", "https://evil.example"}, 403},
		{"a page without an origin posts", "DELETE", "/api/keys", []string{"Origin", "null"}, 403},
		{"another site reads", "GET", "/api/state", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"another port of this machine reads", "GET", "/api/state", []string{"Sec-Fetch-Site", "same-site"}, 403},
		{"a link from another site", "GET", "/", []string{"Sec-Fetch-Site", "cross-site"}, 200},
		{"an address typed by hand", "GET", "/api/state", []string{"Sec-Fetch-Site", "none"}, 200},
	} {
		t.Run(tt.what, func(t *testing.T) {
			a := s.send(t, tt.method, tt.path, "", "", tt.headers...)
			assert.Equal(t, tt.status, a.status)
			for name, want := range map[string]string{
				"Content-Security-Policy": policyOfPage, "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
				"Cross-Origin-Resource-Policy": "same-origin", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
			} {
				assert.Equal(t, want, a.header.Get(name))
			}
			assert.Empty(t, a.header.Get("Access-Control-Allow-Origin"))
			if a.status != http.StatusOK {
				refused(t, a, tt.status)
			}
		})
	}
}

// The engine answers under the address that it prints, as a browser sends it, and under the name of its proxy.
func TestHosts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		address, host string
		hosts         []string
	}{
		{"127.0.0.2:8680", "", []string{"127.0.0.2:8680", "127.0.0.1:8680", "localhost:8680", "[::1]:8680"}},
		{"127.0.0.1:80", "", []string{"127.0.0.1:80", "localhost:80", "[::1]:80", "127.0.0.1", "localhost", "[::1]"}},
		{"127.0.0.1:1", "Engine.Example", []string{"127.0.0.1:1", "localhost:1", "[::1]:1", "engine.example", "engine.example:1"}},
	} {
		assert.ElementsMatch(t, tt.hosts, slices.Collect(maps.Keys(hostsOf(tt.address, tt.host))), tt.address)
	}
}

// The page has no script, style or handler of its own in its HTML, which its policy would refuse.
func TestFilesOfThePage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	page := s.send(t, "GET", "/", "", "")
	assert.Equal(t, "text/html; charset=utf-8", page.header.Get("Content-Type"))
	assert.NotRegexp(t, `(?i)<style|\sstyle=|\son[a-z]+=|<script[^>]*>[^<]`, page.text)
	for name, kind := range map[string]string{"app.js": "text/javascript", "style.css": "text/css", "icon.svg": "image/svg+xml"} {
		a := s.send(t, "GET", "/assets/"+name, "", "")
		assert.Equal(t, http.StatusOK, a.status)
		assert.Contains(t, a.header.Get("Content-Type"), kind)
		assert.NotContains(t, a.text, "innerHTML")
	}
}

func TestFlags(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args []string
		says string
	}{
		{[]string{"-listen", "0.0.0.0:8680"}, "no login"},
		{[]string{"-listen", ":8680"}, "no login"},
		{[]string{"-listen", "192.0.2.1:8680"}, "no login"},
		{[]string{"-listen", "8680"}, "no login"},
		{[]string{"-max-upload", "0"}, "MiB"},
		{[]string{"file.csv"}, "no arguments"},
		{[]string{"-endpoint", "http://user:hunter2@127.0.0.1:1"}, "-endpoint: has a user name or password"},
		{[]string{"-endpoint", "127.0.0.1:1"}, "-endpoint: "},
		{[]string{"-region", "eu west"}, "-region: "},
		{[]string{"-table", "a/b"}, "-table: "},
		{[]string{"-tabel", "x"}, "flag provided but not defined"},
	} {
		var out strings.Builder
		assert.Equal(t, exitUsage, command(t.Context(), tt.args, &out, &out, nil), tt.args)
		assert.Contains(t, out.String(), tt.says)
		assert.NotContains(t, out.String(), "hunter2")
	}
	var out strings.Builder
	assert.Equal(t, exitOK, command(t.Context(), []string{"-help"}, &out, &out, nil))
	assert.Contains(t, out.String(), "-max-upload MiB")

	taken := newSite(t)
	out.Reset()
	assert.Equal(t, exitError, command(t.Context(), []string{"-listen", strings.TrimPrefix(taken.url, "http://")}, &out, &out, nil))
	assert.Contains(t, out.String(), "address already in use: give another address by -listen")
}
