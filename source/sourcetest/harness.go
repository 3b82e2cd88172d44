package sourcetest

import (
	"cmp"
	"context"
	"maps"
	"testing"
	"time"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

// Harness tells [Run] how to make and to disturb the source under test.
type Harness struct {
	// New makes a place of its own, such as a file or a prefix, that holds just
	// these values, by their paths. It is called once for each case, and cleans
	// up by t.Cleanup. Only the paths alpha, beta.one and beta.two are ever
	// used, and only values of small letters and digits.
	New func(t *testing.T, values map[string]string) Store

	// Within is how long a change may take to be emitted, a fault to end a
	// Watch, and a Watch to return. Zero: 5s.
	Within time.Duration

	// Impossible says why a function is nil in every Store, by its name:
	// {"Break": "a file is always there"}. A case that needs a function which
	// is nil is skipped.
	Impossible map[string]string

	// Strict says that such a case fails unless the reason is in Impossible, so
	// that none is left out by mistake. Flood and Slow may be nil all the same.
	Strict bool

	// Ignore are the goroutines of the store's client and of whatever breaks it,
	// which their owner ends and which a Watch may leave behind: names of
	// functions on their stacks, such as "net/http.(*persistConn).readLoop".
	Ignore []string
}

// Store is a source and the place it reads. The functions act on the place and
// return when that is done, though the source may learn of it later. Any may be
// nil, and the cases that need it are then skipped. They end the test if they
// fail.
type Store struct {
	// Source is the source under test. One that is [source.Shaped] is given
	// the shape of the three paths by Run.
	Source source.Source

	Set    func(t *testing.T, key tree.Path, value string)
	Delete func(t *testing.T, key tree.Path)

	// Commit sets several keys, by their paths, in one transaction.
	Commit func(t *testing.T, values map[string]string)

	// Spoil makes the content one that can be read and not be used. The next
	// Set makes it good again, and leaves no other keys than there were.
	Spoil func(t *testing.T)

	// Flood makes the place hold ten times the bytes that the source takes, and
	// returns that bound.
	Flood func(t *testing.T) (bound int)

	// Slow makes the way to the place so slow that reading all of it takes longer
	// than each of the source's timeouts, while bytes arrive all the time. It
	// returns how long that may take. Heal undoes it.
	Slow func(t *testing.T) time.Duration

	// Break cuts the source off, so that a Watch ends with an error and each
	// one after it does too. Heal undoes it. A place that is still broken when
	// the case ends is healed.
	Break, Heal func(t *testing.T)

	// WritableWhileBroken says that the other functions still work between
	// Break and Heal, because only the source's own way to the store is cut.
	WritableWhileBroken bool
}

// Run checks a source against the contract, rule by rule.
func Run(t *testing.T, h Harness) {
	h.Within = cmp.Or(h.Within, 5*time.Second)
	for _, c := range cases {
		t.Run(c.rule, func(t *testing.T) {
			start := map[string]string{"alpha": "a0", "beta.one": "b1", "beta.two": "b2"}
			tr := &trial{T: t, h: h, now: maps.Clone(start)}
			tr.store = h.New(t, start)
			tr.src = shapedSource(t, tr.store.Source)
			for _, name := range c.needs {
				tr.need(name)
			}
			c.run(tr)
		})
	}
}

// shape is of a type with the three paths.
var shape = &tree.Shape{Fields: []tree.Field{
	{Key: "alpha", Shape: &tree.Shape{}},
	{Key: "beta", Shape: &tree.Shape{Fields: []tree.Field{
		{Key: "one", Shape: &tree.Shape{}},
		{Key: "two", Shape: &tree.Shape{}},
	}}},
}}

func shapedSource(t *testing.T, src source.Source) source.Source {
	shaped, ok := src.(source.Shaped)
	if !ok {
		return src
	}
	src, err := shaped.WithShape(shape)
	if err != nil {
		t.Fatalf("WithShape: %v", err)
	}
	return src
}

// trial is one case at work.
type trial struct {
	*testing.T
	h      Harness
	store  Store
	src    source.Source
	now    state // what the store holds
	broken bool
}

// need skips the case, or fails it if the harness is strict, when the store has no such function.
func (tr *trial) need(name string) {
	tr.Helper()
	has := map[string]bool{
		"Set": tr.store.Set != nil, "Delete": tr.store.Delete != nil, "Commit": tr.store.Commit != nil,
		"Spoil": tr.store.Spoil != nil, "Break": tr.store.Break != nil && tr.store.Heal != nil,
		"Flood": tr.store.Flood != nil, "Slow": tr.store.Slow != nil && tr.store.Heal != nil,
	}[name]
	reason, declared := tr.h.Impossible[name]
	switch {
	case has:
	case declared:
		tr.Skipf("%s is impossible: %s", name, reason)
	case tr.h.Strict && name != "Flood" && name != "Slow":
		tr.Fatalf("there is no %s, and the harness doesn't say that it is impossible", name)
	default:
		tr.Skipf("there is no %s here", name)
	}
}

func (tr *trial) set(path, value string) {
	tr.Helper()
	tr.now[path] = value
	tr.store.Set(tr.T, mustPath(path), value)
}

func (tr *trial) delete(path string) {
	tr.Helper()
	delete(tr.now, path)
	tr.store.Delete(tr.T, mustPath(path))
}

func (tr *trial) cut() {
	tr.Helper()
	tr.store.Break(tr.T)
	tr.broken = true
	tr.Cleanup(tr.heal)
}

// slow makes the way to the store slow, and returns for how long a reading may
// then take.
func (tr *trial) slow() time.Duration {
	tr.Helper()
	within := tr.store.Slow(tr.T)
	tr.broken = true
	tr.Cleanup(tr.heal)
	return within
}

func (tr *trial) heal() {
	tr.Helper()
	if tr.broken {
		tr.broken = false
		tr.store.Heal(tr.T)
	}
}

// start watches the source until the case ends.
func (tr *trial) start() *watching {
	return watch(tr.T, context.Background(), tr.src, tr.h.Within)
}

func mustPath(s string) tree.Path {
	p, err := tree.ParsePath(s)
	if err != nil {
		panic(err)
	}
	return p
}
