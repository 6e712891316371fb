package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

const (
	eventEvery   = 250 * time.Millisecond
	eventTimeout = 10 * time.Second // for a browser that does not read
)

// streamRun sends how a run is, as server-sent events, until it ends. A browser that comes later, or again, gets all of
// it with the first event. https://html.spec.whatwg.org/multipage/server-sent-events.html
func (e *engine) streamRun(w http.ResponseWriter, r *http.Request) {
	found, err := e.find(r.PathValue("run"))
	if err != nil {
		writeFailure(w, describe(err))
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	controller := http.NewResponseController(w)
	ticker := time.NewTicker(eventEvery)
	defer ticker.Stop()
	for {
		v, ended := found.view()
		text, err := json.Marshal(v)
		if err != nil {
			return
		}
		_ = controller.SetWriteDeadline(time.Now().Add(eventTimeout)) // a server has one
		if _, err := fmt.Fprintf(w, "data: %s\n\n", text); err != nil {
			return
		}
		if controller.Flush() != nil || ended == nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-ended:
		case <-ticker.C:
		}
	}
}
