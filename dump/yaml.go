package dump

import (
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/confsync/confsync/tree"
)

// yamlWriter makes a document of the library's nodes, which know how to quote
// and where comments go.
type yamlWriter struct {
	origins map[string]string // by path
	path    tree.Path
}

func (w *yamlWriter) write(root *tree.Node) ([]byte, error) {
	return yaml.Dump(w.node(root), yaml.WithLineWidth(-1))
}

func (w *yamlWriter) node(n *tree.Node) *yaml.Node {
	switch n.Kind() {
	case tree.Map:
		out := &yaml.Node{Kind: yaml.MappingNode}
		for i, key := range n.Keys() {
			out.Content = append(out.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: key}, w.child(key, n.At(i)))
		}
		return w.empty(out)
	case tree.List:
		out := &yaml.Node{Kind: yaml.SequenceNode}
		for i := range n.Len() {
			out.Content = append(out.Content, w.child(n.Segment(i), n.At(i)))
		}
		return w.empty(out)
	}
	out := &yaml.Node{Kind: yaml.ScalarNode, Value: n.Text(), LineComment: w.origins[w.path.String()]}
	switch n.Kind() {
	case tree.Null:
		out.Tag, out.Value = "!!null", "null"
	case tree.Bool:
		out.Tag = "!!bool"
	case tree.Int:
		out.Tag, out.Value = "!!int", integer(n.Text())
	case tree.Float:
		out.Tag, out.Value = "!!float", float(n.Text())
	case tree.Time:
		out.Tag = "!!timestamp"
	default:
		out.Tag = "!!str"
	}
	return out
}

func (w *yamlWriter) child(segment string, n *tree.Node) *yaml.Node {
	w.path = append(w.path, segment)
	defer func() { w.path = w.path[:len(w.path)-1] }()
	return w.node(n)
}

// empty makes of a map or a list that has nothing in it one that says so.
func (w *yamlWriter) empty(n *yaml.Node) *yaml.Node {
	if len(n.Content) == 0 {
		n.Style, n.LineComment = yaml.FlowStyle, w.origins[w.path.String()]
	}
	return n
}

// integer returns an integer in decimal, which every reader takes for the same.
func integer(text string) string {
	if i, ok := new(big.Int).SetString(text, 0); ok {
		return i.String()
	}
	return text
}

var plainFloat = regexp.MustCompile(`^-?(0|[1-9]\d*)(\.\d+([eE][+-]?\d+)?|[eE][+-]?\d+)$`)

// float returns a float as both YAML and JSON write it, but for infinities and
// NaN.
func float(text string) string {
	f, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil || plainFloat.MatchString(text):
		return text
	case math.IsNaN(f):
		return ".nan"
	case math.IsInf(f, 0):
		return strings.Replace(strconv.FormatFloat(f, 'g', -1, 64), "Inf", ".inf", 1)
	}
	text = strconv.FormatFloat(f, 'g', -1, 64)
	if !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	return text
}
