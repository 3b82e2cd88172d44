package redis_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/internal/heap"
	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/redis"
	"github.com/confsync/confsync/tree"
)

// soaking says that tests take their time, and measure it: they have the machine
// for themselves then.
var soaking = os.Getenv("CONFSYNC_SOAK") != ""

func far(t testing.TB, proxy *testserver.Proxy) *goredis.Client {
	return closing(t, goredis.NewClient(&goredis.Options{Addr: proxy.Addr(), DialTimeout: time.Minute}))
}

// history is what a writer has written below "app": numbers, one after another,
// each to one of some keys.
type history struct {
	now    map[string]string
	states map[string]bool // as trees print them
	writes []write
	last   string
}

type write struct {
	name string // of the key
	gone bool
	at   time.Time
}

func newHistory(t testing.TB, c *goredis.Client, keys int) *history {
	h := &history{now: map[string]string{}, states: map[string]bool{}}
	for i := range keys {
		h.now[fmt.Sprintf("k%04d", i)] = "0"
	}
	var pairs []string
	for name, value := range h.now {
		pairs = append(pairs, "app/"+name, value)
	}
	set(t, c, pairs...)
	h.remember()
	return h
}

func (h *history) remember() {
	var b strings.Builder
	for i, name := range slices.Sorted(maps.Keys(h.now)) {
		if i > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "%s:%q", name, h.now[name])
	}
	h.last = "{" + b.String() + "}"
	h.states[h.last] = true
}

// write writes the next number to a key, or with going maybe deletes one.
func (h *history) write(t testing.TB, c *goredis.Client, keys int, going bool) {
	t.Helper()
	name := fmt.Sprintf("k%04d", rand.IntN(keys))
	_, there := h.now[name]
	h.writes = append(h.writes, write{name, going && there, time.Now()})
	var err error
	if going && there {
		delete(h.now, name)
		err = c.Del(t.Context(), "app/"+name).Err()
	} else {
		h.now[name] = strconv.Itoa(len(h.writes))
		err = c.Set(t.Context(), "app/"+name, h.now[name], 0).Err()
	}
	if err != nil {
		t.Fatal(err)
	}
	h.remember()
}

// lag returns how long it took on average until a write, or a later one of its
// key, was in a snapshot.
func (h *history) lag(snaps []source.Snapshot, at []time.Time) time.Duration {
	var sum time.Duration
	for n, w := range h.writes {
		for i, snap := range snaps {
			if at[i].Before(w.at) {
				continue
			}
			node := snap.Tree.Root().Child(w.name)
			value, err := strconv.Atoi(node.Text())
			if err == nil && value >= n+1 || err != nil && w.gone {
				sum += at[i].Sub(w.at)
				break
			}
		}
	}
	return sum / time.Duration(len(h.writes))
}

// Row R15: over a slow link writes arrive, one after another, while more are made
// all the time: as states that the server had at one instant, or with a note.
func TestR15SlowLink(t *testing.T) {
	tests := []struct {
		name       string
		config     []string
		rtt, every time.Duration
		keys       int
		going      bool // keys go, and come back
	}{
		{"RTT 500ms, 10/s over 1000 keys", notifying, 500 * time.Millisecond, 100 * time.Millisecond, 1000, false},
		{"RTT 100ms, 50/s over 1000 keys", notifying, 100 * time.Millisecond, 20 * time.Millisecond, 1000, false},
		{"RTT 100ms, 50/s over 10 keys", notifying, 100 * time.Millisecond, 20 * time.Millisecond, 10, false},
		{"RTT 100ms, 20/s that come and go", notifying, 100 * time.Millisecond, 50 * time.Millisecond, 200, true},
		{"RTT 100ms, 50/s over 1000 keys, tracked", nil, 100 * time.Millisecond, 20 * time.Millisecond, 1000, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := server(t, tt.config...)
			proxy := testserver.NewProxy(t, s.Addr())
			c := dial(t, s.Addr())
			h := newHistory(t, c, tt.keys)
			proxy.Latency(tt.rtt / 2)
			w := watch(t, redis.New(far(t, proxy), "app", unprobed(redis.Options{})))
			w.until(t, 0, "a snapshot", func(s source.Snapshot) bool { return s.Tree.Root().Len() == tt.keys })
			lasting := 4 * time.Second
			if soaking {
				lasting = time.Minute
			}
			for end := time.Now().Add(lasting); time.Now().Before(end); time.Sleep(tt.every) {
				h.write(t, c, tt.keys, tt.going)
			}
			w.untilTree(t, h.last)
			snaps, noted := w.all(), 0
			for _, snap := range snaps {
				if strings.HasPrefix(snap.Note, "not at one revision") {
					noted++
				} else if !h.states[snap.Tree.Root().String()] {
					t.Fatalf("a snapshot is of no instant, and has the note %q (error %v)", snap.Note, snap.Err)
				}
			}
			mean := h.lag(snaps, w.at)
			t.Logf("%d writes, %d snapshots, %d with a note, mean lag %v, %.1f RTT",
				len(h.writes), len(snaps), noted, mean, float64(mean)/float64(tt.rtt))
			if soaking && mean > 10*tt.rtt {
				t.Errorf("mean lag %v, want less than 10 RTT", mean)
			}
			if len(snaps) < 4 {
				t.Errorf("%d snapshots, want more", len(snaps))
			}
		})
	}
}

