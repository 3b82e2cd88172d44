package confsync

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/confsync/confsync/binder"
	"github.com/confsync/confsync/merge"
	"github.com/confsync/confsync/tree"
)

// ErrUnknownPath is returned by Explain for a path that the type doesn't have
// and no source holds.
var ErrUnknownPath = errors.New("confsync: unknown path")

// Explanation tells where a value comes from. In JSON the fields have the names
// that their tags say.
type Explanation struct {
	Path     tree.Path  `json:"path"`              // with the fields' own keys
	Known    bool       `json:"known"`             // the type has it; the value of an unknown key is not shown
	Field    string     `json:"field,omitzero"`    // the Go field, as "App.Server.Port"
	Type     string     `json:"type,omitzero"`     // of the field
	Secret   bool       `json:"secret,omitzero"`   // values are redacted
	Value    string     `json:"value"`             // what is served, as it was written, on one line
	Node     *tree.Node `json:"-"`                 // what is served, without the keys that no field takes, and secrets redacted; nil when nothing is
	Text     string     `json:"text,omitzero"`     // with Options.Interpolate, the text whose placeholders became the value
	Refs     []string   `json:"refs,omitzero"`     // what they stand for, and where that is from
	Layers   []Holding  `json:"layers,omitzero"`   // what the layers hold there, highest precedence first
	Rejected []Holding  `json:"rejected,omitzero"` // what layers hold there now and is not served, and why; highest precedence first
	Searched []string   `json:"searched,omitzero"` // where it was looked for and not found, highest precedence first
	Meant    tree.Path  `json:"meant,omitzero"`    // of an unknown key, the known one it is most like; nil when there is none
}

// Holding is what one layer holds.
type Holding struct {
	tree.Value
	Layer    string     `json:"layer"`
	Role     merge.Role `json:"role"`              // not of what is rejected
	By       string     `json:"by,omitzero"`       // with Hidden: the layer that hides it
	Conflict bool       `json:"conflict,omitzero"` // the one is a map, a list or a scalar, and the other is not
	Since    time.Time  `json:"since,omitzero"`    // when it was first served so or, if that is longer ago, the oldest generation of History; zero for what is rejected
	Why      string     `json:"why,omitzero"`      // with what is rejected: the problem with it, or the one that holds it up
}

// Explain tells where the value at a path comes from and what it hides, as of
// the generation that is served, with the newest lines and revisions. The
// path's keys may be spelled in any way that binds. It returns ErrUnknownPath,
// with the path most likely meant, when there is no such value.
func (c *Config[T]) Explain(path string) (Explanation, error) {
	p, err := tree.ParsePath(path)
	if err != nil {
		return Explanation{}, fmt.Errorf("confsync: %w", err)
	}
	x := c.hub.present().explain(p)
	if !x.Known && len(x.Layers) == 0 {
		if len(x.Meant) > 0 {
			return x, fmt.Errorf("%w: %q; did you mean %q?", ErrUnknownPath, path, x.Meant)
		}
		return x, fmt.Errorf("%w: %q", ErrUnknownPath, path)
	}
	return x, nil
}

// All returns an explanation of each value that any layer holds and of each field
// that nothing sets, sorted by path, as of one generation.
func (c *Config[T]) All() iter.Seq[Explanation] {
	now := c.hub.present()
	return func(yield func(Explanation) bool) {
		for _, path := range now.provenance.paths() {
			if !yield(now.explain(path)) {
				return
			}
		}
	}
}

// paths returns the paths of all values that layers hold, and of the fields that
// nothing sets, sorted.
func (g *provenance) paths() []tree.Path {
	var all []tree.Path
	for path := range g.root.Leaves {
		all = append(all, path.Child())
	}
	for _, s := range g.layers {
		for path := range s.root.Leaves {
			if n := g.root.Lookup(path); n == nil || n.Kind() != tree.Map && n.Kind() != tree.List {
				all = append(all, path.Child())
			}
		}
	}
	all = append(all, g.types.unset(g.root)...)
	slices.SortFunc(all, tree.Path.Compare)
	return slices.CompactFunc(all, tree.Path.Equal)
}

// explain tells of a path what is served, and what is not and why.
func (p *present) explain(path tree.Path) Explanation {
	x := p.provenance.explain(path)
	for i := range x.Layers {
		x.Layers[i].Since = p.servedSince(x.Layers[i])
	}
	if p.refused == nil || p.rejected == nil {
		return x
	}
	for i := len(p.refused.layers) - 1; i >= 0; i-- {
		s := p.refused.layers[i]
		next, now := s.root.Lookup(x.Path), p.provenance.holds(s.name, x.Path)
		if next == now || next.Equal(now) {
			continue
		}
		value := tree.Value{Path: x.Path, Text: p.refused.types.Show(x.Path, next), Origin: p.refused.origin(s, x.Path)}
		x.Rejected = append(x.Rejected, Holding{Value: value, Layer: s.name, Why: p.rejected.why(x.Path)})
	}
	return x
}

// holds returns what a layer holds at a path.
func (g *provenance) holds(layer string, path tree.Path) *tree.Node {
	for _, s := range g.layers {
		if s.name == layer {
			return s.root.Lookup(path)
		}
	}
	return nil
}

