// Package schematest holds the schemas of package schema against what Open
// serves. It is a module of its own because a validator of JSON Schema is
// nothing that the library needs.
package schematest

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/schema"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
)

// compile makes a validator of a type's schema.
func compile[T any](t *testing.T, opts *schema.Options) (*schema.Schema, *jsonschema.Schema) {
	t.Helper()
	s, err := schema.For[T](opts)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(s.JSON()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("schema.json")
	if err != nil {
		t.Fatalf("%v\n%s", err, s.JSON())
	}
	return s, compiled
}

// documentSource is a document that doesn't change.
type documentSource struct {
	format document.Format
	data   []byte
}

func (d documentSource) Name() string { return "document" }

func (d documentSource) Watch(ctx context.Context, emit func(source.Snapshot)) error {
	made, err := document.Decode(d.format, d.data, document.Limits{})
	emit(source.Snapshot{Tree: made, Err: err})
	<-ctx.Done()
	return ctx.Err()
}

// open reports what Open serves of a document, or why it doesn't.
func serve[T any](t *testing.T, format document.Format, data []byte) (*T, error) {
	t.Helper()
	c, err := confsync.Open(t.Context(), confsync.Options[T]{
		Sources: []source.Source{documentSource{format, data}}, Unknown: confsync.RejectUnknown, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return c.Get(), nil
}

// TestSchemaRejectsWhatOpenRejects generates documents, good ones and spoiled
// ones, and asks both.
func TestSchemaRejectsWhatOpenRejects(t *testing.T) {
	t.Run("everything", func(t *testing.T) { agree[everything](t, 4000) })
	t.Run("store", func(t *testing.T) { agree[store](t, 1000) })
	t.Run("node", func(t *testing.T) { agree[node](t, 1000) })
	t.Run("open", func(t *testing.T) { agree[open](t, 1000) })
	t.Run("needy", func(t *testing.T) { agree[needy](t, 1000) })
	t.Run("switched", func(t *testing.T) { agree[switched](t, 1000) })
	t.Run("map", func(t *testing.T) { agree[map[string]store](t, 500) })
}

func agree[T any](t *testing.T, documents int) {
	_, compiled := compile[T](t, nil)
	seed := rand.Uint64()
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 0))}
	accepted := 0
	for i := range documents {
		g.spoil = []float64{0, 0.02, 0.1}[i%3]
		data, err := json.Marshal(g.whole(reflect.TypeFor[T]()))
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		rejects := compiled.Validate(doc)
		_, refuses := serve[T](t, []document.Format{document.JSON, document.YAML}[i%2], data)
		if (rejects == nil) != (refuses == nil) {
			t.Fatalf("seed %d, document %d: %s\nthe schema says: %v\nOpen says: %v", seed, i, data, rejects, refuses)
		}
		if rejects == nil {
			accepted++
		}
	}
	t.Logf("%d of %d documents accepted by both, the others by neither", accepted, documents)
	if accepted < documents/20 || accepted > documents*19/20 {
		t.Errorf("%d of %d documents are accepted: they don't tell much", accepted, documents)
	}
}
