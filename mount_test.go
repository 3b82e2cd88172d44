package confsync_test

import (
	"flag"
	"log/slog"
	"testing"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/env"
	"github.com/confsync/confsync/source/flags"
	"github.com/confsync/confsync/tree"
)

// openType is a type with fields that take whatever is below them.
type openType struct {
	Any   any
	Map   map[string]any
	List  []any
	Node  *tree.Node
	Rest  map[string]any `config:",remain"`
	Plain string
	Sub   struct{ Any any }
}

// A source that asks for the type may be mounted, and a flag may be named, at any
// depth below a field that takes anything, and nowhere below one that doesn't.
func TestMountBelowWhatTakesAnything(t *testing.T) {
	t.Setenv("P_KEY", "v")
	for path, ok := range map[string]bool{
		"any": true, "any.a": true, "any.a.b.c": true, "map.a": true, "map.a.b.c": true, "list.0.a": true, "node": true, "node.a": true,
		"node.a.b": true, "sub.any.a": true, "other": true, "other.a.b": true, "plain.a": false, "sub.other": false, "sub.other.a": false,
	} {
		t.Run(path, func(t *testing.T) {
			set := flag.NewFlagSet("", flag.ContinueOnError)
			set.String("x", "", "")
			if err := set.Parse([]string{"-x", "v"}); err != nil {
				t.Fatal(err)
			}
			for name, src := range map[string]source.Source{
				path + ".KEY": source.Mount(path, env.New("P", nil)),
				path + ".x":   flags.Named(set, map[string]string{"x": path + ".x"}),
			} {
				c, err := confsync.Open(t.Context(), confsync.Options[openType]{Sources: []source.Source{src}, Logger: slog.New(slog.DiscardHandler)})
				if (err == nil) != ok {
					t.Errorf("%s: Open returned %v", name, err)
				}
				if err != nil {
					continue
				}
				defer c.Close()
				if x, err := c.Explain(name); err != nil || x.Value != `"v"` || !x.Known {
					t.Errorf("%s: explained as %v, %v", name, x, err)
				}
			}
		})
	}
}
