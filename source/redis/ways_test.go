package redis_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/source/redis"
)

// Row R16: where notifications are off and may not be switched on, tracking
// tells of changes at once, of those too that notify nobody.
func TestR16Tracking(t *testing.T) {
	steps := []struct {
		name    string
		command []string
		want    string
	}{
		{"a write", []string{"SET", "app/a", "2"}, `{a:"2" b:"1"}`},
		{"a new key", []string{"SET", "app/c", "1"}, `{a:"2" b:"1" c:"1"}`},
		{"a key of another prefix", []string{"MSET", "apple", "1", "app/c", "2"}, `{a:"2" b:"1" c:"2"}`},
		{"RENAME", []string{"RENAME", "app/c", "app/d"}, `{a:"2" b:"1" d:"2"}`},
		{"expiry", []string{"PEXPIRE", "app/d", "1"}, `{a:"2" b:"1"}`},
		{"a deletion", []string{"DEL", "app/b"}, `{a:"2"}`},
		{"FLUSHALL", []string{"FLUSHALL"}, `nothing`},
		{"a write after it", []string{"SET", "app/a", "3"}, `{a:"3"}`},
	}
	s := server(t)
	c := dial(t, s.Addr())
	set(t, c, "app/a", "1", "app/b", "1")
	s.CLI("ACL", "SETUSER", "app", "on", ">pw", "~app/*", "resetchannels", "+@read", "+@connection")
	w := watch(t, redis.New(asUser(t, s), "app", unprobed(redis.Options{})))
	first := w.untilTree(t, `{a:"1" b:"1"}`)
	if want := "CLIENT TRACKING: not permitted to read notify-keyspace-events"; !strings.Contains(first.Note, want) {
		t.Errorf("note = %q, want %q in it", first.Note, want)
	}
	for _, step := range steps {
		s.CLI(step.command...)
		w.untilTree(t, step.want)
	}
}

// Row R16: so it does for a hash, a document and a version key beside the prefix.
func TestR16TrackingOfOtherLayouts(t *testing.T) {
	s := server(t)
	c := dial(t, s.Addr())
	c.HSet(t.Context(), "hash", "a", "1")
	set(t, c, "doc", `{"a": "1"}`, "app/a", "1", "v", "1")
	hash := watch(t, redis.New(c, "hash", unprobed(redis.Options{Hash: true})))
	doc := watch(t, redis.New(c, "doc", unprobed(redis.Options{Document: document.JSON})))
	keys := watch(t, redis.New(c, "app", unprobed(redis.Options{VersionKey: "v"})))
	all := watch(t, redis.New(closing(t, goredis.NewClient(&goredis.Options{Addr: s.Addr(), DB: 1})), "", unprobed(redis.Options{})))
	for _, w := range []*watcher{hash, doc, keys} {
		w.untilTree(t, `{a:"1"}`)
	}
	all.untilTree(t, "nothing")
	c.HSet(t.Context(), "hash", "a", "2")
	hash.untilTree(t, `{a:"2"}`)
	set(t, c, "doc", `{"a": "2"}`)
	doc.untilTree(t, `{a:"2"}`)
	set(t, c, "app/a", "2", "v", "2")
	if snap := keys.untilTree(t, `{a:"2"}`); snap.Revision != "2" {
		t.Errorf("revision = %q, want 2", snap.Revision)
	}
	s.CLI("-n", "1", "SET", "a", "2")
	all.untilTree(t, `{a:"2"}`)
}

// Row R18: without a right to the channel, tracking tells; without a right to
// either, the source polls, and says so.
func TestR18NoRightToSubscribe(t *testing.T) {
	tests := []struct {
		name, deny string
		notes      []string
	}{
		{"to the channel", "resetchannels", []string{"CLIENT TRACKING", `not permitted to subscribe to "__keyspace@0__:app/*" (NOPERM)`}},
		{"to the command", "-psubscribe", []string{"CLIENT TRACKING", "not permitted to subscribe"}},
		{"to tracking either", "resetchannels -client|tracking", []string{"polling every 200ms: not permitted to subscribe", "not permitted to use CLIENT TRACKING"}},
		{"to CONFIG either", "-config|get resetchannels -client|tracking", []string{"polling every 200ms: not permitted to read notify-keyspace-events"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := server(t, notifying...)
			c := dial(t, s.Addr())
			set(t, c, "app/a", "1")
			user(t, s, append([]string{"~app/*", "&__keyspace@0__:app/*", "+config|get"}, strings.Fields(tt.deny)...)...)
			w := watch(t, redis.New(asUser(t, s), "app", quick(redis.Options{})))
			snap := w.untilTree(t, `{a:"1"}`)
			for _, note := range tt.notes {
				if !strings.Contains(snap.Note, note) {
					t.Errorf("note = %q, want %q in it", snap.Note, note)
				}
			}
			set(t, c, "app/a", "2")
			w.untilTree(t, `{a:"2"}`)
		})
	}
}

