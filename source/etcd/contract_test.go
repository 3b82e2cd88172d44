package etcd_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/source/etcd"
	"github.com/confsync/confsync/source/sourcetest"
	"github.com/confsync/confsync/tree"
)

func TestContract(t *testing.T) {
	server := testserver.Etcd(t, testserver.EtcdConfig{})
	dial := func(t *testing.T, addr string) *clientv3.Client {
		client, err := clientv3.New(clientv3.Config{Endpoints: []string{addr}, Logger: zap.NewNop()})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { client.Close() })
		return client
	}
	direct := dial(t, server.Addr())
	commit := func(t *testing.T, ops ...clientv3.Op) {
		t.Helper()
		if _, err := direct.Txn(t.Context()).Then(ops...).Commit(); err != nil {
			t.Fatal(err)
		}
	}
	cases := 0
	// store is what the two harnesses below have in common: a proxy to cut.
	store := func(t *testing.T, opts etcd.Options) (string, sourcetest.Store) {
		cases++
		prefix := fmt.Sprintf("/case%d", cases)
		proxy := testserver.NewProxy(t, server.Addr())
		opts.Probe, opts.ProbeTimeout = time.Second, time.Second
		return prefix, sourcetest.Store{
			Source: etcd.New(dial(t, proxy.Addr()), prefix, &opts),
			Break:  func(*testing.T) { proxy.Cut() },
			Heal:   func(*testing.T) { proxy.Heal() },

			WritableWhileBroken: true,
		}
	}
	// The client's connection and the proxy's ends of it outlive a Watch.
	ignore := []string{
		"google.golang.org/grpc/internal/transport.(*http2Client).reader",
		"google.golang.org/grpc/internal/transport.(*loopyWriter).run",
		"github.com/confsync/confsync/internal/testserver.(*Proxy).serve",
		"github.com/confsync/confsync/internal/testserver.(*link).pipe",
		"github.com/confsync/confsync/internal/testserver.(*link).pipe.func1",
		"github.com/confsync/confsync/internal/testserver.(*Proxy).listenLocked.func1",
	}

	t.Run("keys", func(t *testing.T) {
		sourcetest.Run(t, sourcetest.Harness{Strict: true, Ignore: ignore, New: func(t *testing.T, values map[string]string) sourcetest.Store {
			prefix, s := store(t, etcd.Options{})
			spoilt := prefix + "/spoilt//key"
			key := func(path string) string { return prefix + "/" + strings.ReplaceAll(path, ".", "/") }
			s.Set = func(t *testing.T, path tree.Path, value string) {
				commit(t, clientv3.OpDelete(spoilt), clientv3.OpPut(key(path.String()), value))
			}
			s.Delete = func(t *testing.T, path tree.Path) { commit(t, clientv3.OpDelete(key(path.String()))) }
			s.Commit = func(t *testing.T, values map[string]string) {
				var ops []clientv3.Op
				for path, value := range values {
					ops = append(ops, clientv3.OpPut(key(path), value))
				}
				commit(t, ops...)
			}
			s.Spoil = func(t *testing.T) { commit(t, clientv3.OpPut(spoilt, "x")) }
			s.Commit(t, values)
			return s
		}})
	})

	t.Run("document", func(t *testing.T) {
		sourcetest.Run(t, sourcetest.Harness{Strict: true, Ignore: ignore, New: func(t *testing.T, values map[string]string) sourcetest.Store {
			key, s := store(t, etcd.Options{Document: document.YAML})
			now := make(map[string]string)
			write := func(t *testing.T, text string) { commit(t, clientv3.OpPut(key, text)) }
			s.Commit = func(t *testing.T, values map[string]string) {
				maps.Copy(now, values)
				var text strings.Builder
				if v, ok := now["alpha"]; ok {
					fmt.Fprintf(&text, "alpha: %s\n", v)
				}
				text.WriteString("beta:\n  {")
				for _, key := range []string{"one", "two"} {
					if v, ok := now["beta."+key]; ok {
						fmt.Fprintf(&text, "%s: %s, ", key, v)
					}
				}
				text.WriteString("}\n")
				write(t, text.String())
			}
			s.Set = func(t *testing.T, path tree.Path, value string) {
				s.Commit(t, map[string]string{path.String(): value})
			}
			s.Delete = func(t *testing.T, path tree.Path) { delete(now, path.String()); s.Commit(t, nil) }
			s.Spoil = func(t *testing.T) { write(t, "alpha: [") }
			s.Commit(t, values)
			return s
		}})
	})
}
