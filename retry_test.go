package confsync_test

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/sourcetest"
)

// outside is what lies outside the contents.
type outside struct {
	taken atomic.Bool  // what the program's code needs; then it refuses
	tries atomic.Int64 // by that code
}

// refusing has one piece of the program's code refuse what it is given while
// something is taken.
func refusing(o *outside) map[string]func(t *testing.T, opts confsync.Options[app]) *confsync.Config[app] {
	refuse := func(a *app) error {
		if a.Pair.A == 2 {
			o.tries.Add(1)
			if o.taken.Load() {
				return errors.New("port 8080 is taken")
			}
		}
		return nil
	}
	return map[string]func(t *testing.T, opts confsync.Options[app]) *confsync.Config[app]{
		"Validate": func(t *testing.T, opts confsync.Options[app]) *confsync.Config[app] {
			opts.Validate = func(_, next *app) error { return refuse(next) }
			return openApp(t, opts)
		},
		"Complete": func(t *testing.T, opts confsync.Options[app]) *confsync.Config[app] {
			opts.Complete = refuse
			return openApp(t, opts)
		},
		"the build of a Derive with a veto": func(t *testing.T, opts confsync.Options[app]) *confsync.Config[app] {
			c := openApp(t, opts)
			d, err := confsync.Derive(c, func(a *app) (int, error) { return a.Pair.A, refuse(a) }, nil, confsync.Veto())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { d.Close() })
			return c
		},
	}
}

// What is refused for a reason outside the contents is tried again by Refresh.
func TestRefreshTriesWhatWasRefused(t *testing.T) {
	var o outside
	for name, open := range refusing(&o) {
		t.Run(name, func(t *testing.T) {
			o.taken.Store(true)
			var log logged
			m := sourcetest.NewMemory("m", pair(1))
			c := open(t, confsync.Options[app]{Sources: []source.Source{m}, Logger: log.logger()})
			m.Replace(pair(2))
			for range 3 {
				if err := c.Refresh(t.Context()); err == nil || !strings.Contains(err.Error(), "is taken") || c.Get().Pair.A != 1 {
					t.Fatalf("refresh returned %v, %+v is served", err, c.Get().Pair)
				}
			}
			if n := strings.Count(log.String(), "update rejected"); n != 1 {
				t.Errorf("logged %d times:\n%s", n, log.String())
			}
			o.taken.Store(false)
			if err := c.Refresh(t.Context()); err != nil || c.Get().Pair.A != 2 || c.Status().Rejected != nil {
				t.Errorf("refresh returned %v, %+v is served, %v", err, c.Get().Pair, c.Status())
			}
		})
	}
}

// It is also tried again without being asked for, ever less often.
func TestRefusedContentsAreTriedAgain(t *testing.T) {
	var o outside
	for name, open := range refusing(&o) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o.taken.Store(true)
				var log logged
				m := sourcetest.NewMemory("m", pair(1))
				c := open(t, confsync.Options[app]{Sources: []source.Source{m}, Logger: log.logger()})
				m.Replace(pair(2))
				o.tries.Store(0)
				time.Sleep(time.Hour)
				if tries := o.tries.Load(); tries < 30 || tries > 150 || c.Status().Rejected == nil {
					t.Errorf("%d tries in an hour, %v", tries, c.Status())
				}
				if n := strings.Count(log.String(), "update rejected"); n != 1 {
					t.Errorf("logged %d times:\n%s", n, log.String())
				}
				synctest.Wait()
				o.taken.Store(false)
				time.Sleep(2 * time.Minute)
				if c.Get().Pair.A != 2 || c.Status().Rejected != nil {
					t.Errorf("%+v is served, %v", c.Get().Pair, c.Status())
				}
				o.tries.Store(0)
				time.Sleep(time.Hour)
				if tries := o.tries.Load(); tries != 0 || c.Status().Applied.Count != 2 {
					t.Errorf("%d more tries of what is served, %+v", tries, c.Status().Applied)
				}
			})
		})
	}
}

// fromFile is a text that is the name of a file that has to be there.
type fromFile string

func (f *fromFile) UnmarshalText(text []byte) error {
	_, err := os.Stat(string(text))
	*f = fromFile(text)
	return err
}

// What can't be bound is tried again by Refresh alone.
func TestMistypedContentsAreTriedByRefresh(t *testing.T) {
	type config struct{ Key fromFile }
	dir := t.TempDir()
	m := sourcetest.NewMemory("m", map[string]any{"key": dir})
	c, err := confsync.Open(t.Context(), confsync.Options[config]{Sources: []source.Source{m}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	path := filepath.Join(dir, "key")
	m.Set("key", path)
	if err := c.Refresh(t.Context()); err == nil || string(c.Get().Key) != dir {
		t.Errorf("Refresh returned %v, %+v is served", err, c.Get())
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := c.Refresh(t.Context()); err != nil || string(c.Get().Key) != path {
		t.Errorf("Refresh returned %v, %+v is served", err, c.Get())
	}
}
