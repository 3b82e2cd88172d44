package confsync_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/source/file"
	"github.com/confsync/confsync/source/sourcetest"
)

func TestCloseLeavesNoGoroutine(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	path := filepath.Join(t.TempDir(), "app.yaml")
	if err := os.WriteFile(path, []byte("server: {port: 1}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	failing := sourcetest.NewMemory("failing", nil)
	failing.Fail(errors.New("down"))
	m := sourcetest.NewMemory("m", nil)
	c := openApp(t, sources(file.New(path, nil), m, source.Optional(failing)))
	started, release := make(chan struct{}), make(chan struct{})
	var returned atomic.Bool
	c.OnChange(func(confsync.Change[*app]) {
		close(started)
		<-release
		returned.Store(true)
	})
	go func() {
		for range c.Changes(context.Background()) {
		}
	}()
	m.Set("pair.a", 1)
	<-started
	time.AfterFunc(10*time.Millisecond, func() { close(release) })
	if err := c.Close(); err != nil || !returned.Load() {
		t.Errorf("Close returned %v, the last callback had returned: %v", err, returned.Load())
	}
	if err := c.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	if c.Get().Pair.A != 1 || c.Status().Sources[0].State != source.Closed {
		t.Errorf("after Close: %+v, %v", c.Get().Pair, c.Status())
	}
	if err := c.Refresh(t.Context()); !errors.Is(err, confsync.ErrClosed) {
		t.Errorf("Refresh after Close: %v", err)
	}
	c.OnChange(func(confsync.Change[*app]) { t.Error("called after Close") })()
}

func TestOpenThatFailsLeavesNoGoroutine(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	_, err := confsync.Open(t.Context(), sources(file.New(filepath.Join(t.TempDir(), "none.yaml"), nil)))
	var failure *confsync.Error
	if !errors.As(err, &failure) || !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "none.yaml") {
		t.Errorf("a missing required file: %v", err)
	}
}

func TestOpenWaitsForRequiredSourcesOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := sourcetest.NewMemory("down", nil)
		down.Fail(errors.New("connection refused"))
		silent := source.Poll("silent", time.Hour, func(ctx context.Context) (source.Snapshot, error) {
			<-ctx.Done()
			return source.Snapshot{}, ctx.Err()
		})
		begin := time.Now()
		c := openApp(t, sources(source.Optional(down), source.Optional(silent)))
		if took := time.Since(begin); took > time.Second {
			t.Errorf("optional sources held Open up for %s", took)
		}
		c.Close()

		_, err := confsync.Open(t.Context(), sources(down, silent))
		if took := time.Since(begin); err == nil || took < 30*time.Second || took > 32*time.Second {
			t.Errorf("after %s: %v", took, err)
		}
		for _, want := range []string{"down has not delivered: connection refused", "silent has not delivered: no answer"} {
			if err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("no %q in %v", want, err)
			}
		}
	})
}

