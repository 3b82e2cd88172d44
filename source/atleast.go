package source

import (
	"context"
	"fmt"

	"github.com/confsync/confsync/tree"
)

// AtLeast returns src with a bound on how much it may lose at once. A state that
// has less than share of the number of values of the one before, or none where
// there were some, is refused: it is reported like content that can't be used,
// and the one before stays. So AtLeast(0, src) refuses only that everything is gone, and
// AtLeast(0.5, src) that more than half is. What a process reads first is taken
// whatever it is; so a restart takes what was refused, and so does writing it in smaller
// steps.
//
// To AtLeast, an [Optional] source that is absent is an empty one. A share
// below 0 or above 1 is a panic.
func AtLeast(share float64, src Source) Source {
	if !(share >= 0 && share <= 1) {
		panic(fmt.Sprintf("source.AtLeast: %v is not a share from 0 to 1", share))
	}
	return &bounded{Source: src, share: share, single: new(Single)}
}

type bounded struct {
	Source
	share  float64
	single *Single // shared by what WithShape makes

	// Kept from one Watch to the next, of which there is one at a time.
	last   *tree.Node // the root of what was taken last
	values int        // in it
}

func (b *bounded) Unwrap() Source { return b.Source }

func (b *bounded) WithShape(shape *tree.Shape) (Source, error) {
	return reshape(b.Source, shape, func(src Source) Source {
		return &bounded{Source: src, share: b.share, single: b.single}
	})
}

func (b *bounded) Watch(ctx context.Context, emit func(Snapshot)) error {
	if err := b.single.Enter(); err != nil {
		return err
	}
	defer b.single.Leave()
	return b.Source.Watch(ctx, func(snap Snapshot) {
		if snap.Err == nil {
			snap.Err = b.refuse(snap.Tree.Root())
		}
		emit(snap)
	})
}

// refuse returns why a state is not taken, and nil for one that is.
func (b *bounded) refuse(root *tree.Node) error {
	if root == b.last {
		return nil
	}
	values := countValues(root)
	switch {
	case values == 0 && b.values > 0:
		return fmt.Errorf("refused: it has become empty, and had %d values", b.values)
	case float64(values) < b.share*float64(b.values):
		return fmt.Errorf("refused: it has shrunk from %d values to %d, and at least %g%% have to be left", b.values, values, 100*b.share)
	}
	b.last, b.values = root, values
	return nil
}

// countValues returns how many values there are at a node and below.
func countValues(n *tree.Node) int {
	count := 0
	if n.Kind().IsScalar() || n.Own() != nil {
		count = 1
	}
	for i := range n.Len() {
		count += countValues(n.At(i))
	}
	return count
}
