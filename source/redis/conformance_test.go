package redis_test

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/source/redis"
	"github.com/confsync/confsync/source/sourcetest"
	"github.com/confsync/confsync/tree"
)

func TestConformance(t *testing.T) {
	for _, way := range ways() {
		t.Run(way.name, func(t *testing.T) {
			s := server(t, way.config...)
			direct := dial(t, s.Addr())
			conform(t, func(t *testing.T, values map[string]string) sourcetest.Store {
				return newStore(t, s, direct, way, values)
			})
		})
	}
	t.Run("document", func(t *testing.T) {
		s := server(t, notifying...)
		direct := dial(t, s.Addr())
		conform(t, func(t *testing.T, values map[string]string) sourcetest.Store {
			return newDocument(t, s, direct, values)
		})
	})
}

func conform(t *testing.T, make func(*testing.T, map[string]string) sourcetest.Store) {
	proxied := func(name string) string { return "github.com/confsync/confsync/internal/testserver." + name }
	sourcetest.Run(t, sourcetest.Harness{Strict: true, New: make, Ignore: []string{
		proxied("(*Proxy).listenLocked.func1"), proxied("(*Proxy).serve"), proxied("(*link).pipe"), proxied("(*link).pipe.func1"),
	}})
}

// key returns the key of a path, below the prefix.
func key(path string) string { return strings.ReplaceAll(path, ".", "/") }

// viaProxy returns a client that a fault can cut off from a server that was
// emptied.
func viaProxy(t *testing.T, s *testserver.Server, direct *goredis.Client) (*goredis.Client, *testserver.Proxy) {
	if err := direct.FlushDB(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	proxy := testserver.NewProxy(t, s.Addr())
	return closing(t, goredis.NewClient(&goredis.Options{
		Addr: proxy.Addr(), MaxRetries: -1, DialTimeout: time.Second,
	})), proxy
}

const bound = 8 << 20 // on bytes

func bounded(opts redis.Options) *redis.Options {
	opts.MaxBytes = bound
	return quick(opts)
}

// slow makes a way so slow that a reading takes longer than the source's time-out.
func slow(proxy *testserver.Proxy) func(*testing.T) time.Duration {
	return func(*testing.T) time.Duration {
		proxy.Bandwidth(400)
		return await.Limit
	}
}

func heal(proxy *testserver.Proxy) {
	proxy.Bandwidth(0)
	proxy.Heal()
}

// newDocument is a place for one document.
func newDocument(t *testing.T, s *testserver.Server, direct *goredis.Client, values map[string]string) sourcetest.Store {
	c, proxy := viaProxy(t, s, direct)
	now := map[string]string{}
	write := func(t *testing.T) {
		t.Helper()
		beta, doc := map[string]string{}, map[string]any{}
		for path, text := range now {
			if name, ok := strings.CutPrefix(path, "beta."); ok {
				beta[name] = text
				doc["beta"] = beta
			} else {
				doc[path] = text
			}
		}
		text, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		set(t, direct, "app", string(text))
	}
	commit := func(t *testing.T, values map[string]string) {
		t.Helper()
		maps.Copy(now, values)
		write(t)
	}
	commit(t, values)
	return sourcetest.Store{
		Source: redis.New(c, "app", bounded(redis.Options{Document: document.JSON})),
		Commit: commit,
		Set: func(t *testing.T, path tree.Path, text string) {
			commit(t, map[string]string{path.String(): text})
		},
		Delete: func(t *testing.T, path tree.Path) {
			delete(now, path.String())
			write(t)
		},
		Spoil: func(t *testing.T) { set(t, direct, "app", "{") },
		Flood: func(t *testing.T) int {
			set(t, direct, "app", strings.Repeat("x", 10*bound))
			return bound
		},
		Slow:                slow(proxy),
		Break:               func(*testing.T) { proxy.Cut() },
		Heal:                func(*testing.T) { heal(proxy) },
		WritableWhileBroken: true,
	}
}

// newStore is the way's place on a server that was emptied. The source alone
// goes through a proxy.
func newStore(t *testing.T, s *testserver.Server, direct *goredis.Client, way way, values map[string]string) sourcetest.Store {
	c, proxy := viaProxy(t, s, direct)
	commit := func(t *testing.T, values map[string]string) {
		t.Helper()
		if _, err := direct.TxPipelined(t.Context(), func(pipe goredis.Pipeliner) error {
			pipe.Del(t.Context(), "app/.") // what spoils it
			pipe.HDel(t.Context(), "app", ".")
			for path, text := range values {
				way.write(t.Context(), pipe, text, []string{key(path)})
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	commit(t, values)
	return sourcetest.Store{
		Source: redis.New(c, way.prefix, bounded(way.opts)),
		Commit: commit,
		Set: func(t *testing.T, path tree.Path, text string) {
			commit(t, map[string]string{path.String(): text})
		},
		Delete: func(t *testing.T, path tree.Path) {
			if _, err := direct.TxPipelined(t.Context(), func(pipe goredis.Pipeliner) error {
				pipe.HDel(t.Context(), "app", key(path.String()))
				pipe.Del(t.Context(), "app/"+key(path.String()))
				if way.opts.VersionKey != "" {
					pipe.Incr(t.Context(), way.opts.VersionKey)
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		},
		Spoil: func(t *testing.T) {
			if _, err := direct.TxPipelined(t.Context(), func(pipe goredis.Pipeliner) error {
				way.write(t.Context(), pipe, "x", []string{"."})
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		},
		Flood: func(t *testing.T) int {
			for _, name := range names(10 * bound / (64 << 10)) {
				commit(t, map[string]string{name: strings.Repeat("x", 64<<10)})
			}
			return bound
		},
		Slow:                slow(proxy),
		Break:               func(*testing.T) { proxy.Cut() },
		Heal:                func(*testing.T) { heal(proxy) },
		WritableWhileBroken: true,
	}
}
