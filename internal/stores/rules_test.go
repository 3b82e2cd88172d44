package stores

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/tree"
)

// rule is something that holds for every store.
type rule struct {
	name   string
	page   bool            // it is about a document at a key, else about keys
	except map[string]bool // stores, or stores and ways, that can't come into the case
	check  func(*site)
}

var hashOnly = map[string]bool{"redis hash": true}

func rules() []rule {
	return []rule{
		{name: "a key's segments are its path", check: func(s *site) {
			s.put("a", "1", "b/c/d", "2", "b/c/e", "3")
			s.shows(`a="1" b/c/d="2" b/c/e="3"`)
		}},
		{name: "a prefix without keys is a tree of nothing", check: func(s *site) {
			s.shows(``)
			s.put("a", "1")
			s.shows(`a="1"`)
		}},
		{name: "the deletion of the last key is believed", check: func(s *site) {
			s.put("a", "1", "b/c", "2")
			s.shows(`a="1" b/c="2"`)
			s.del("a")
			s.shows(`b/c="2"`)
			s.del("b/c")
			s.shows(``)
			s.put("b/c", "3")
			s.shows(`b/c="3"`)
		}},
		{name: "the root ends at a boundary", except: hashOnly, check: func(s *site) {
			s.put("a", "1")
			s.outside(s.root+"lication/a", "2")
			s.outside(s.root+"x", "3")
			s.put("b", "4")
			s.shows(`a="1" b="4"`)
		}},
		{name: "the root's own key is no part of the tree", except: hashOnly, check: func(s *site) {
			s.outside(s.root, "own")
			s.put("a", "1")
			s.shows(`a="1"`)
			s.outside(s.root, "own too")
			s.put("a", "2")
			s.shows(`a="2"`)
		}},
		{name: "the separator is an option", except: map[string]bool{"zookeeper keys": true}, check: func(s *site) {
			if s.opts.Separator = ":"; s.layout == Hash {
				s.put("a:b", "1", "a/c", "2")
				if got := s.shows(`a/b="1" a/c="2"`); got.Tree.Lookup(tree.Path{"a/c"}) == nil {
					s.Errorf("a slash parts: %v", got.Tree.Root())
				}
				return
			}
			s.root += ":x"
			s.outside(s.root+":a:b", "1")
			s.outside(s.root+":a/c", "2")
			if s.layout == Versioned {
				s.outside(VersionKey(s.root), "1")
			}
			if got := s.shows(`a/b="1" a/c="2"`); got.Tree.Lookup(tree.Path{"a/c"}) == nil {
				s.Errorf("a slash parts: %v", got.Tree.Root())
			}
		}},
		{name: "an empty segment is a problem", check: func(s *site) { refusesKey(s, "a//b") }},
		{name: "a segment . is a problem", check: func(s *site) { refusesKey(s, "a/./b") }},
		{name: "a segment .. is a problem", check: func(s *site) { refusesKey(s, "..") }},
		{name: "a value stands beside keys below it", check: func(s *site) {
			s.put("a", "own", "a/b", "below", "a/b/c", "lower")
			s.shows(`a="own" a/b="below" a/b/c="lower"`)
			s.del("a/b/c")
			s.shows(`a="own" a/b="below"`)
			s.del("a/b")
			s.shows(`a="own"`)
		}},
		{name: "names keep their case, dots, spaces and letters", check: func(s *site) {
			s.put("Max.Conns", "1", "max.conns", "2", "a b", "3", "ключ/値", "4")
			s.shows(`Max.Conns="1" a b="3" max.conns="2" ключ/値="4"`)
		}},
		{name: "values stay raw", check: func(s *site) {
			s.put("newline", "x\n", "space", "  x ", "binary", "\x00\xff\xfe\n", "null", "null", "json", `{"a": 1}`, "comma", "a,b")
			s.shows(`binary="\x00\xff\xfe\n" comma="a,b" json="{\"a\": 1}" newline="x\n" null="null" space="  x "`)
		}},
		{name: "an empty value is a value", check: func(s *site) {
			s.put("empty", "", "a/empty", "")
			s.shows(`a/empty="" empty=""`)
		}},
		{name: "the same value again is no change", check: func(s *site) {
			s.put("a/b", "1", "c", "1")
			before := s.shows(`a/b="1" c="1"`).Tree.Lookup(tree.Path{"a"})
			s.put("a/b", "1")
			s.put("c", "2")
			if after := s.shows(`a/b="1" c="2"`).Tree.Lookup(tree.Path{"a"}); before == nil || after != before {
				s.Error("a map that was written again as it was is another node")
			}
		}},
		{name: "keys index a list, 10 after 9", check: bindsLists},
		{name: "a value knows the store, its key and its revision", check: knowsKey},
		{name: "a document's values know line and column", page: true, check: knowsLine},
		{name: "a missing document is absent, not empty", page: true, check: func(s *site) {
			if err := s.refuses(); !errors.Is(err, source.ErrAbsent) {
				s.Errorf("no document: %v, want that it is absent", err)
			}
			if _, _, ok := s.sup.Latest(); ok {
				s.Error("there is a snapshot of no document")
			}
			s.document("a: 1")
			s.shows(`a="1"`)
			s.client.Commit(s.Context(), Transaction{Delete: []string{DocumentKey(s.root)}})
			if err := s.refuses(); !errors.Is(err, source.ErrAbsent) {
				s.Errorf("a document that was deleted: %v, want that it is absent", err)
			}
			if snap, _, _ := s.sup.Latest(); draw(snap.Tree) != `a="1"` {
				s.Errorf("the last good document is %v now", snap.Tree.Root())
			}
			s.document("a: 2")
			s.shows(`a="2"`)
		}},
		{name: "a document that doesn't parse leaves the last good one", page: true, check: func(s *site) {
			s.document("a: 1\nb: 2\n")
			s.shows(`a="1" b="2"`)
			s.document("a: 1\nb: [hush\n")
			err := s.refuses()
			if found := tree.Problems(err); len(found) != 1 || found[0].Origin.Key == "" || found[0].Origin.Line == 0 {
				s.Errorf("%v; want a problem with key and line", err)
			}
			if strings.Contains(err.Error(), "hush") {
				s.Errorf("a value is told: %v", err)
			}
			if snap, _, _ := s.sup.Latest(); draw(snap.Tree) != `a="1" b="2"` {
				s.Errorf("the last good document is %v now", snap.Tree.Root())
			}
			s.document("a: 3\n")
			s.shows(`a="3"`)
		}},
	}
}

