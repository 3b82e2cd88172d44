// Package pflag reads configuration from the flags of a command line that
// github.com/spf13/pflag has parsed, as every cobra command's is.
//
// Which flag fills which field is derived from the type that is filled: a field
// db.maxConns is set by --db.max-conns, --db-max-conns or --db.maxConns, whichever
// the program has defined. See [source.Names] for the rules. [Define] defines a
// flag for each field.
package pflag

import (
	"github.com/spf13/pflag"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

// Options are the choices of [New]. The zero Options are good for flags that are
// named like their fields.
type Options struct {
	// Names tells the paths of flags that are named otherwise than their fields,
	// as in {"internal-addr": "server.internal.addr"}. A flag whose path is "" is the
	// program's own. A path that isn't a field's is an error of Open. nil: none.
	Names map[string]string
}

// New returns a source of the flags that were set on the command line; a flag that
// was left at its default holds nothing, and hides nothing. A nil set is
// [pflag.CommandLine], and nil options are the zero Options. The set must have been
// parsed before the source is watched, which is when Open is called: with cobra,
// in RunE, give it cmd.Flags(), which has the parents' persistent flags too.
//
// A slice is a list, a map is a map, a count is its number, and every other value
// is the text that its [pflag.Value] prints: what it means is for the type it
// fills. Flags that no field answers to are the program's own, and are left out. If
// a flag fits two fields, or two flags that were set are one field,
// [source.Snapshot].Err has a [tree.Problem] for each.
//
// CopyToGoFlagSet loses what was set: don't give the copy to package flags, give
// this the original.
func New(set *pflag.FlagSet, opts *Options) source.Source {
	if set == nil {
		set = pflag.CommandLine
	}
	if opts == nil {
		opts = &Options{}
	}
	return source.CommandLine{
		Layer: "flags", Dash: "--", Names: opts.Names, Parsed: set.Parsed,
		Each: func(yield func(string, *tree.Node)) {
			set.VisitAll(func(f *pflag.Flag) {
				if f.Changed {
					yield(f.Name, node(set, f))
				} else {
					yield(f.Name, nil)
				}
			})
		},
	}.Source()
}

// Define defines a flag for each field of a type that takes one text, a list or a
// map of texts, named by the words of its path, as --db.max-conns. Its default and
// its help are those of the field's default and usage tags; a secret's default
// isn't shown. Flags that the set has already are left alone. The shape is what
// confsync.ShapeOf returns for the type.
func Define(set *pflag.FlagSet, shape *tree.Shape) {
	for _, f := range source.FlagsOf(shape) {
		if set.Lookup(f.Name) != nil {
			continue
		}
		defined := set.VarPF(value{f.Value}, f.Name, "", f.Usage)
		if f.Value.IsBoolFlag() {
			defined.NoOptDefVal = "true"
		}
	}
}

// value hides from pflag that a value might be a bool, which it takes for one then.
type value struct{ v *source.FlagValue }

func (v value) Set(text string) error { return v.v.Set(text) }
func (v value) String() string        { return v.v.String() }
func (v value) Type() string          { return v.v.Type() }

func node(set *pflag.FlagSet, f *pflag.Flag) *tree.Node {
	switch v := f.Value.(type) {
	case value:
		return v.v.Node()
	case pflag.SliceValue:
		return source.FlagNode(v.GetSlice())
	}
	var made any
	var bytes []byte
	var err error
	switch f.Value.Type() {
	case "stringToString":
		made, err = set.GetStringToString(f.Name)
	case "stringToInt":
		made, err = set.GetStringToInt(f.Name)
	case "stringToInt64":
		made, err = set.GetStringToInt64(f.Name)
	case "bytesHex":
		bytes, err = set.GetBytesHex(f.Name)
		made = string(bytes)
	case "bytesBase64":
		bytes, err = set.GetBytesBase64(f.Name)
		made = string(bytes)
	default:
		return tree.NewScalar(tree.String, f.Value.String())
	}
	if err != nil { // another type by the same name
		return tree.NewScalar(tree.String, f.Value.String())
	}
	return source.FlagNode(made)
}