// servedSince returns when what a layer holds was first served.
func (p *present) servedSince(h Holding) (since time.Time) {
	held := p.provenance.holds(h.Layer, h.Path)
	for _, r := range slices.Backward(p.past) {
		if r.provenance.holds(h.Layer, h.Path) != held {
			break
		}
		since = r.since
	}
	return since
}

// why returns the problem with a value, or one that holds it up.
func (e *Error) why(path tree.Path) string {
	for _, p := range e.Problems {
		if p.Path.HasPrefix(path) || len(p.Path) > 0 && path.HasPrefix(p.Path) {
			return p.Err.Error()
		}
	}
	if first := e.Problems[0]; len(first.Path) > 0 {
		return "held up by " + first.Path.String() + ": " + first.Err.Error()
	} else {
		return "held up: " + first.Err.Error()
	}
}

func (g *provenance) explain(path tree.Path) Explanation {
	info := g.types.Describe(path)
	x := Explanation{Path: info.Path, Known: info.Known, Field: info.Field, Secret: info.Secret}
	if info.Type != nil {
		x.Type = binder.TypeName(info.Type)
	}
	effective, at := g.types.Lookup(g.root, info.Path) // in a text that spells it too
	for _, c := range g.contributions(at) {
		h := Holding{
			Value: g.value(info.Path, c), Layer: g.layers[c.Layer].name,
			Role: c.Role, Conflict: c.Conflict,
		}
		if c.Role == merge.Hidden {
			h.By = g.layers[c.By].name
		}
		x.Layers = append(x.Layers, h)
	}
	if info.Known && len(path) > 0 {
		for _, s := range slices.Backward(g.layers) {
			if s.name != completedLayer && s.name != defaultLayer && s.root.Lookup(at) == nil {
				x.Searched = append(x.Searched, g.origin(s, info.Path).String())
			}
		}
	}
	if effective == nil && info.Default != nil && len(x.Layers) == 0 {
		effective = info.Default
		origin := tree.Origin{Layer: defaultLayer, Kind: "default", Key: info.Field}
		x.Layers = append(x.Layers, Holding{Layer: defaultLayer,
			Value: tree.Value{Path: info.Path, Text: g.types.Show(info.Path, effective), Origin: origin}})
	}
	x.Text, x.Refs = g.template(info.Path)
	x.Node = g.types.shown(info.Path, effective)
	x.Value = g.types.Show(info.Path, effective)
	x.Secret = x.Secret || g.types.Hides(info.Path, effective)
	if !x.Known && len(path) > 0 {
		x.Meant, _ = g.types.Suggest(info.Path)
	}
	return x
}

// template returns the text with placeholders that became the value at a path,
// and what they stand for.
func (g *provenance) template(path tree.Path) (text string, refs []string) {
	at, text, all := g.filled.Refs(path, g.types.interpolation())
	if text == "" {
		return "", nil
	}
	if g.types.root.Describe(at).Secret {
		text = binder.Redacted
	}
	for _, ref := range all {
		if ref.Env != "" {
			refs = append(refs, "env "+ref.Env)
		} else if o := g.originOf(ref.Path); o.IsZero() {
			refs = append(refs, ref.Path.String())
		} else {
			refs = append(refs, fmt.Sprintf("%s from %s", ref.Path, o))
		}
	}
	return text, refs
}

// String returns the explanation over several lines:
//
//	server.port = "9090"
//	    from   consul "apps/checkout/server/port" (index 8812)
//	    hides  8080 from file config.yaml:12:9
//	    into   App.Server.Port (uint16)
func (x Explanation) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s = %s", x.Path, x.Value)
	switch {
	case x.Known:
	case len(x.Meant) > 0:
		fmt.Fprintf(&b, "  (unknown key; did you mean %q?)", x.Meant)
	default:
		b.WriteString("  (unknown key)")
	}
	if x.Text != "" {
		fmt.Fprintf(&b, "\n    made of %s with %s", x.Text, strings.Join(x.Refs, ", "))
	}
	for _, h := range x.Layers {
		switch h.Role {
		case merge.Hidden:
			fmt.Fprintf(&b, "\n    hides  %s from %s", h.Text, h.Origin)
			if h.Conflict {
				fmt.Fprintf(&b, " (another kind of value than that of %s)", h.By)
			}
		case merge.Hides:
			fmt.Fprintf(&b, "\n    hidden by %s from %s", h.Text, h.Origin)
		default:
			fmt.Fprintf(&b, "\n    from   %s", h.Origin)
		}
	}
	for _, h := range x.Rejected {
		fmt.Fprintf(&b, "\n    rejected %s from %s: %s", h.Text, h.Origin, h.Why)
	}
	if len(x.Layers)+len(x.Rejected) == 0 {
		for i, place := range x.Searched {
			fmt.Fprintf(&b, "\n    %-6s %s", map[bool]string{true: "looked"}[i == 0], place)
		}
	}
	if x.Known {
		fmt.Fprintf(&b, "\n    into   %s (%s)", x.Field, x.Type)
	}
	return b.String()
}
