package stores

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

// site is a root of its own in a real server, and a source that watches it.
type site struct {
	*testing.T
	client Client
	store  string
	layout Layout
	root   string
	opts   Options
	sup    *source.Supervisor // once something was looked at
}

// put writes keys and values in turn, in one transaction.
func (s *site) put(pairs ...string) {
	s.Helper()
	must(s, s.client.Commit(s.Context(), s.tx(pairs...)))
}

func (s *site) tx(pairs ...string) Transaction {
	tx := Transaction{Root: s.root, Put: map[string]string{}}
	for i := 0; i < len(pairs); i += 2 {
		tx.Put[pairs[i]] = pairs[i+1]
	}
	return tx
}

func (s *site) del(keys ...string) {
	s.Helper()
	must(s, s.client.Commit(s.Context(), Transaction{Root: s.root, Delete: keys}))
}

func (s *site) document(text string) {
	s.Helper()
	must(s, s.client.Commit(s.Context(), Transaction{Root: s.root, Document: text}))
}

// outside writes a whole key.
func (s *site) outside(key, value string) {
	s.Helper()
	must(s, s.client.Commit(s.Context(), Transaction{Put: map[string]string{key: value}}))
}

// watched returns the source, which watches until the test ends.
func (s *site) watched() *source.Supervisor {
	if s.sup == nil {
		s.sup = await.Supervise(s, s.client.Source(s.layout, s.root, s.opts))
	}
	return s.sup
}

// shows waits until what the source holds is drawn as want, see draw.
func (s *site) shows(want string) source.Snapshot {
	s.Helper()
	sup := s.watched()
	var snap source.Snapshot
	if !await.Holds(await.Limit, func() bool {
		var ok bool
		snap, _, ok = sup.Latest()
		st := sup.Status()
		return ok && draw(snap.Tree) == want && st.State == source.Live && st.Err == nil
	}) {
		s.Fatalf("never %s; there is %s, status %+v", want, draw(snap.Tree), sup.Status())
	}
	return snap
}

// refuses waits until the content can't be used, and returns why.
func (s *site) refuses() error {
	s.Helper()
	sup := s.watched()
	await.Until(s, "an error while live", func() bool {
		st := sup.Status()
		return st.State == source.Live && st.Err != nil
	})
	return sup.Status().Err
}

// draw returns the values of a tree in order, as a/b="1", whose segments are
// joined by slashes. Empty maps don't count: stores differ in whether they have
// any.
func draw(t tree.Tree) string {
	values := valuesOf(t)
	var all []string
	for _, key := range slices.Sorted(maps.Keys(values)) {
		all = append(all, fmt.Sprintf("%s=%q", key, values[key]))
	}
	return strings.Join(all, " ")
}

// valuesOf returns what a store must hold for its tree to be this one.
func valuesOf(t tree.Tree) State {
	all := State{}
	for p, n := range t.Root().Leaves {
		if own := n.Own(); own != nil {
			n = own
		}
		if n.Kind().IsScalar() {
			all[strings.Join(p, "/")] = n.Text()
		}
	}
	return all
}
