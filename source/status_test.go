package source_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/sourcetest"
)

func TestWithPolicy(t *testing.T) {
	const week = 7 * 24 * time.Hour
	general := source.Policy{StaleAfter: time.Hour, MinBackoff: time.Minute, MaxBackoff: time.Minute, Resync: week}
	tests := []struct {
		name  string
		wrap  func(source.Source) source.Source
		stale time.Duration
	}{
		{"none", func(s source.Source) source.Source { return s }, time.Hour},
		{"zero", func(s source.Source) source.Source { return source.WithPolicy(source.Policy{}, s) }, time.Hour},
		{"its own", func(s source.Source) source.Source {
			return source.WithPolicy(source.Policy{StaleAfter: time.Minute}, s)
		}, time.Minute},
		{"inside others", func(s source.Source) source.Source {
			return source.Named("x", source.Optional(source.WithPolicy(source.Policy{StaleAfter: time.Minute}, s)))
		}, time.Minute},
		{"the outermost first", func(s source.Source) source.Source {
			inner := source.WithPolicy(source.Policy{StaleAfter: 2 * time.Hour, MinBackoff: time.Second}, s)
			return source.WithPolicy(source.Policy{StaleAfter: time.Minute}, source.Mount("a", inner))
		}, time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := sourcetest.NewMemory("m", nil)
				r := run(t, tt.wrap(m), general)
				m.Fail(errCut)
				sleep(tt.stale - time.Nanosecond)
				r.expect(t, source.Retrying, errCut)
				sleep(time.Nanosecond)
				r.expect(t, source.Stale, errCut)
			})
		})
	}
}

// TestCounters has a source live through everything, and counts beside it.
func TestCounters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sourcetest.NewMemory("m", map[string]any{"a": 1})
		sized := scripted(func(ctx context.Context, emit func(source.Snapshot)) error {
			return m.Watch(ctx, func(snap source.Snapshot) { snap.Bytes = 10; emit(snap) })
		})
		r := run(t, sized, source.Policy{Resync: -1, MinBackoff: time.Second, MaxBackoff: time.Second})
		began := time.Now()
		want := source.Counters{Watches: 1, Emits: 1, Bytes: 10, LastChange: began}
		check := func(after string) {
			t.Helper()
			synctest.Wait()
			if got := r.Status().Counters; got != want {
				t.Fatalf("after %s: %+v, want %+v", after, got, want)
			}
		}
		check("the start")
		sleep(time.Second)
		m.Set("a", 2)
		want.Emits, want.Bytes, want.LastChange = 2, 20, time.Now()
		check("a change")
		sleep(time.Second)
		m.Set("a", 2)
		want.Emits, want.Bytes = 3, 30
		check("a write of the same value")
		m.Reject(errCut)
		want.Emits, want.Bytes = 4, 40
		check("content that can't be used")
		m.Heal()
		want.Emits, want.Bytes = 5, 50
		check("its end")
		if err := r.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		want.Watches, want.Resyncs, want.Emits, want.Bytes = 2, 1, 6, 60
		check("a Refresh")
		m.Fail(errCut)
		want.Failures = 1
		check("a fault")
		m.Heal()
		sleep(2 * time.Second)
		want.Watches, want.Emits, want.Bytes = 3, 7, 70
		check("its end")
		r.stop()
		check("the end")
	})
}

func TestDegraded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		snaps := make(chan source.Snapshot)
		r := run(t, scripted(func(ctx context.Context, emit func(source.Snapshot)) error {
			for {
				select {
				case snap := <-snaps:
					if snap.Revision == "fail" {
						return errCut
					}
					emit(snap)
				case <-ctx.Done():
					return ctx.Err()
				}
			}
		}), source.Policy{Resync: -1})
		send := func(snap source.Snapshot) { snaps <- snap; synctest.Wait() }
		noLeader := errors.New("the member has no leader")
		degraded := source.Snapshot{Tree: keys(t, map[string]any{"a": 1}), Degraded: noLeader}

		send(degraded)
		began := time.Now()
		if st := r.expect(t, source.Degraded, noLeader); st.Since != began || st.Contact != began {
			t.Errorf("status is %+v", st)
		}
		if got := r.root(t); got != "{a:1}" {
			t.Errorf("holds %s", got)
		}
		r.calls(t, 1, "degraded from the start")
		sleep(time.Hour)
		send(degraded)
		if st := r.expect(t, source.Degraded, noLeader); st.Since != began || st.Contact != time.Now() {
			t.Errorf("an hour later the status is %+v", st)
		}
		r.calls(t, 0, "still degraded")
		send(source.Snapshot{Tree: keys(t, map[string]any{"a": 2})})
		r.expect(t, source.Live, nil)
		r.calls(t, 1, "live")

		sleep(time.Minute)
		send(degraded)
		r.expect(t, source.Degraded, noLeader)
		sleep(time.Second)
		send(source.Snapshot{Revision: "fail"})
		r.expect(t, source.Retrying, errCut)
		sleep(29*time.Second - 1)
		r.expect(t, source.Retrying, errCut)
		r.reported.Store(0)
		sleep(1) // it has not been live for 30 seconds now
		r.expect(t, source.Stale, errCut)
		r.calls(t, 1, "stale")
	})
}

