package source

import (
	"slices"
	"strings"

	"github.com/confsync/confsync/tree"
)

// search finds the paths that a name can mean, and stops at the second. With
// exact, only those whose canonical name it is, but for case and for dashes in
// the place of underscores. takes reports whether a shape, which is never nil,
// takes a value.
func (n *Names) search(name string, exact bool, takes func(*tree.Shape) bool) []tree.Path {
	s := nameSearch{Names: n, name: name, exact: exact, takes: takes, dead: make(map[nameSpot]bool)}
	s.walk(n.shape, 0)
	return s.found
}

type nameSearch struct {
	*Names
	name  string
	exact bool
	takes func(*tree.Shape) bool
	path  tree.Path
	found []tree.Path
	dead  map[nameSpot]bool // places from which nothing was found
}

type nameSpot struct {
	shape *tree.Shape
	at    int
}

// walk reads a segment of the name for a shape. It consumes at least a byte
// whenever it goes deeper, so recursive shapes end with the name.
func (s *nameSearch) walk(shape *tree.Shape, at int) {
	spot := nameSpot{shape, at}
	if shape == nil || at >= len(s.name) || len(s.found) == 2 || s.dead[spot] {
		return
	}
	before := len(s.found)
	switch {
	case shape.Elem == nil:
		s.walkStruct(shape, at)
	case shape.List:
		end := s.end(at)
		if _, ok := tree.Index(s.name[at:end]); ok {
			s.into(shape.Elem, at, end, s.name[at:end])
		}
	default:
		s.walkMap(shape, at)
	}
	s.dead[spot] = len(s.found) == before
}

func (s *nameSearch) walkStruct(shape *tree.Shape, at int) {
	if s.isSep(at) {
		return
	}
	for end := s.end(at); ; end = s.end(end + 1) {
		if !s.isSep(end - 1) {
			for _, f := range s.fieldsNamed(shape, s.name[at:end]) {
				s.into(f.Shape, at, end, f.Key)
			}
		}
		if end == len(s.name) {
			return
		}
	}
}

func (s *nameSearch) fieldsNamed(shape *tree.Shape, name string) []tree.Field {
	index := s.fields[shape]
	if !s.exact {
		return index.folded[tree.Fold(name)]
	}
	return index.words[strings.ReplaceAll(strings.ToUpper(name), "-", "_")]
}

func (s *nameSearch) walkMap(shape *tree.Shape, at int) {
	rest := s.name[at:]
	if strings.Contains(s.seps, "_") {
		if key, below, cut := strings.Cut(rest, "__"); cut {
			if key != "" {
				s.push(key, func() { s.walk(shape.Elem, len(s.name)-len(below)) })
			}
			return
		}
	}
	s.push(rest, func() { s.arrive(shape.Elem) })
}

// into goes on below the segment that ends at end.
func (s *nameSearch) into(shape *tree.Shape, at, end int, segment string) {
	s.push(segment, func() {
		if end == len(s.name) {
			s.arrive(shape)
			return
		}
		next := end + 1
		doubled := s.isSep(next)
		if s.exact && doubled != isMap(shape) {
			return
		}
		if doubled {
			next++
		}
		s.walk(shape, next)
	})
}

// arrive takes the path if the shape takes a value.
func (s *nameSearch) arrive(shape *tree.Shape) {
	if shape != nil && s.takes(shape) && !slices.ContainsFunc(s.found, s.path.Equal) {
		s.found = append(s.found, slices.Clone(s.path))
	}
}

func (s *nameSearch) push(segment string, below func()) {
	s.path = append(s.path, segment)
	below()
	s.path = s.path[:len(s.path)-1]
}

func (s *nameSearch) isSep(i int) bool {
	return i < len(s.name) && strings.IndexByte(s.seps, s.name[i]) >= 0
}

// end returns where the next separator stands, or where the name ends.
func (s *nameSearch) end(from int) int {
	if i := strings.IndexAny(s.name[from:], s.seps); i >= 0 {
		return from + i
	}
	return len(s.name)
}

func takesValue(s *tree.Shape) bool { return s != nil && len(s.Fields) == 0 }
func takesText(s *tree.Shape) bool  { return len(s.Fields) == 0 || s.Text }
func takesObject(*tree.Shape) bool  { return true }
