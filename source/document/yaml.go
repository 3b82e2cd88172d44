package document

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/confsync/confsync/tree"
)

// yamlDecoder makes a tree of the parser's nodes. It never has the parser make
// Go maps of them, which is slow and loses the places.
type yamlDecoder struct {
	*decoder
	anchors map[*yaml.Node]*anchored
}

func (d *yamlDecoder) document() tree.Tree {
	loader, err := yaml.NewLoader(bytes.NewReader(d.data))
	if err != nil {
		d.failed(err)
		return tree.Tree{}
	}
	var doc yaml.Node
	switch err := load(loader, &doc); {
	case errors.Is(err, io.EOF):
		return d.mapOf(nil, tree.Place{Line: 1, Column: 1})
	case err != nil:
		d.failed(err)
		return tree.Tree{}
	}
	var next yaml.Node
	switch err := load(loader, &next); {
	case err == nil:
		d.problem(tree.Unusable, d.at(&next), errors.New("a second document begins here; only one is allowed"))
		return tree.Tree{}
	case !errors.Is(err, io.EOF):
		d.failed(err)
		return tree.Tree{}
	}
	root := doc.Content[0]
	if root.Kind == yaml.ScalarNode && root.Tag == "!!null" && root.Value == "" {
		return d.mapOf(nil, tree.Place{Line: 1, Column: 1})
	}
	return d.notMap(d.value(root), d.at(root))
}

// load reads the next document. The parser panics on some broken ones.
func load(loader *yaml.Loader, into *yaml.Node) (err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("the YAML parser can't read it")
		}
	}()
	return loader.Load(into)
}

// failed notes the parser's own error.
func (d *yamlDecoder) failed(err error) {
	var one *yaml.LoadError
	var many *yaml.LoadErrors
	switch {
	case errors.As(err, &many):
		for _, each := range many.Errors {
			d.failed(each)
		}
	case errors.As(err, &one):
		message := one.Message
		if one.ContextMsg != "" && one.ContextMark.Line > 0 && one.ContextMark.Line != one.Mark.Line {
			message = fmt.Sprintf("%s that begins at line %d: %s", one.ContextMsg, one.ContextMark.Line, message)
		}
		d.problem(tree.Unusable, d.column(one.Mark.Line, one.Mark.Column), scrub(message))
	default:
		d.problem(tree.Unusable, tree.Place{}, scrub(err.Error()))
	}
}

func (d *yamlDecoder) value(n *yaml.Node) tree.Tree {
	switch {
	case n.Kind == yaml.AliasNode:
		return d.alias(n).tree
	case n.Anchor != "":
		return d.anchor(n).tree
	}
	t, _ := d.read(n, false)
	return t
}

// read is the value of a node and, when they are to be kept, the entries of a map.
func (d *yamlDecoder) read(n *yaml.Node, keep bool) (tree.Tree, []tree.Entry) {
	at := d.at(n)
	if !d.take(1, at) {
		return tree.Tree{}, nil
	}
	switch {
	case n.Kind == yaml.ScalarNode:
		return d.scalar(n, at), nil
	case n.Kind == yaml.SequenceNode && (n.Tag == "!!seq" || n.Tag == "!"):
		return d.list(n, at), nil
	case n.Kind == yaml.MappingNode && (n.Tag == "!!map" || n.Tag == "!"):
		entries := d.entries(n, at)
		if !keep {
			return d.mapOf(entries, at), nil
		}
		t := d.mapOf(slices.Clone(entries), at)
		if t.Root() == nil {
			return t, nil
		}
		return t, entries
	}
	d.problem(tree.Unusable, at, errTag)
	return tree.Tree{}, nil
}

func (d *yamlDecoder) list(n *yaml.Node, at tree.Place) tree.Tree {
	if !d.enter(at) {
		return tree.Tree{}
	}
	defer d.leave()
	items := make([]tree.Tree, len(n.Content))
	for i, item := range n.Content {
		d.push(strconv.Itoa(i))
		items[i] = d.value(item)
		d.pop()
	}
	return d.build.List(items, at)
}

// entries are the entries of a map, merged ones and all.
func (d *yamlDecoder) entries(n *yaml.Node, at tree.Place) []tree.Entry {
	if !d.enter(at) {
		return nil
	}
	defer d.leave()
	entries := make([]tree.Entry, 0, len(n.Content)/2)
	var merge *yaml.Node // the first merge key
	var merged []tree.Entry
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind == yaml.ScalarNode && key.Tag == "!!merge" {
			if merge != nil {
				d.duplicate(key.Value, d.at(merge), d.at(key))
				continue
			}
			merge, merged = key, d.sources(value)
			continue
		}
		if text, ok := d.key(key); ok {
			if isEmpty(value) {
				entries = append(entries, tree.Entry{Key: text, At: d.at(key)})
				continue
			}
			d.push(text)
			entries = append(entries, tree.Entry{Key: text, At: d.at(key), Tree: d.value(value)})
			d.pop()
		}
	}
	return beneath(entries, merged)
}

// isEmpty reports whether nothing stands behind a key.
func isEmpty(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Tag == "!!null" && n.Value == "" && n.Style == 0 && n.Anchor == ""
}

// key is the text of a key.
func (d *yamlDecoder) key(n *yaml.Node) (string, bool) {
	at := d.at(n)
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	switch {
	case n.Kind != yaml.ScalarNode:
		d.problem(tree.Unusable, at, errors.New("a key that is a list or a map"))
	case n.Tag == "!!null":
		d.problem(tree.Unusable, at, errors.New("a key that is null"))
	case n.Style&yaml.TaggedStyle != 0 && !coreTags[n.Tag]:
		d.problem(tree.Unusable, at, errTag)
	default:
		return n.Value, true
	}
	return "", false
}

func (d *yamlDecoder) at(n *yaml.Node) tree.Place { return d.column(n.Line, n.Column) }

// column is a place of the parser's, which counts characters, in bytes.
func (d *yamlDecoder) column(line, column int) tree.Place {
	if line < 1 {
		return tree.Place{}
	}
	if !d.ascii {
		if d.lines == nil {
			d.lines = linesOf(d.data)
		}
		if line <= len(d.lines) {
			rest := d.data[d.lines[line-1]:]
			bytes := 1
			for range column - 1 {
				_, size := utf8.DecodeRune(rest)
				rest, bytes = rest[size:], bytes+size
			}
			column = bytes
		}
	}
	return tree.Place{Line: int32(line), Column: int32(column)}
}

var errTag = errors.New(`a tag that is not supported here (quote the value if it begins with "!")`)