// TestMovedPlacesAreNoChange adds a comment at the top of a file of 100,000
// keys, which moves all its lines, and writes a value again unchanged.
func TestMovedPlacesAreNoChange(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fleet.yaml")
	write := func(data []byte) {
		t.Helper()
		if err := os.WriteFile(path+".new", data, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
	}
	data := fleetIn(document.YAML, 100_000)
	write(data)
	top := sourcetest.NewMemory("top", map[string]any{"limits": map[string]any{"burst": "20"}})
	c := open(t, file.New(path, nil), top)
	var calls atomic.Int64
	c.OnChange(func(confsync.Change[*Fleet]) { calls.Add(1) })
	before := c.Get()
	explained := func(path string) string {
		x, err := c.Explain(path)
		if err != nil {
			t.Fatal(err)
		}
		return x.String()
	}
	if x := explained("services.svc-00000.host"); !strings.Contains(x, path+":5:11") {
		t.Fatalf("explained as %s", x)
	}

	write(append([]byte("# a comment\n"), data...))
	eventually(t, "Explain shows the new line", func() bool {
		return strings.Contains(explained("services.svc-00000.host"), path+":6:11")
	})
	if x := explained("limits.burst"); !strings.Contains(x, "(revision 1)") {
		t.Fatalf("explained as %s", x)
	}
	top.Set("limits.burst", "20")
	eventually(t, "Explain shows the new revision", func() bool {
		return strings.Contains(explained("limits.burst"), "(revision 2)")
	})
	if c.Get() != before || c.Generation() != 1 || calls.Load() != 0 {
		t.Errorf("generation %d, %d calls, the same value: %v", c.Generation(), calls.Load(), c.Get() == before)
	}
}

// An update that a Close cuts short is not a rejection.
func TestCloseDuringAnUpdateIsNoRejection(t *testing.T) {
	for _, where := range []string{"pick", "Validate", "Complete", "build"} {
		t.Run(where, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log logged
				var c *confsync.Config[app]
				at := func(place string, a *app) error {
					if place == where && a.Pair.A == 2 {
						c.Close()
						time.Sleep(time.Second)
					}
					return nil
				}
				m := sourcetest.NewMemory("m", pair(1))
				c = openApp(t, confsync.Options[app]{Sources: []source.Source{m}, Logger: log.logger(),
					Validate: func(_, next *app) error { return at("Validate", next) },
					Complete: func(next *app) error { return at("Complete", next) },
				})
				confsync.Watch(c, func(a *app) int { at("pick", a); return a.Pair.A }, func(confsync.Change[int]) {})
				d, err := confsync.Derive(c, func(a *app) (int, error) { return 0, at("build", a) }, nil, confsync.Veto())
				if err != nil {
					t.Fatal(err)
				}
				m.Replace(pair(2))
				time.Sleep(time.Millisecond)
				m.Replace(pair(3))
				time.Sleep(time.Minute)
				c.Close()
				d.Close()
				if log.String() != "" || c.Status().Rejected != nil {
					t.Errorf("%v, log:\n%s", c.Status(), log.String())
				}
			})
		})
	}
}

// A Config can be printed while it changes: only its generation is said.
func TestConfigIsPrintedAsItsGeneration(t *testing.T) {
	m := sourcetest.NewMemory("m", pair(1))
	c := openApp(t, confsync.Options[app]{Sources: []source.Source{m}})
	stop := make(chan struct{})
	var changing sync.WaitGroup
	changing.Go(func() {
		for i := 2; ; i++ {
			select {
			case <-stop:
				return
			default:
				m.Replace(pair(i))
			}
		}
	})
	for range 100 {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			if got := fmt.Sprintf(verb, c); !strings.HasPrefix(got, "confsync.Config[confsync_test.app](generation ") {
				t.Fatalf("%s: %s", verb, got)
			}
		}
	}
	close(stop)
	changing.Wait()
}

// TestChangeWhileOpening changes a source while its first state is validated, and
// at once after Open: nothing is lost before the reducer has begun.
func TestChangeWhileOpening(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	m := sourcetest.NewMemory("m", map[string]any{"pair.a": 1})
	opts := sources(m)
	var during sync.Once
	opts.Validate = func(_, next *app) error {
		during.Do(func() { m.Set("pair.a", 2) })
		return nil
	}
	c := openApp(t, opts)
	eventually(t, "the change while it was opened", func() bool { return c.Get().Pair.A == 2 })
	c.Close()

	again := openApp(t, sources(sourcetest.NewMemory("m", map[string]any{"pair.a": 1})))
	if err := again.Refresh(t.Context()); err != nil || again.Generation() != 1 {
		t.Errorf("Refresh with nothing changed: %v, generation %d", err, again.Generation())
	}
	again.Close()
	if err := again.Refresh(t.Context()); !errors.Is(err, confsync.ErrClosed) {
		t.Errorf("Refresh after Close: %v", err)
	}
}
