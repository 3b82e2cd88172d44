package sourcetest_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/sourcetest"
	"github.com/confsync/confsync/tree"
)

// memoryStore returns a Memory as a Harness has it.
func memoryStore(values map[string]string) (*sourcetest.Memory, sourcetest.Store) {
	m := sourcetest.NewMemory("memory", nil)
	replace := func(values map[string]string) { m.Replace(nested(values)) }
	replace(values)
	return m, sourcetest.Store{
		Source: m,
		Set:    func(_ *testing.T, key tree.Path, value string) { m.Set(key.String(), value) },
		Delete: func(_ *testing.T, key tree.Path) { m.Delete(key.String()) },
		Commit: func(_ *testing.T, values map[string]string) { replace(values) },
		Spoil:  func(*testing.T) { m.Reject(errors.New("not a document")) },
		Break:  func(*testing.T) { m.Fail(errors.New("connection refused")) },
		Heal:   func(*testing.T) { m.Heal() },
		Flood:  func(*testing.T) int { m.Reject(errors.New("too large")); return 1 << 20 },
		Slow:   func(*testing.T) time.Duration { m.Slow(time.Second); return time.Minute },

		WritableWhileBroken: true,
	}
}

// nested makes maps of values by their paths.
func nested(values map[string]string) map[string]any {
	root := make(map[string]any)
	for path, value := range values {
		p, _ := tree.ParsePath(path)
		m := root
		for _, seg := range p[:len(p)-1] {
			if m[seg] == nil {
				m[seg] = make(map[string]any)
			}
			m = m[seg].(map[string]any)
		}
		m[p[len(p)-1]] = value
	}
	return root
}

func TestMemoryKeepsTheContract(t *testing.T) {
	sourcetest.Run(t, sourcetest.Harness{Strict: true, New: func(_ *testing.T, values map[string]string) sourcetest.Store {
		_, store := memoryStore(values)
		return store
	}})
}

func TestStaticKeepsTheContract(t *testing.T) {
	const fixed = "a static source never changes"
	sourcetest.Run(t, sourcetest.Harness{
		Strict: true,
		New: func(_ *testing.T, values map[string]string) sourcetest.Store {
			return sourcetest.Store{Source: source.Static("static", nested(values))}
		},
		Impossible: map[string]string{"Set": fixed, "Delete": fixed, "Commit": fixed, "Spoil": fixed, "Break": fixed},
	})
}

func TestWrappersKeepTheContract(t *testing.T) {
	sourcetest.Run(t, sourcetest.Harness{Strict: true, New: func(_ *testing.T, values map[string]string) sourcetest.Store {
		_, store := memoryStore(values)
		store.Source = source.Named("named", source.Optional(source.Mount("", store.Source)))
		return store
	}})
}

// polled is a store that a Poll reads.
type polled struct {
	mu     sync.Mutex
	values map[string]string
	spoilt bool
	down   bool
}

func (p *polled) with(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
}

func (p *polled) load(context.Context) (snap source.Snapshot, err error) {
	p.with(func() {
		switch {
		case p.down:
			err = errors.New("connection refused")
		case p.spoilt:
			snap.Err = errors.New("not a document")
		default:
			snap.Tree, err = tree.FromGo(nested(p.values))
		}
	})
	return snap, err
}

func TestPollKeepsTheContract(t *testing.T) {
	sourcetest.Run(t, sourcetest.Harness{Strict: true, New: func(_ *testing.T, values map[string]string) sourcetest.Store {
		p := &polled{values: values}
		return sourcetest.Store{
			Source: source.Poll("poll", time.Millisecond, p.load),
			Set: func(_ *testing.T, key tree.Path, value string) {
				p.with(func() { p.values[key.String()], p.spoilt = value, false })
			},
			Delete: func(_ *testing.T, key tree.Path) { p.with(func() { delete(p.values, key.String()) }) },
			Commit: func(_ *testing.T, values map[string]string) { p.with(func() { p.values = values }) },
			Spoil:  func(*testing.T) { p.with(func() { p.spoilt = true }) },
			Break:  func(*testing.T) { p.with(func() { p.down = true }) },
			Heal:   func(*testing.T) { p.with(func() { p.down = false }) },

			WritableWhileBroken: true,
		}
	}})
}
