package nats_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"

	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	confnats "github.com/confsync/confsync/source/nats"
	"github.com/confsync/confsync/source/sourcetest"
	"github.com/confsync/confsync/tree"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// connect makes a client that reconnects soon and for ever.
func connect(t *testing.T, addrs ...string) jetstream.JetStream {
	t.Helper()
	conn, err := nats.Connect("nats://"+strings.Join(addrs, ",nats://"), nats.MaxReconnects(-1),
		nats.ReconnectWait(50*time.Millisecond), nats.Timeout(await.Limit), nats.ReconnectJitter(0, 0))
	must(t, err)
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	must(t, err)
	return js
}

// bucket makes a bucket, or finds it.
func bucket(t *testing.T, js jetstream.JetStream, cfg jetstream.KeyValueConfig) jetstream.KeyValue {
	t.Helper()
	var kv jetstream.KeyValue
	await.Until(t, "a bucket", func() (ok bool) {
		var err error
		kv, err = js.CreateOrUpdateKeyValue(t.Context(), cfg)
		return err == nil
	})
	return kv
}

func put(t *testing.T, kv jetstream.KeyValue, key, value string) uint64 {
	t.Helper()
	var revision uint64
	await.Until(t, "a put of "+key, func() bool {
		var err error
		revision, err = kv.PutString(t.Context(), key, value)
		return err == nil
	})
	return revision
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func quick() *confnats.Options {
	return &confnats.Options{Probe: 500 * time.Millisecond, Timeout: time.Second}
}

// ofOthers are the goroutines of the client and of the proxy.
var ofOthers = []string{
	"github.com/nats-io/nats%2ego.(*Conn).readLoop",
	"github.com/nats-io/nats%2ego.(*Conn).flusher",
	"github.com/nats-io/nats%2ego.(*Conn).doReconnect",
	"github.com/nats-io/nats%2ego.(*Conn).waitForMsgs",
	"github.com/nats-io/nats%2ego.(*asyncCallbacksHandler).asyncCBDispatcher",
	"github.com/nats-io/nats.go.(*Conn).readLoop",
	"github.com/nats-io/nats.go.(*Conn).flusher",
	"github.com/nats-io/nats.go.(*Conn).doReconnect",
	"github.com/nats-io/nats.go.(*Conn).waitForMsgs",
	"github.com/nats-io/nats.go.(*asyncCallbacksHandler).asyncCBDispatcher",
	"github.com/confsync/confsync/source/nats.stop.func1", // ends when the client has given up
	"github.com/confsync/confsync/internal/testserver.(*Proxy).listenLocked.func1",
	"github.com/confsync/confsync/internal/testserver.(*Proxy).listenLocked.func1.1",
	"github.com/confsync/confsync/internal/testserver.(*link).pipe",
	"github.com/confsync/confsync/internal/testserver.(*link).pipe.func1",
}

func TestContract(t *testing.T) {
	server := testserver.NATS(t)
	direct := connect(t, server.Addr())
	n := 0
	run := func(t *testing.T, opts confnats.Options, doc bool) {
		sourcetest.Run(t, sourcetest.Harness{
			Within: await.Limit, Strict: true, Ignore: ofOthers,
			Impossible: map[string]string{
				"Commit": "a bucket has no transactions",
				"Spoil":  "the client refuses keys that can't be, and any value is one",
			},
			New: func(t *testing.T, values map[string]string) sourcetest.Store {
				n++
				name := fmt.Sprintf("contract%d", n)
				kv := bucket(t, direct, jetstream.KeyValueConfig{Bucket: name})
				proxy := testserver.NewProxy(t, server.Addr())
				far, err := connect(t, proxy.Addr()).KeyValue(t.Context(), name)
				must(t, err)
				now := maps.Clone(values)
				store := sourcetest.Store{
					Source:              confnats.New(far, "app", &opts),
					Break:               func(*testing.T) { proxy.Blackhole() },
					Heal:                func(*testing.T) { proxy.Heal() },
					WritableWhileBroken: true,
				}
				if doc {
					write := func(t *testing.T) { put(t, kv, "app", nested(now)) }
					store.Set = func(t *testing.T, p tree.Path, value string) { now[p.String()] = value; write(t) }
					store.Delete = func(t *testing.T, p tree.Path) { delete(now, p.String()); write(t) }
					store.Commit = func(t *testing.T, all map[string]string) { maps.Copy(now, all); write(t) }
					store.Spoil = func(t *testing.T) { put(t, kv, "app", "{") }
					write(t)
					return store
				}
				store.Set = func(t *testing.T, p tree.Path, value string) { put(t, kv, "app."+p.String(), value) }
				store.Delete = func(t *testing.T, p tree.Path) { must(t, kv.Delete(t.Context(), "app."+p.String())) }
				for key, value := range values {
					put(t, kv, "app."+key, value)
				}
				return store
			},
		})
	}
	t.Run("keys", func(t *testing.T) { run(t, *quick(), false) })
	opts := *quick()
	opts.Document = document.JSON
	t.Run("document", func(t *testing.T) { run(t, opts, true) })
}

// nested returns values by their paths as JSON.
func nested(values map[string]string) string {
	doc := map[string]any{}
	for p, value := range values {
		at := doc
		if outer, inner, below := strings.Cut(p, "."); below {
			if doc[outer] == nil {
				doc[outer] = map[string]any{}
			}
			at, p = doc[outer].(map[string]any), inner
		}
		at[p] = value
	}
	text, err := json.Marshal(doc)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// supervise watches a bucket until the test ends.
func supervise(t *testing.T, kv jetstream.KeyValue, prefix string, opts *confnats.Options) *source.Supervisor {
	return await.Supervise(t, confnats.New(kv, prefix, opts))
}
