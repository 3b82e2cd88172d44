package etcd

import "time"

// The sizes of pages: keys for the first, when nothing is known, and bytes for
// those after it.
const (
	firstPage  = 16
	firstBytes = 64 << 10
	mostBytes  = maxPage / 2
	leastBytes = 4 << 10
)

// pager decides how many keys a page has. The server takes a number of keys,
// while what matters is bytes: that memory is bounded, and that on a slow link
// little is lost when a page doesn't arrive. So a page is as large as the ones
// before it say that so many bytes are, and as many bytes as come in a fraction
// of the time that a silence may last. The zero pager is ready to use.
type pager struct {
	keys, bytes int // of the next page; 0: the first
}

func (p *pager) limit() int64 {
	if p.keys == 0 {
		p.keys, p.bytes = firstPage, firstBytes
	}
	return int64(p.keys)
}

// adapt learns from a page that arrived.
func (p *pager) adapt(keys, bytes int, took, silence time.Duration) {
	switch {
	case took > silence/4:
		p.bytes = max(p.bytes/2, leastBytes)
	case took < silence/20:
		p.bytes = min(p.bytes*4, mostBytes)
	}
	each := max(1, bytes/max(1, keys)) + rowBytes
	p.keys = max(1, min(p.bytes/each, p.keys*8))
}

// rowBytes is what a key costs in a page beside itself and its value.
const rowBytes = 32

// shrink reports whether a page that was too long may be asked for again, with
// fewer keys.
func (p *pager) shrink() bool {
	if p.keys == 1 {
		return false
	}
	p.keys = max(1, p.keys/8)
	return true
}
