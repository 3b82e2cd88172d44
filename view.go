package confsync

// View is a configuration, or a part of one, as a component sees it that has no
// business with the rest. A [*Config] is a View of the whole.
type View[V any] interface {
	// Get is the present value, to be read only.
	Get() *V
	// OnChange calls fn whenever the value has changed, as [Watch] does.
	OnChange(fn func(Change[*V])) (cancel func())
}

// Select is the view of the part of a configuration that pick returns. It
// changes when what the pointer points to does, compared as [Watch] compares.
// pick may return nil for a part that isn't there.
func Select[T, V any](c *Config[T], pick func(*T) *V) View[V] {
	return &selected[T, V]{config: c, pick: pick}
}

type selected[T, V any] struct {
	config *Config[T]
	pick   func(*T) *V
}

func (s *selected[T, V]) Get() *V { return s.pick(s.config.Get()) }

func (s *selected[T, V]) OnChange(fn func(Change[*V])) (cancel func()) {
	return subscribe(s.config.hub, s.pick, samePointed[V], fn)
}

func samePointed[V any](a, b *V) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a == b || same(*a, *b)
}

// Fixed is the view of a value that never changes, for the tests of a component
// that takes a View.
func Fixed[V any](v *V) View[V] { return fixed[V]{v} }

type fixed[V any] struct{ value *V }

func (f fixed[V]) Get() *V                          { return f.value }
func (f fixed[V]) OnChange(func(Change[*V])) func() { return func() {} }

var _ View[int] = (*Config[int])(nil)
