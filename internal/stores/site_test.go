package stores

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

const patience = 30 * time.Second // for what takes a moment, on a busy machine

// site is a root of its own in a real server, and a source that watches it.
type site struct {
	*testing.T
	client client
	store  string
	way    way
	root   string
	opts   options
	sup    *source.Supervisor // once something was looked at
}

// put writes keys and values in turn, in one transaction.
func (s *site) put(pairs ...string) {
	s.Helper()
	must(s, s.client.commit(s.Context(), s.tx(pairs...)))
}

func (s *site) tx(pairs ...string) txn {
	tx := txn{root: s.root, put: map[string]string{}}
	for i := 0; i < len(pairs); i += 2 {
		tx.put[pairs[i]] = pairs[i+1]
	}
	return tx
}

func (s *site) del(keys ...string) {
	s.Helper()
	must(s, s.client.commit(s.Context(), txn{root: s.root, del: keys}))
}

func (s *site) document(text string) {
	s.Helper()
	must(s, s.client.commit(s.Context(), txn{root: s.root, doc: text}))
}

// outside writes a whole key.
func (s *site) outside(key, value string) {
	s.Helper()
	must(s, s.client.commit(s.Context(), txn{put: map[string]string{key: value}}))
}

// watched is the source, which watches until the test ends.
func (s *site) watched() *source.Supervisor {
	if s.sup == nil {
		s.sup = supervise(s, s.client.source(s.way, s.root, s.opts), hasty())
	}
	return s.sup
}

// shows waits until what the source holds is drawn as want, see draw.
func (s *site) shows(want string) source.Snapshot {
	s.Helper()
	sup := s.watched()
	var snap source.Snapshot
	eventually(s, patience, func() string {
		return fmt.Sprintf("%s; there is %s, status %+v", want, draw(snap.Tree), sup.Status())
	}, func() bool {
		var ok bool
		snap, _, ok = sup.Latest()
		st := sup.Status()
		return ok && draw(snap.Tree) == want && st.State == source.Live && st.Err == nil
	})
	return snap
}

// refuses waits until the content can't be used, and returns why.
func (s *site) refuses() error {
	s.Helper()
	sup := s.watched()
	eventually(s, patience, func() string { return fmt.Sprintf("an error; status %+v", sup.Status()) }, func() bool {
		st := sup.Status()
		return st.State == source.Live && st.Err != nil
	})
	return sup.Status().Err
}

// hasty is a policy of little patience.
func hasty() source.Policy {
	return source.Policy{StaleAfter: time.Second, MinBackoff: 20 * time.Millisecond, MaxBackoff: 500 * time.Millisecond}
}

// supervise runs a source until the test ends.
func supervise(t testing.TB, src source.Source, p source.Policy) *source.Supervisor {
	t.Helper()
	sup := source.NewSupervisor(src, p, nil)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = sup.Run(ctx) // ctx's
	}()
	t.Cleanup(func() { cancel(); <-done })
	return sup
}

// draw is the values of a tree in order, as a/b="1", whose segments are joined
// by slashes. Empty maps don't count: stores differ in whether they have any.
func draw(t tree.Tree) string {
	values := valuesOf(t)
	var all []string
	for _, key := range slices.Sorted(maps.Keys(values)) {
		all = append(all, fmt.Sprintf("%s=%q", key, values[key]))
	}
	return strings.Join(all, " ")
}

// valuesOf is what a store must hold for its tree to be this one.
func valuesOf(t tree.Tree) state {
	all := state{}
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
