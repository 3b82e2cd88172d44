package confsync

import (
	"context"
	"fmt"
	"reflect"

	"github.com/confsync/confsync/binder"
	"github.com/confsync/confsync/interpolate"
	"github.com/confsync/confsync/tree"
)

// Sectioned is a configuration that [Section] takes: a [*Config] is one.
type Sectioned interface {
	section(of reflect.Type, path string) (*hub, *section, error)
}

// Section returns the view of a part whose type the configuration's own type
// doesn't know, as that of a plugin: its field there is a [*tree.Node], an
// interface or a map. Where it is a struct, a key is known that either type
// knows. From now on the part is filled, and validated by *V's
// method Validate, together with the whole: what is wrong with it rejects an
// update like anything else, and its default tags and keys are understood in
// every layer. The section lasts as long as the configuration; a second call
// with the same path and type returns the same. If V holds a secret, History
// forgets the generations before, in which it was none.
//
// It returns an [*Error] when the present contents can't fill V, or stand
// rejected, and then nothing has changed; ErrUnknownPath when the type has no
// such part; and ErrReentrant when an update waits for the caller.
func Section[V any](c Sectioned, path string) (View[V], error) {
	h, s, err := c.section(reflect.TypeFor[V](), path)
	if err != nil {
		return nil, err
	}
	return sectionView[V]{h, s}, nil
}

type sectionView[V any] struct {
	hub *hub
	of  *section
}

func (v sectionView[V]) Get() *V { return v.pick(v.hub.present().generation) }

func (v sectionView[V]) OnChange(fn func(Change[*V])) (cancel func()) {
	return subscribe(v.selector(), nil, plain(fn))
}

func (v sectionView[V]) pick(g *generation) *V { return g.parts[v.of.index].(*V) }

func (v sectionView[V]) selector() selector[*V] {
	return selector[*V]{hub: v.hub, pick: v.pick, equal: equalPointers[V]}
}

func (c *Config[T]) section(of reflect.Type, path string) (h *hub, s *section, err error) {
	at, err := tree.ParsePath(path)
	if err != nil {
		return nil, nil, fmt.Errorf("confsync: %w", err)
	}
	b, err := binder.New(of, c.reducer.hooks...)
	if err != nil {
		return nil, nil, fmt.Errorf("confsync: %s: %w", path, err)
	}
	type answer struct {
		of  *section
		err error
	}
	joined := make(chan answer, 1) // the one send never waits
	if err := c.reducer.do(context.Background(), func() {
		s, err := c.reducer.join(&section{at: at, of: of, binder: b})
		joined <- answer{s, err}
	}); err != nil {
		return nil, nil, err // and join may run still
	}
	a := <-joined
	return c.hub, a.of, a.err
}

// join adds a section, if the present contents can fill it.
func (r *reducer) join(s *section) (*section, error) {
	info := r.types.root.Describe(s.at)
	if !info.Known {
		return nil, fmt.Errorf("%w: %q", ErrUnknownPath, s.at)
	}
	s.at, s.index, s.shared = info.Path, len(r.types.sections), knowsKeys(r.types.root.Shape(), info.Path)
	for _, other := range r.types.sections {
		if other.at.Equal(s.at) && other.of == s.of {
			return other, nil
		}
		if other.at.HasPrefix(s.at) || s.at.HasPrefix(other.at) {
			return nil, fmt.Errorf("confsync: the section %s overlaps with %s, which has another type", s.at, other.at)
		}
	}
	if r.pin.Load() != nil {
		return nil, ErrPinned
	}
	if rejected := r.hub.present().rejected; rejected != nil {
		return nil, rejected
	}
	types, merged, filled := r.types, r.merged, r.filled
	r.retype(types.with(s))
	wrong := r.tryPublish(r.merge())
	if wrong.Len() == 0 {
		return s, nil
	}
	err := newError(wrong, r.hub.present().generation, r.newest.secrets())
	r.retype(types)
	r.merged, r.filled, r.newest = merged, filled, r.hub.present().provenance
	return nil, err
}

// retype has the layers understood by other types.
func (r *reducer) retype(t *types) {
	r.types, r.filled = t, interpolate.Result{} // other values may be secrets now
	r.layers.all[0].take(t, t.defaults())
	for _, l := range r.layers.all[1:] {
		l.refine(t)
	}
}