// Row R15: more keys are written during each reading than are remembered. What is
// read is given out with a note, and without when the writer rests.
func TestR15Flood(t *testing.T) {
	const keys = 12_000
	s := server(t, append(notifying, "client-output-buffer-limit pubsub 0 0 0")...)
	proxy := testserver.NewProxy(t, s.Addr())
	c := dial(t, s.Addr())
	write := func(generation int) {
		t.Helper()
		for from := 0; from < keys; from += 1000 {
			var pairs []string
			for i := range 1000 {
				pairs = append(pairs, fmt.Sprintf("app/k%05d", from+i), strconv.Itoa(generation))
			}
			set(t, c, pairs...)
		}
	}
	write(0)
	proxy.Latency(10 * time.Millisecond)
	w := watch(t, redis.New(far(t, proxy), "app", unprobed(redis.Options{})))
	generation := 1
	for noted := false; !noted; generation++ {
		if generation == 1000 {
			t.Fatalf("after %d generations none of %d snapshots has the note", generation, w.count())
		}
		write(generation)
		for _, snap := range w.all() {
			noted = noted || strings.HasPrefix(snap.Note, "not at one revision")
		}
	}
	write(generation)
	w.until(t, w.count()-1, "the last state, without a note", func(s source.Snapshot) bool {
		last, ok := strconv.Itoa(generation), notNoted(s) && s.Tree.Root().Len() == keys
		for i := 0; ok && i < keys; i++ {
			ok = s.Tree.Root().At(i).Text() == last
		}
		return ok
	})
}

// Row U9: sources that load at once over a full link all load, at the first
// attempt, and little is sent that they don't hold. So does one over a slow link,
// though it takes much longer than any time-out.
func TestU9RedisFullLink(t *testing.T) {
	tests := []struct {
		name                      string
		sources, keys, size, rate int
	}{
		{"many sources", 16, 400, 500, 400 << 10},
		{"a slow link", 1, 400, 500, 50 << 10},
		{"values larger than a page", 4, 2, 300_000, 400 << 10},
	}
	if soaking {
		tests[0].sources, tests[0].size, tests[0].rate = 200, 2500, 2_500_000
		tests[1].size, tests[1].rate = 12_500, 500_000
	}
	for _, tt := range tests {
		for mode, config := range modes() {
			t.Run(tt.name+" "+mode, func(t *testing.T) {
				s := server(t, config...)
				var pairs []string
				for i := range tt.keys {
					pairs = append(pairs, fmt.Sprintf("app/key%04d", i), strings.Repeat("v", tt.size))
				}
				set(t, dial(t, s.Addr()), pairs...)
				proxy := testserver.NewProxy(t, s.Addr())
				proxy.Bandwidth(tt.rate)
				c, began := far(t, proxy), time.Now()
				var all []*source.Supervisor
				for range tt.sources {
					all = append(all, await.Supervise(t, redis.New(c, "app", &redis.Options{Timeout: 2 * time.Second, Poll: time.Hour})))
				}
				for i, sup := range all {
					await.Until(t, fmt.Sprint("source ", i, " has loaded"), func() bool { _, _, ok := sup.Latest(); return ok })
					if st := sup.Status(); st.Retries > 0 || st.Err != nil {
						t.Errorf("source %d: %d attempts failed: %v", i, st.Retries, st.Err)
					}
				}
				_, sent := proxy.Bytes()
				whole := int64(tt.sources * tt.keys * (tt.size + len("app/key0000")))
				ideal := time.Duration(float64(whole) / float64(tt.rate) * float64(time.Second))
				t.Logf("%d bytes for %d of keys and values, in %v where %v is ideal", sent, whole, time.Since(began), ideal)
				if sent > whole*3/2 {
					t.Errorf("%d bytes were sent for %d of keys and values", sent, whole)
				}
			})
		}
	}
}

