package binder

import (
	"reflect"

	"github.com/confsync/confsync/tree"
)

// shape says how values of a type are filled.
type shape uint8

const (
	leaf    shape = iota // from one scalar, by plan.decode
	raw                  // *tree.Node: the node itself
	dynamic              // an interface: whatever the node is, as Go's plain types
	pointer
	structure
	mapping
	sequence // a slice
	array
)

// plan is how one Go type is filled, compiled once. Plans of recursive types
// point back at themselves.
type plan struct {
	typ    reflect.Type
	shape  shape
	secret bool // the type itself hides its value
	elem   *plan

	decode    decodeFunc                                // leaf
	hooked    bool                                      // a scalar goes through the user's hooks first
	decodeKey func(key string, out reflect.Value) error // mapping
	verbatim  bool                                      // mapping: a key is its text, so that no two are one

	fields  []field           // structure
	known   map[string]int    // its keys, and those of inlined structs, to an index into fields or inlined (-1)
	folded  map[string]string // the folded form of each key to the key
	subs    map[string]*plan  // what each key fills
	remain  int               // the field that takes unknown keys, or -1
	partial bool              // it has fields that are not bound
	keyed   bool              // a structure is reached below: keys may have to be rewritten

	layouts   map[*string]*layout // by the key set of a node
	renamings map[*string]*renaming
}

// field is one field of a structure.
type field struct {
	name     string // Go's
	key      string // the configuration's
	index    int
	inline   bool // its keys stand among its parent's
	required bool
	secret   bool
	fallback *tree.Node // of the default tag, nil without one
	plan     *plan
}

// structPlan is p, or what p points to.
func (p *plan) structPlan() *plan {
	for p.shape == pointer {
		p = p.elem
	}
	return p
}

func (p *plan) keys() []string {
	keys := make([]string, 0, len(p.known))
	for _, f := range p.fields {
		if f.inline {
			keys = append(keys, f.plan.structPlan().keys()...)
		} else if _, ok := p.known[f.key]; ok {
			keys = append(keys, f.key)
		}
	}
	return keys
}
