package binder

import (
	"errors"
	"strconv"
	"strings"

	"github.com/confsync/confsync/tree"
)

// spelled returns the node that fills a slot: of a text, where the type takes
// no scalar, the one that it spells.
func (d *decoder) spelled(s *slot) (*tree.Node, bool) {
	if !s.n.Kind().IsScalar() {
		return s.n, true
	}
	n, err := spell(s.plan, s.n.Text())
	if err != nil {
		d.mistyped(s, err)
		return nil, false
	}
	return n, true
}

// before returns the node that filled a slot, read as spelled read it. Where
// that can't be known any more it forgets what was, and where keys are veiled:
// those of the one and the other can't be told apart.
func (d *decoder) before(s *slot) *tree.Node {
	switch {
	case !s.old.IsValid():
	case s.plan.rewritten && (s.veiled || s.prev.Kind().IsScalar() && (s.secret || s.plan.holds || s.prev.IsSecret())):
	case !s.prev.Kind().IsScalar():
		return s.prev
	case len(d.hooks) == 0 && s.plan.decode == nil:
		if n, err := spell(s.plan, s.prev.Text()); err == nil {
			return n
		}
	}
	s.forget()
	return nil
}

var (
	errNoObject = errors.New("want a JSON object")
	errNoPairs  = errors.New("want key:value,key:value or a JSON object")
)

// spell makes the node that a text spells for a type that takes no scalar, with
// the keys of the type's fields. For a list that is a JSON array, or elements
// between commas, trimmed; the empty text is the empty list. For a map it is a
// JSON object, or keys and values between commas; for a struct, a JSON object. The
// empty text is an empty map: so ZooKeeper's tools write a parent.
func spell(p *plan, text string) (*tree.Node, error) {
	text = strings.TrimSpace(text)
	switch {
	case p.shape == sequence || p.shape == array:
		if !strings.HasPrefix(text, "[") {
			return split(text), nil
		}
	case text == "":
		return tree.NewMap(nil, nil, nil), nil
	case strings.HasPrefix(text, "{"):
	case p.shape == mapping:
		return pairs(text)
	default:
		return nil, errNoObject
	}
	n, err := readJSON(text)
	if err != nil {
		return nil, err
	}
	r := rewriter{}
	canon := rewrite{in: n}
	r.node(p, &canon)
	if r.problems.Len() > 0 {
		return nil, r.problems.Problems[0].Err
	}
	return canon.out, nil
}

var (
	switchedOn  = tree.NewMap(nil, nil, nil)
	switchedOff = tree.NewScalar(tree.Null, "")
)

// switched returns what fills a pointer to a struct: the text "true" stands for
// a section that is there, with its defaults, and "false" for one that isn't,
// as stores of keys can't say either in another way. Beside keys of the section
// "true" says nothing more.
func (p *plan) switched(n *tree.Node) *tree.Node {
	if p.shape != pointer || p.elem.shape != structure || p.elem.decode != nil {
		return n
	}
	text := strings.TrimSpace(n.Text())
	switch own := n.Own(); {
	case n.Kind().IsScalar() && text == "true":
		return switchedOn
	case n.Kind().IsScalar() && text == "false":
		return switchedOff
	case own != nil && strings.TrimSpace(own.Text()) == "true":
		return withoutOwn(n)
	}
	return n
}

func withoutOwn(n *tree.Node) *tree.Node {
	kids := make([]*tree.Node, n.Len())
	for i := range kids {
		kids[i] = n.At(i)
	}
	return tree.NewMap(n.Keys(), kids, nil)
}

func split(text string) *tree.Node {
	var kids []*tree.Node
	if text != "" {
		for item := range strings.SplitSeq(text, ",") {
			kids = append(kids, tree.NewScalar(tree.String, strings.TrimSpace(item)))
		}
	}
	return tree.NewList(kids)
}

// pairs reads key:value,key:value. A value may hold colons.
func pairs(text string) (*tree.Node, error) {
	changes := map[string]*tree.Node{}
	for item := range strings.SplitSeq(text, ",") {
		key, value, ok := strings.Cut(item, ":")
		if key = strings.TrimSpace(key); !ok || key == "" {
			return nil, errNoPairs
		}
		if changes[key] != nil {
			return nil, errors.New("a key stands there twice")
		}
		changes[key] = tree.NewScalar(tree.String, strings.TrimSpace(value))
	}
	var none *tree.Node
	return none.With(changes, nil), nil
}

// toGo returns a node as Go's plain types: string, bool, int, float64, []any
// and map[string]any. Keys that are all indexes make a list. A time stays the
// text it is. It reports false for a key with both a value and children, which
// no plain type holds.
func toGo(n *tree.Node) (any, bool) {
	switch n.Kind() {
	case tree.Bool:
		return n.Text() == "true", true
	case tree.Int:
		if i, err := strconv.ParseInt(n.Text(), 0, strconv.IntSize); err == nil {
			return int(i), true
		}
		if u, err := strconv.ParseUint(n.Text(), 0, 64); err == nil {
			return u, true
		}
		return floatToGo(n), true
	case tree.Float:
		return floatToGo(n), true
	case tree.List:
		return listToGo(elements(n))
	case tree.Map:
		if items := elements(n); len(items) > 0 {
			return listToGo(items)
		}
		return mapToGo(n)
	case tree.Absent, tree.Null:
		return nil, true
	}
	return n.Text(), true
}

// floatToGo returns a number as a float64, or the text of one that no float64
// holds.
func floatToGo(n *tree.Node) any {
	f, err := strconv.ParseFloat(decimal(n), 64)
	if err != nil {
		return n.Text()
	}
	return f
}

func listToGo(items []*tree.Node) (any, bool) {
	list, ok := make([]any, len(items)), true
	for i, item := range items {
		v, fits := toGo(item)
		list[i], ok = v, ok && fits
	}
	return list, ok
}

func mapToGo(n *tree.Node) (any, bool) {
	m, ok := make(map[string]any, n.Len()), n.Own() == nil
	for i, key := range n.Keys() {
		v, fits := toGo(n.At(i))
		m[key], ok = v, ok && fits
	}
	return m, ok
}
