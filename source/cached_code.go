package source

import (
	"encoding/binary"
	"time"

	"github.com/confsync/confsync/tree"
)

// The content of a cache file is written as numbers (uvarint) and texts (a
// number of bytes, and the bytes), in the order of the fields. A node that is
// absent is its kind alone.

const maxCacheDepth = 10_000 // of nodes that are read

func (c cacheContent) encode() []byte {
	out := appendText(nil, c.source)
	out = appendText(out, c.revision)
	out = binary.AppendUvarint(out, uint64(c.written.Unix()))
	out = binary.AppendUvarint(out, uint64(c.withheld))
	return c.root.append(out)
}

func appendText(out []byte, text string) []byte {
	return append(binary.AppendUvarint(out, uint64(len(text))), text...)
}

func (n *cacheNode) append(out []byte) []byte {
	if n == nil {
		return append(out, byte(tree.Absent))
	}
	out = append(out, byte(n.kind))
	out = appendText(out, n.text)
	for _, text := range []string{n.origin.Layer, n.origin.Kind, n.origin.Key, n.origin.Revision} {
		out = appendText(out, text)
	}
	out = binary.AppendUvarint(out, uint64(n.origin.Line))
	out = binary.AppendUvarint(out, uint64(n.origin.Column))
	out = n.own.append(out)
	out = binary.AppendUvarint(out, uint64(len(n.kids)))
	for i, kid := range n.kids {
		if n.kind == tree.Map {
			out = appendText(out, n.keys[i])
		}
		out = kid.append(out)
	}
	return out
}

// decodeCache reads what encode has written. It reports false for anything else.
func decodeCache(data []byte) (cacheContent, bool) {
	r := cacheReader{rest: data}
	c := cacheContent{
		source:   r.text(),
		revision: r.text(),
		written:  time.Unix(int64(r.number()), 0).UTC(),
		withheld: int(r.number()),
		root:     r.node(maxCacheDepth),
	}
	return c, !r.bad && len(r.rest) == 0
}

// cacheReader takes one thing after the other from the start of rest. Once
// something is not as it should be, everything is zero.
type cacheReader struct {
	rest []byte
	bad  bool
}

func (r *cacheReader) number() uint64 {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 {
		r.bad, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

func (r *cacheReader) text() string {
	n := r.number()
	if n > uint64(len(r.rest)) {
		r.bad, r.rest = true, nil
		return ""
	}
	text := string(r.rest[:n])
	r.rest = r.rest[n:]
	return text
}

func (r *cacheReader) node(depth int) *cacheNode {
	kind := r.number()
	if kind == uint64(tree.Absent) {
		return nil
	}
	if kind > uint64(tree.Map) || depth == 0 {
		r.bad, r.rest = true, nil
		return nil
	}
	n := &cacheNode{kind: tree.Kind(kind), text: r.text()}
	n.origin = tree.Origin{Layer: r.text(), Kind: r.text(), Key: r.text(), Revision: r.text()}
	n.origin.Line, n.origin.Column = int(r.number()), int(r.number())
	n.own = r.node(depth - 1)
	for range r.number() {
		if r.bad {
			return nil
		}
		if n.kind == tree.Map {
			n.keys = append(n.keys, r.text())
		}
		n.kids = append(n.kids, r.node(depth-1))
	}
	return n
}
