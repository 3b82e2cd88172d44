// Package flags reads configuration from the flags of a command line that
// package flag has parsed. Package pflag is its twin for cobra's programs.
//
// Which flag fills which field is derived from the type that is filled: a field
// db.maxConns is set by -db.max-conns, -db-max-conns or -db.maxConns, whichever
// the program has defined. See [source.Names] for the rules. [Define] defines a
// flag for each field.
package flags

import (
	"flag"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

// New returns a source of the flags that were set on the command line; a flag that
// was left at its default holds nothing, and hides nothing. nil is
// [flag.CommandLine]. The set must have been parsed before the source is watched,
// which is when Open is called, and must not be changed while a Watch begins.
//
// Values are the text of their [flag.Value], or a list or a map where a
// [flag.Getter] has one: what it means is for the type it fills. Flags that no
// field answers to are the program's own, and are left out. If a flag fits two
// fields, or two flags that were set are one field, [source.Snapshot].Err has a
// [tree.Problem] for each.
//
// A set that another one was copied into, as pflag's CopyToGoFlagSet does, doesn't
// know what was set: give New, or pflag.New, the set that was parsed.
func New(set *flag.FlagSet) source.Source { return Named(set, nil) }

// Named is like [New], with flags that are named otherwise than their fields: names
// tells a flag's path, as in {"internal-addr": "server.internal.addr"}. A flag whose
// path is "" is the program's own. A path that isn't a field's is an error of Open.
func Named(set *flag.FlagSet, names map[string]string) source.Source {
	if set == nil {
		set = flag.CommandLine
	}
	return source.CommandLine{
		Layer: "flags", Dash: "-", Names: names, Parsed: set.Parsed,
		Each: func(yield func(string, *tree.Node)) {
			isSet := make(map[string]bool)
			set.Visit(func(f *flag.Flag) { isSet[f.Name] = true })
			set.VisitAll(func(f *flag.Flag) {
				if isSet[f.Name] {
					yield(f.Name, node(f.Value))
				} else {
					yield(f.Name, nil)
				}
			})
		},
	}.Source()
}

// Define defines a flag for each field of a type that takes one text, a list or a
// map of texts, named by the words of its path, as -db.max-conns. Its default and
// its help are those of the field's default and usage tags; a secret's default
// isn't shown. Flags that the set has already are left alone. The shape is what
// confsync.ShapeOf returns for the type.
func Define(set *flag.FlagSet, shape *tree.Shape) {
	for _, f := range source.FlagsOf(shape) {
		if set.Lookup(f.Name) == nil {
			set.Var(f.Value, f.Name, f.Usage)
		}
	}
}

func node(v flag.Value) *tree.Node {
	if own, ok := v.(*source.FlagValue); ok {
		return own.Node()
	}
	if getter, ok := v.(flag.Getter); ok {
		if n := source.FlagNode(getter.Get()); n.Kind() == tree.List || n.Kind() == tree.Map {
			return n
		}
	}
	return tree.NewScalar(tree.String, v.String())
}
