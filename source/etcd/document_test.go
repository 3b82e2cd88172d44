package etcd

import (
	"bytes"
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/tree"
)

func TestDocument(t *testing.T) {
	_, client := server(t)
	const key = "/app/config.yaml"
	src := New(client, key, &Options{Document: document.YAML})
	if got, want := src.Name(), "etcd /app/config.yaml"; got != want {
		t.Errorf("name: got %q, want %q", got, want)
	}
	r := record(t, src)
	absent := func(snap source.Snapshot) bool { return errors.Is(snap.Err, fs.ErrNotExist) }
	r.until(t, "absence", absent)

	put(t, client, "/app/config.yaml.bak", "x: 1") // another key
	put(t, client, "/app/config.yam", "x: 1")
	revision := put(t, client, key, "server:\n  port: 80\n")
	snap := r.want(t, `{server:{port:80}}`)
	want := tree.Origin{Layer: src.Name(), Kind: "etcd", Key: key, Line: 2, Column: 9, Revision: revisionText(revision)}
	if got := originOf(t, snap.Tree, "server", "port"); got != want {
		t.Errorf("origin: got %+v, want %+v", got, want)
	}

	// A comment moves the place and is no change.
	revision = put(t, client, key, "# new\nserver:\n  port: 80\n")
	moved := r.until(t, "comment", reaches(t, revision))
	if !moved.Tree.Same(snap.Tree) {
		t.Error("a comment makes another tree")
	}
	want.Line, want.Revision = 3, revisionText(revision)
	if got := originOf(t, moved.Tree, "server", "port"); got != want {
		t.Errorf("origin: got %+v, want %+v", got, want)
	}

	remove(t, client, key)
	r.until(t, "absence", absent)
	put(t, client, key, "server:\n  port: 81\n")
	r.want(t, `{server:{port:81}}`)
}

// A decoder of the user's makes a document of the key, and has its problems there.
func TestDecode(t *testing.T) {
	_, client := server(t)
	r := record(t, New(client, "/app", &Options{Decode: func(data []byte, limits document.Limits) (tree.Tree, error) {
		return document.Decode(document.JSON, bytes.ReplaceAll(data, []byte("'"), []byte(`"`)), limits)
	}}))
	put(t, client, "/app", "{'a':1}")
	r.want(t, `{a:1}`)
	put(t, client, "/app", "{'a':")
	snap := r.until(t, "problem", func(snap source.Snapshot) bool { return snap.Err != nil && !errors.Is(snap.Err, fs.ErrNotExist) })
	if found := tree.Problems(snap.Err); len(found) == 0 || found[0].Origin.Key != "/app" || found[0].Origin.Line != 1 {
		t.Errorf("error %v, want a problem in line 1 of the key", snap.Err)
	}
}

func TestDocumentUnusable(t *testing.T) {
	_, client := server(t)
	const key = "/app/config.yaml"
	for _, tc := range []struct {
		name, text string
		kind       tree.ProblemKind
		line       int
	}{
		{"doesn't parse", "a: s3cret\nb: [s3cret\n", tree.Unusable, 3},
		{"duplicate", "a: s3cret\nb: 1\na: s3cret\n", tree.Duplicate, 3},
		{"too many values", "[" + strings.Repeat("s3cret,", 20) + "]", tree.TooLarge, 1},
		{"too many bytes", strings.Repeat("# s3cret\n", 100), tree.TooLarge, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			put(t, client, key, "a: 1")
			r := record(t, New(client, key, &Options{
				Document: document.YAML, MaxKeys: 10, MaxBytes: 500, Probe: quick().Probe / 4,
			}))
			r.want(t, "{a:1}")
			revision := put(t, client, key, tc.text)
			snap := r.until(t, "problem", func(snap source.Snapshot) bool { return snap.Err != nil })
			found := tree.Problems(snap.Err)
			if len(found) != 1 || found[0].Kind != tc.kind {
				t.Fatalf("got %+v, want a problem of kind %v", found, tc.kind)
			}
			p := found[0]
			if p.Origin.Key != key || p.Origin.Line != tc.line || tc.line > 0 && p.Origin.Revision != revisionText(revision) {
				t.Errorf("origin: got %+v, want line %d of revision %d", p.Origin, tc.line, revision)
			}
			if strings.Contains(snap.Err.Error(), "s3cret") {
				t.Errorf("got %q, which has the value", snap.Err)
			}
			put(t, client, key, "a: 2")
			r.want(t, "{a:2}")
		})
	}
}
