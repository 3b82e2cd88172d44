package consul_test

import (
	"bytes"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/consul/api"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/consul"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/tree"
)

// states runs Watch over the states of a store, each a list of its keys with
// one index more than the one before, and returns a snapshot of each.
func states(t *testing.T, prefix string, opts *consul.Options, lists ...[]api.KVPair) []source.Snapshot {
	t.Helper()
	var snaps []source.Snapshot
	synctest.Test(t, func(t *testing.T) {
		var replies []reply
		for i, list := range lists {
			replies = append(replies, reply{index: uint64(101 + i), pairs: list})
			if i > 0 && len(list) == 0 {
				replies = append(replies, replies[len(replies)-1]) // the confirmation
			}
		}
		f := &fake{kv: script(append(replies, reply{err: errors.New("over")})...)}
		snaps, _ = watchOnce(t.Context(), consul.New(f.client(t), prefix, opts))
	})
	if len(snaps) != len(lists) {
		t.Fatalf("%d snapshots, want %d: %q", len(snaps), len(lists), drawn(snaps))
	}
	return snaps
}

func list(pairs ...api.KVPair) []api.KVPair { return pairs }

func folder(key string, index uint64) api.KVPair { return api.KVPair{Key: key, ModifyIndex: index} }

func TestKeysBecomeATree(t *testing.T) {
	tests := []struct {
		name, prefix, separator string
		pairs                   []api.KVPair
		want                    string
	}{
		{"no key", "app", "", nil, `nothing`},
		{"nested", "app", "", list(pair("app/a", "1", 1), pair("app/b/c", "2", 1), pair("app/b/d/e", "3", 1)), `{a:"1" b:{c:"2" d:{e:"3"}}}`},
		{"values are taken as they are", "app", "", list(pair("app/a", " 01\n", 1), pair("app/b", "", 1)), "{a:\" 01\n\" b:\"\"}"},
		{"names are taken as they are", "app", "", list(pair("app/Max.Conns", "1", 1)), `{Max.Conns:"1"}`},
		{"value and children", "app", "", list(pair("app/a", "1", 1), pair("app/a/b", "2", 1)), `{a:"1"{b:"2"}}`},
		{"empty folder", "app", "", list(folder("app/a/", 1), pair("app/b", "1", 1)), `{a:{} b:"1"}`},
		{"folder with keys", "app", "", list(folder("app/a/", 1), pair("app/a/b", "1", 1)), `{a:{b:"1"}}`},
		{"folder that is a value too", "app", "", list(pair("app/a", "1", 1), pair("app/a-b", "2", 1), folder("app/a/", 1)), `{a:"1" a-b:"2"}`},
		{"folder, value and keys", "app", "", list(pair("app/a", "1", 1), folder("app/a/", 1), pair("app/a/b", "2", 1)), `{a:"1"{b:"2"}}`},
		{"only the root's folder", "app", "", list(folder("app/", 1)), `{}`},
		{"prefix with slashes around it", "/app/", "", list(pair("app/a", "1", 1)), `{a:"1"}`},
		{"whole store", "", "", list(pair("app/a", "1", 1), pair("b", "2", 1)), `{app:{a:"1"} b:"2"}`},
		{"another separator", "app", ":", list(pair("app:a/b:c", "1", 1)), `{a/b:{c:"1"}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wantTrees(t, states(t, tt.prefix, &consul.Options{Separator: tt.separator}, tt.pairs), tt.want)
		})
	}
}

func TestStatesFollowOneAnother(t *testing.T) {
	tests := []struct {
		name  string
		lists [][]api.KVPair
		want  []string
	}{
		{
			"keys come, change and go",
			[][]api.KVPair{
				list(pair("app/a", "1", 1)),
				list(pair("app/a", "1", 1), pair("app/b/c", "2", 2)),
				list(pair("app/a", "3", 3), pair("app/b/c", "2", 2)),
				list(pair("app/b/c", "2", 2)),
				nil,
				list(pair("app/z", "9", 9)),
			},
			[]string{`{a:"1"}`, `{a:"1" b:{c:"2"}}`, `{a:"3" b:{c:"2"}}`, `{b:{c:"2"}}`, `nothing`, `{z:"9"}`},
		},
		{
			"a value over a folder comes and goes",
			[][]api.KVPair{
				list(folder("app/a/", 1)),
				list(pair("app/a", "1", 2), folder("app/a/", 1)),
				list(folder("app/a/", 1)),
				list(pair("app/a", "1", 4)),
				list(pair("app/a", "1", 4), folder("app/a/", 5), pair("app/a/b", "2", 5)),
				list(folder("app/a/", 5)),
				nil,
			},
			[]string{`{a:{}}`, `{a:"1"}`, `{a:{}}`, `{a:"1"}`, `{a:"1"{b:"2"}}`, `{a:{}}`, `nothing`},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wantTrees(t, states(t, "app", nil, tt.lists...), tt.want...)
		})
	}
}

func TestC9TheSameValueAgainMovesItsPlaceOnly(t *testing.T) {
	snaps := states(t, "app", nil,
		list(pair("app/a/x", "1", 4), pair("app/b", "2", 5)),
		list(pair("app/a/x", "1", 9), pair("app/b", "2", 5)),
		list(pair("app/a/x", "1", 9), pair("app/b", "2", 5)),
		list(pair("app/a/x", "1", 9), pair("app/b", "3", 10)),
	)
	for i := range 3 {
		if !snaps[i].Tree.Same(snaps[0].Tree) {
			t.Errorf("snapshot %d is not the same tree", i)
		}
	}
	for i, want := range []string{"index 4", "index 9", "index 9", "index 9"} {
		if got := originOf(t, snaps[i], "a", "x").Revision; got != want {
			t.Errorf("snapshot %d: a.x is of %q, want %q", i, got, want)
		}
	}
	if snaps[3].Tree.Same(snaps[2].Tree) {
		t.Error("a changed tree is the same")
	}
	if path := (tree.Path{"a"}); snaps[3].Tree.Lookup(path) != snaps[0].Tree.Lookup(path) {
		t.Error("a map that no write touched is not shared")
	}
}

func TestOriginAndRevision(t *testing.T) {
	snap := states(t, "/apps/checkout", nil, list(pair("apps/checkout/server/port", "80", 8812)))[0]
	if snap.Revision != "101" {
		t.Errorf("revision %q, want 101", snap.Revision)
	}
	want := tree.Origin{Layer: "consul apps/checkout", Kind: "consul", Key: "apps/checkout/server/port", Revision: "index 8812"}
	if got := originOf(t, snap, "server", "port"); got != want {
		t.Errorf("origin %+v, want %+v", got, want)
	}
	want = tree.Origin{Layer: "consul apps/checkout", Kind: "consul", Key: "apps/checkout/server"}
	if got := originOf(t, snap, "server"); got != want {
		t.Errorf("origin of a map %+v, want %+v", got, want)
	}
}

func TestUnfitKeys(t *testing.T) {
	good := list(pair("app/a", "1", 1))
	tests := []struct {
		name  string
		opts  *consul.Options
		pairs []api.KVPair
		kind  tree.ProblemKind
		says  []string
	}{
		{"empty segment", nil, list(pair("app/a", "2", 2), pair("app/b//c", "1", 2)), tree.Unusable, []string{`empty segment`, `consul "app/b//c" (index 2)`}},
		{"dot segments, each named", nil, list(pair("app/./b", "1", 2), pair("app/x/../b", "1", 3)), tree.Unusable, []string{`"."`, `"app/./b"`, `".."`, `"app/x/../b"`}},
		{"folder with a value", nil, list(pair("app/b/", "secret", 2)), tree.Unusable, []string{`has a value`, `consul "app/b/"`}},
		{"keys of another prefix", nil, list(pair("application/b", "1", 2)), tree.Unusable, []string{`not below "app/"`, `"application/b"`}},
		{"too many keys", &consul.Options{MaxKeys: 2}, list(pair("app/a", "1", 1), pair("app/b", "1", 2), pair("app/c", "1", 2)), tree.TooLarge, []string{`more than the 2 keys`, `consul "app"`}},
		{"too many bytes", &consul.Options{MaxBytes: 10}, list(pair("app/a", "secret", 1)), tree.TooLarge, []string{`more than the 10 bytes`, `consul "app"`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			snaps := states(t, "app", tt.opts, good, tt.pairs, tt.pairs, good)
			for _, i := range []int{0, 3} {
				if snaps[i].Err != nil || snaps[i].Tree.Root().String() != `{a:"1"}` {
					t.Errorf("snapshot %d: %v, %v", i, snaps[i].Tree.Root(), snaps[i].Err)
				}
			}
			for _, i := range []int{1, 2} {
				err := snaps[i].Err
				var problem tree.Problem
				if !errors.As(err, &problem) || problem.Kind != tt.kind {
					t.Fatalf("snapshot %d: error %v, want a problem of kind %q", i, err, tt.kind)
				}
				for _, want := range tt.says {
					if !strings.Contains(err.Error(), want) {
						t.Errorf("snapshot %d: error %q doesn't say %q", i, err, want)
					}
				}
				if strings.Contains(err.Error(), "secret") {
					t.Errorf("error %q holds a value", err)
				}
			}
		})
	}
}

func TestLimitsCanBeLifted(t *testing.T) {
	snap := states(t, "app", &consul.Options{MaxKeys: -1, MaxBytes: -1}, list(pair("app/a", "1", 1)))[0]
	if snap.Err != nil {
		t.Error(snap.Err)
	}
}

func TestDocument(t *testing.T) {
	opts := &consul.Options{Document: document.YAML, Separator: "."} // the separator has no part in it
	snaps := states(t, "app/config.yaml", opts,
		nil,
		list(pair("app/config.yaml", "server:\n  port: 80\n", 5)),
		list(pair("app/config.yaml", "# new\nserver:\n  port: 80\n", 6)),
		list(pair("app/config.yaml", "server:\n  port: [1, secret\n", 7)),
		list(pair("app/config.yaml", "server:\n  port: 90\n", 8)),
		list(pair("app/config.yaml", "server:\n  port: 90\n", 9)),
		nil,
	)
	for _, i := range []int{0, 6} {
		if !errors.Is(snaps[i].Err, fs.ErrNotExist) || !strings.Contains(snaps[i].Err.Error(), `"app/config.yaml"`) {
			t.Errorf("snapshot %d without the key: error %v, want %v and the key", i, snaps[i].Err, fs.ErrNotExist)
		}
	}
	var got []string
	for _, i := range []int{1, 2, 4, 5} {
		if snaps[i].Err != nil {
			t.Fatalf("snapshot %d: %v", i, snaps[i].Err)
		}
		o := originOf(t, snaps[i], "server", "port")
		got = append(got, snaps[i].Tree.Lookup(tree.Path{"server", "port"}).Text()+" "+o.String())
	}
	want := []string{
		`80 consul "app/config.yaml":2:9 (index 5)`,
		`80 consul "app/config.yaml":3:9 (index 6)`,
		`90 consul "app/config.yaml":2:9 (index 8)`,
		`90 consul "app/config.yaml":2:9 (index 9)`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
	if !snaps[1].Tree.Same(snaps[2].Tree) || !snaps[4].Tree.Same(snaps[5].Tree) {
		t.Error("a comment or the same text again made another tree")
	}
	problems := tree.Problems(snaps[3].Err)
	if len(problems) != 1 {
		t.Fatalf("error %v, want a problem", snaps[3].Err)
	}
	o := problems[0].Origin
	if o.Kind != "consul" || o.Key != "app/config.yaml" || o.Revision != "index 7" || o.Line == 0 || o.Column == 0 {
		t.Errorf("origin %+v of a document that doesn't parse", o)
	}
	if strings.Contains(snaps[3].Err.Error(), "secret") {
		t.Errorf("error %q holds a value", snaps[3].Err)
	}
}

// A decoder of the user's makes a document of the key, and has its problems there.
func TestDecode(t *testing.T) {
	opts := &consul.Options{Decode: func(data []byte, limits document.Limits) (tree.Tree, error) {
		return document.Decode(document.JSON, bytes.ReplaceAll(data, []byte("'"), []byte(`"`)), limits)
	}}
	snaps := states(t, "app", opts, list(pair("app", "{'a':1}", 5)), list(pair("app", "{'a':", 6)))
	if got := snaps[0].Tree.Root().String(); got != `{a:1}` || snaps[0].Err != nil {
		t.Errorf("decoded %s, %v", got, snaps[0].Err)
	}
	if found := tree.Problems(snaps[1].Err); len(found) == 0 || found[0].Origin.Key != "app" || found[0].Origin.Line != 1 {
		t.Errorf("error %v, want a problem in line 1 of the key", snaps[1].Err)
	}
}

