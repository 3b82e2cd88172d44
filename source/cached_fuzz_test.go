package source

import (
	"testing"

	"github.com/confsync/confsync/tree"
)

// FuzzCacheFile reads what is no cache, and what is one twice.
func FuzzCacheFile(f *testing.F) {
	c := cacheContent{source: "store", revision: "7", root: &cacheNode{kind: tree.Map, keys: []string{"a", "b"}, kids: []*cacheNode{
		{kind: tree.String, text: "x", origin: tree.Origin{Kind: "file", Line: 3}}, {kind: tree.List, kids: []*cacheNode{{kind: tree.Null}}},
	}}}
	f.Add(c.encode())
	f.Add([]byte{})
	f.Add([]byte{0, 0, 0, 0, byte(tree.Map), 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x7f})
	f.Fuzz(func(t *testing.T, body []byte) {
		read, ok := decodeCache(body)
		if !ok {
			return
		}
		again, ok := decodeCache(read.encode())
		if !ok || string(again.encode()) != string(read.encode()) {
			t.Errorf("%x reads back otherwise", body)
		}
		if node, ok := read.root.node(); ok {
			_ = tree.Of(node).Root().String()
		}
	})
}
