package stores

import (
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

// bindsLists fills a struct from a store whose keys are indexes.
func bindsLists(s *site) {
	var pairs, want []string
	for i := range 12 {
		host := fmt.Sprintf("h%d", i)
		want = append(want, host)
		pairs = append(pairs, fmt.Sprintf("hosts/%d", i), host, fmt.Sprintf("servers/%d/name", i), host)
	}
	s.put(pairs...)
	cfg, err := confsync.Open(s.Context(), confsync.Options[struct {
		Hosts   []string
		Servers []struct{ Name string }
	}]{
		Sources: []source.Source{s.client.Source(s.layout, s.root, s.opts)},
		Logger:  slog.New(slog.DiscardHandler),
		Unknown: confsync.RejectUnknown,
	})
	must(s, err)
	defer cfg.Close()
	got := cfg.Get()
	var names []string
	for _, server := range got.Servers {
		names = append(names, server.Name)
	}
	if !slices.Equal(got.Hosts, want) || !slices.Equal(names, want) {
		s.Errorf("hosts %v and servers %v, want %v twice", got.Hosts, names, want)
	}
	s.put("hosts/12", "more")
	await.Until(s, "an element more", func() bool {
		return slices.Equal(cfg.Get().Hosts, append(slices.Clone(want), "more"))
	})
}

// knowsKey checks a value's origin against what the store itself says.
func knowsKey(s *site) {
	s.put("a/b", "1", "c", "1")
	first := s.shows(`a/b="1" c="1"`)
	s.put("c", "2")
	second := s.shows(`a/b="1" c="2"`)
	key := s.root + "/a/b"
	switch {
	case s.store == "zookeeper":
		key = "/" + key
	case s.layout == Hash:
		key = HashKey(s.root) + " a/b"
	}
	at, ok := first.Tree.Origin(tree.Path{"a", "b"})
	if !ok || at.Kind != s.store || at.Key != key || at.Layer == "" {
		s.Errorf("origin %+v, want %s %q", at, s.store, key)
	}
	revision := map[string]string{"consul": `^index \d+$`, "etcd": `^revision \d+$`, "zookeeper": `^mzxid \d+$`}[s.store]
	if revision == "" {
		revision = `^$` // Redis counts no writes
	}
	if !regexp.MustCompile(revision).MatchString(at.Revision) {
		s.Errorf("revision %q, want %s", at.Revision, revision)
	}
	still, _ := second.Tree.Origin(tree.Path{"a", "b"})
	was, _ := first.Tree.Origin(tree.Path{"c"})
	is, _ := second.Tree.Origin(tree.Path{"c"})
	if still != at || s.store != "redis" && is.Revision == was.Revision {
		s.Errorf("after a write of c: a/b from %v, now %v; c from %v, now %v", at, still, was, is)
	}
}

func knowsLine(s *site) {
	s.document("# first\nserver:\n  port: 8080\n  hosts:\n    - a\n    - b\n")
	snap := s.shows(`server/hosts/0="a" server/hosts/1="b" server/port="8080"`)
	for path, want := range map[string][2]int{"server.port": {3, 9}, "server.hosts.1": {6, 7}} {
		at, ok := snap.Tree.Origin(strings.Split(path, "."))
		if !ok || at.Kind != s.store || at.Line != want[0] || at.Column != want[1] ||
			strings.TrimPrefix(at.Key, "/") != DocumentKey(s.root) {
			s.Errorf("%s is from %+v, want line and column %v", path, at, want)
		}
	}
}