func TestStatusJSON(t *testing.T) {
	at := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	full := source.Status{
		Name: "consul app", State: source.Stale, Since: at, Contact: at, Err: errCut, Revision: "index 7", Note: "n",
		Optional: true, Retries: 2,
		Counters: source.Counters{Watches: 5, Failures: 3, Resyncs: 1, Emits: 9, Bytes: 700, LastChange: at},
	}
	const want = `{"name":"consul app","state":"stale","since":"2026-02-03T04:05:06Z","contact":"2026-02-03T04:05:06Z",` +
		`"revision":"index 7","note":"n","optional":true,"retries":2,"watches":5,"failures":3,"resyncs":1,"emits":9,"bytes":700,` +
		`"lastChange":"2026-02-03T04:05:06Z","keys":0,"err":"connection refused"}`
	got, err := json.Marshal(full)
	if err != nil || string(got) != want {
		t.Errorf("JSON is\n%s\nwith %v, want\n%s", got, err, want)
	}
	var back source.Status
	if err := json.Unmarshal(got, &back); err != nil || back.Err == nil || back.Err.Error() != full.Err.Error() {
		t.Errorf("reads back as %+v with %v", back, err)
	}
	back.Err = full.Err
	if back != full {
		t.Errorf("reads back as %+v, want %+v", back, full)
	}
	const least = `{"name":"","state":"connecting","retries":0,"watches":0,"failures":0,"resyncs":0,"emits":0,"bytes":0,"keys":0}`
	if got, err := json.Marshal(source.Status{}); err != nil || string(got) != least {
		t.Errorf("the zero Status is %s with %v", got, err)
	}
}

func TestStateNames(t *testing.T) {
	var names []string
	for s := source.Connecting; s <= source.Closed; s++ {
		text, err := s.MarshalText()
		var back source.State
		if err != nil || back.UnmarshalText(text) != nil || back != s || string(text) != s.String() {
			t.Errorf("%d is %q with %v and reads back as %d", s, text, err, back)
		}
		names = append(names, s.String())
	}
	if got := strings.Join(names, " "); got != "connecting live degraded retrying stale closed" {
		t.Errorf("the states are %s", got)
	}
	if err := new(source.State).UnmarshalText([]byte("lively")); err == nil {
		t.Error("lively is a state")
	}
	if got := source.State(99).String(); got != "state 99" {
		t.Errorf("an unknown state is %q", got)
	}
}

func TestStatusKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sourcetest.NewMemory("m", map[string]any{"a": 1, "b": map[string]any{"c": "x", "d": []any{1, 2, nil}}})
		r := run(t, m, source.Policy{})
		if got := r.Status().Keys(); got != 4 {
			t.Errorf("%d keys, want 4", got)
		}
		m.Reject(errCut)
		synctest.Wait()
		st := r.Status()
		data, err := json.Marshal(st)
		var back source.Status
		if err != nil || json.Unmarshal(data, &back) != nil || st.Keys() != 4 || back.Keys() != 4 || !strings.Contains(string(data), `"keys":4,"err":"connection refused"`) {
			t.Errorf("%s reads back with %d keys, %v", data, back.Keys(), err)
		}
	})
}

func TestStatusCutOff(t *testing.T) {
	now := time.Now()
	for st, want := range map[source.State]time.Duration{
		source.Connecting: time.Minute, source.Retrying: time.Minute, source.Stale: time.Minute,
		source.Live: 0, source.Degraded: 0, source.Closed: 0,
	} {
		if got := (source.Status{State: st, Since: now.Add(-time.Minute)}).CutOff(now); got != want {
			t.Errorf("%v: %v, want %v", st, got, want)
		}
		if got := (source.Status{State: st}).CutOff(now); got != 0 {
			t.Errorf("%v since the zero time: %v", st, got)
		}
		if got := (source.Status{State: st, Since: now.Add(time.Minute)}).CutOff(now); got != 0 {
			t.Errorf("%v from a later time on: %v", st, got)
		}
	}
}
