package confsync

// View is a configuration, or a part of one, as one component sees it. A
// [*Config] is the View of the whole; [Select] and [Section] narrow one;
// [Fixed] and [Var] stand in for one in the component's tests. Whatever takes a
// configuration takes a View: [Watch], [Follow], [Select], [Derive].
type View[V any] interface {
	// Get returns the present value, which is to be read only. It is nil for a
	// part that isn't there.
	Get() *V
	// OnChange calls fn whenever the value has changed, as [Watch] does.
	OnChange(fn func(Change[*V])) (cancel func())
}

// selector is how a subscriber gets at what it is about: the hub that publishes it,
// where in a generation it is, and when two of it are the same. Without a hub it
// is the selector of a View that was made elsewhere.
type selector[V any] struct {
	hub   *hub
	pick  func(*generation) V
	equal func(a, b V) bool
}

// selectable is a View of this package, which stands on a hub.
type selectable[V any] interface{ selector() selector[*V] }

func selectorOf[V any](v View[V]) selector[*V] {
	if t, ok := v.(selectable[V]); ok {
		return t.selector()
	}
	return selector[*V]{equal: equalPointed[V]}
}

// hubOf returns the hub a View stands on, or one that nothing happens on.
func hubOf[V any](v View[V]) *hub {
	if h := selectorOf(v).hub; h != nil {
		return h
	}
	return newHub(logger{}, &crew{}, nil, nil)
}

// narrow returns the selector of a part of what t selects. A part of what isn't there
// isn't there either: pick is not asked.
func narrow[T, V any](t selector[*T], pick func(*T) V, equal func(a, b V) bool) selector[V] {
	part := selector[V]{hub: t.hub, equal: equal}
	if t.hub != nil {
		part.pick = func(g *generation) V { return partOf(t.pick(g), pick) }
	}
	return part
}

func partOf[T, V any](whole *T, pick func(*T) V) (part V) {
	if whole == nil {
		return part
	}
	return pick(whole)
}

// Select returns the view of the part of another that pick returns. It changes
// when what the pointer points to does, compared as [Watch] compares. pick may
// return nil for a part that isn't there, and is not called for a part of that.
func Select[T, V any](v View[T], pick func(*T) *V) View[V] {
	return &selected[T, V]{view: v, pick: pick}
}

type selected[T, V any] struct {
	view View[T]
	pick func(*T) *V
}

func (s *selected[T, V]) Get() *V { return partOf(s.view.Get(), s.pick) }

func (s *selected[T, V]) OnChange(fn func(Change[*V])) (cancel func()) {
	return observe(s.view, s.pick, equalPointed[V], nil, plain(fn))
}

func (s *selected[T, V]) selector() selector[*V] {
	return narrow(selectorOf(s.view), s.pick, equalPointed[V])
}

func equalPointed[V any](a, b *V) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a == b || equal(*a, *b)
}

func equalPointers[V any](a, b *V) bool { return a == b }

// Fixed returns the view of a value that never changes, for the tests of a
// component that takes a View.
func Fixed[V any](v *V) View[V] { return fixed[V]{v} }

type fixed[V any] struct{ value *V }

func (f fixed[V]) Get() *V                          { return f.value }
func (f fixed[V]) OnChange(func(Change[*V])) func() { return func() {} }

var (
	_ selectable[int] = (*Config[int])(nil)
	_ selectable[int] = (*selected[string, int])(nil)
	_ selectable[int] = (*Var[int])(nil)
)