// refusesKey checks that a key that can't be is a problem that names it, that
// the last good state stays, and that all is well without it. ZooKeeper's server refuses
// such keys itself.
func refusesKey(s *site, bad string) {
	s.put("good", "1")
	s.shows(`good="1"`)
	err := s.client.Commit(s.Context(), s.tx(bad, "x"))
	if s.store == "zookeeper" {
		if err == nil {
			s.Errorf("the server took the key %q", bad)
		}
		return
	}
	must(s, err)
	err = s.refuses()
	if found := tree.Problems(err); len(found) != 1 || found[0].Kind != tree.Unusable || !strings.HasSuffix(found[0].Origin.Key, bad) {
		s.Errorf("%v; want a problem with the key %s", err, bad)
	}
	if snap, _, _ := s.sup.Latest(); draw(snap.Tree) != `good="1"` {
		s.Errorf("the last good tree is %v now", snap.Tree.Root())
	}
	must(s, s.client.Commit(s.Context(), Transaction{Root: s.root, Put: map[string]string{"good": "2"}, Delete: []string{bad}}))
	s.shows(`good="2"`)
}

// TestSharedBehaviour checks that the same keys are the same tree in every store.
func TestSharedBehaviour(t *testing.T) {
	outcomes := newTable()
	for _, r := range rules() {
		outcomes.rules = append(outcomes.rules, r.name)
	}
	sideBySide(t, func(t *testing.T, b Store) {
		server := b.Serve(t)
		client := connect(t, b, server.Addr(), nil)
		for _, l := range b.Layouts {
			for i, r := range rules() {
				if r.page != (l == Document) {
					continue
				}
				t.Run(string(l)+"/"+r.name, func(t *testing.T) {
					column := b.Name + " " + string(l)
					outcomes.watch(t, r.name, column)
					if r.except[column] {
						t.Skip("there is no such case")
					}
					root := fmt.Sprintf("r%d%.3s%d", i, l, len(l))
					r.check(&site{T: t, client: client, store: b.Name, layout: l, root: root, opts: Options{
						Probe: time.Second, Poll: poll, Format: document.YAML,
					}})
				})
			}
		}
	})
	t.Logf("rule by store\n%s", outcomes)
}
