package confsync_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/sourcetest"
)

// TestCodeThatHangs hangs in each piece of the program's code that an update waits
// for: Status says since when, Refresh and Close hold to their bounds, and all
// goes on when the code returns.
func TestCodeThatHangs(t *testing.T) {
	for _, place := range []string{"UnmarshalText", "Validate", "Options.Validate", "pick"} {
		t.Run(place, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := sourcetest.NewMemory("m", map[string]any{"value": "calm"})
				release := make(chan struct{})
				c, last := openScripted(t, m, func(where, text string) {
					if where == place && text == "bad" {
						<-release
					}
				}, func(o *confsync.Options[scriptedConfig]) { o.ApplyTimeout = -1 })
				hung := time.Now()
				m.Set("value", "bad")
				time.Sleep(time.Hour)
				if st := c.Status(); !st.Applying.Equal(hung) || !strings.Contains(st.String(), "an update is being applied, for 1h0m0s") {
					t.Errorf("applying since %v, want %v\n%v", st.Applying, hung, st)
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				if err := c.Refresh(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(hung) > time.Hour+2*time.Second {
					t.Errorf("Refresh returned %v", err)
				}
				close(release)
				synctest.Wait()
				if st := c.Status(); !st.Applying.IsZero() || c.Get().Value != "bad" || last.Load() != "bad" {
					t.Errorf("after it returned: %v", st)
				}
			})
		})
	}
}

func TestApplyTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sourcetest.NewMemory("m", map[string]any{"value": "calm"})
		release := make(chan struct{})
		var hangs atomic.Bool
		hangs.Store(true)
		c, last := openScripted(t, m, func(where, text string) {
			if where == "Options.Validate" && text == "bad" && hangs.Load() {
				<-release
			}
		}, func(o *confsync.Options[scriptedConfig]) { o.ApplyTimeout = 5 * time.Second })
		m.Set("value", "bad")
		time.Sleep(6 * time.Second)
		if st := c.Status(); st.Rejected == nil || !strings.Contains(st.Rejected.Error(), "Validate has not returned within 5s") || !st.Applying.IsZero() {
			t.Errorf("status: %v", st)
		}
		m.Set("value", "good")
		time.Sleep(time.Second)
		if st := c.Status(); st.Rejected == nil || !strings.Contains(st.Rejected.Error(), "called for an earlier update, has not returned") {
			t.Errorf("while it still hangs: %v", st)
		}
		hangs.Store(false)
		close(release)
		synctest.Wait()
		if c.Get().Value != "good" || last.Load() != "good" || c.Status().Rejected != nil {
			t.Errorf("after it returned: %+v, %v", c.Get(), c.Status())
		}
	})
}

func TestOpenHoldsToItsContext(t *testing.T) {
	for _, place := range []string{"UnmarshalText", "Validate"} {
		t.Run(place, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				defer close(release)
				act := func(where, _ string) {
					if where == place {
						<-release
					}
				}
				script.Store(&act)
				defer script.Store(nil)
				m := sourcetest.NewMemory("m", map[string]any{"value": "calm"})
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				begin := time.Now()
				_, err := confsync.Open(ctx, confsync.Options[scriptedConfig]{Sources: []source.Source{m}})
				if took := time.Since(begin); !errors.Is(err, context.DeadlineExceeded) || took > 2*time.Second {
					t.Errorf("after %s: %v", took, err)
				}
				var failure *confsync.Error
				if !errors.As(err, &failure) || !strings.Contains(err.Error(), "has not returned") {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}

func TestCloseIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sourcetest.NewMemory("m", map[string]any{"value": "calm"})
		release := make(chan struct{})
		c, _ := openScripted(t, m, func(where, text string) {
			if where == "callback" {
				<-release
			}
		}, nil)
		m.Set("value", "bad")
		synctest.Wait()
		begin := time.Now()
		if err := c.Close(); !errors.Is(err, confsync.ErrRunning) || time.Since(begin) != 10*time.Second {
			t.Errorf("after %s: %v", time.Since(begin), err)
		}
		close(release)
		if err := c.Close(); err != nil {
			t.Errorf("once the callback had returned: %v", err)
		}
	})
}

// TestCompleteIsContained hangs, panics and exits in Complete. What it still writes
// later is in no value that is served.
func TestCompleteIsContained(t *testing.T) {
	for name, act := range map[string]func(release chan struct{}){
		"hang":  func(release chan struct{}) { <-release },
		"panic": func(chan struct{}) { panic("on purpose") },
		"exit":  func(chan struct{}) { runtime.Goexit() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := sourcetest.NewMemory("m", map[string]any{"host": "a"})
				release := make(chan struct{})
				c := openSite(t, confsync.Options[site]{Sources: []source.Source{m}, ApplyTimeout: time.Second, Complete: func(s *site) error {
					if s.Host == "bad" {
						act(release)
					}
					s.URL = "http://" + s.Host
					return nil
				}})
				m.Set("host", "bad")
				time.Sleep(2 * time.Second)
				if r := c.Status().Rejected; r == nil || !strings.Contains(r.Error(), "Complete ") || c.Get().URL != "http://a" {
					t.Errorf("served %+v, %v", c.Get(), r)
				}
				m.Set("host", "b")
				synctest.Wait()
				close(release)
				synctest.Wait()
				if c.Get().URL != "http://b" || c.Status().Rejected != nil {
					t.Errorf("served %+v, %v", c.Get(), c.Status())
				}
			})
		})
	}
}

// TestSourceThatHangs has a source that ignores its context: Open, Refresh and
// Close hold to their bounds all the same.
func TestSourceThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sourcetest.NewMemory("m", nil)
		m.Hang()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		begin := time.Now()
		_, err := confsync.Open(ctx, sources(m))
		if took := time.Since(begin); err == nil || !strings.Contains(err.Error(), "m has not delivered") || took > 7*time.Second {
			t.Errorf("Open returned after %s: %v", took, err)
		}
		m.Heal()
		synctest.Wait()

		c := openApp(t, sources(m))
		m.Hang()
		begin = time.Now()
		hurry, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := c.Refresh(hurry); err == nil || time.Since(begin) > 3*time.Second {
			t.Errorf("Refresh returned after %s: %v", time.Since(begin), err)
		}
		begin = time.Now()
		if err := c.Close(); !errors.Is(err, confsync.ErrRunning) || time.Since(begin) != 10*time.Second {
			t.Errorf("Close returned after %s: %v", time.Since(begin), err)
		}
		m.Heal()
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
}
