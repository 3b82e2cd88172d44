package document

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/confsync/confsync/tree"
)

// yamlDecoder makes a tree of the parser's nodes. It never has the parser make
// Go maps of them, which is slow and loses the places.
type yamlDecoder struct {
	*decoder
	read    int // bytes that the parser has taken
	chars   *yamlChars
	anchors map[*yaml.Node]*anchored
}

func (d *yamlDecoder) document() tree.Tree {
	if t, ok := d.plain(); ok {
		return t
	}
	return d.parsed()
}

// parsed has the parser read the document.
func (d *yamlDecoder) parsed() tree.Tree {
	if at, too := tooManyYAML(d.data, d.limits.Keys); too {
		d.problem(tree.TooLarge, d.place(at), fmt.Errorf("more than %d values", d.limits.Keys))
		return tree.Tree{}
	}
	acceptVersion(&d.data)
	loader, err := yaml.NewLoader(d)
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
	if !d.alone(loader) {
		return tree.Tree{}
	}
	root := doc.Content[0]
	if isNothing(root) {
		return d.mapOf(nil, tree.Place{Line: 1, Column: 1})
	}
	return d.notMap(d.value(root), d.at(root))
}

// alone reports whether nothing but empty documents follows the first.
func (d *yamlDecoder) alone(loader *yaml.Loader) bool {
	for {
		var next yaml.Node
		switch err := load(loader, &next); {
		case errors.Is(err, io.EOF):
			return true
		case err != nil:
			d.failed(err)
			return false
		case !isNothing(next.Content[0]):
			d.problem(tree.Unusable, d.at(&next), errors.New("a second document begins here; only one is allowed"))
			return false
		}
	}
}

// isNothing reports whether nothing stands where a value could.
func isNothing(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Tag == "!!null" && n.Value == "" && n.Style == 0 && n.Anchor == ""
}

// acceptVersion makes "%YAML 1.2", which the parser doesn't know by its number
// although that is what it reads, "%YAML 1.1".
func acceptVersion(data *[]byte) {
	for i := 0; i < len(*data); {
		line, _, _ := bytes.Cut((*data)[i:], []byte{'\n'})
		trimmed := bytes.TrimSpace(line)
		switch {
		case bytes.HasPrefix(line, []byte("%YAML 1.2")):
			*data = bytes.Clone(*data)
			(*data)[i+len("%YAML 1.")] = '1'
			return
		case len(trimmed) > 0 && trimmed[0] != '#' && line[0] != '%':
			return
		}
		i += len(line) + 1
	}
}

// Read hands the document to the parser, a little at a time, until the decoding
// is to end.
func (d *yamlDecoder) Read(p []byte) (int, error) {
	if d.interrupted() {
		return 0, tree.ErrInterrupted
	}
	n := copy(p, d.data[d.read:])
	d.read += n
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// load reads the next document. The parser panics on some broken ones.
func load(loader *yaml.Loader, into *yaml.Node) (err error) {
	defer func() {
		if recover() != nil {
			err = errUnreadable
		}
	}()
	return loader.Load(into)
}

var errUnreadable = errors.New("the YAML parser can't read it")

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
		at := d.column(one.Mark.Line, one.Mark.Column)
		d.problem(tree.Unusable, at, errors.New(d.message(one, at)))
	default:
		d.problem(tree.Unusable, tree.Place{}, errUnreadable)
	}
}

// message returns what the parser says, without anything of the document.
func (d *yamlDecoder) message(e *yaml.LoadError, at tree.Place) string {
	message, rest := e.Message, d.from(at)
	switch {
	case e.Stage == yaml.ComposerStage:
		return "no anchor of that name stands before the alias (quote the value if it begins with \"*\")"
	case e.Stage != yaml.ReaderStage && e.Stage != yaml.ScannerStage && e.Stage != yaml.ParserStage:
		return errUnreadable.Error()
	case strings.HasPrefix(message, "found character '"): // in a tag
		message = "found a character that is not allowed in a tag"
	case message == "found character that cannot start any token":
		message = fmt.Sprintf("found %s, which cannot begin a value", tree.Describe(rest))
	}
	switch {
	case e.ContextMsg != "" && e.ContextMark.Line > 0 && e.ContextMark.Line != e.Mark.Line:
		return fmt.Sprintf("%s that begins at line %d: %s", e.ContextMsg, e.ContextMark.Line, message)
	case lateMessages[e.Message] && at.Line > 1:
		return message + " (the mistake may be in the line above)"
	}
	return message
}

// lateMessages are those of which the cause often stands in the line above.
var lateMessages = map[string]bool{
	"did not find expected key":                              true,
	"did not find expected '-' indicator":                    true,
	"did not find expected ',' or '}'":                       true,
	"did not find expected ',' or ']'":                       true,
	"could not find expected ':'":                            true,
	"mapping values are not allowed in this context":         true,
	"block sequence entries are not allowed in this context": true,
}

func (d *yamlDecoder) value(n *yaml.Node) tree.Tree {
	switch {
	case n.Kind == yaml.AliasNode:
		return d.alias(n).tree
	case n.Anchor != "":
		return d.anchor(n).tree
	}
	t, _ := d.node(n, false)
	return t
}

// node returns the value of a node and, when they are to be kept, the entries of a map.
func (d *yamlDecoder) node(n *yaml.Node, keep bool) (tree.Tree, []tree.Entry) {
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
		return d.mapping(n, at, keep)
	}
	d.problem(tree.Unusable, at, errTag)
	return tree.Tree{}, nil
}

func (d *yamlDecoder) list(n *yaml.Node, at tree.Place) tree.Tree {
	if !d.enter(at) {
		return tree.Tree{}
	}
	defer d.leave()
	items := make([]tree.Tree, 0, min(len(n.Content), d.limits.Keys))
	for i, item := range n.Content {
		d.push(strconv.Itoa(i))
		items = append(items, d.value(item))
		d.pop()
		if d.stopped {
			return tree.Tree{}
		}
	}
	return d.build.List(items, at)
}

// mapping returns a map, merged keys and all, and its entries if they are to be kept.
func (d *yamlDecoder) mapping(n *yaml.Node, at tree.Place, keep bool) (t tree.Tree, kept []tree.Entry) {
	if !d.enter(at) {
		return tree.Tree{}, nil
	}
	defer d.leave()
	base := len(d.open)
	var merge *yaml.Node // the first merge key
	var merged [][]tree.Entry
	for i := 0; i+1 < len(n.Content) && !d.stopped; i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		keyAt := d.at(key)
		if key.Kind == yaml.ScalarNode && key.Tag == "!!merge" {
			if merge != nil {
				d.duplicate(key.Value, d.at(merge), keyAt)
				continue
			}
			merge, merged = key, d.sources(value)
			continue
		}
		if text, ok := d.key(key, keyAt); ok {
			entry := tree.Entry{Key: text, At: keyAt}
			if !isNothing(value) {
				d.push(text)
				entry.Tree = d.value(value)
				d.pop()
			}
			d.open = append(d.open, entry)
		}
	}
	d.beneath(base, merged)
	if keep {
		kept = slices.Clone(d.open[base:])
	}
	if t = d.close(base, at); t.Root() == nil {
		kept = nil
	}
	return t, kept
}

// key returns the text of a key.
func (d *yamlDecoder) key(n *yaml.Node, at tree.Place) (string, bool) {
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

var errTag = errors.New(`a tag that is not supported here (quote the value if it begins with "!")`)
