package binder

import "github.com/confsync/confsync/tree"

// noteTree is a tree of notes about keys while it is brought up to date: was
// before, and what has changed among its children.
type noteTree struct {
	was     *tree.Node
	changes map[string]*tree.Node
}

// set makes what is noted at a key, and below it, be sub: nil for nothing.
func (t *noteTree) set(key string, sub *tree.Node) {
	if sub == nil && t.was == nil && t.changes == nil || t.was.Child(key) == sub && t.changes[key] == nil {
		return
	}
	if t.changes == nil {
		t.changes = map[string]*tree.Node{}
	}
	t.changes[key] = sub
}

// node returns the tree: the one before if nothing has changed, and nil for an
// empty one.
func (t *noteTree) node() *tree.Node {
	if t.changes == nil {
		return t.was
	}
	next := t.was.With(t.changes, nil)
	if next.Len() == 0 {
		return nil
	}
	return next
}

// noted marks an unknown key.
var noted = tree.NewScalar(tree.Null, "")

// noteUnknown brings the keys of a struct up to date that none of its fields takes.
// They are noted by their labels.
func (t *noteTree) noteUnknown(was, now shaped, label func(string) string) {
	if was.layout == now.layout {
		return
	}
	if now.layout != nil {
		for _, i := range now.unknown {
			t.set(label(now.Keys()[i]), noted)
		}
	}
	if was.layout == nil {
		return
	}
	for _, i := range was.unknown {
		if key := was.Keys()[i]; now.Child(key) == nil {
			t.set(key, nil)
		}
	}
}
