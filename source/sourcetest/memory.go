package sourcetest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

// Memory is a [source.Source] that a test drives: each call below is one
// revision, emitted to the Watch that runs. Revisions that a slow emit keeps
// waiting collapse into the newest. Its methods may be called at any time and
// from any goroutine, and panic on a path or a value that can't be used.
//
// Set, Delete and Replace write. Fail, Reject, Absent, Degrade, Slow and Hang each
// begin a fault, and Heal ends them all.
type Memory struct {
	name string

	single source.Single

	mu       sync.Mutex
	build    tree.Builder
	tree     tree.Tree
	revision int64
	fault    fault
	changed  chan struct{} // closed and replaced at each change; nothing is sent
	watches  int
}

// fault is what is wrong with a Memory. The zero fault is nothing.
type fault struct {
	broken   bool          // Watch returns failure
	failure  error         //
	rejected error         // Snapshot.Err
	degraded error         // Snapshot.Degraded
	slow     time.Duration // before each emit
	hangs    bool          // Watch does nothing, not even return
}

// NewMemory returns a Memory that holds values, of the kinds [tree.FromGo] takes, at
// revision 1. nil is a source with no keys.
func NewMemory(name string, values map[string]any) *Memory {
	m := &Memory{name: tree.Printable(name), changed: make(chan struct{})}
	m.Replace(values)
	return m
}

// Name returns the name that NewMemory was given.
func (m *Memory) Name() string { return m.name }

// Set puts a value at a path, in the place of what is there and below. An
// element of a list is not set alone: set the list.
func (m *Memory) Set(path string, value any) {
	p, err := tree.ParsePath(path)
	if err != nil {
		panic(err)
	}
	m.write(func(t tree.Tree, at tree.Place) tree.Tree {
		edit := t.Edit()
		edit.Graft(p, m.treeLocked(value, at))
		return edit.Tree()
	})
}

// Delete removes what is at a path and below.
func (m *Memory) Delete(path string) {
	p, err := tree.ParsePath(path)
	if err != nil {
		panic(err)
	}
	m.write(func(t tree.Tree, _ tree.Place) tree.Tree {
		edit := t.Edit()
		edit.Graft(p, tree.Tree{})
		return edit.Tree()
	})
}

// Replace makes values the whole state, in one revision.
func (m *Memory) Replace(values map[string]any) {
	m.write(func(_ tree.Tree, at tree.Place) tree.Tree {
		if len(values) == 0 {
			return tree.Tree{}
		}
		return m.treeLocked(values, at)
	})
}

// Fail breaks the source: the Watch that runs returns err, and so does each one
// after it, at once, until Heal. A nil err makes it return nil, which no source
// may. Writes are still taken.
func (m *Memory) Fail(err error) {
	m.change(func() { m.fault.broken, m.fault.failure = true, err })
}

// Reject makes the content unusable: it is emitted with err as its
// [source.Snapshot].Err until the next write or Heal.
func (m *Memory) Reject(err error) { m.change(func() { m.fault.rejected = err }) }

// Absent takes the content away, as when a file is removed: it is Reject with an
// error that wraps [source.ErrAbsent].
func (m *Memory) Absent() { m.Reject(fmt.Errorf("%s: %w", m.name, source.ErrAbsent)) }

// Degrade gives each snapshot err as its [source.Snapshot].Degraded until Heal.
func (m *Memory) Degrade(err error) { m.change(func() { m.fault.degraded = err }) }

// Slow makes each snapshot take d to arrive, until Heal.
func (m *Memory) Slow(d time.Duration) { m.change(func() { m.fault.slow = d }) }

// Hang makes the Watch that runs, and each one after it, do nothing at all until Heal:
// it does not emit, and does not return when its context ends, which no source may.
func (m *Memory) Hang() { m.change(func() { m.fault.hangs = true }) }

// Heal ends all that Fail, Reject, Absent, Degrade, Slow and Hang began.
func (m *Memory) Heal() { m.change(func() { m.fault = fault{} }) }

// Watches returns how many times Watch has been called.
func (m *Memory) Watches() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.watches
}

// Watch is as [source.Source] says, but for what Fail and Hang do.
func (m *Memory) Watch(ctx context.Context, emit func(source.Snapshot)) error {
	m.mu.Lock()
	m.watches++
	m.mu.Unlock()
	if err := m.single.Enter(); err != nil {
		return err
	}
	defer m.single.Leave()
	for {
		snap, fault, changed := m.read()
		switch {
		case fault.hangs:
			<-changed
			continue
		case ctx.Err() != nil:
			return ctx.Err()
		case fault.broken:
			return fault.failure
		case fault.slow > 0 && !m.arrives(ctx, fault.slow):
			continue
		}
		emit(snap)
		select {
		case <-ctx.Done():
		case <-changed:
		}
	}
}

// read returns what there is, and a channel that is closed when that changes.
func (m *Memory) read() (source.Snapshot, fault, <-chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return source.Snapshot{
		Tree: m.tree, Revision: fmt.Sprint(m.revision), Err: m.fault.rejected, Degraded: m.fault.degraded,
	}, m.fault, m.changed
}

// arrives waits for d, and reports false if ctx or the slowness ends before.
func (m *Memory) arrives(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		_, fault, changed := m.read()
		if fault.slow == 0 || fault.broken || fault.hangs {
			return false
		}
		select {
		case <-ctx.Done():
			return false
		case <-timer.C:
			return true
		case <-changed:
		}
	}
}

func (m *Memory) change(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f()
	close(m.changed)
	m.changed = make(chan struct{})
}

func (m *Memory) write(next func(tree.Tree, tree.Place) tree.Tree) {
	m.change(func() {
		m.revision++
		t := next(m.tree, tree.Place{Revision: m.revision})
		m.tree = tree.Reuse(m.tree, t).Located(m.locate)
		m.fault.rejected = nil
	})
}

func (m *Memory) locate(p tree.Path, at tree.Place) tree.Origin {
	o := tree.Origin{Layer: m.name, Kind: "memory", Key: p.String()}
	if at.Revision > 0 {
		o.Revision = fmt.Sprintf("revision %d", at.Revision)
	}
	return o
}

// treeLocked returns the tree of a Go value, all of it at one place.
func (m *Memory) treeLocked(value any, at tree.Place) tree.Tree {
	t, err := tree.FromGo(value)
	if err != nil {
		panic(err)
	}
	return placed(&m.build, t.Root(), at)
}

func placed(b *tree.Builder, n *tree.Node, at tree.Place) tree.Tree {
	switch n.Kind() {
	case tree.Null:
		return b.Null(at)
	case tree.List:
		items := make([]tree.Tree, n.Len())
		for i := range items {
			items[i] = placed(b, n.At(i), at)
		}
		return b.List(items, at)
	case tree.Map:
		entries := make([]tree.Entry, n.Len())
		for i, key := range n.Keys() {
			entries[i] = tree.Entry{Key: key, At: at, Tree: placed(b, n.At(i), at)}
		}
		t, err := b.Map(entries, at)
		if err != nil {
			panic(err) // keys of a map differ
		}
		return t
	}
	return b.Scalar(n.Kind(), n.Text(), at)
}
