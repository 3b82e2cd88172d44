package zookeeper

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"

	"github.com/go-zookeeper/zk"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/tree"
)

// view is what a Watch has read. It takes answers in any order, late ones
// included: what a node says of itself only ever grows in zxid, and a node that
// seems to be gone has its parent listed again.
type view struct {
	store    *store
	nodes    map[string]*node // those that are there, by path, some of them yet to be read
	bytes    int              // of paths and data
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

func (s *store) newView() *view {
	v := &view{store: s, page: s.newPage()}
	v.reset()
	return v
}

// reset forgets all that was read.
func (v *view) reset() {
	v.nodes, v.touched = map[string]*node{}, map[string]struct{}{}
	v.bytes, v.tooLarge = 0, nil
	v.tree = tree.Tree{}.Located(v.store.locate)
	v.edit = v.tree.Edit()
}

// all is the request with which the reading of everything begins.
func (v *view) all() []request { return v.add(v.store.root) }

// again is the requests for what watches have told of.
func (v *view) again(told []watch) []request {
	if v.tooLarge != nil {
		v.reset()
		return v.all()
	}
	var next []request
	for _, w := range told {
		switch root := w.path == v.store.root; {
		case v.nodes[w.path] == nil && root:
			next = append(next, v.add(w.path)...)
		case v.nodes[w.path] == nil:
		case w.kids:
			next = append(next, request{readKids, w.path})
		case !root || v.isPage():
			next = append(next, request{readData, w.path})
		}
	}
	return next
}

func (v *view) isPage() bool { return v.store.opts.Document != 0 }

// take applies an answer and says what to ask next.
func (v *view) take(a answer) ([]request, error) {
	if a.err != nil && !errors.Is(a.err, zk.ErrNoNode) {
		return nil, a.failure()
	}
	v.zxid = max(v.zxid, a.stat.Czxid, a.stat.Mzxid, a.stat.Pzxid)
	n := v.nodes[a.path]
	var next []request
	switch {
	case a.op == catchUp:
		next = []request{{exists, a.path}}
	case a.op == exists && a.found && n == nil:
		next = v.add(a.path)
	case n == nil: // gone meanwhile
	case a.err != nil:
		next = v.lose(a.path)
	case a.op == readData && a.stat.Mzxid >= n.mzxid:
		v.setData(a, n)
	case a.op == readKids && a.stat.Pzxid >= n.pzxid:
		next = v.setKids(a, n)
	}
	v.tooLarge = v.measure()
	return next, v.tooLarge
}

func (v *view) setData(a answer, n *node) {
	v.bytes += len(a.data) - len(n.text)
	n.text, n.bare, n.mzxid = string(a.data), a.data == nil, a.stat.Mzxid
	v.touched[a.path] = struct{}{}
}

func (v *view) setKids(a answer, n *node) (next []request) {
	if a.path == "/" {
		a.kids = slices.DeleteFunc(a.kids, func(name string) bool { return name == "zookeeper" })
	}
	slices.Sort(a.kids)
	for _, name := range n.kids {
		if _, still := slices.BinarySearch(a.kids, name); !still {
			v.drop(path.Join(a.path, name))
		}
	}
	for _, name := range a.kids {
		if kid := path.Join(a.path, name); v.nodes[kid] == nil {
			next = append(next, v.add(kid)...)
		}
	}
	n.kids, n.pzxid = a.kids, a.stat.Pzxid
	v.touched[a.path] = struct{}{}
	return next
}

// add makes room for a node and returns the requests that fill it. Of the root
// there are only the data or only the children.
func (v *view) add(path string) []request {
	v.nodes[path] = &node{}
	data, kids := request{readData, path}, request{readKids, path}
	switch {
	case path != v.store.root:
		v.bytes += len(path)
		return []request{data, kids}
	case v.isPage():
		return []request{data}
	}
	return []request{kids}
}

// lose takes away a node that wasn't found. It may have been made again since,
// which its parent knows; of a root that is gone the leader must know.
func (v *view) lose(p string) []request {
	v.drop(p)
	if p == v.store.root {
		return []request{{catchUp, p}}
	}
	return []request{{readKids, path.Dir(p)}}
}

// drop takes away a node and all below it.
func (v *view) drop(p string) {
	at, _, _ := v.store.keys.Path(p)
	v.edit.Graft(at, tree.Tree{})
	v.forget(p)
}

func (v *view) forget(p string) {
	n := v.nodes[p]
	if n == nil {
		return
	}
	delete(v.nodes, p)
	v.bytes -= len(n.text)
	if p != v.store.root {
		v.bytes -= len(p)
	}
	for _, name := range n.kids {
		v.forget(path.Join(p, name))
	}
}

// measure is the problem of a view beyond the bounds, or nil.
func (v *view) measure() error {
	opts := v.store.opts
	var err error
	switch {
	case len(v.nodes)-1 > opts.MaxKeys:
		err = fmt.Errorf("more than the %d keys of MaxKeys", opts.MaxKeys)
	case opts.MaxBytes >= 0 && v.bytes > opts.MaxBytes:
		err = fmt.Errorf("more than the %d bytes of MaxBytes", opts.MaxBytes)
	default:
		return nil
	}
	return tree.Problem{Kind: tree.TooLarge, Origin: v.store.origin(v.store.root, 0), Err: err}
}

// fill puts what has been read into a snapshot.
func (v *view) fill(snap *source.Snapshot) {
	if v.zxid > 0 {
		snap.Revision = strconv.FormatInt(v.zxid, 10)
	}
	switch {
	case v.tooLarge != nil:
		snap.Err = v.tooLarge
	case v.isPage():
		snap.Tree, snap.Err = v.store.readPage(&v.page, v.nodes[v.store.root])
	default:
		snap.Tree = v.update()
	}
}

// update is the tree with all that has changed since the one before. What is
// written again as it was gets a new place and leaves the tree the Same.
func (v *view) update() tree.Tree {
	for p := range v.touched {
		n := v.nodes[p]
		if n == nil {
			continue
		}
		at, _, _ := v.store.keys.Path(p) // the names that ZooKeeper allows are all good
		place := tree.Place{Revision: n.mzxid}
		leaf := len(n.kids) == 0
		switch {
		case p == v.store.root && leaf, n.bare && leaf:
			v.edit.SetFolder(at, place)
		case leaf, n.text != "":
			v.edit.Set(at, n.text, place)
		default:
			v.edit.Delete(at)
		}
	}
	clear(v.touched)
	v.tree = v.edit.Tree()
	v.edit = v.tree.Edit()
	return v.tree
}

// locate tells the origin of a value of the tree.
func (s *store) locate(p tree.Path, at tree.Place) tree.Origin {
	return s.origin(s.keys.Key(p), at.Revision)
}
