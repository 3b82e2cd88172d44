package web

import (
	"fmt"
	"net/http"
	"time"
)

// Health returns a handler for probes: it answers 200 and "ok" when every
// required source is live, or was within maxAge, and else 503 and why not.
//
// It is for readiness or an alert. As a liveness probe it would restart a program
// that goes on well with what it has, because its store is away.
func Health(c Served, maxAge time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		if err := c.Healthy(maxAge); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
}
