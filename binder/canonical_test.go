package binder_test

import (
	"testing"

	"github.com/confsync/confsync/binder"
	"github.com/confsync/confsync/merge"
	"github.com/confsync/confsync/tree"
)

type canon struct {
	MaxConns int
	DBPool   struct{ MinSize int }
	Labels   map[string]string
	Services map[string]struct{ HostName string }
	List     []struct{ HostName string }
	Any      map[string]any
	Base
	Rest map[string]string `config:",remain"`
}

func TestCanonical(t *testing.T) {
	tests := []struct {
		name     string
		in       any
		want     string
		problems []string
	}{
		{"nothing", kv{}, "nothing", nil},
		{"nothing to rewrite", kv{"max_conns", "1", "zone", "z"}, `{max_conns:"1" zone:"z"}`, nil},
		{"camel case", kv{"maxConns", "1", "dbPool.minSize", "2"}, `{db_pool:{min_size:"2"} max_conns:"1"}`, nil},
		{"capitals and dashes", kv{"MAX-CONNS", "1", "DB_POOL.MIN-SIZE", "2", "ZONE", "z"}, `{db_pool:{min_size:"2"} max_conns:"1" zone:"z"}`, nil},
		{"keys of maps stay", kv{"LABELS.Max_Conns", "a", `labels.a\.b/C`, "b"}, "", []string{`labels: "LABELS" and "labels" are one key`}},
		{"dots and slashes survive", kv{"Labels.Max_Conns", "a", `Labels.a\.b/C`, "b"}, `{labels:{Max_Conns:"a" a.b/C:"b"}}`, nil},
		{"fields below keys of maps", kv{"services.My_Svc.HOSTNAME", "h"}, `{services:{My_Svc:{host_name:"h"}}}`, nil},
		{"fields in lists", map[string]any{"list": []any{map[string]any{"hostName": "h"}}}, `{list:[{host_name:"h"}]}`, nil},
		{"fields below indexes", kv{"LIST.0.hostName", "h"}, `{list:{0:{host_name:"h"}}}`, nil},
		{"nothing below any", kv{"ANY.Max_Conns.X_y", "1"}, `{any:{Max_Conns:{X_y:"1"}}}`, nil},
		{"remaining keys stay", kv{"Some_Key", "1", "Max_conns", "2"}, `{Some_Key:"1" max_conns:"2"}`, nil},
		{"a value beside the keys", kv{"dbPool", "x", "dbPool.minSize", "1"}, `{db_pool:"x"{min_size:"1"}}`, nil},
		{"two spellings", kv{"maxConns", "1", "max_conns", "2"}, "", []string{`max_conns: "maxConns" and "max_conns" are one key`}},
		{"three spellings", kv{"maxConns", "1", "max_conns", "2", "MAXCONNS", "3"}, "", []string{
			`maxConns: "MAXCONNS" and "maxConns" are one key`, `max_conns: "maxConns" and "max_conns" are one key`}},
		{"two spellings below another", kv{"dbPool.minSize", "1", "dbPool.MIN_SIZE", "2"}, "", []string{`db_pool.minSize: "MIN_SIZE" and "minSize" are one key`}},
		{"two spellings in a list", map[string]any{"list": []any{map[string]any{"hostName": "h", "host_name": "i"}}}, "", []string{`list.0.host_name: "hostName" and "host_name" are one key`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBinder(t, typeOf[canon]())
			in := rootOf(t, tt.in)
			c := b.Canonical(binder.Canonical{}, in)
			var got []string
			for _, p := range c.Problems.Problems {
				if got = append(got, p.Error()); p.Kind != tree.Duplicate {
					t.Errorf("kind is %v", p.Kind)
				}
			}
			if len(got) != len(tt.problems) {
				t.Fatalf("problems %q, want %q", got, tt.problems)
			}
			for i := range got {
				if got[i] != tt.problems[i] {
					t.Errorf("problem %q, want %q", got[i], tt.problems[i])
				}
			}
			if len(got) == 0 && c.Root().String() != tt.want {
				t.Errorf("got %s, want %s", c.Root(), tt.want)
			}
			again := b.Canonical(c, in)
			if again.Problems.Len() != c.Problems.Len() || len(got) == 0 && again.Root() != c.Root() {
				t.Errorf("the same once more gives %s with %v", again.Root(), again.Problems)
			}
			if idem := b.Canonical(binder.Canonical{}, c.Root()); len(got) == 0 && idem.Root() != c.Root() {
				t.Errorf("rewritten twice it is %s", idem.Root())
			}
		})
	}
}

// TestCanonicalShares asserts that an edit leaves the rest as the very nodes.
func TestCanonicalShares(t *testing.T) {
	b := newBinder(t, typeOf[canon]())
	in := rootOf(t, kv{"maxConns", "1", "services.a.hostName", "h", "services.b.hostName", "i", "labels.x", "1"})
	before := b.Canonical(binder.Canonical{}, in)
	if before.Root().Child("labels") != in.Child("labels") {
		t.Error("a map with nothing to rewrite was copied")
	}
	after := b.Canonical(before, in.With(map[string]*tree.Node{"maxConns": rootOf(t, 2)}, nil))
	if after.Root().Child("max_conns").Text() != "2" || after.Root().Child("services") != before.Root().Child("services") {
		t.Errorf("an edit copies what it doesn't touch: %s", after.Root())
	}
}

type remains struct {
	Port int
	Rest map[string]struct{ MaxConns, Size int } `config:",remain"`
}

// TestBelowTheRemainingKeys spells a field below them in two ways.
func TestBelowTheRemainingKeys(t *testing.T) {
	b := newBinder(t, typeOf[remains]())
	low := b.Canonical(binder.Canonical{}, rootOf(t, kv{"x.max_conns", "1", "x.size", "2"}))
	high := b.Canonical(binder.Canonical{}, rootOf(t, kv{"x.MaxConns", "3"}))
	merged := merge.Merge(merge.Result{}, []*tree.Node{low.Root(), high.Root()})
	bound, problems := b.Bind(binder.Bound{}, merged.Root())
	if problems.Len() > 0 || bound.Value.Interface().(*remains).Rest["x"] != struct{ MaxConns, Size int }{3, 2} {
		t.Errorf("got %+v with %v", bound.Value, problems.Problems)
	}
	if info := b.Describe(pathOf(t, "x.MaxConns")); info.Path.String() != "x.max_conns" || info.Field != `remains.Rest["x"].MaxConns` {
		t.Errorf("described as %+v", info)
	}
	if raw := b.Raw(rootOf(t, kv{"x.MaxConns", "3"}), pathOf(t, "x.max_conns")); raw.String() != "x.MaxConns" {
		t.Errorf("the layer has it at %s", raw)
	}
	_, problems = b.Bind(bound, rootOf(t, kv{"x.max_conns", "y"}))
	if problems.Len() != 1 || problems.Problems[0].Field != `remains.Rest["x"].MaxConns` {
		t.Errorf("problems %v", problems.Problems)
	}
}