// Rows R1 and R18: a hash is tracked, and notified of where that isn't permitted.
func TestR18HashWithoutTracking(t *testing.T) {
	tests := []struct{ name, deny, config, note string }{
		{"tracked", "+@connection", "", ""},
		{"notified", "-client|tracking", "notify-keyspace-events KA", "following by notifications: not permitted to use CLIENT TRACKING (NOPERM)"},
		{"not of hashes", "-client|tracking", "notify-keyspace-events Kg$xe", `polling every 200ms: not permitted to use CLIENT TRACKING (NOPERM), and keyspace notifications lack the flags "h"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := server(t, tt.config)
			c := dial(t, s.Addr())
			c.HSet(t.Context(), "app", "a", "1")
			user(t, s, "~app", "&__keyspace@0__:app", "+config|get", tt.deny)
			w := watch(t, redis.New(asUser(t, s), "app", quick(redis.Options{Hash: true})))
			if snap := w.untilTree(t, `{a:"1"}`); snap.Note != tt.note {
				t.Errorf("note = %q, want %q", snap.Note, tt.note)
			}
			c.HSet(t.Context(), "app", "a", "2")
			w.untilTree(t, `{a:"2"}`)
		})
	}
}

// Row R18: a right that is taken away during a Watch ends it, and the next does
// without.
func TestR18RightTakenAway(t *testing.T) {
	s := server(t, notifying...)
	c := dial(t, s.Addr())
	set(t, c, "app/a", "1")
	user(t, s, "~app/*", "&__keyspace@0__:app/*", "+config|get")
	src := redis.New(asUser(t, s), "app", quick(redis.Options{}))
	w := watch(t, src)
	w.untilTree(t, `{a:"1"}`)
	s.CLI("ACL", "SETUSER", "app", "resetchannels")
	if err := w.ended(t); err == nil {
		t.Error("Watch returned nil")
	}
	set(t, c, "app/a", "2")
	if snap := watch(t, src).untilTree(t, `{a:"2"}`); !strings.Contains(snap.Note, "not permitted to subscribe") {
		t.Errorf("note = %q, want that subscribing is not permitted", snap.Note)
	}
}

// Row R17: in a transaction a key comes, and in the next it goes, with all
// others rewritten. A polled state of parts of two is noted to be one; where
// tracking tells there is none.
func TestR17PolledReadingIsOfOneInstant(t *testing.T) {
	for mode, config := range map[string][]string{"tracked": nil, "polled": polling} {
		t.Run(mode, func(t *testing.T) {
			s := server(t, config...)
			c := dial(t, s.Addr())
			write := func(generation int) {
				if _, err := c.TxPipelined(t.Context(), func(pipe goredis.Pipeliner) error {
					for _, name := range names(20) {
						pipe.Set(t.Context(), "app/"+name, fmt.Sprint(generation), 0)
					}
					if generation%2 == 0 {
						pipe.Set(t.Context(), "app/k020", fmt.Sprint(generation), 0)
					} else {
						pipe.Del(t.Context(), "app/k020")
					}
					return nil
				}); err != nil {
					t.Fatal(err)
				}
			}
			whole := func(s source.Snapshot) bool {
				_, even := uniform(s, 21)
				_, odd := uniform(s, 20)
				return even || odd
			}
			write(0)
			opts := quick(redis.Options{Gather: -1})
			opts.Poll = time.Millisecond
			w := watch(t, redis.New(c, "app", opts))
			w.until(t, 0, "a snapshot", whole)
			for generation := 1; generation < 3000; generation++ {
				write(generation)
			}
			last := w.until(t, w.count(), "a last snapshot", whole)
			torn, noted := 0, 0
			for _, snap := range w.all() {
				if strings.HasPrefix(snap.Note, "not at one revision") {
					noted++
				} else if !whole(snap) {
					torn++
					t.Errorf("a snapshot is of no one transaction, and has the note %q: %v", snap.Note, snap.Tree.Root())
				}
			}
			t.Logf("%d snapshots, %d with the note, %d torn without; the last has %q", w.count(), noted, torn, last.Note)
			if mode == "polled" && noted == 0 {
				t.Error("no polled snapshot has the note")
			}
		})
	}
}

// Row R1: notifications that are switched on take over from tracking, and back.
func TestR1TrackingAndNotifications(t *testing.T) {
	s := testserver.Redis(t, testserver.RedisConfig{})
	c := dial(t, s.Addr())
	set(t, c, "app/a", "1")
	w := watch(t, redis.New(c, "app", quick(redis.Options{})))
	w.until(t, 0, "a note", noted("TRACKING: keyspace notifications are off"))
	s.CLI("CONFIG", "SET", "notify-keyspace-events", "KA")
	from := w.count()
	w.until(t, from, "a snapshot without a note", notNoted)
	if n := s.CLI("INFO", "stats"); !strings.Contains(n, "tracking_total_prefixes:0") {
		t.Errorf("stats: %s; want no prefix that is tracked", n)
	}
	set(t, c, "app/a", "2")
	w.untilTree(t, `{a:"2"}`)
}
