package zookeeper_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/source/sourcetest"
	"github.com/confsync/confsync/source/zookeeper"
	"github.com/confsync/confsync/tree"
)

// clients are the goroutines of the client and of what cuts it off.
var clients = []string{
	"github.com/go-zookeeper/zk.Connect.func1",
	"github.com/go-zookeeper/zk.(*Conn).loop.func1",
	"github.com/go-zookeeper/zk.(*Conn).loop.func2",
	"github.com/go-zookeeper/zk.(*Conn).sendSetWatches.func1",
	"github.com/confsync/confsync/internal/testserver.(*Proxy).listenLocked.func1",
	"github.com/confsync/confsync/internal/testserver.(*Proxy).listenLocked.func1.1",
	"github.com/confsync/confsync/internal/testserver.(*link).pipe",
	"github.com/confsync/confsync/internal/testserver.(*link).pipe.func1",
}

func TestContract(t *testing.T) {
	server := testserver.ZooKeeper(t, testserver.ZooKeeperConfig{})
	const bound = 2 << 20 // bytes
	place := func(t *testing.T) (conn, writer *zk.Conn, root string, store sourcetest.Store) {
		proxy := testserver.NewProxy(t, server.Addr())
		conn = connect(t, proxy.Addr(), 10*time.Second)
		writer = connect(t, server.Addr(), 10*time.Second)
		store.Break = func(*testing.T) { proxy.Cut() }
		store.Heal = func(*testing.T) { proxy.Bandwidth(0); proxy.Heal() }
		store.Slow = func(*testing.T) time.Duration { proxy.Bandwidth(150); return await.Limit }
		store.WritableWhileBroken = true
		return conn, writer, "/contract/" + strings.NewReplacer("/", "-", ":", "-").Replace(t.Name()), store
	}

	t.Run("nodes", func(t *testing.T) {
		sourcetest.Run(t, sourcetest.Harness{
			Strict:     true,
			Within:     10 * time.Second,
			Ignore:     clients,
			Impossible: map[string]string{"Spoil": "any data is a value, and any name a key"},
			New: func(t *testing.T, values map[string]string) sourcetest.Store {
				conn, writer, root, store := place(t)
				at := func(p tree.Path) string { return root + "/" + strings.Join(p, "/") }
				store.Source = zookeeper.New(conn, root, &zookeeper.Options{MaxBytes: bound})
				store.Set = func(t *testing.T, p tree.Path, value string) { put(t, writer, at(p), value) }
				store.Delete = func(t *testing.T, p tree.Path) { del(t, writer, at(p)) }
				store.Flood = func(t *testing.T) int {
					for i := range 10 * bound / 900_000 {
						put(t, writer, fmt.Sprint(root, "/flood", i), strings.Repeat("x", 900_000))
					}
					return bound
				}
				store.Commit = func(t *testing.T, values map[string]string) {
					var ops []any
					for p, value := range values {
						ops = append(ops, &zk.SetDataRequest{Path: root + "/" + strings.ReplaceAll(p, ".", "/"), Data: []byte(value), Version: -1})
					}
					if _, err := writer.Multi(ops...); err != nil {
						t.Fatal(err)
					}
				}
				for p, value := range values {
					put(t, writer, root+"/"+strings.ReplaceAll(p, ".", "/"), value)
				}
				return store
			},
		})
	})

	t.Run("document", func(t *testing.T) {
		sourcetest.Run(t, sourcetest.Harness{
			Strict: true,
			Within: 10 * time.Second,
			Ignore: clients,
			Impossible: map[string]string{
				"Flood": "a node has a mebibyte at most",
				"Slow":  "the client tells of no progress within a node",
			},
			New: func(t *testing.T, values map[string]string) sourcetest.Store {
				conn, writer, root, store := place(t)
				values = maps.Clone(values)
				write := func(t *testing.T) {
					nested := map[string]any{}
					for p, value := range values {
						at := nested
						if outer, inner, below := strings.Cut(p, "."); below {
							if nested[outer] == nil {
								nested[outer] = map[string]any{}
							}
							at, p = nested[outer].(map[string]any), inner
						}
						at[p] = value
					}
					text, err := json.Marshal(nested)
					if err != nil {
						t.Fatal(err)
					}
					put(t, writer, root, string(text))
				}
				store.Source = zookeeper.New(conn, root, &zookeeper.Options{Document: document.JSON})
				store.Set = func(t *testing.T, p tree.Path, value string) { values[p.String()] = value; write(t) }
				store.Delete = func(t *testing.T, p tree.Path) { delete(values, p.String()); write(t) }
				store.Commit = func(t *testing.T, all map[string]string) { maps.Copy(values, all); write(t) }
				store.Spoil = func(t *testing.T) { put(t, writer, root, "{") }
				write(t)
				return store
			},
		})
	})
}
