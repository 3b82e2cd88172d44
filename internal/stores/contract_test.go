package stores

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source/sourcetest"
	"github.com/confsync/confsync/tree"
)

// TestContract runs sourcetest for each way of each store and logs what came of
// it, rule by source. The cases look for goroutines, so they run one by one.
func TestContract(t *testing.T) {
	rules := newTable()
	for _, b := range backends() {
		t.Run(b.name, func(t *testing.T) {
			server := b.serve(t)
			direct := b.connect(t, server.Addr(), nil)
			t.Cleanup(direct.close)
			for _, w := range b.ways {
				t.Run(string(w), func(t *testing.T) {
					n := 0
					sourcetest.Run(t, sourcetest.Harness{
						Within:     10 * time.Second,
						Ignore:     ofOthers(),
						Impossible: impossible(b.name, w),
						New: func(t *testing.T, values map[string]string) sourcetest.Store {
							rules.watch(t, ruleOf(t), b.name+" "+string(w))
							n++
							return newPlace(t, b, w, server, direct, fmt.Sprintf("%s%d", strings.Fields(string(w))[0][:3], n), values)
						},
					})
				})
			}
		})
	}
	t.Logf("rule by source\n%s", rules)
	for _, column := range rules.columns { // of a store that isn't installed there are none
		if n := rules.filled(column); n > 0 && n < 17 {
			t.Errorf("%s: %d rules were looked at", column, n)
		}
	}
}

// ruleOf is the rule that a case of sourcetest is named after.
func ruleOf(t *testing.T) string { return strings.ReplaceAll(path.Base(t.Name()), "_", " ") }

func impossible(store string, w way) map[string]string {
	if store == "zookeeper" && w == keys {
		return map[string]string{"Spoil": "the server refuses names that are no keys, and any data is a value"}
	}
	return nil
}

// newPlace is a root of its own, whose source alone goes through a proxy.
func newPlace(t *testing.T, b backend, w way, server *testserver.Server, direct client, root string, values map[string]string) sourcetest.Store {
	proxy := testserver.NewProxy(t, server.Addr())
	c := b.connect(t, proxy.Addr(), nil)
	t.Cleanup(c.close)
	now := map[string]string{}
	spoilt := false
	commit := func(t *testing.T, changes map[string]string, del ...string) {
		t.Helper()
		tx := txn{root: root, put: map[string]string{}}
		for p, value := range changes {
			now[p] = value
			tx.put[strings.ReplaceAll(p, ".", "/")] = value
		}
		for _, p := range del {
			delete(now, p)
			tx.del = append(tx.del, strings.ReplaceAll(p, ".", "/"))
		}
		if spoilt && w != page {
			tx.del = append(tx.del, "..")
			spoilt = false
		}
		tx.doc = nested(now, ".")
		must(t, direct.commit(t.Context(), tx))
	}
	commit(t, values)
	place := sourcetest.Store{
		Source: c.source(w, root, options{probe: time.Second}),
		Commit: func(t *testing.T, values map[string]string) { commit(t, values) },
		Set: func(t *testing.T, p tree.Path, value string) {
			commit(t, map[string]string{p.String(): value})
		},
		Delete: func(t *testing.T, p tree.Path) { commit(t, nil, p.String()) },
		Spoil: func(t *testing.T) {
			tx := txn{root: root, doc: "{"}
			if spoilt = true; w != page {
				tx = txn{root: root, put: map[string]string{"..": "x"}}
			}
			must(t, direct.commit(t.Context(), tx))
		},
		Break:               func(*testing.T) { proxy.Cut() },
		Heal:                func(*testing.T) { proxy.Heal() },
		WritableWhileBroken: true,
	}
	if impossible(b.name, w) != nil {
		place.Spoil = nil
	}
	return place
}

// nested is values, by the segments of their keys, as a JSON document.
func nested(values map[string]string, separator string) string {
	doc := map[string]any{}
	for p, value := range maps.All(values) {
		at := doc
		segments := strings.Split(p, separator)
		for _, s := range segments[:len(segments)-1] {
			if at[s] == nil {
				at[s] = map[string]any{}
			}
			at = at[s].(map[string]any)
		}
		at[segments[len(segments)-1]] = value
	}
	text, err := json.Marshal(doc)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// eventually polls until something holds.
func eventually(t testing.TB, within time.Duration, what func() string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(within); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", within, what())
		}
	}
}
