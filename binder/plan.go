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
	viaJSON              // by the type's UnmarshalJSON
	pointer
	structure
	mapping
	sequence // a slice
	array
)

// plan is how one Go type is filled, compiled once and never changed. Plans of
// recursive types point back at themselves.
type plan struct {
	typ      reflect.Type
	shape    shape
	number   int  // of a struct, counted from 0
	secret   bool // the type itself hides its value
	holds    bool // there is a secret here or anywhere below
	movable  bool // a value can be copied while others use it: all it has is bound or exported
	defaults bool // it has SetDefaults
	elem     *plan

	decode    decodeFunc                                // of a scalar: leaf, and what one text fills as a whole
	decodeKey func(key string, out reflect.Value) error // mapping
	verbatim  bool                                      // mapping: a key is its text, so that no two are one

	fields     []field           // structure
	known      map[string]int    // its keys, and those of inlined structs, to an index into fields or inlined (-1)
	folded     map[string]string // the folded form of each key and alias to the key
	deprecated map[string]bool   // the folded forms of the aliases to be warned of
	subs       map[string]*plan  // what each key fills
	remain     int               // the field that takes unknown keys, or -1
	rewritten  bool              // a struct or a map is reached below: Canonical has something to look at
}

// field is one field of a structure.
type field struct {
	tag
	index    int
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

// field returns the field's own key and plan for a key in any spelling. A key
// that names no field is its own, with the plan of the remaining keys, if they
// have one.
func (p *plan) field(key string) (string, *plan) {
	if sub, ok := p.subs[key]; ok {
		return key, sub
	}
	if own, ok := p.folded[tree.Fold(key)]; ok {
		return own, p.subs[own]
	}
	if p.remain >= 0 {
		return key, p.fields[p.remain].plan.elem
	}
	return key, nil
}
