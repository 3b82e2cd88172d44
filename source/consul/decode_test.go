package consul

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/consul/api"
)

func body(b testing.TB, keys, size int) []byte {
	var pairs api.KVPairs
	for i := range keys {
		pairs = append(pairs, &api.KVPair{Key: fmt.Sprintf("app/s%05d/key%d", i/8, i%8), Value: []byte(strings.Repeat("v", size)), ModifyIndex: 7})
	}
	text, err := json.Marshal(pairs)
	if err != nil {
		b.Fatal(err)
	}
	return text
}

// What an answer costs, beside what the api package makes of it.
func BenchmarkDecode(b *testing.B) {
	s := New(nil, "app", nil).(*store)
	for _, c := range []struct{ keys, size int }{{100, 20}, {10_000, 20}, {1000, 10_000}} {
		text := body(b, c.keys, c.size)
		name := fmt.Sprintf("%dx%d", c.keys, c.size)
		b.Run(name+"/stream", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if got, err := s.decode(bytes.NewReader(text), nil); err != nil || len(got.rows) != c.keys {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/again", func(b *testing.B) {
			b.ReportAllocs()
			held, _ := s.decode(bytes.NewReader(text), nil)
			for b.Loop() {
				if got, err := s.decode(bytes.NewReader(text), held.rows); err != nil || len(got.rows) != c.keys {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/api", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var pairs api.KVPairs
				if err := json.NewDecoder(bytes.NewReader(text)).Decode(&pairs); err != nil {
					b.Fatal(err)
				}
				s.answer(pairs)
			}
		})
	}
}
