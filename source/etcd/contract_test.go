package etcd_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/source/etcd"
	"github.com/confsync/confsync/source/sourcetest"
	"github.com/confsync/confsync/tree"
)

func TestContract(t *testing.T) {
	server := testserver.Etcd(t, testserver.EtcdConfig{Flags: []string{"--max-request-bytes=41943040"}})
	dial := func(t *testing.T, addr string) *clientv3.Client {
		client, err := clientv3.New(clientv3.Config{Endpoints: []string{addr}, Logger: zap.NewNop(), MaxCallSendMsgSize: 40 << 20})
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
	const bound = 2 << 20 // bytes
	// store is what the two harnesses below have in common: a proxy to cut and to
	// slow down.
	store := func(t *testing.T, opts etcd.Options) (prefix string, s sourcetest.Store, slow func(bytesPerSecond int)) {
		cases++
		prefix = fmt.Sprintf("/case%d", cases)
		proxy := testserver.NewProxy(t, server.Addr())
		opts.Probe, opts.ProbeTimeout, opts.MaxBytes = time.Second, time.Second, bound
		return prefix, sourcetest.Store{
			Source: etcd.New(dial(t, proxy.Addr()), prefix, &opts),
			Break:  func(*testing.T) { proxy.Cut() },
			Heal:   func(*testing.T) { proxy.Bandwidth(0); proxy.Heal() },

			WritableWhileBroken: true,
		}, proxy.Bandwidth
	}
	// Keys as few as those of the contract come in one message.
	oneMessage := map[string]string{"Slow": "the client tells of no progress within a message"}
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
		sourcetest.Run(t, sourcetest.Harness{Strict: true, Ignore: ignore, Impossible: oneMessage, New: func(t *testing.T, values map[string]string) sourcetest.Store {
			prefix, s, _ := store(t, etcd.Options{})
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
			s.Flood = func(t *testing.T) int {
				for i := range 10 * bound >> 20 {
					commit(t, clientv3.OpPut(key(fmt.Sprint("flood", i)), strings.Repeat("x", 1<<20)))
				}
				return bound
			}
			s.Commit(t, values)
			return s
		}})
	})

	t.Run("document", func(t *testing.T) {
		sourcetest.Run(t, sourcetest.Harness{Strict: true, Ignore: ignore, New: func(t *testing.T, values map[string]string) sourcetest.Store {
			key, s, slow := store(t, etcd.Options{Document: document.YAML})
			now, padding := make(map[string]string), ""
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
				write(t, text.String()+padding)
			}
			s.Set = func(t *testing.T, path tree.Path, value string) {
				s.Commit(t, map[string]string{path.String(): value})
			}
			s.Delete = func(t *testing.T, path tree.Path) { delete(now, path.String()); s.Commit(t, nil) }
			s.Spoil = func(t *testing.T) { write(t, "alpha: [") }
			s.Flood = func(t *testing.T) int { write(t, strings.Repeat("x", 10*bound)); return bound }
			s.Slow = func(t *testing.T) time.Duration {
				padding = "# " + strings.Repeat("x", 400<<10) + "\n"
				s.Commit(t, nil)
				slow(100 << 10)
				return await.Limit
			}
			s.Commit(t, values)
			return s
		}})
	})
}
