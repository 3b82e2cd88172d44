package document

import (
	"errors"

	"go.yaml.in/yaml/v4"

	"github.com/confsync/confsync/tree"
)

// anchored is the value of a node that aliases refer to. They all share its
// tree, so an alias costs nothing however much it brings in.
type anchored struct {
	tree    tree.Tree
	entries []tree.Entry // of a map, for merge keys
	values  int          // in the tree, itself included
	depth   int          // maps and lists inside one another
	open    bool         // it is being read: an alias to it now is a cycle
}

// anchor reads a node that others may refer to, once.
func (d *yamlDecoder) anchor(n *yaml.Node) *anchored {
	if known := d.anchors[n]; known != nil {
		return known
	}
	if d.anchors == nil {
		d.anchors = make(map[*yaml.Node]*anchored)
	}
	a := &anchored{open: true}
	d.anchors[n] = a
	values, deepest := d.values, d.deepest
	d.deepest = d.depth
	a.tree, a.entries = d.node(n, true)
	a.values, a.depth, a.open = d.values-values, d.deepest-d.depth, false
	d.deepest = max(d.deepest, deepest)
	return a
}

// alias returns what an alias refers to, with an absent tree when it can't be
// used.
func (d *yamlDecoder) alias(n *yaml.Node) *anchored {
	known := d.anchors[n.Alias]
	if known == nil { // the anchor is on a key, or in what could not be read
		return d.anchor(n.Alias)
	}
	if known.open {
		d.problem(tree.Unusable, d.at(n), errors.New("the alias stands inside its own anchor"))
		return &anchored{}
	}
	if !d.take(known.values, d.at(n)) || !d.fits(known.depth, d.at(n)) {
		return &anchored{}
	}
	return known
}

// sources returns the entries that a merge key brings in, map by map.
func (d *yamlDecoder) sources(n *yaml.Node) [][]tree.Entry {
	maps := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		maps = n.Content
	}
	var entries [][]tree.Entry
	for _, m := range maps {
		switch {
		case d.stopped:
			return nil
		case m.Kind == yaml.MappingNode:
			entries = append(entries, d.anchor(m).entries)
		case m.Kind == yaml.AliasNode && m.Alias.Kind == yaml.MappingNode:
			entries = append(entries, d.alias(m).entries)
		default:
			d.problem(tree.Unusable, d.at(m), errors.New("a merge key takes a map or a list of maps"))
		}
	}
	return entries
}

// beneath adds to the entries of a map, which begin at base, those that it merges
// in and whose keys it doesn't have: of several maps with one key, the first counts.
func (d *yamlDecoder) beneath(base int, merged [][]tree.Entry) {
	if len(merged) == 0 {
		return
	}
	has := make(map[string]bool)
	for _, e := range d.open[base:] {
		has[e.Key] = true
	}
	for _, lower := range merged {
		for _, e := range lower {
			if !has[e.Key] {
				has[e.Key] = true
				d.open = append(d.open, e)
			}
		}
	}
}
