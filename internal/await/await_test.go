package await_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/source/sourcetest"
)

func TestHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		after := func(d time.Duration) func() bool {
			return func() bool { return time.Since(start) >= d }
		}
		if !await.Holds(time.Minute, after(30*time.Second)) {
			t.Error("a condition that came to hold did not")
		}
		if await.Holds(time.Minute, after(time.Hour)) {
			t.Error("a condition that never held did")
		}
		await.Until(t, "ten seconds more", after(100*time.Second))
	})
}

func TestSupervise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sourcetest.NewMemory("memory", map[string]any{"a": 1})
		sup := await.Supervise(t, m)
		await.Live(t, sup, `{a:1}`)
		m.Fail(errors.New("down"))
		if st := await.Stale(t, sup); st.Err == nil {
			t.Error("a stale source has no error")
		}
		m.Heal()
		await.Live(t, sup, `{a:1}`)
	})
}

func TestReceive(t *testing.T) {
	c := make(chan int, 1)
	c <- 7
	if got := await.Receive(t, "a number", c); got != 7 {
		t.Errorf("received %d", got)
	}
}
