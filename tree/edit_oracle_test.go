package tree_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/confsync/confsync/tree"
)

// key is the oracle of the Editor: a tree that is changed in place, one call
// after the other.
type key struct {
	text     string // of the value, as String draws it; "" when there is none
	folder   bool
	revision int64
	kids     map[string]*key
}

func (k *key) at(p tree.Path) *key {
	for _, segment := range p {
		if k.kids[segment] == nil {
			k.kids[segment] = newKey()
		}
		k = k.kids[segment]
	}
	return k
}

func newKey() *key { return &key{kids: make(map[string]*key)} }

func (k *key) set(p tree.Path, text string, revision int64) {
	at := k.at(p)
	at.text, at.folder, at.revision = fmt.Sprintf("%q", text), false, revision
}

func (k *key) setFolder(p tree.Path, revision int64) {
	at := k.at(p)
	at.text, at.folder, at.revision = "", true, revision
}

func (k *key) remove(p tree.Path) {
	at := k.at(p)
	at.text, at.folder, at.revision = "", false, 0
}

func (k *key) graft(p tree.Path, whole *key) { *k.at(p) = *whole.clone() }

func (k *key) clone() *key {
	out := *k
	out.kids = make(map[string]*key)
	for segment, kid := range k.kids {
		out.kids[segment] = kid.clone()
	}
	return &out
}

// prune takes away what holds nothing, and reports whether that is k itself.
func (k *key) prune() bool {
	maps.DeleteFunc(k.kids, func(_ string, kid *key) bool { return kid.prune() })
	return len(k.kids) == 0 && k.text == "" && !k.folder
}

// String draws the keys as [tree.Node.String] does.
func (k *key) String() string {
	if k.prune() {
		return "nothing"
	}
	if len(k.kids) == 0 && !k.folder {
		return k.text
	}
	var kids []string
	for _, segment := range slices.Sorted(maps.Keys(k.kids)) {
		kids = append(kids, segment+":"+k.kids[segment].String())
	}
	return k.text + "{" + strings.Join(kids, " ") + "}"
}

// everyKey calls visit for k and all below it.
func (k *key) everyKey(p tree.Path, visit func(tree.Path, *key)) {
	visit(p, k)
	for segment, kid := range k.kids {
		kid.everyKey(p.Child(segment), visit)
	}
}
