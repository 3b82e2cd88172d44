package soak

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/go-viper/mapstructure/v2"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/source/sourcetest"
	"github.com/confsync/confsync/tree"
)

// guarded is a type that can be filled wrongly in many ways.
type guarded struct {
	Name     string `config:",required"`
	Port     uint16
	Small    int8
	Ratio    float64
	On       bool
	Wait     string
	List     []int
	Map      map[string]int
	Section  struct{ MaxConns int }
	Hooked   hooked
	Secret   confsync.Secret
	Verdict  string // what the program's code is to do
	Document map[string]any
}

type hooked struct{ text string }

// good returns values that are right, the n-th of them.
func good(n int) map[string]any {
	return map[string]any{
		"name": "n" + strconv.Itoa(n), "port": n % 60000, "list": []any{1, 2}, "map": map[string]any{"a": 1},
		"section": map[string]any{"max_conns": n}, "hooked": "fine", "wait": "${name}",
	}
}

// bad is one way to be wrong.
type bad struct {
	name  string
	kind  confsync.ProblemKind
	spoil func(v map[string]any)
}

func set(key string, values ...any) func(map[string]any) {
	return func(v map[string]any) { v[key] = values[rand.N(len(values))] }
}

var bads = []bad{
	{"text for a number", confsync.Mistyped, set("port", "80a", "", "0x", "1e3", "-1", "70000", true, 1.5)},
	{"beyond the range", confsync.Mistyped, set("small", 128, -129, "1000", 1<<40)},
	{"no float", confsync.Mistyped, set("ratio", "one", "1,5", map[string]any{"a": 1})},
	{"no boolean", confsync.Mistyped, set("on", "maybe", 2, []any{true})},
	{"element of a list", confsync.Mistyped, set("list", []any{1, "x"}, "1,x", "[1,", []any{[]any{1}})},
	{"element of a map", confsync.Mistyped, set("map", map[string]any{"a": "x"}, "a:x", []any{"a"})},
	{"text for a section", confsync.Mistyped, set("section", "x", 1, []any{1})},
	{"missing", confsync.Missing, func(v map[string]any) { delete(v, "name"); delete(v, "wait") }},
	{"unknown", confsync.Unknown, set("naem", 1, "x", map[string]any{"deep": map[string]any{"er": 1}})},
	{"two spellings", confsync.Duplicate, func(v map[string]any) { v["section"] = map[string]any{"max_conns": 1, "MaxConns": 2} }},
	{"a value with keys below it", confsync.Conflict, nil},
	{"a secret that is a list", confsync.Mistyped, set("secret", []any{1}, map[string]any{"a": "x"})},
	{"gap in a list", confsync.Gap, set("list", map[string]any{"0": 1, "2": 3}, map[string]any{"5": 1})},
	{"cycle of placeholders", confsync.Unresolved, func(v map[string]any) { v["wait"] = "${verdict}"; v["verdict"] = "${wait}" }},
	{"a hook's error", confsync.Mistyped, set("hooked", "error")},
	{"a hook's panic", confsync.Mistyped, set("hooked", "panic")},
	{"a validator's no", confsync.Refused, set("verdict", "refuse")},
	{"a validator's panic", confsync.Refused, set("verdict", "panic")},
	{"a veto", confsync.Refused, set("verdict", "veto")},
	{"a document that doesn't parse", confsync.Unusable, nil},
	{"too many keys", confsync.TooLarge, nil},
}

// records counts the log's records.
type records struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (r *records) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.buf.Write(p)
}

// take returns the records of rejections since the last call.
func (r *records) take() (rejections int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer r.buf.Reset()
	return strings.Count(r.buf.String(), "update rejected")
}

// TestBadUpdates makes random bad updates, CONFSYNC_BAD of them, of every kind. Each
// leaves the value as it was, the same pointer, is logged once, and stands in Status
// until the next good update.
func TestBadUpdates(t *testing.T) {
	total := 2000
	if text := os.Getenv("CONFSYNC_BAD"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		total = n
	}
	store := sourcetest.NewMemory("store", good(0))
	page := sourcetest.NewMemory("page", nil)
	var log records
	cfg, err := confsync.Open(t.Context(), confsync.Options[guarded]{
		Sources: []confsync.Source{store, page}, Unknown: confsync.RejectUnknown, Interpolate: true,
		Logger: slog.New(slog.NewTextHandler(&log, nil)), DecodeHooks: []mapstructure.DecodeHookFunc{hook}, Validate: verdict,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer cfg.Close()
	veto, err := confsync.Derive(cfg, func(g *guarded) (int, error) {
		if g.Verdict == "veto" {
			return 0, errors.New("no")
		}
		return 1, nil
	}, nil, confsync.Veto())
	if err != nil {
		t.Fatal(err)
	}
	defer veto.Close()

	counted := map[string]int{}
	for n := 1; n <= total; n++ {
		b := bads[rand.N(len(bads))]
		if n <= len(bads) {
			b = bads[n-1]
		}
		counted[b.name]++
		before, generation := cfg.Get(), cfg.Generation()
		log.take()
		b.apply(store, page, n)
		cfg.Refresh(t.Context()) // its error is the rejection, which Status has too
		rejected := cfg.Status().Rejected
		switch {
		case rejected == nil:
			t.Fatalf("%d, %s: not rejected: %+v", n, b.name, *cfg.Get())
		case cfg.Get() != before || cfg.Generation() != generation:
			t.Fatalf("%d, %s: another value is served", n, b.name)
		case !slices.ContainsFunc(rejected.Problems, func(p confsync.Problem) bool { return p.Kind == b.kind }):
			t.Fatalf("%d, %s: want a problem of kind %v:\n%v", n, b.name, b.kind, rejected)
		}
		if got := log.take(); got != 1 {
			t.Fatalf("%d, %s: %d records in the log, want 1", n, b.name, got)
		}
		page.Heal()
		store.Replace(good(n))
		if err := cfg.Refresh(t.Context()); err != nil || cfg.Status().Rejected != nil || cfg.Get().Section.MaxConns != n {
			t.Fatalf("%d, %s: not healed: %v, %+v", n, b.name, err, *cfg.Get())
		}
	}
	for _, name := range slices.Sorted(maps.Keys(counted)) {
		t.Logf("%6d %s", counted[name], name)
	}
}

// apply makes a bad update.
func (b bad) apply(store, page *sourcetest.Memory, n int) {
	switch {
	case b.spoil != nil:
		values := good(n)
		b.spoil(values)
		store.Replace(values)
	case b.kind == confsync.Conflict:
		store.Set("port.deeper", n)
	case b.kind == confsync.Unusable:
		_, err := document.Decode(document.YAML, []byte("a: [1, 2\nb"), document.Limits{})
		page.Reject(document.Locate(err, tree.Origin{Kind: "page", Key: "x.yaml"}))
	default:
		_, err := document.Decode(document.JSON, []byte(`{"a": [1, 2, 3]}`), document.Limits{Keys: 2})
		page.Reject(document.Locate(err, tree.Origin{Kind: "page", Key: "x.json"}))
	}
}

func hook(_, to reflect.Type, data any) (any, error) {
	if to != reflect.TypeFor[hooked]() {
		return data, nil
	}
	switch fmt.Sprint(data) {
	case "error":
		return nil, errors.New("no such thing")
	case "panic":
		panic("no such thing")
	}
	return hooked{text: fmt.Sprint(data)}, nil
}

func verdict(_, next *guarded) error {
	switch next.Verdict {
	case "refuse":
		return confsync.Invalid(errors.New("no"), "verdict")
	case "panic":
		panic("no")
	}
	return nil
}
