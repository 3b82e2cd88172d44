package confsync_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/sourcetest"
)

func TestHistoryIsBounded(t *testing.T) {
	m := sourcetest.NewMemory("m", pair(0))
	c := openApp(t, confsync.Options[app]{Sources: []source.Source{m}, History: 3})
	for i := range 9 {
		m.Replace(map[string]any{"pair": map[string]any{"a": i + 1}, "db": map[string]any{"password": fmt.Sprint("hunter", i)}})
		refreshed(t, c)
	}
	h := c.History()
	if len(h) != 3 || h[0].Number != 8 || h[2].Number != 10 {
		t.Fatalf("history %+v", h)
	}
	text, err := json.Marshal(h)
	if err != nil || strings.Contains(string(text), "hunter") || !strings.Contains(string(text), "redacted") {
		t.Errorf("%s, %v", text, err)
	}
	last := h[2].Changes
	if len(last) != 2 || last[1].Path.String() != "pair.a" || last[1].Old != "8" || last[1].New != "9" || last[1].Origin.Layer != "m" {
		t.Errorf("changes %+v", last)
	}
	alone := sourcetest.NewMemory("m", nil)
	none := openApp(t, confsync.Options[app]{Sources: []source.Source{alone}, History: -1})
	if h := none.History(); len(h) != 1 || h[0].Number != 1 || h[0].Changes != nil {
		t.Errorf("at first %+v", h)
	}
	alone.Replace(pair(1))
	refreshed(t, none)
	if h := none.History(); len(h) != 1 || h[0].Number != 2 || h[0].Changes != nil {
		t.Errorf("then %+v", h)
	}
}

func TestPin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log logged
		m := sourcetest.NewMemory("m", pair(1))
		c := openApp(t, confsync.Options[app]{Sources: []source.Source{m}, Logger: log.logger()})
		first := c.Get()
		m.Replace(pair(2))
		synctest.Wait()
		var seen []int
		confsync.Watch(c, func(a *app) int { return a.Pair.A }, func(ch confsync.Change[int]) { seen = append(seen, ch.New) })

		if _, err := c.Pin(7); !errors.Is(err, confsync.ErrUnknownGeneration) {
			t.Errorf("pinned to what isn't there: %v", err)
		}
		release, err := c.Pin(1)
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if c.Get() != first || c.Generation() != 3 || fmt.Sprint(seen) != "[1]" {
			t.Errorf("pinned: generation %d, %+v, seen %v", c.Generation(), c.Get().Pair, seen)
		}
		if _, err := c.Pin(2); !errors.Is(err, confsync.ErrPinned) {
			t.Errorf("pinned twice: %v", err)
		}
		m.Replace(pair(3))
		time.Sleep(time.Minute)
		st := c.Status()
		if c.Get() != first || st.Pinned != 1 || st.Note != "pinned to generation 1 for 1m0s" || st.Rejected != nil {
			t.Errorf("while pinned: %+v", st)
		}
		m.Set("pair.a", "x")
		synctest.Wait()
		if c.Status().Rejected == nil {
			t.Error("an update that is bad is not rejected while pinned")
		}
		if x, err := c.Explain("pair.a"); err != nil || x.Value != "1" {
			t.Errorf("explained as %v, %v", x, err)
		}
		m.Replace(pair(4))
		synctest.Wait()
		release()
		release()
		synctest.Wait()
		if c.Get().Pair.A != 4 || c.Generation() != 4 || fmt.Sprint(seen) != "[1 4]" || c.Status().Pinned != 0 {
			t.Errorf("released: generation %d, %+v, seen %v, %v", c.Generation(), c.Get().Pair, seen, c.Status())
		}
		h := c.History()
		if len(h) != 4 || h[2].Serves != 1 || h[3].Changes[0].Old != "1" || h[3].Changes[0].New != "4" {
			t.Errorf("history %+v", h)
		}
		if text := log.String(); !strings.Contains(text, "pinned") || !strings.Contains(text, "pin released") {
			t.Errorf("log: %s", text)
		}
		again, err := c.Pin(4)
		if err != nil || c.Generation() != 4 {
			t.Errorf("pinned to the present one: %v, generation %d", err, c.Generation())
		}
		again()
		if c.Generation() != 4 {
			t.Errorf("released for nothing: generation %d", c.Generation())
		}
	})
}

