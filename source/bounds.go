package source

import (
	"cmp"
	"fmt"

	"github.com/confsync/confsync/tree"
)

// Bounds are how much a source of keys may hold. Zero: 100,000 keys and 64 MiB.
// Negative: no bound.
type Bounds struct {
	MaxKeys  int
	MaxBytes int // of keys and values together
}

// OrDefault returns b with its zero fields replaced by the defaults.
func (b Bounds) OrDefault() Bounds {
	return Bounds{MaxKeys: cmp.Or(b.MaxKeys, 100_000), MaxBytes: cmp.Or(b.MaxBytes, 64<<20)}
}

// Check returns the problem of so many keys and bytes at a place, nil when they
// are within bounds. A source calls it while it reads, and reads no further
// than that.
func (b Bounds) Check(keys, bytes int, at tree.Origin) error {
	b = b.OrDefault()
	var err error
	switch {
	case b.MaxKeys >= 0 && keys > b.MaxKeys:
		err = fmt.Errorf("more than the %d keys of MaxKeys", b.MaxKeys)
	case b.MaxBytes >= 0 && bytes > b.MaxBytes:
		err = fmt.Errorf("more than the %d bytes of MaxBytes", b.MaxBytes)
	default:
		return nil
	}
	return tree.Problem{Kind: tree.TooLarge, Origin: at, Err: err}
}
