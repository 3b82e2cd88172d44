package source

import (
	"strings"

	"github.com/confsync/confsync/tree"
)

// A clash is looked for as one looks for two ways to write a text in a code:
// two paths grow side by side, the shorter text always next, as long as one is
// the beginning of the other. What decides how they can go on is the two shapes
// and what one text is ahead by, so there are finitely many pairs to look at,
// of recursive types too.
type namePair struct {
	behind, ahead *tree.Shape
	by            string // what ahead's name has and behind's hasn't
}

type namePaths struct {
	namePair
	behindPath, aheadPath tree.Path
}

// clash returns two paths with one canonical name, or nil.
func (n *Names) clash() (p, q tree.Path) {
	seen := make(map[namePair]bool)
	var queue []namePaths
	add := func(pair namePaths) {
		if !seen[pair.namePair] {
			seen[pair.namePair] = true
			queue = append(queue, pair)
		}
	}
	n.forks(add)
	for ; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		if at.by == "" && takesValue(at.behind) && takesValue(at.ahead) {
			return at.behindPath, at.aheadPath
		}
		for _, next := range steps(at.behind) {
			path := at.behindPath.Child(next.Key)
			if by, ok := strings.CutPrefix(at.by, next.text); ok {
				add(namePaths{namePair{next.Shape, at.ahead, by}, path, at.aheadPath})
			} else if by, ok := strings.CutPrefix(next.text, at.by); ok {
				add(namePaths{namePair{at.ahead, next.Shape, by}, at.aheadPath, path})
			}
		}
	}
	return nil, nil
}

// forks adds each pair of fields of one struct one of whose names begins the
// other, for every struct of the type.
func (n *Names) forks(add func(namePaths)) {
	type place struct {
		shape *tree.Shape
		path  tree.Path
	}
	seen := map[*tree.Shape]bool{n.shape: true}
	for queue := []place{{n.shape, nil}}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		all := steps(at.shape)
		for i, f := range all {
			for j, g := range all {
				by, ok := strings.CutPrefix(g.text, f.text)
				if i != j && ok && (by != "" || i < j) {
					add(namePaths{namePair{f.Shape, g.Shape, by}, at.path.Child(f.Key), at.path.Child(g.Key)})
				}
			}
			if !seen[f.Shape] {
				seen[f.Shape] = true
				queue = append(queue, place{f.Shape, at.path.Child(f.Key)})
			}
		}
	}
}

// nameStep is one segment and its part of the name. An element of a list or a
// map stands for all of them.
type nameStep struct {
	tree.Field
	text string
}

func steps(s *tree.Shape) []nameStep {
	switch {
	case s == nil:
		return nil
	case isMap(s):
		return []nameStep{{tree.Field{Key: "*", Shape: s.Elem}, "*_"}}
	case s.Elem != nil:
		return []nameStep{{tree.Field{Key: "0", Shape: s.Elem}, "0_"}}
	}
	all := make([]nameStep, 0, len(s.Fields))
	for _, f := range s.Fields {
		if w := words(f.Key); w != "" {
			all = append(all, nameStep{f, w + "_"})
		}
	}
	return all
}
