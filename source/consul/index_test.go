package consul_test

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/consul/api"

	"github.com/confsync/confsync/source/consul"
)

func TestC1IndexGoesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{kv: script(
			reply{index: 20, pairs: []api.KVPair{pair("app/a", "new", 20)}},
			reply{index: 6, pairs: []api.KVPair{pair("app/a", "older", 6)}}, // not confirmed
			reply{index: 7, pairs: []api.KVPair{pair("app/a", "old", 7)}},
			reply{index: 8, pairs: []api.KVPair{pair("app/a", "old", 7), pair("app/b", "x", 8)}},
		)}
		snaps, _ := settle(t, f, nil)
		if want := []string{`{a:"new"}`, `{a:"old"}`, `{a:"old" b:"x"}`}; !slices.Equal(snaps, want) {
			t.Errorf("emitted %q, want %q", snaps, want)
		}
		if got, want := f.asked("index"), []string{"", "20", "", "7", "8"}; !slices.Equal(got, want) {
			t.Errorf("asked with the indexes %q, want %q", got, want)
		}
	})
}

// A restore wakes a query with the state as it was, and the next one would wait
// for the new state's index to pass the old.
func TestC1NoNewerThoughTheWaitHasNotPassed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full := []api.KVPair{pair("app/a", "x", 20)}
		f := &fake{kv: func(n int, r *http.Request) reply {
			switch n {
			case 2: // the wait has passed
				time.Sleep(5*time.Minute + 10*time.Second)
			case 3: // the old state's last word
				time.Sleep(time.Minute)
			case 4, 5: // and confirmed
				return reply{index: 7, pairs: []api.KVPair{pair("app/a", "restored", 7)}}
			case 6:
				return reply{err: errors.New("over")}
			}
			return reply{index: 20, pairs: full}
		}}
		snaps, _ := watchOnce(t.Context(), consul.New(f.client(t), "app", nil))
		wantTrees(t, snaps, `{a:"x"}`, `{a:"x"}`, `{a:"x"}`, `{a:"restored"}`)
		if got, want := f.asked("index"), []string{"", "20", "20", "", "", "7"}; !slices.Equal(got, want) {
			t.Errorf("asked with the indexes %q, want %q", got, want)
		}
	})
}

// While the source pauses no query waits, so it may miss the end of a state.
func TestC1RestoredDuringAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		state := uint64(20)
		f := &fake{kv: func(_ int, r *http.Request) reply {
			beyond, _ := strconv.ParseUint(r.URL.Query().Get("index"), 10, 64)
			if state > 40 {
				state = 7 // restored
			}
			if state == 7 && beyond >= state {
				return hold(r)
			}
			if state > 7 {
				state++
			}
			return reply{index: state, pairs: []api.KVPair{pair("app/a", "x", state)}}
		}}
		snaps, _ := watchAMinute(t, f, &consul.Options{Rate: 1})
		if n := len(snaps); n < 2 || snaps[n-1].Revision != "7" || snaps[n-2].Revision != "7" {
			t.Errorf("the last of %d snapshots is not of the restored state", n)
		}
		asked := f.asked("index")
		if n := len(asked); !slices.Equal(asked[n-3:], []string{"", "", "7"}) {
			t.Errorf("asked with the indexes %q at the end, want a read that waits for nothing, a second that finds nothing newer, and a wait", asked)
		}
		if n := len(f.times); f.times[n-1] != f.times[n-2] {
			t.Errorf("%v passed between the last read and the wait: a restore could be missed again", f.times[n-1].Sub(f.times[n-2]))
		}
	})
}

// A rebuilt server may give a key the very index it had before.
func TestC1SameModifyIndexOtherValue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{kv: script(
			reply{index: 20, pairs: []api.KVPair{pair("app/a", "one", 5)}},
			reply{index: 21, pairs: []api.KVPair{pair("app/a", "two", 5)}},
		)}
		snaps, _ := settle(t, f, nil)
		if want := []string{`{a:"one"}`, `{a:"two"}`}; !slices.Equal(snaps, want) {
			t.Errorf("emitted %q, want %q", snaps, want)
		}
	})
}

func TestC2EachWatchStartsAtIndexZero(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("connection reset")
		f := &fake{kv: script(
			reply{index: 20, pairs: []api.KVPair{pair("app/a", "x", 20)}},
			reply{err: broken},
			reply{index: 3, pairs: []api.KVPair{pair("app/a", "y", 3)}},
			reply{status: 500, body: "rpc error"},
			reply{index: 4, pairs: []api.KVPair{pair("app/a", "z", 4)}},
			reply{err: broken},
		)}
		src := consul.New(f.client(t), "app", nil)
		for _, want := range []string{`{a:"x"}`, `{a:"y"}`, `{a:"z"}`} {
			got, err := watchOnce(t.Context(), src)
			if err == nil {
				t.Error("Watch = nil after a failure")
			}
			wantTrees(t, got, want)
		}
		if got, want := f.asked("index"), []string{"", "20", "", "3", "", "4"}; !slices.Equal(got, want) {
			t.Errorf("asked with the indexes %q, want %q", got, want)
		}
	})
}