// A pin and its release are news of the status, even where they change no value.
func TestOnStatusTellsOfPins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sourcetest.NewMemory("m", pair(1))
		c := openApp(t, sources(m))
		var seen []string
		c.OnStatus(func(st confsync.Status) { seen = append(seen, fmt.Sprint(st.Generation, " ", st.Pinned)) })
		pinned := func(generation uint64, want ...string) (release func()) {
			t.Helper()
			release, err := c.Pin(generation)
			synctest.Wait()
			if err != nil || fmt.Sprint(seen) != fmt.Sprint(want) {
				t.Errorf("pinned to %d: %q, %v, want %q", generation, seen, err, want)
			}
			return release
		}
		pinned(1, "1 1")()
		synctest.Wait()
		m.Replace(pair(2))
		synctest.Wait()
		pinned(1, "1 1", "1 0", "2 0", "3 1")()
		synctest.Wait()
		if want := "[1 1 1 0 2 0 3 1 4 0]"; fmt.Sprint(seen) != want {
			t.Errorf("released: %v, want %s", seen, want)
		}
	})
}

// Contents that stand rejected when a pin is released don't keep back those that
// were good before them.
func TestPinReleasesToTheNewestGood(t *testing.T) {
	for name, tc := range map[string]struct {
		updates  []any // of pair.a, while pinned
		want     int
		rejected bool
	}{
		"nothing":                    {nil, 2, false},
		"good":                       {[]any{3}, 3, false},
		"good, then bad":             {[]any{3, "x"}, 3, true},
		"good twice, then bad":       {[]any{3, 4, "x"}, 4, true},
		"bad":                        {[]any{"x"}, 2, true},
		"refused":                    {[]any{13}, 2, true},
		"good, then refused":         {[]any{3, 13}, 3, true},
		"good, bad, good":            {[]any{3, "x", 4}, 4, false},
		"as pinned, then bad":        {[]any{1, "x"}, 1, true},
		"as it was, then bad":        {[]any{3, 2, "x"}, 2, true},
		"good, then refused by veto": {[]any{3, 77}, 1, true}, // it was not asked before
	} {
		t.Run(name, func(t *testing.T) {
			m := sourcetest.NewMemory("m", pair(1))
			c := openApp(t, confsync.Options[app]{Sources: []source.Source{m},
				Complete: func(a *app) error { a.Pair.B = a.Pair.A * 10; return nil },
				Validate: func(_, next *app) error {
					if next.Pair.A == 13 {
						return errors.New("unlucky")
					}
					return nil
				}})
			d, err := confsync.Derive(c, func(a *app) (int, error) {
				if a.Pair.A == 77 {
					return 0, errors.New("refused")
				}
				return a.Pair.A, nil
			}, nil, confsync.Veto())
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			m.Replace(pair(2))
			refreshed(t, c)
			release, err := c.Pin(1)
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range tc.updates {
				m.Set("pair.a", a)
				refreshed(t, c)
			}
			if c.Get().Pair.A != 1 {
				t.Errorf("pinned, %+v is served", c.Get().Pair)
			}
			release()
			x, err := c.Explain("pair.a")
			if got := c.Get().Pair; got.A != tc.want || got.B != 10*tc.want || d.Get() != tc.want || x.Value != fmt.Sprint(tc.want) || err != nil {
				t.Errorf("%+v is served, built of %d, %v, %v", got, d.Get(), x, err)
			}
			if (c.Status().Rejected != nil) != tc.rejected || c.Status().Pinned != 0 {
				t.Errorf("status %v", c.Status())
			}
			m.Replace(pair(5))
			refreshed(t, c)
			if got := c.Get().Pair; got.A != 5 || got.B != 50 || d.Get() != 5 || c.Status().Rejected != nil {
				t.Errorf("the next good: %+v, built of %d, %v", got, d.Get(), c.Status())
			}
		})
	}
}

