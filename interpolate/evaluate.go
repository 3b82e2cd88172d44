package interpolate

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/confsync/confsync/tree"
)

const (
	maxText  = 1 << 20   // bytes of a text that placeholders were filled in
	maxNodes = 1_000_000 // values below one that is put in the place of a placeholder
)

// evaluator is one run of Expand. It computes each value once.
type evaluator struct {
	opts      Options
	root      *tree.Node
	templates *tree.Node
	done      map[string]*value     // by path
	open      []tree.Path           // the texts that are being filled, outermost first
	marks     map[string]*tree.Node // by path: what references to it become
	sizes     map[*tree.Node]int
	total     int // values in all that was made
	failures  int // texts that were found not to have a value, each time
	problems  tree.ProblemList
}

// value is what a text became: nil where it can't be filled, which was reported.
type value struct {
	node    *tree.Node
	pending bool
}

func newEvaluator(root, templates *tree.Node, opts Options) *evaluator {
	return &evaluator{opts: opts, root: root, templates: templates, done: map[string]*value{}, marks: map[string]*tree.Node{}, sizes: map[*tree.Node]int{}}
}

// all returns the values of all templates at a path and below, the nodes of
// before where they are the same.
func (e *evaluator) all(path tree.Path, t, before *tree.Node) *tree.Node {
	if t.Kind().IsScalar() {
		return e.one(path, t, before)
	}
	kids, changed := make([]*tree.Node, t.Len()), !slices.Equal(before.Keys(), t.Keys())
	for i, key := range t.Keys() {
		was := before.Child(key)
		kids[i] = e.all(path.Child(key), t.At(i), was)
		changed = changed || kids[i] != was
	}
	if !changed {
		return before
	}
	return tree.NewMap(t.Keys(), kids, nil)
}

// one returns the value of one template, and the template itself where there is
// none, which was reported.
func (e *evaluator) one(path tree.Path, t, before *tree.Node) *tree.Node {
	made := e.eval(path, t)
	if made == nil {
		e.failures++
		return t
	}
	if e.total += e.size(made); e.total > maxNodes {
		if e.total -= e.size(made); e.failures == 0 {
			e.report(path, &unresolved{kind: tree.TooLarge, why: fmt.Sprintf("with all placeholders filled there are more than %d values", maxNodes)})
		}
		e.failures++
		return t
	}
	if same(before, made) {
		return before
	}
	return made
}

// same reports whether two nodes are the same value, and as secret.
func same(a, b *tree.Node) bool {
	if a == b {
		return true
	}
	if a.IsSecret() != b.IsSecret() || a.Kind() != b.Kind() || a.Len() != b.Len() {
		return false
	}
	if a.Len() == 0 {
		return a.Equal(b)
	}
	if !slices.Equal(a.Keys(), b.Keys()) || !a.Own().Equal(b.Own()) {
		return false
	}
	for i := range a.Len() {
		if !same(a.At(i), b.At(i)) {
			return false
		}
	}
	return true
}

// eval returns what the text at a path becomes, nil if it has no value.
func (e *evaluator) eval(path tree.Path, text *tree.Node) *tree.Node {
	key := path.String()
	if v := e.done[key]; v != nil {
		if v.pending {
			e.cycle(path)
		}
		return v.node
	}
	v := &value{pending: true}
	e.done[key] = v
	e.open = append(e.open, slices.Clone(path))
	made, err := e.fill(text.Text())
	e.open = e.open[:len(e.open)-1]
	if v.pending = false; err != nil {
		if err != errReported {
			e.report(path, err)
		}
		return nil
	}
	if text.IsSecret() {
		made = made.AsSecret()
	}
	v.node = made
	return made
}

// errReported says that there is no value because of what was reported already.
var errReported = errors.New("reported already")

// unresolved is why a placeholder can't be filled, and the value it is about.
type unresolved struct {
	kind    tree.ProblemKind
	related tree.Path
	why     string
}

func (u *unresolved) Error() string { return u.why }

func (e *evaluator) report(path tree.Path, err error) {
	p := tree.Problem{Path: path, Kind: tree.Unresolved, Err: err}
	var u *unresolved
	if errors.As(err, &u) {
		p.Kind = u.kind
		if u.related != nil {
			p.Related = []tree.Value{{Path: u.related}}
		}
	}
	e.problems.Add(p)
}

// cycle reports that the text at a path is needed to fill it.
func (e *evaluator) cycle(path tree.Path) {
	from := slices.IndexFunc(e.open, path.Equal)
	ring := e.open[from:]
	var text strings.Builder
	p := tree.Problem{Path: path, Kind: tree.Unresolved}
	for i, at := range ring {
		if i > 0 {
			p.Related = append(p.Related, tree.Value{Path: at})
		}
		fmt.Fprintf(&text, "%s -> ", tree.Shortened(at))
	}
	p.Err = fmt.Errorf("placeholders refer to one another: %s%s", &text, tree.Shortened(path))
	e.problems.Add(p)
}

