package consul_test

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"

	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source/consul"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/source/sourcetest"
	"github.com/confsync/confsync/tree"
)

func TestContract(t *testing.T) {
	server := testserver.Consul(t, testserver.ConsulConfig{})
	direct, _ := connect(t, server.Addr(), "")
	commit := func(t *testing.T, ops ...*api.KVTxnOp) {
		t.Helper()
		var txn api.TxnOps
		for _, op := range ops {
			txn = append(txn, &api.TxnOp{KV: op})
		}
		if ok, answer, _, err := direct.Txn().Txn(txn, nil); err != nil || !ok {
			t.Fatal(err, answer)
		}
	}
	put := func(t *testing.T, key, value string) { // which may be longer than a transaction
		t.Helper()
		if _, err := direct.KV().Put(&api.KVPair{Key: key, Value: []byte(value)}, nil); err != nil {
			t.Fatal(err)
		}
	}
	const bound = 2 << 20 // bytes of all keys; a value has half a mebibyte at most
	cases := 0
	// store is what the two harnesses below have in common: a proxy to cut.
	store := func(t *testing.T, opts consul.Options) (prefix string, s sourcetest.Store, slow func(bytesPerSecond int)) {
		cases++
		prefix = fmt.Sprintf("case%d", cases)
		proxy := testserver.NewProxy(t, server.Addr())
		// Connections that are kept would be goroutines that outlive the Watch.
		transport := &http.Transport{DisableKeepAlives: true}
		client, err := api.NewClient(&api.Config{Address: proxy.Addr(), HttpClient: &http.Client{Transport: transport}})
		if err != nil {
			t.Fatal(err)
		}
		opts.Probe, opts.MaxBytes = 2*time.Second, bound
		return prefix, sourcetest.Store{
			Source: consul.New(client, prefix, &opts),
			Break:  func(*testing.T) { proxy.Cut() },
			Heal:   func(*testing.T) { proxy.Bandwidth(0); proxy.Heal() },

			WritableWhileBroken: true,
		}, proxy.Bandwidth
	}

	small := map[string]string{"Slow": "what is this small arrives with the head of the answer"}
	large := map[string]string{"Flood": "a value has half a mebibyte at most"}

	// The proxy listens again when it is healed.
	ignore := []string{"github.com/confsync/confsync/internal/testserver.(*Proxy).listenLocked.func1"}

	t.Run("keys", func(t *testing.T) {
		sourcetest.Run(t, sourcetest.Harness{Strict: true, Ignore: ignore, Impossible: small, New: func(t *testing.T, values map[string]string) sourcetest.Store {
			prefix, s, _ := store(t, consul.Options{})
			spoilt := &api.KVTxnOp{Verb: api.KVDelete, Key: prefix + "/spoilt//key"}
			set := func(path, value string) *api.KVTxnOp {
				return &api.KVTxnOp{Verb: api.KVSet, Key: prefix + "/" + strings.ReplaceAll(path, ".", "/"), Value: []byte(value)}
			}
			s.Set = func(t *testing.T, key tree.Path, value string) { commit(t, spoilt, set(key.String(), value)) }
			s.Delete = func(t *testing.T, key tree.Path) {
				op := set(key.String(), "")
				op.Verb = api.KVDelete
				commit(t, op)
			}
			s.Commit = func(t *testing.T, values map[string]string) {
				var ops []*api.KVTxnOp
				for path, value := range values {
					ops = append(ops, set(path, value))
				}
				commit(t, ops...)
			}
			s.Spoil = func(t *testing.T) { commit(t, &api.KVTxnOp{Verb: api.KVSet, Key: spoilt.Key, Value: []byte("x")}) }
			s.Flood = func(t *testing.T) int {
				for i := range 10 * bound >> 19 {
					put(t, set(fmt.Sprint("flood", i), "").Key, strings.Repeat("x", 1<<19))
				}
				return bound
			}
			s.Commit(t, values)
			return s
		}})
	})

	t.Run("document", func(t *testing.T) {
		sourcetest.Run(t, sourcetest.Harness{Strict: true, Ignore: ignore, Impossible: large, New: func(t *testing.T, values map[string]string) sourcetest.Store {
			prefix, s, slow := store(t, consul.Options{Document: document.YAML})
			now, padding := make(map[string]string), ""
			write := func(t *testing.T, text string) { put(t, prefix, text) }
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
			s.Set = func(t *testing.T, key tree.Path, value string) { s.Commit(t, map[string]string{key.String(): value}) }
			s.Delete = func(t *testing.T, key tree.Path) { delete(now, key.String()); s.Commit(t, nil) }
			s.Spoil = func(t *testing.T) { write(t, "alpha: [") }
			s.Slow = func(t *testing.T) time.Duration {
				if testing.Short() {
					t.Skip("a query may be silent for half a minute, and this takes longer")
				}
				noise := make([]byte, 300<<10) // for an answer is packed
				rand.Read(noise)
				padding = "# " + base64.StdEncoding.EncodeToString(noise) + "\n"
				s.Commit(t, nil)
				slow(15 << 10)
				return await.Limit
			}
			s.Commit(t, values)
			return s
		}})
	})
}
