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
	for _, b := range All() {
		t.Run(b.Name, func(t *testing.T) {
			server := b.Serve(t)
			direct := connect(t, b, server.Addr(), nil)
			for _, l := range b.Layouts {
				t.Run(string(l), func(t *testing.T) {
					n := 0
					sourcetest.Run(t, sourcetest.Harness{
						Strict:     true,
						Within:     10 * time.Second,
						Ignore:     ofOthers(),
						Impossible: impossible(b.Name, l),
						New: func(t *testing.T, values map[string]string) sourcetest.Store {
							rules.watch(t, ruleOf(t), b.Name+" "+string(l))
							n++
							return newPlace(t, b, l, server, direct, fmt.Sprintf("%s%d", strings.Fields(string(l))[0][:3], n), values)
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

// ruleOf returns the rule that a case of sourcetest is named after.
func ruleOf(t *testing.T) string { return strings.ReplaceAll(path.Base(t.Name()), "_", " ") }

func impossible(store string, l Layout) map[string]string {
	if store == "zookeeper" && l == Keys {
		return map[string]string{"Spoil": "the server refuses names that are no keys, and any data is a value"}
	}
	return nil
}

// newPlace returns a root of its own, whose source alone goes through a proxy.
func newPlace(t *testing.T, b Store, l Layout, server *testserver.Server, direct Client, root string, values map[string]string) sourcetest.Store {
	proxy := testserver.NewProxy(t, server.Addr())
	c := connect(t, b, proxy.Addr(), nil)
	now := map[string]string{}
	spoilt := false
	commit := func(t *testing.T, changes map[string]string, del ...string) {
		t.Helper()
		tx := Transaction{Root: root, Put: map[string]string{}}
		for p, value := range changes {
			now[p] = value
			tx.Put[strings.ReplaceAll(p, ".", "/")] = value
		}
		for _, p := range del {
			delete(now, p)
			tx.Delete = append(tx.Delete, strings.ReplaceAll(p, ".", "/"))
		}
		if spoilt && l != Document {
			tx.Delete = append(tx.Delete, "..")
			spoilt = false
		}
		tx.Document = nested(now, ".")
		must(t, direct.Commit(t.Context(), tx))
	}
	commit(t, values)
	place := sourcetest.Store{
		Source: c.Source(l, root, Options{Probe: time.Second}),
		Commit: func(t *testing.T, values map[string]string) { commit(t, values) },
		Set: func(t *testing.T, p tree.Path, value string) {
			commit(t, map[string]string{p.String(): value})
		},
		Delete: func(t *testing.T, p tree.Path) { commit(t, nil, p.String()) },
		Spoil: func(t *testing.T) {
			tx := Transaction{Root: root, Document: "{"}
			if spoilt = true; l != Document {
				tx = Transaction{Root: root, Put: map[string]string{"..": "x"}}
			}
			must(t, direct.Commit(t.Context(), tx))
		},
		Break:               func(*testing.T) { proxy.Cut() },
		Heal:                func(*testing.T) { proxy.Heal() },
		WritableWhileBroken: true,
	}
	if impossible(b.Name, l) != nil {
		place.Spoil = nil
	}
	return place
}

// nested returns values, by the segments of their keys, as a JSON document.
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
