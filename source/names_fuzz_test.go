package source_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

// every returns what the rules let a name mean, found without any cleverness.
func every(s *tree.Shape, name, seps string) (found []tree.Path) {
	if s == nil || name == "" {
		return nil
	}
	isSep := func(i int) bool { return i >= 0 && i < len(name) && strings.IndexByte(seps, name[i]) >= 0 }
	below := func(seg string, elem *tree.Shape, end, skip int) {
		if end == len(name) {
			if len(elem.Fields) == 0 {
				found = append(found, tree.Path{seg})
			}
			return
		}
		for _, rest := range every(elem, name[end+skip:], seps) {
			found = append(found, append(tree.Path{seg}, rest...))
		}
	}
	for end := 1; end <= len(name); end++ {
		part, skip := name[:end], 1
		if isSep(end + 1) {
			skip = 2
		}
		atEnd := end == len(name) || isSep(end)
		switch {
		case s.Elem != nil && s.List:
			if _, ok := tree.Index(part); ok && atEnd {
				below(part, s.Elem, end, skip)
			}
		case s.Elem != nil:
			cut := strings.Contains(seps, "_")
			if i := strings.Index(name, "__"); cut && i >= 0 {
				if end == i {
					below(part, s.Elem, end, 2)
				}
			} else if end == len(name) {
				below(part, s.Elem, end, 0)
			}
		default:
			for _, f := range s.Fields {
				if atEnd && !isSep(0) && !isSep(end-1) && tree.Fold(part) == tree.Fold(f.Key) {
					below(f.Key, f.Shape, end, skip)
				}
			}
		}
	}
	return found
}

func FuzzNames(f *testing.F) {
	for _, name := range []string{"DB_MAX_CONNS", "db.max-conns", "LABELS__a_b", "REGIONS_a__HOST", "TREE_KIDS_0_NEXT_NAME",
		"SERVERS_10_PORT", "ZONES___a___b", "TREE_BY_KEY_x__NEXT_BY_KEY__y__NAME", "_", "__", "A_A_A_A", "AA_A__AA"} {
		f.Add(name)
	}
	dense := structOf("v", nil)
	dense.Fields = append(dense.Fields, structOf("a", dense, "aA", dense, "aa", nil, "m", mapOf(dense)).Fields...)
	shapes := []*tree.Shape{app(), dense, mapOf(recursive()), listOf(mapOf(leaf)), leaf}
	f.Fuzz(func(t *testing.T, name string) {
		if len(name) > 40 {
			t.Skip("the oracle is slow")
		}
		for _, shape := range shapes {
			for _, seps := range []string{env, flags, ""} {
				n, err := source.NewNames(shape, seps)
				if err != nil {
					continue
				}
				got, err := n.Resolve(name)
				want := every(shape, name, seps)
				if len(want) == 0 != errors.Is(err, source.ErrUnknownName) || len(want) == 1 && err != nil {
					t.Fatalf("%q resolves to %q with error %v, the rules say %q", name, got, err, want)
				}
				if err != nil {
					continue
				}
				if !slices.ContainsFunc(want, got.Equal) {
					t.Fatalf("%q resolves to %q, the rules say %q", name, got, want)
				}
				if seps != env {
					continue
				}
				if again, err := n.Resolve(n.Canonical(got)); err != nil || !again.Equal(got) {
					t.Fatalf("%q is %q, whose canonical name %q is %q, %v", name, got, n.Canonical(got), again, err)
				}
			}
		}
	})
}
