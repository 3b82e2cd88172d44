package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/confsync/confsync"
)

const (
	streamFor = 20 * time.Second // how long a request for events lasts at most
	lookEvery = 2 * time.Second  // for what OnStatus doesn't tell of, such as a contact with nothing new
)

// serveEvents sends the status whenever it has changed, as server-sent events.
func (h *handler) serveEvents(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	if r.Method == http.MethodHead {
		return
	}
	changed := make(chan struct{}, 1) // one slot; sent by OnStatus's callback, never closed
	cancel := h.config.OnStatus(func(confsync.Status) {
		select {
		case changed <- struct{}{}:
		default:
		}
	})
	defer cancel()

	w.Header().Set("X-Accel-Buffering", "no") // a proxy is to pass each on at once
	out := http.NewResponseController(w)
	out.SetWriteDeadline(time.Now().Add(streamFor + 10*time.Second)) // where it can't be set the server's own holds, and the page connects again
	if _, err := fmt.Fprint(w, "retry: 500\n\n"); err != nil || out.Flush() != nil {
		return
	}
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	end := time.After(streamFor)
	sent := ""
	for {
		text, key := h.event()
		if key != sent {
			if _, err := fmt.Fprintf(w, "data: %s\n\n", text); err != nil || out.Flush() != nil {
				return
			}
			sent = key
		}
		select {
		case <-changed:
		case <-look.C:
		case <-end:
			return
		case <-r.Context().Done():
			return
		}
	}
}

// event returns the status as JSON, and the same without the time it is of.
func (h *handler) event() (text []byte, key string) {
	s := h.status()
	text, _ = json.Marshal(s) // texts, numbers and times can be
	s.Now = time.Time{}
	without, _ := json.Marshal(s)
	return text, string(without)
}