// Row U10: whatever there is, no more than twice MaxBytes is held: of much more
// than that, and of nearly that much when all of it changes.
func TestU10RedisMemory(t *testing.T) {
	const most, size = 16 << 20, 64 << 10
	const nearly, tooMany = most * 3 / 4 / size, 10 * most / size
	layouts := map[string]struct {
		opts redis.Options
		put  func(ctx context.Context, pipe goredis.Pipeliner, name, value string)
	}{
		"keys": {redis.Options{}, func(ctx context.Context, pipe goredis.Pipeliner, name, value string) {
			pipe.Set(ctx, "app/"+name, value, 0)
		}},
		"hash": {redis.Options{Hash: true}, func(ctx context.Context, pipe goredis.Pipeliner, name, value string) {
			pipe.HSet(ctx, "app", name, value)
		}},
	}
	for name, l := range layouts {
		for mode, config := range modes() {
			t.Run(name+" "+mode, func(t *testing.T) {
				s := server(t, append(config, "client-output-buffer-limit pubsub 0 0 0")...)
				for db, n := range []int{nearly, nearly, tooMany} {
					c := closing(t, goredis.NewClient(&goredis.Options{Addr: s.Addr(), DB: db}))
					for _, name := range names(n) {
						if _, err := c.Pipelined(t.Context(), func(pipe goredis.Pipeliner) error {
							l.put(t.Context(), pipe, name, strings.Repeat(strconv.Itoa(db), size))
							return nil
						}); err != nil {
							t.Fatal(err)
						}
					}
				}
				opts := quick(l.opts)
				opts.MaxBytes = most
				peak := heap.Peak(t, 5)
				sup := await.Supervise(t, redis.New(dial(t, s.Addr()), "app", opts))
				holds := func(db string) {
					t.Helper()
					await.Until(t, "what database "+db+" has", func() bool {
						snap, _, _ := sup.Latest()
						return strings.HasPrefix(snap.Tree.Root().Child("k000").Text(), db)
					})
				}
				holds("0")
				s.CLI("SWAPDB", "0", "1") // which the next probe finds
				holds("1")
				s.CLI("SWAPDB", "0", "2")
				await.Until(t, "too large", func() bool {
					found := tree.Problems(sup.Status().Err)
					return len(found) == 1 && found[0].Kind == tree.TooLarge
				})
				got := peak()
				t.Logf("%.2f MaxBytes at most", float64(got)/most)
				if got > 2*most {
					t.Errorf("%d bytes were held, more than twice the %d of MaxBytes", got, most)
				}
			})
		}
	}
}

// Row U11: the second Watch at the same time is an error that says so.
func TestU11Redis(t *testing.T) {
	s := server(t, notifying...)
	src := redis.New(dial(t, s.Addr()), "app", nil)
	watch(t, src).untilTree(t, "nothing")
	if err := src.Watch(t.Context(), func(source.Snapshot) {}); !errors.Is(err, source.ErrWatched) {
		t.Errorf("Watch returned %v, want %v", err, source.ErrWatched)
	}
}
