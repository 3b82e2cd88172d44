package confsync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/confsync/confsync/tree"
)

// Generation is one of the last configurations that were published, as
// [Config.History] tells of it.
type Generation struct {
	Number  uint64    `json:"number"`
	Since   time.Time `json:"since"`            // when it was published
	Serves  uint64    `json:"serves,omitzero"`  // the earlier one that it serves again, for a Pin; else 0
	Changes []Altered `json:"changes,omitzero"` // from the one before, sorted, the first hundred; none when that is forgotten
	More    int       `json:"more,omitzero"`    // that are not among Changes
}

// Altered is a value that differs between two generations. Secrets are redacted.
type Altered struct {
	Path   tree.Path   `json:"path"`
	Old    string      `json:"old,omitzero"` // "" where there was none
	New    string      `json:"new,omitzero"` // "" where there is none
	Origin tree.Origin `json:"origin"`       // of the new value or, when it has gone, of the old one
}

// ErrUnknownGeneration is returned by Pin for a generation that History doesn't
// have.
var ErrUnknownGeneration = errors.New("confsync: unknown generation")

// ErrPinned is returned by Pin while another pin holds.
var ErrPinned = errors.New("confsync: already pinned")

// record is a generation that is remembered.
type record struct {
	*generation
	provenance *provenance
}

// History returns the last generations, oldest first, as many as
// Options.History says: what changed, and where it came from.
func (c *Config[T]) History() []Generation {
	past := c.hub.present().past
	var all []Generation
	for i, r := range past {
		g := Generation{Number: r.number, Since: r.since, Serves: r.serves}
		if i > 0 {
			g.Changes, g.More = r.changes(past[i-1])
		} else if len(past) > max(1, c.reducer.history) {
			continue // it is there for the one after it
		}
		all = append(all, g)
	}
	return all
}

// changes returns how a generation differs from the one before.
func (r record) changes(before record) (changes []Altered, more int) {
	for _, path := range pathsBetween(before.generation, r.generation) {
		if len(changes) == tree.MaxProblems {
			more++
			continue
		}
		a := Altered{Path: path}
		if n := before.root.Lookup(path); n != nil {
			a.Old, a.Origin = before.provenance.types.Show(path, n), before.provenance.originOf(path)
		}
		if n := r.root.Lookup(path); n != nil {
			a.New, a.Origin = r.provenance.types.Show(path, n), r.provenance.originOf(path)
		}
		changes = append(changes, a)
	}
	return changes, more
}

// remember returns the records with one more, and those that are too old left
// out. One before them stays, to tell what changed in the oldest.
func remember(past []record, next record, bound int) []record {
	past = append(slices.Clip(past), next)
	if n := len(past) - 1; n > 0 {
		past[n-1].generation = past[n-1].again()
	}
	return past[max(0, len(past)-max(bound, 0)-1):]
}

// pin is an earlier generation that is served until it is released.
type pin struct {
	number uint64
	since  time.Time
}

// Pin serves an earlier generation, one that [Config.History] has, until
// release is called. It undoes a bad but valid change until that is mended at
// its source. It is published as a new generation. Meanwhile updates are
// validated and not served; Status says that the configuration is pinned, and
// since when. release returns when the present contents are served again or, if
// those stand rejected, the newest that were found good; the build of a [Veto] is
// not asked before, and while it refuses them the earlier generation stays. It may
// be called more than once. A pin ends with the process.
func (c *Config[T]) Pin(generation uint64) (release func(), err error) {
	type answer struct {
		release func()
		err     error
	}
	held := make(chan answer, 1) // the one send never waits
	if err := c.reducer.do(context.Background(), func() {
		release, err := c.reducer.hold(generation)
		held <- answer{release, err}
	}); err != nil {
		return nil, err // and hold may run still
	}
	a := <-held
	return a.release, a.err
}

// hold pins a generation. The reducer calls it.
func (r *reducer) hold(number uint64) (release func(), err error) {
	now := r.hub.present()
	i := slices.IndexFunc(now.past, func(r record) bool { return r.number == number })
	if i < 0 {
		return nil, fmt.Errorf("%w: %d", ErrUnknownGeneration, number)
	}
	p := &pin{number, time.Now()}
	if !r.pin.CompareAndSwap(nil, p) {
		return nil, ErrPinned
	}
	old := now.past[i]
	if old.value != now.value {
		next := *now
		next.provenance = old.provenance
		next.generation = &generation{number: now.number + 1, since: p.since, root: old.root, value: old.value, filled: old.filled, parts: old.parts, serves: number}
		next.generation.parts = append(slices.Clip(old.parts), now.generation.parts[len(old.parts):]...) // of sections that have joined since
		if err := r.publish(&next); err != nil {
			r.pin.Store(nil)
			return nil, fmt.Errorf("confsync: %w", err)
		}
	}
	if r.unserved == nil {
		r.unserved = &candidate{provenance: now.provenance, bound: now.bound, parts: now.parts, value: now.value}
	}
	r.log.get().Warn("confsync: pinned", "generation", number)
	return func() {
		if r.pin.CompareAndSwap(p, nil) {
			r.log.get().Warn("confsync: pin released", "generation", number)
			r.stale.Store(true)
			if r.do(context.Background(), r.reduce) == ErrReentrant {
				r.changed()
			}
		}
	}, nil
}

// release serves the newest good contents that a pin has kept back, when those
// that are present now are not good. What a Veto refuses of them is kept, to be
// tried again.
func (r *reducer) release() {
	c := r.unserved
	if c == nil || r.pin.Load() != nil || c.provenance.merged == r.newest.merged {
		return
	}
	now := r.hub.present()
	if c.differs(now) {
		if err := r.serve(c, c.after(now)); err != nil {
			r.verdict.Add(c.provenance.refusals(nil, err)...)
			return
		}
	}
	r.unserved = nil
}
