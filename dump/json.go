package dump

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/confsync/confsync/tree"
)

func writeJSON(root *tree.Node) ([]byte, error) {
	var compact, indented bytes.Buffer
	if err := appendJSON(&compact, root); err != nil {
		return nil, err
	}
	err := json.Indent(&indented, compact.Bytes(), "", "  ")
	indented.WriteByte('\n')
	return indented.Bytes(), err
}

func appendJSON(b *bytes.Buffer, n *tree.Node) error {
	switch n.Kind() {
	case tree.Map:
		b.WriteByte('{')
		for i, key := range n.Keys() {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := appendText(b, key); err != nil {
				return err
			}
			b.WriteByte(':')
			if err := appendJSON(b, n.At(i)); err != nil {
				return err
			}
		}
		b.WriteByte('}')
	case tree.List:
		b.WriteByte('[')
		for i := range n.Len() {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := appendJSON(b, n.At(i)); err != nil {
				return err
			}
		}
		b.WriteByte(']')
	case tree.Null, tree.Absent:
		b.WriteString("null")
	case tree.Bool:
		b.WriteString(n.Text())
	case tree.Int:
		b.WriteString(integer(n.Text()))
	case tree.Float:
		text := float(n.Text())
		if strings.HasPrefix(strings.TrimLeft(text, "+-"), ".") { // a text, which a float reads too
			return appendText(b, n.Text())
		}
		b.WriteString(text)
	default:
		return appendText(b, n.Text())
	}
	return nil
}

// appendText writes a text with "<" and the like as they are.
func appendText(b *bytes.Buffer, text string) error {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if err := e.Encode(text); err != nil {
		return err
	}
	b.Truncate(b.Len() - 1) // the line's end
	return nil
}
