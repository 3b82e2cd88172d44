package tree

import (
	"slices"
	"strings"
)

// keyset is the keys of a map as they were written, and in their order. Maps
// that are alike are written alike, so most are sorted once for a document.
type keyset struct {
	written []string
	sorted  []string
	order   []int32 // sorted[i] is written[order[i]]; nil when they were written in order
}

// maxKeyset is how many keys a map may have whose order is remembered.
const maxKeyset = 64

// keyset returns the sorted keys of entries, as the very slice an alike map has,
// and the order that sorts them, nil for the one they are in. Equal keys stay in
// their order.
func (b *Builder) keyset(entries []Entry) (keys []string, order []int32) {
	if len(entries) == 0 {
		return nil, nil
	}
	seen := b.slot(len(entries), entries[0].Key, entries[len(entries)-1].Key)
	if seen.wrote(entries) {
		return seen.sorted, seen.order
	}
	made := sortKeys(entries)
	if made.order != nil { // one that was written in another order has the same keys
		if same := b.slot(len(entries), made.sorted[0], made.sorted[len(entries)-1]); slices.Equal(same.sorted, made.sorted) {
			made.sorted = same.sorted
		} else if len(entries) <= maxKeyset {
			*same = keyset{written: made.sorted, sorted: made.sorted}
		}
	}
	if len(entries) <= maxKeyset {
		*seen = made
	}
	return made.sorted, made.order
}

func (b *Builder) slot(size int, first, last string) *keyset {
	return &b.keysets[hashOf(hashOf(uint(size), first), last)%uint(len(b.keysets))]
}

func (s *keyset) wrote(entries []Entry) bool {
	if len(s.written) != len(entries) {
		return false
	}
	for i := range entries {
		if s.written[i] != entries[i].Key {
			return false
		}
	}
	return true
}

func sortKeys(entries []Entry) keyset {
	written := make([]string, len(entries))
	inOrder := true
	for i := range entries {
		written[i] = entries[i].Key
		inOrder = inOrder && (i == 0 || written[i-1] <= written[i])
	}
	if inOrder {
		return keyset{written: written, sorted: written}
	}
	order, sorted := make([]int32, len(entries)), make([]string, len(entries))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(x, y int32) int { return strings.Compare(written[x], written[y]) })
	for i, at := range order {
		sorted[i] = written[at]
	}
	return keyset{written: written, sorted: sorted, order: order}
}