// What a Veto refuses of that which a pin has kept back is tried again, whether it
// is the newest or what was good before that.
func TestPinReleasesToWhatAVetoRefusedAtFirst(t *testing.T) {
	for name, updates := range map[string][]any{"the newest": {3}, "good, then bad": {3, "x"}} {
		for _, badLater := range []bool{false, true} {
			t.Run(fmt.Sprint(name, badLater), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					m := sourcetest.NewMemory("m", pair(1))
					c := openApp(t, confsync.Options[app]{Sources: []source.Source{m}})
					var taken atomic.Bool
					d, err := confsync.Derive(c, func(a *app) (int, error) {
						if taken.Load() {
							return 0, errors.New("the port is taken")
						}
						return a.Pair.A, nil
					}, nil, confsync.Veto())
					if err != nil {
						t.Fatal(err)
					}
					defer d.Close()
					m.Set("pair.a", 2)
					refreshed(t, c)
					release, err := c.Pin(1)
					if err != nil {
						t.Fatal(err)
					}
					for _, a := range updates {
						m.Set("pair.a", a)
						refreshed(t, c)
					}
					taken.Store(true)
					release()
					if badLater {
						m.Set("pair.a", "y")
						refreshed(t, c)
					}
					if c.Get().Pair.A != 1 || !strings.Contains(fmt.Sprint(c.Status().Rejected), "the port is taken") {
						t.Errorf("refused, %+v is served: %v", c.Get().Pair, c.Status())
					}
					synctest.Wait()
					taken.Store(false)
					time.Sleep(10 * time.Minute)
					bad := badLater || len(updates) > 1
					if c.Get().Pair.A != 3 || d.Get() != 3 || (c.Status().Rejected != nil) != bad {
						t.Errorf("%+v is served, built of %d: %v", c.Get().Pair, d.Get(), c.Status())
					}
				})
			})
		}
	}
}

func TestOnStatusAndHealthy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sourcetest.NewMemory("m", pair(1))
		spare := sourcetest.NewMemory("spare", nil)
		c := openApp(t, sources(m, source.Optional(spare)))
		var seen []string
		cancel := c.OnStatus(func(st confsync.Status) {
			seen = append(seen, fmt.Sprint(st.Generation, st.Sources[0].State, st.Sources[1].State, st.Rejected != nil))
		})
		expect := func(what string, want ...string) {
			t.Helper()
			synctest.Wait()
			if fmt.Sprint(seen) != fmt.Sprint(want) {
				t.Errorf("%s: %q, want %q", what, seen, want)
			}
			seen = nil
		}
		refreshed(t, c)
		expect("nothing")
		m.Replace(pair(2))
		expect("a generation", "2 live live false")
		m.Set("pair.a", "x")
		expect("a rejection", "2 live live true")
		m.Set("pair.a", 2)
		expect("healed", "2 live live false")
		if err := c.Healthy(0); err != nil {
			t.Error(err)
		}
		spare.Fail(errors.New("no route"))
		expect("an optional source is cut off", "2 live retrying false")
		if err := c.Healthy(0); err != nil {
			t.Error(err)
		}
		m.Fail(errors.New("connection refused"))
		expect("cut off", "2 retrying retrying false")
		if err := c.Healthy(time.Minute); err != nil {
			t.Error(err)
		}
		time.Sleep(2 * time.Minute)
		if err := c.Healthy(time.Minute); err == nil || err.Error() != "confsync: m is stale for 2m0s: connection refused" {
			t.Errorf("Healthy returned %v", err)
		}
		cancel()
		c.Close()
		if c.Healthy(time.Hour) == nil {
			t.Error("healthy when closed")
		}
	})
}

func TestStatusInJSON(t *testing.T) {
	m := sourcetest.NewMemory("m", pair(1))
	c := openApp(t, sources(m))
	m.Set("pair.a", "x")
	refreshed(t, c)
	refreshed(t, c)
	if st := c.Status(); st.Rejections[confsync.Mistyped] != 1 || st.Applied.Count != 2 || st.Applied.Total <= 0 {
		t.Errorf("counted %v and %+v", st.Rejections, st.Applied)
	}
	text, err := json.Marshal(c.Status())
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Generation int
		Sources    []struct{ Name, State string }
		Rejected   struct {
			Text     string
			Problems []json.RawMessage
		}
	}
	if err := json.Unmarshal(text, &got); err != nil || got.Generation != 1 || got.Sources[0].State != "live" ||
		len(got.Rejected.Problems) != 1 || !strings.Contains(got.Rejected.Text, "pair.a") {
		t.Errorf("%s\n%+v, %v", text, got, err)
	}
}
