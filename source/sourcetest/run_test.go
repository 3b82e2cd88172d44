package sourcetest_test

import (
	"errors"
	"testing"

	"github.com/confsync/confsync/source/sourcetest"
	"github.com/confsync/confsync/tree"
)

// memoryStore is a Memory as a Harness has it.
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
	sourcetest.Run(t, sourcetest.Harness{New: func(_ *testing.T, values map[string]string) sourcetest.Store {
		_, store := memoryStore(values)
		return store
	}})
}
