package document

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"go.yaml.in/yaml/v4"
)

// services returns a document of n keys: a map of services with eight keys
// each.
func services(n int) []byte {
	var b bytes.Buffer
	b.WriteString("services:\n")
	for i := range n / 8 {
		fmt.Fprintf(&b, "  svc%05d:\n    host: h%d.example.com\n    port: %d\n    enabled: true\n    weight: 0.5\n"+
			"    timeout: 30s\n    zone: \"eu-%d\"\n    retries: 3\n    owner: team%d\n", i, i, 8000+i%1000, i%5, i%50)
	}
	return b.Bytes()
}

func asJSON(tb testing.TB, doc []byte) []byte {
	var v any
	if err := yaml.Unmarshal(doc, &v); err != nil {
		tb.Fatal(err)
	}
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

// BenchmarkYAML's walk is what is left of decode when the parser's own work is
// taken away.
func BenchmarkYAML(b *testing.B) {
	doc := services(100_000)
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Decode(YAML, doc, Limits{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	var node yaml.Node
	b.Run("parser", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := yaml.Load(doc, &node); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("walk", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			d := decoder{limits: Limits{}.OrDefault(), workshop: new(workshop)}
			d.accept(doc, YAML)
			(&yamlDecoder{decoder: &d}).value(node.Content[0])
			if err := d.err(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkJSON(b *testing.B) {
	doc := asJSON(b, services(100_000))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(JSON, doc, Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}