func TestDocumentTooLarge(t *testing.T) {
	for name, opts := range map[string]*consul.Options{
		"bytes": {Document: document.YAML, MaxBytes: 10},
		"keys":  {Document: document.YAML, MaxKeys: 2},
	} {
		t.Run(name, func(t *testing.T) {
			snap := states(t, "app", opts, list(pair("app", "{a: 1, b: 2, c: 3}", 5)))[0]
			problems := tree.Problems(snap.Err)
			if len(problems) != 1 || problems[0].Kind != tree.TooLarge || problems[0].Origin.Key != "app" {
				t.Errorf("error %v, want a problem of kind %q", snap.Err, tree.TooLarge)
			}
		})
	}
}

func TestOptionsGoWithEveryQuery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{kv: script(reply{index: 20, pairs: list(pair("app:a", "1", 1))}, reply{index: 21}, reply{index: 21})}
		_, err := settle(t, f, &consul.Options{
			Datacenter: "dc2", Namespace: "team", Partition: "part", Token: "secret", Separator: ":", Wait: 20 * time.Second,
		})
		if len(f.queries) != 4 || f.probes == 0 {
			t.Fatalf("%d queries and %d probes, Watch = %v", len(f.queries), f.probes, err)
		}
		for i, r := range f.queries {
			q := r.URL.Query()
			if r.URL.Path != "/v1/kv/app:" || q.Get("dc") != "dc2" || q.Get("ns") != "team" || q.Get("partition") != "part" ||
				r.Header.Get("X-Consul-Token") != "secret" || r.Context().Done() == nil {
				t.Errorf("query %d: %s, token %q", i, r.URL, r.Header.Get("X-Consul-Token"))
			}
		}
	})
}

func TestName(t *testing.T) {
	for prefix, want := range map[string]string{
		"apps/checkout": "consul apps/checkout", "/apps/checkout/": "consul apps/checkout", "": "consul",
	} {
		if got := consul.New(nil, prefix, nil).Name(); got != want {
			t.Errorf("New(%q).Name() = %q, want %q", prefix, got, want)
		}
	}
}