// fill fills the placeholders of a text.
func (e *evaluator) fill(text string) (*tree.Node, error) {
	t, err := parse(text)
	if err != nil {
		return nil, err
	}
	if len(t) == 1 && t[0].name != "" {
		return e.placeholder(t[0])
	}
	return e.text(t)
}

// text returns the text that a template becomes.
func (e *evaluator) text(t template) (*tree.Node, error) {
	var b strings.Builder
	secret := false
	for _, p := range t {
		piece := p.literal
		if p.name != "" {
			n, err := e.placeholder(p)
			switch {
			case err != nil:
				return nil, err
			case !n.Kind().IsScalar():
				return nil, fmt.Errorf("${%s} is a %s, which can't stand in a text", p.name, n.Kind())
			}
			piece, secret = n.Text(), secret || n.IsSecret()
		}
		if b.Len()+len(piece) > maxText {
			return nil, &unresolved{kind: tree.TooLarge, why: fmt.Sprintf("with its placeholders filled it is longer than %d bytes", maxText)}
		}
		b.WriteString(piece)
	}
	n := tree.NewScalar(tree.String, b.String())
	if secret {
		n = n.AsSecret()
	}
	return n, nil
}

// placeholder returns what stands for a placeholder.
func (e *evaluator) placeholder(p part) (*tree.Node, error) {
	var n *tree.Node
	var err error
	if name, ok := strings.CutPrefix(p.name, "env:"); ok {
		n, err = e.variable(name)
	} else {
		n, err = e.reference(p.name)
	}
	switch {
	case errors.Is(err, errReported):
		return nil, err
	case p.hasOr && (n.Kind() <= tree.Null || n.Kind().IsScalar() && n.Text() == ""):
		if len(p.or) == 1 && p.or[0].name != "" {
			return e.placeholder(p.or[0])
		}
		return e.text(p.or)
	}
	return n, err
}

func (e *evaluator) variable(name string) (*tree.Node, error) {
	text, ok := e.opts.env(name)
	if !ok {
		return nil, fmt.Errorf("${env:%s}: the variable is not set", name)
	}
	return tree.NewScalar(tree.String, text), nil
}

// reference returns the value at a path, with its own placeholders filled and
// what is secret in it marked.
func (e *evaluator) reference(name string) (*tree.Node, error) {
	path, err := e.opts.path(name)
	if err != nil {
		return nil, fmt.Errorf("${%s}: %w", name, err)
	}
	key := path.String()
	if known := e.marks[key]; known != nil {
		return known, nil
	}
	n, err := e.lookup(path)
	switch {
	case err != nil:
		return nil, err
	case n.Kind() <= tree.Null:
		return nil, fmt.Errorf("${%s}: nothing is set there", name)
	case e.size(n) > maxNodes:
		return nil, &unresolved{kind: tree.TooLarge, related: path, why: fmt.Sprintf("${%s} has more than %d values", name, maxNodes)}
	}
	e.marks[key] = e.marked(path, n)
	return e.marks[key], nil
}

// lookup returns the node at a path, with its placeholders filled.
func (e *evaluator) lookup(path tree.Path) (*tree.Node, error) {
	n, t := e.root, e.templates
	for i := 0; ; i++ {
		if t.Kind().IsScalar() {
			if n = e.eval(path[:i:i], t); n == nil {
				return nil, errReported
			}
			t = nil
		}
		if i == len(path) {
			break
		}
		n, t = n.Child(path[i]), t.Child(path[i])
	}
	if t == nil {
		return n, nil
	}
	failures := e.failures
	filled := overlay(layered{}, n, t, e.all(path, t, nil))
	if e.failures > failures {
		return nil, errReported
	}
	return filled, nil
}

// marked returns a node with all that is secret in it marked.
func (e *evaluator) marked(path tree.Path, n *tree.Node) *tree.Node {
	if e.opts.Secret == nil {
		return n
	}
	if e.opts.Secret(path, n) {
		n = n.AsSecret()
	}
	var kids []*tree.Node
	for i := range n.Len() {
		kid := n.At(i)
		made := e.marked(path.Child(n.Segment(i)), kid)
		if made == kid && kids == nil {
			continue
		}
		if kids == nil {
			for j := range n.Len() {
				kids = append(kids, n.At(j))
			}
		}
		kids[i] = made
	}
	switch {
	case kids == nil:
		return n
	case n.Kind() == tree.List:
		return secretAs(n, tree.NewList(kids))
	}
	return secretAs(n, tree.NewMap(n.Keys(), kids, n.Own()))
}

func secretAs(n, made *tree.Node) *tree.Node {
	if n.IsSecret() {
		return made.AsSecret()
	}
	return made
}

// size returns how many values there are in a node, itself included, counted as
// often as they stand there; no more than a little above maxNodes.
func (e *evaluator) size(n *tree.Node) int {
	if n.Len() == 0 {
		return 1
	}
	if known, ok := e.sizes[n]; ok {
		return known
	}
	sum := 1
	for i := range n.Len() {
		if sum += e.size(n.At(i)); sum > maxNodes {
			break
		}
	}
	e.sizes[n] = sum
	return sum
}
