// Package await is how tests wait. What a test waits for is a condition, never
// a time that something takes: the deadline is only there for a test that
// fails, and long enough for a machine that is many times oversubscribed.
package await

import (
	"context"
	"testing"
	"time"

	"github.com/confsync/confsync/source"
)

// Limit is how long to wait for what is sure to come.
const Limit = 2 * time.Minute

// Holds polls a condition until it holds, and reports whether it did within a
// time.
func Holds(within time.Duration, condition func() bool) bool {
	deadline := time.Now().Add(within)
	for wait := time.Millisecond; !condition(); wait = min(2*wait, 10*time.Millisecond) {
		if time.Now().After(deadline) {
			return false
		}
		time.Sleep(wait)
	}
	return true
}

// Until waits until a condition holds. If it doesn't within [Limit], the test
// ends and says that what never came.
func Until(t testing.TB, what string, condition func() bool) {
	t.Helper()
	if !Holds(Limit, condition) {
		t.Fatalf("not within %v: %s", Limit, what)
	}
}

// Receive waits for a value of a channel, or for its end.
func Receive[T any](t testing.TB, what string, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(Limit):
		t.Fatalf("not within %v: %s", Limit, what)
		panic("unreachable")
	}
}

// Policy tries again and becomes stale much sooner than a program would. It is
// the zero [source.Policy] otherwise.
func Policy() source.Policy {
	return source.Policy{StaleAfter: time.Second, MinBackoff: 20 * time.Millisecond, MaxBackoff: 500 * time.Millisecond}
}

// Supervise runs a source by [Policy] until the test ends.
func Supervise(t testing.TB, src source.Source) *source.Supervisor {
	return SuperviseBy(t, src, Policy())
}

// SuperviseBy runs a source by a policy until the test ends.
func SuperviseBy(t testing.TB, src source.Source, p source.Policy) *source.Supervisor {
	sup := source.NewSupervisor(src, p, nil)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = sup.Run(ctx) // ctx's
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return sup
}

// Live waits until a source is live, without an error, and has a tree that is
// drawn as want. It returns its status then.
func Live(t testing.TB, sup *source.Supervisor, want string) source.Status {
	t.Helper()
	var st source.Status
	var tree string
	ok := Holds(Limit, func() bool {
		snap, _, some := sup.Latest()
		st, tree = sup.Status(), snap.Tree.Root().String()
		return some && st.State == source.Live && st.Err == nil && tree == want
	})
	if !ok {
		t.Fatalf("not within %v: live with %s\nis %v with %s, error %v, note %q", Limit, want, st.State, tree, st.Err, st.Note)
	}
	return st
}

// Stale waits until a source is stale. It returns its status then.
func Stale(t testing.TB, sup *source.Supervisor) source.Status {
	t.Helper()
	Until(t, "stale", func() bool { return sup.Status().State == source.Stale })
	return sup.Status()
}
