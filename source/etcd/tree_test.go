package etcd

import (
	"strconv"
	"strings"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

func TestTree(t *testing.T) {
	_, client := server(t)
	for _, tc := range []struct {
		name, prefix, separator string
		keys                    []string // key=value
		want                    string
	}{
		{"nothing", "/none", "", nil, "nothing"},
		{"root boundary", "/app", "", []string{"/app/a=1", "/application/a=2", "/app-x=3", "/app0=4"}, `{a:"1"}`},
		{"separator at the end", "/end/", "", []string{"/end/a=1", "/endless=2"}, `{a:"1"}`},
		{"no slash in front", "bare", "", []string{"bare/a=1", "/bare/a=2"}, `{a:"1"}`},
		{"the root's own value is no part", "/own", "", []string{"/own=0", "/own/a=1"}, `{a:"1"}`},
		{"levels", "/deep", "", []string{"/deep/a/b/c=1", "/deep/a/d=2"}, `{a:{b:{c:"1"} d:"2"}}`},
		{"value and children", "/both", "", []string{"/both/a=1", "/both/a/b=2"}, `{a:"1"{b:"2"}}`},
		{"indexes", "/list", "", []string{"/list/s/0=a", "/list/s/1=b"}, `{s:{0:"a" 1:"b"}}`},
		{"raw values", "/raw", "", []string{"/raw/a= 1 ", "/raw/b=", "/raw/c=a=b"}, `{a:" 1 " b:"" c:"a=b"}`},
		{"case", "/case", "", []string{"/case/A=1", "/case/a=2"}, `{A:"1" a:"2"}`},
		{"another separator", "dot", ".", []string{"dot.a.b=1", "dot.c/d=2", "dotted.a=3"}, `{a:{b:"1"} c/d:"2"}`},
		{"folder", "/folder", "", []string{"/folder/a/="}, `{a:{}}`},
		{"folder and children", "/mixed", "", []string{"/mixed/a/=", "/mixed/a/b=1"}, `{a:{b:"1"}}`},
		{"folder and value", "/twice", "", []string{"/twice/a/=", "/twice/a=1"}, `{a:"1"}`},
		{"folder at the root", "/top", "", []string{"/top/="}, `{}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			before := record(t, New(client, tc.prefix, &Options{Separator: tc.separator}))
			before.want(t, "nothing")
			for _, kv := range tc.keys {
				key, value, _ := strings.Cut(kv, "=")
				put(t, client, key, value)
			}
			before.want(t, tc.want)
			after := record(t, New(client, tc.prefix, &Options{Separator: tc.separator}))
			after.want(t, tc.want)
			for _, kv := range tc.keys {
				key, _, _ := strings.Cut(kv, "=")
				remove(t, client, key)
			}
			before.want(t, "nothing")
		})
	}
}

func TestWholeStore(t *testing.T) {
	_, client := server(t)
	put(t, client, "a", "1")
	put(t, client, "b/c", "2")
	src := New(client, "", nil)
	if got, want := src.Name(), "etcd"; got != want {
		t.Errorf("name: got %q, want %q", got, want)
	}
	r := record(t, src)
	r.want(t, `{a:"1" b:{c:"2"}}`)
	put(t, client, "b/c", "3")
	snap := r.want(t, `{a:"1" b:{c:"3"}}`)
	if got, want := originOf(t, snap.Tree, "b", "c").Key, "b/c"; got != want {
		t.Errorf("key: got %q, want %q", got, want)
	}
}

func TestFolderUncovered(t *testing.T) {
	_, client := server(t)
	r := record(t, New(client, "/app", nil))
	for _, step := range []struct{ do, want string }{
		{"/app/a/=", `{a:{}}`},
		{"/app/a=1", `{a:"1"}`},
		{"-/app/a", `{a:{}}`},
		{"/app/a=2", `{a:"2"}`},
		{"-/app/a/", `{a:"2"}`},
		{"/app/a/b=3", `{a:"2"{b:"3"}}`},
		{"-/app/a", `{a:{b:"3"}}`},
	} {
		if key, ok := strings.CutPrefix(step.do, "-"); ok {
			remove(t, client, key)
		} else {
			key, value, _ := strings.Cut(step.do, "=")
			put(t, client, key, value)
		}
		r.want(t, step.want)
	}
}

func TestUnusableKeys(t *testing.T) {
	_, client := server(t)
	for _, tc := range []struct{ name, key, value, want string }{
		{"empty segment", "/app/a//b", "s3cret", "empty segment"},
		{"empty first segment", "/app//a", "s3cret", "empty segment"},
		{"dot", "/app/./a", "s3cret", `segment "."`},
		{"dots", "/app/a/..", "s3cret", `segment ".."`},
		{"folder with a value", "/app/f/", "s3cret", "as a folder does"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			put(t, client, "/app/good", "1")
			r := record(t, New(client, "/app", nil))
			r.want(t, `{good:"1"}`)
			put(t, client, tc.key, tc.value)
			snap := r.until(t, "problem", func(snap source.Snapshot) bool { return snap.Err != nil })
			found := tree.Problems(snap.Err)
			if len(found) != 1 || found[0].Kind != tree.Unusable || found[0].Origin.Key != tc.key || found[0].Origin.Revision == "" {
				t.Errorf("got %+v, want a problem at %q", found, tc.key)
			}
			if text := snap.Err.Error(); !strings.Contains(text, tc.want) || strings.Contains(text, tc.value) {
				t.Errorf("got %q, want %q and not the value", text, tc.want)
			}
			still := r.until(t, "later snapshot", reaches(t, put(t, client, "/app/good", "2")))
			if still.Err == nil {
				t.Error("no problem any more, though the key is there")
			}
			first := record(t, New(client, "/app", nil))
			first.until(t, "problem at first", func(s source.Snapshot) bool { return s.Err != nil })
			remove(t, client, tc.key)
			r.want(t, `{good:"2"}`)
			first.want(t, `{good:"2"}`)
		})
	}
}

// What no event touched is shared, and a value that is written again as it was
// is no change but in its place.
func TestSharing(t *testing.T) {
	_, client := server(t)
	put(t, client, "/app/a/x", "1")
	put(t, client, "/app/b/y", "1")
	put(t, client, "/app/b/z", "1")
	r := record(t, New(client, "/app", nil))
	first := r.want(t, `{a:{x:"1"} b:{y:"1" z:"1"}}`)

	put(t, client, "/app/b/y", "2")
	second := r.want(t, `{a:{x:"1"} b:{y:"2" z:"1"}}`)
	for _, path := range []tree.Path{{"a"}, {"b", "z"}} {
		if first.Tree.Lookup(path) != second.Tree.Lookup(path) {
			t.Errorf("%s: another node, though nothing touched it", path)
		}
	}

	again := put(t, client, "/app/b/y", "2")
	third := r.until(t, "second write", reaches(t, again))
	if !third.Tree.Same(second.Tree) {
		t.Error("the same value makes another tree")
	}
	want := tree.Origin{Layer: "etcd /app", Kind: "etcd", Key: "/app/b/y", Revision: revisionText(again)}
	if got := originOf(t, third.Tree, "b", "y"); got != want {
		t.Errorf("origin: got %+v, want %+v", got, want)
	}
	if was, is := originOf(t, second.Tree, "b", "z"), originOf(t, third.Tree, "b", "z"); was != is {
		t.Errorf("origin of an untouched key: got %+v, want %+v", is, was)
	}

	ctx := t.Context()
	_, err := client.Txn(ctx).Then(clientv3.OpPut("/app/b/y", "2"), clientv3.OpPut("/app/c", "new")).Commit()
	if err != nil {
		t.Fatal(err)
	}
	fourth := r.want(t, `{a:{x:"1"} b:{y:"2" z:"1"} c:"new"}`)
	if fourth.Tree.Lookup(tree.Path{"b"}) != third.Tree.Lookup(tree.Path{"b"}) {
		t.Error("b: another node, though its values are the same")
	}
}

func revisionText(revision int64) string { return "revision " + strconv.FormatInt(revision, 10) }
