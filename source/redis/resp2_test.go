package redis_test

import (
	"strings"
	"testing"

	"github.com/confsync/confsync/source/redis"
)

// Row R18: a server that speaks RESP2 only tells of nothing: it is polled.
func TestR18WithoutRESP3(t *testing.T) {
	for name, opts := range map[string]redis.Options{"keys": {}, "a hash": {Hash: true}} {
		t.Run(name, func(t *testing.T) {
			s := server(t, append(notifying, `rename-command HELLO ""`)...)
			c := dial(t, s.Addr())
			put := func(value string) {
				set(t, c, "app/a", value)
				c.HSet(t.Context(), "app", "a", value)
			}
			put("1")
			w := watch(t, redis.New(c, "app", quick(opts)))
			if snap := w.untilTree(t, `{a:"1"}`); !strings.Contains(snap.Note, "polling every 200ms: the server or the user has no RESP3") {
				t.Errorf("note = %q, want that it polls for want of RESP3", snap.Note)
			}
			put("2")
			w.untilTree(t, `{a:"2"}`)
			c.Del(t.Context(), "app/a", "app")
			w.untilTree(t, "nothing")
		})
	}
}
