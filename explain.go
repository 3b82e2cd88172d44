package confsync

import (
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/confsync/confsync/binder"
	"github.com/confsync/confsync/merge"
	"github.com/confsync/confsync/tree"
)

// ErrUnknownPath is returned by Explain for a path that the type doesn't have
// and no source holds.
var ErrUnknownPath = errors.New("confsync: unknown path")

// Explanation tells where a value comes from.
type Explanation struct {
	Path   tree.Path  // with the fields' own keys
	Known  bool       // the type has it; a value that it hasn't is not shown
	Field  string     // the Go field, as "App.Server.Port"
	Type   string     // of the field
	Secret bool       // values are redacted
	Value  string     // what is served, as it was written, on one line
	Node   *tree.Node // what is served, without the keys that no field takes, and secrets redacted; nil when nothing is
	Layers []Holding  // what the layers hold there, highest precedence first
	Meant  tree.Path  // of an unknown key, the known one it is most like; nil when there is none
}

// Holding is what one layer holds.
type Holding struct {
	tree.Value
	Layer    string
	Role     merge.Role
	By       string // with Hidden: the layer that hides it
	Conflict bool   // the one is a map, a list or a scalar, and the other is not
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
	x := c.hub.present().lineage.explain(p)
	if !x.Known && len(x.Layers) == 0 {
		if len(x.Meant) > 0 {
			return x, fmt.Errorf("%w: %q; did you mean %q?", ErrUnknownPath, path, x.Meant)
		}
		return x, fmt.Errorf("%w: %q", ErrUnknownPath, path)
	}
	return x, nil
}

// All returns an explanation of each value that is served, sorted by path, as of
// one generation.
func (c *Config[T]) All() iter.Seq[Explanation] {
	g := c.hub.present().lineage
	return func(yield func(Explanation) bool) {
		g.root.Leaves(func(p tree.Path, _ *tree.Node) bool { return yield(g.explain(p.Child())) })
	}
}

func (g *lineage) explain(path tree.Path) Explanation {
	info := g.types.Describe(path)
	x := Explanation{Path: info.Path, Known: info.Known, Field: info.Field, Secret: info.Secret}
	if info.Type != nil {
		x.Type = binder.TypeName(info.Type)
	}
	effective, at := g.types.Lookup(g.root, info.Path) // in a text that spells it too
	for _, c := range g.contributions(at) {
		h := Holding{
			Value: g.value(info.Path, c), Layer: g.strata[c.Layer].name,
			Role: c.Role, Conflict: c.Conflict,
		}
		if c.Role == merge.Hidden {
			h.By = g.strata[c.By].name
		}
		x.Layers = append(x.Layers, h)
	}
	if effective == nil && info.Default != nil && len(x.Layers) == 0 {
		effective = info.Default
		origin := tree.Origin{Layer: "default", Kind: "default", Key: info.Field}
		x.Layers = append(x.Layers, Holding{Layer: "default",
			Value: tree.Value{Path: info.Path, Text: g.types.Show(info.Path, effective), Origin: origin}})
	}
	x.Node = g.types.shown(info.Path, effective)
	x.Value = g.types.Show(info.Path, effective)
	x.Secret = x.Secret || g.types.Hides(info.Path, effective)
	if !x.Known && len(path) > 0 {
		x.Meant, _ = g.types.Suggest(info.Path)
	}
	return x
}

// String is the explanation over several lines:
//
//	server.port = "9090"
//	    from   consul "apps/checkout/server/port" (index 8812)
//	    into   App.Server.Port (uint16)
//	    hides  8080 from file config.yaml:12:9
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
	if x.Known {
		fmt.Fprintf(&b, "\n    into   %s (%s)", x.Field, x.Type)
	}
	return b.String()
}
