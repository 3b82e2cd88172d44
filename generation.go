package confsync

import (
	"sync"
	"time"

	"github.com/confsync/confsync/binder"
	"github.com/confsync/confsync/tree"
)

// generation is one published value. Nothing of it is written to again.
type generation struct {
	number uint64 // 0 before the first
	since  time.Time
	root   *tree.Node         // what it was filled from
	value  any                // a pointer to the user's type
	filled any                // value as it was filled, before the program's code completed it
	parts  []any              // pointers to the values of the sections, by their indexes
	built  map[decider]any    // what was built of it
	maps   []binder.MapChange // of value and parts, those changed element by element since the one before
	serves uint64             // the earlier generation that is served again; 0 when none is

	once  sync.Once
	paths []tree.Path // that differ from the generation before; see pathsBetween
}

// again returns a copy of the generation, for what was added to it since it was
// published, and without what only those are told who saw the one before.
func (g *generation) again() *generation {
	return &generation{
		number: g.number, since: g.since, root: g.root, value: g.value, filled: g.filled, parts: g.parts, built: g.built, serves: g.serves,
	}
}

// present is all that is served and known at one time: the one place to ask.
// It is immutable, and replaced as a whole by the reducer alone.
type present struct {
	*generation
	bound      binder.Bound   // the newest good value as it was filled
	parts      []binder.Bound // and those of the sections
	provenance *provenance    // where the generation came from, with its newest places
	past       []record       // the last generations, oldest first, the one that is served among them
	accepted   time.Time      // when the contents were last found good
	rejected   *Error         // why the newest contents are not served; nil when they are
	refused    *provenance    // where those came from; nil when they are served

	rejections map[ProblemKind]uint64 // so far, by the kinds of their problems
	unknown    *tree.Node             // keys to warn of: those that no field takes
}

// pathsBetween returns the paths that differ between two generations. Those
// from one to the next are computed once for all subscribers.
func pathsBetween(from, to *generation) []tree.Path {
	if to.number != from.number+1 {
		return tree.Diff(from.root, to.root)
	}
	to.once.Do(func() { to.paths = tree.Diff(from.root, to.root) })
	return to.paths
}
