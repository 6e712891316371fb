package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
)

// hide makes the page think that its tab is hidden, or shown again.
func (tb *tab) hide(hidden string) {
	tb.t.Helper()
	tb.do(chromedp.Evaluate[chromedp.Void](`Object.defineProperty(document, 'hidden', { value: ` + hidden + `, configurable: true });
		document.dispatchEvent(new Event('visibilitychange'))`))
}

// A page listens to a run while it is shown. It says so if the engine does not know the run any more.
func TestPageListensWhileItIsShown(t *testing.T) {
	streams := make(chan string, 100)
	s, r := newSiteWith(t, func(server *http.Server) {
		next := server.Handler
		server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/events") {
				streams <- "begins"
				defer func() { streams <- "ends" }()
			}
			next.ServeHTTP(w, r)
		})
	}), newRemote(t)
	started, release := s.beginHeld(t, r)
	p := newTab(t)
	p.open(s.url + "/#run/1")
	assert.Equal(t, "begins", <-streams)
	p.see(`#run[data-status=running]`)
	p.hide("true")
	assert.Equal(t, "ends", <-streams)
	p.hide("false")
	assert.Equal(t, "begins", <-streams)

	// Another engine, which has another run of that number or none.
	other := &run{record: record{ID: 1, Status: stopped, Started: started.record.Started.Add(time.Second), Samples: []sampled{}}}
	for _, runs := range []map[int]*run{{1: other}, {}} {
		p.hide("true")
		s.setRuns(runs)
		p.hide("false")
		p.says("#run .notice", "does not know this run any more")
		p.until(`document.querySelectorAll('#run .buttons:not([hidden])').length === 0`)
		s.setRuns(map[int]*run{1: started})
		p.open(s.url + "/#run/1")
		p.see(`#run[data-status=running]`)
	}
	close(release)
	p.until(`document.querySelector('#run[data-status=done]') !== null`)
	s.isComplete(t, r, s.follow(t, 1))
}

// setRuns makes the engine know these runs alone.
func (s *site) setRuns(runs map[int]*run) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runs = runs
}
