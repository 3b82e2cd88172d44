package schematest

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/dump"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
)

// TestDumpsAreLoadedAgain asserts that what is dumped of generated documents
// gives the value that they gave, and is what the schema takes.
func TestDumpsAreLoadedAgain(t *testing.T) {
	t.Run("everything", func(t *testing.T) {
		dumped(t, 1500, func(e *everything) {
			e.Password = ""
			if math.IsNaN(e.Ratio) {
				e.Ratio = -1
			}
			if e.Small != e.Small {
				e.Small = -1
			}
		})
	})
	t.Run("node", func(t *testing.T) { dumped(t, 500, func(*node) {}) })
	t.Run("open", func(t *testing.T) { dumped(t, 500, func(*open) {}) })
	t.Run("switched", func(t *testing.T) { dumped(t, 500, func(*switched) {}) })
	t.Run("needy", func(t *testing.T) { dumped(t, 500, func(*needy) {}) })
}

// dumped asserts it for a type; level makes equal what a dump may change.
func dumped[T any](t *testing.T, documents int, level func(*T)) {
	_, compiled := compile[T](t, nil)
	seed := rand.Uint64()
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 0)), spoil: 0.01}
	tried := 0
	for i := range documents {
		data, err := json.Marshal(g.structure(reflect.TypeFor[T](), 0))
		if err != nil {
			t.Fatal(err)
		}
		c, err := confsync.Open(t.Context(), confsync.Options[T]{
			Sources: []source.Source{documentSource{document.JSON, data}}, Unknown: confsync.RejectUnknown, Logger: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			continue
		}
		for format, as := range map[dump.Format]document.Format{dump.YAML: document.YAML, dump.JSON: document.JSON} {
			var text bytes.Buffer
			if err := dump.Write(&text, c, &dump.Options{Format: format, Origins: format == dump.YAML}); err != nil {
				t.Fatal(err)
			}
			again, err := serve[T](t, as, text.Bytes())
			if err != nil {
				t.Fatalf("seed %d, document %d: %s\nis dumped as\n%s\n%v", seed, i, data, text.String(), err)
			}
			want, got := *c.Get(), *again
			level(&want)
			level(&got)
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("seed %d, document %d: %s\nis dumped as\n%s\n got %+v\nwant %+v", seed, i, data, text.String(), got, want)
			}
			if err := compiled.Validate(asJSON(t, text.Bytes())); err != nil {
				t.Fatalf("seed %d, document %d: the schema refuses the dump\n%s\n%v", seed, i, text.String(), err)
			}
		}
		c.Close()
		tried++
	}
	t.Logf("%d of %d documents dumped", tried, documents)
	if tried < documents/20 {
		t.Errorf("%d of %d documents are good: they don't tell much", tried, documents)
	}
}
