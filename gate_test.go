package confsync_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/sourcetest"
)

// TestOpenWaitsForARelease opens a configuration while a release is being written.
func TestOpenWaitsForARelease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sourcetest.NewMemory("m", map[string]any{"server": map[string]any{"port": 81}})
		time.AfterFunc(10*time.Second, func() {
			m.Set("server.port", 82)
			m.Set("release", "v1")
		})
		began := time.Now()
		c := openApp(t, sources(source.Gate("release", m)))
		if got, took := c.Get().Server.Port, time.Since(began); got != 82 || took != 10*time.Second || len(c.Status().Unknown) > 0 {
			t.Errorf("port %d after %v, unknown keys %v", got, took, c.Status().Unknown)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		m := sourcetest.NewMemory("m", nil)
		_, err := confsync.Open(t.Context(), sources(source.Gate("release", m)))
		if !errors.Is(err, source.ErrHeld) || !strings.Contains(err.Error(), "no value at the gate release") {
			t.Errorf("without a release Open returned %v", err)
		}
	})
}

// TestOpenWithTheReleaseOfBefore opens while a release is being written, with what was
// released before in a cache.
func TestOpenWithTheReleaseOfBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "cache")
		m := sourcetest.NewMemory("m", map[string]any{"release": "v1", "server": map[string]any{"port": 81}})
		gated := func() source.Source { return source.Cached(file, source.Gate("release", m)) }
		openApp(t, sources(gated())).Close()

		m.Delete("release")
		m.Set("server.port", 82)
		began := time.Now()
		c := openApp(t, sources(gated()))
		st := c.Status().Sources[0]
		if c.Get().Server.Port != 81 || time.Since(began) != 0 || st.State != source.Live || st.Err != nil ||
			!strings.HasPrefix(st.Note, "from the cache of ") || !strings.Contains(st.Note, "held") {
			t.Errorf("port %d after %v with status %+v", c.Get().Server.Port, time.Since(began), st)
		}
		m.Set("server.port", 83)
		synctest.Wait()
		if st := c.Status(); c.Get().Server.Port != 81 || st.Rejected != nil {
			t.Errorf("port %d, rejected %v", c.Get().Server.Port, st.Rejected)
		}
		m.Set("release", "v2")
		synctest.Wait()
		if st := c.Status().Sources[0]; c.Get().Server.Port != 83 || st.Note != "" {
			t.Errorf("after the release port %d, note %q", c.Get().Server.Port, st.Note)
		}
		c.Close()
		m.Fail(errors.New("down"))
		if got := openApp(t, sources(gated())).Get().Server.Port; got != 83 {
			t.Errorf("the cache has port %d", got)
		}
	})
}
