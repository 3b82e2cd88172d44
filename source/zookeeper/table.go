package zookeeper

import (
	"context"
	"errors"
	"path"
	"slices"
	"strconv"

	"github.com/go-zookeeper/zk"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/tree"
)

// table is the nodes that a Watch has read, and the tree they make. It takes answers in any order, late ones
// included: what a node says of itself only ever grows in zxid, and a node that
// seems to be gone has its parent listed again.
type table struct {
	store    *store
	nodes    map[string]*node // those that are there, by path, some of them yet to be read
	bytes    int              // of paths and data
	read     int64            // bytes of data and of children's names since the last snapshot
	zxid     int64            // the highest seen
	tooLarge error            // ends the reading; nil if all is within bounds

	tree    tree.Tree
	edit    *tree.Editor        // of tree, with the nodes that have gone
	touched map[string]struct{} // nodes whose data or children have come since tree
	page    document.Page       // in the place of tree, if the root is a document
}

type node struct {
	text         string
	bare         bool // no data, as opposed to data of no bytes
	kids         []string
	mzxid, pzxid int64 // of the last changes to data and to kids; 0 before they are read
}

func (s *store) newTable() *table {
	t := &table{store: s, page: s.newPage()}
	t.reset()
	return t
}

// reset forgets all that was read.
func (t *table) reset() {
	t.nodes, t.touched = map[string]*node{}, map[string]struct{}{}
	t.bytes, t.tooLarge = 0, nil
	t.tree = tree.Tree{}.Located(t.store.locate)
	t.edit = t.tree.Edit()
}

// all returns the request with which the reading of everything begins.
func (t *table) all() []request { return t.add(t.store.root) }

// again returns the requests for the watches that have fired.
func (t *table) again(fired []watch) []request {
	if t.tooLarge != nil {
		t.tooLarge = nil
		return t.all()
	}
	var next []request
	for _, w := range fired {
		switch root := w.path == t.store.root; {
		case t.nodes[w.path] == nil && root:
			next = append(next, t.add(w.path)...)
		case t.nodes[w.path] == nil:
		case w.kids:
			next = append(next, request{readKids, w.path})
		case !root || t.isPage():
			next = append(next, request{readData, w.path})
		}
	}
	return next
}

func (t *table) isPage() bool { return t.store.opts.Document != 0 || t.store.opts.Decode != nil }

// take applies an answer and says what to ask next.
func (t *table) take(a answer) ([]request, error) {
	if a.err != nil && !errors.Is(a.err, zk.ErrNoNode) {
		return nil, a.failure()
	}
	t.zxid = max(t.zxid, a.stat.Czxid, a.stat.Mzxid, a.stat.Pzxid)
	t.read += int64(len(a.data))
	for _, kid := range a.kids {
		t.read += int64(len(kid))
	}
	n := t.nodes[a.path]
	var next []request
	switch {
	case a.op == catchUp:
		next = []request{{exists, a.path}}
	case a.op == exists && a.found && n == nil:
		next = t.add(a.path)
	case n == nil: // gone meanwhile
	case a.err != nil:
		next = t.lose(a.path)
	case a.op == readData && a.stat.Mzxid >= n.mzxid:
		t.setData(a, n)
	case a.op == readKids && a.stat.Pzxid >= n.pzxid:
		next = t.setKids(a, n)
	}
	if err := t.measure(); err != nil {
		t.reset() // what can't be used isn't held
		t.tooLarge = err
	}
	return next, t.tooLarge
}

func (t *table) setData(a answer, n *node) {
	t.bytes += len(a.data) - len(n.text)
	n.text, n.bare, n.mzxid = string(a.data), a.data == nil, a.stat.Mzxid
	t.touched[a.path] = struct{}{}
}

func (t *table) setKids(a answer, n *node) (next []request) {
	if a.path == "/" {
		a.kids = slices.DeleteFunc(a.kids, func(name string) bool { return name == "zookeeper" })
	}
	slices.Sort(a.kids)
	for _, name := range n.kids {
		if _, still := slices.BinarySearch(a.kids, name); !still {
			t.drop(path.Join(a.path, name))
		}
	}
	for _, name := range a.kids {
		if kid := path.Join(a.path, name); t.nodes[kid] == nil {
			next = append(next, t.add(kid)...)
		}
	}
	n.kids, n.pzxid = a.kids, a.stat.Pzxid
	t.touched[a.path] = struct{}{}
	return next
}

// add makes room for a node and returns the requests that fill it. Of the root
// there are only the data or only the children.
func (t *table) add(path string) []request {
	t.nodes[path] = &node{}
	data, kids := request{readData, path}, request{readKids, path}
	switch {
	case path != t.store.root:
		t.bytes += len(path)
		return []request{data, kids}
	case t.isPage():
		return []request{data}
	}
	return []request{kids}
}

// lose takes away a node that wasn't found. It may have been made again since,
// which its parent knows; of a root that is gone the leader must know.
func (t *table) lose(p string) []request {
	t.drop(p)
	if p == t.store.root {
		return []request{{catchUp, p}}
	}
	return []request{{readKids, path.Dir(p)}}
}

// drop takes away a node and all below it.
func (t *table) drop(p string) {
	at, _, _ := t.store.keys.Path(p)
	t.edit.Graft(at, tree.Tree{})
	t.forget(p)
}

func (t *table) forget(p string) {
	n := t.nodes[p]
	if n == nil {
		return
	}
	delete(t.nodes, p)
	t.bytes -= len(n.text)
	if p != t.store.root {
		t.bytes -= len(p)
	}
	for _, name := range n.kids {
		t.forget(path.Join(p, name))
	}
}

// measure returns the problem of a table beyond the bounds, or nil.
func (t *table) measure() error {
	opts := t.store.opts
	bounds := source.Bounds{MaxKeys: opts.MaxKeys, MaxBytes: opts.MaxBytes}
	return bounds.Check(len(t.nodes)-1, t.bytes, t.store.origin(t.store.root, 0))
}

// fill puts what has been read into a snapshot.
func (t *table) fill(ctx context.Context, snap *source.Snapshot) {
	snap.Bytes, t.read = t.read, 0
	if t.zxid > 0 {
		snap.Revision = strconv.FormatInt(t.zxid, 10)
	}
	switch {
	case t.tooLarge != nil:
		snap.Err = t.tooLarge
	case t.isPage():
		snap.Tree, snap.Err = t.store.readPage(ctx, &t.page, t.nodes[t.store.root])
	default:
		snap.Tree = t.update()
	}
}

// update returns the tree with all that has changed since the one before. What
// is written again as it was gets a new place and leaves the tree the Same.
func (t *table) update() tree.Tree {
	for p := range t.touched {
		n := t.nodes[p]
		if n == nil {
			continue
		}
		at, _, _ := t.store.keys.Path(p) // the names that ZooKeeper allows are all good
		place := tree.Place{Revision: n.mzxid}
		leaf := len(n.kids) == 0
		switch {
		case p == t.store.root && leaf, n.bare && leaf:
			t.edit.SetFolder(at, place)
		case leaf, n.text != "":
			t.edit.Set(at, n.text, place)
		default:
			t.edit.Delete(at)
		}
	}
	clear(t.touched)
	t.tree = t.edit.Tree()
	t.edit = t.tree.Edit()
	return t.tree
}

// locate tells the origin of a value of the tree.
func (s *store) locate(p tree.Path, at tree.Place) tree.Origin {
	return s.origin(s.keys.Key(p), at.Revision)
}
