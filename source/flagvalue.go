package source

import (
	"encoding/csv"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/confsync/confsync/tree"
)

// FlagOf describes the flag of one field of a type.
type FlagOf struct {
	Path  tree.Path
	Name  string // the words of the path, as db.max-conns
	Usage string // of the field's usage tag
	Value *FlagValue
}

// FlagsOf returns the flags of all fields of a type that take one text, a list or a
// map of texts, in the order of the fields. Fields within lists and maps of
// structs have none.
func FlagsOf(shape *tree.Shape) []FlagOf {
	var all []FlagOf
	var walk func(s *tree.Shape, path tree.Path, above []*tree.Shape)
	walk = func(s *tree.Shape, path tree.Path, above []*tree.Shape) {
		if s == nil || slices.Contains(above, s) {
			return
		}
		for _, f := range s.Fields {
			p := path.Child(f.Key)
			switch {
			case f.AliasOf != "":
			case len(f.Shape.Fields) > 0:
				walk(f.Shape, p, append(above, s))
			case f.Shape.Elem == nil || f.Shape.Elem.Elem == nil && len(f.Shape.Elem.Fields) == 0:
				all = append(all, FlagOf{Path: p, Name: flagName(p), Usage: f.Go.Tag.Get("usage"), Value: newFlagValue(f)})
			}
		}
	}
	walk(shape, nil, nil)
	return all
}

// flagName returns the words of a path as flags are spelled.
func flagName(path tree.Path) string {
	parts := make([]string, len(path))
	for i, segment := range path {
		parts[i] = strings.ToLower(strings.ReplaceAll(words(segment), "_", "-"))
	}
	return strings.Join(parts, ".")
}

// FlagValue is the value of a flag that [FlagsOf] describes. It is a Value for
// packages flag and pflag. What is set is taken as it is: the type it fills
// decides what it means, and names the flag if it can't. A list and a map take
// values between commas, and the flag again and again; the first replaces the
// default.
type FlagValue struct {
	kind  tree.Kind // String, List or Map
	typ   string
	text  string
	list  []string
	pairs map[string]string
	set   bool
}

func newFlagValue(f tree.Field) *FlagValue {
	v := &FlagValue{kind: tree.String, typ: "string"}
	t := f.Shape.Type
	switch {
	case f.Shape.Elem != nil && f.Shape.List:
		v.kind, v.typ = tree.List, "strings"
	case f.Shape.Elem != nil:
		v.kind, v.typ = tree.Map, "key=value"
	case t != nil && t.PkgPath() == "time" && t.Name() == "Duration":
		v.typ = "duration"
	case t != nil && t.PkgPath() == "":
		v.typ = t.Kind().String()
	}
	if f.Default != nil && !f.Shape.Hides(f.Default) {
		v.text = textOf(f.Default)
	}
	return v
}

// textOf returns a default as it is written for a flag.
func textOf(n *tree.Node) string {
	if n.Kind() != tree.List && n.Kind() != tree.Map {
		return n.Text()
	}
	parts := make([]string, n.Len())
	for i := range parts {
		parts[i] = n.At(i).Text()
		if n.Kind() == tree.Map {
			parts[i] = n.Segment(i) + "=" + parts[i]
		}
	}
	return strings.Join(parts, ",")
}

// Set takes a value from the command line.
func (v *FlagValue) Set(text string) error {
	switch v.kind {
	case tree.List:
		items, err := splitCommas(text)
		if err != nil {
			return err
		}
		v.list = append(v.list, items...)
		v.text = strings.Join(v.list, ",")
	case tree.Map:
		items, err := splitCommas(text)
		if err != nil {
			return err
		}
		return v.put(items)
	default:
		v.text = text
	}
	v.set = true
	return nil
}

func splitCommas(text string) ([]string, error) {
	if text == "" {
		return nil, nil
	}
	items, err := csv.NewReader(strings.NewReader(text)).Read()
	if err != nil {
		return nil, errors.New("not a list of values between commas")
	}
	return items, nil
}

func (v *FlagValue) put(items []string) error {
	if v.pairs == nil {
		v.pairs = make(map[string]string)
	}
	for _, item := range items {
		key, value, ok := strings.Cut(item, "=")
		if !ok {
			return errors.New("not key=value")
		}
		v.pairs[key] = value
	}
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(v.pairs)) {
		parts = append(parts, key+"="+v.pairs[key])
	}
	v.text, v.set = strings.Join(parts, ","), true
	return nil
}

// String returns the value, or the default, as one text.
func (v *FlagValue) String() string {
	if v == nil {
		return ""
	}
	return v.text
}

// Type returns the word for the value in a help text.
func (v *FlagValue) Type() string { return v.typ }

// IsBoolFlag reports whether the flag may stand without a value.
func (v *FlagValue) IsBoolFlag() bool { return v.typ == "bool" }

// Node returns the value as a tree has it.
func (v *FlagValue) Node() *tree.Node {
	switch {
	case v.kind == tree.List && v.set:
		return FlagNode(v.list)
	case v.kind == tree.Map && v.set:
		return FlagNode(v.pairs)
	}
	return tree.NewScalar(tree.String, v.text)
}

// FlagNode returns a value of a flag as a tree has it: a slice as a list, a map with
// keys that are strings as a map, and everything else as the text it prints as.
func FlagNode(value any) *tree.Node {
	switch v := value.(type) {
	case nil:
		return nil
	case time.Duration, fmt.Stringer:
		return tree.NewScalar(tree.String, fmt.Sprint(v))
	}
	t, err := tree.FromGo(value)
	if err != nil || t.Root().Kind() == tree.Null {
		return tree.NewScalar(tree.String, fmt.Sprint(value))
	}
	return asTexts(t.Root())
}

// asTexts returns a tree whose scalars are all texts, as the command line has
// them.
func asTexts(n *tree.Node) *tree.Node {
	switch n.Kind() {
	case tree.List:
		kids := make([]*tree.Node, n.Len())
		for i := range kids {
			kids[i] = asTexts(n.At(i))
		}
		return tree.NewList(kids)
	case tree.Map:
		kids := make([]*tree.Node, n.Len())
		for i := range kids {
			kids[i] = asTexts(n.At(i))
		}
		return tree.NewMap(n.Keys(), kids, nil)
	}
	return tree.NewScalar(tree.String, n.Text())
}
