// Package dump writes the effective configuration as a document that can be
// loaded again, with no secret in it.
//
// It is apart from package confsync so that a program without documents compiles
// no parser of YAML.
package dump

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"unicode/utf8"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/tree"
)

// Dumpable is a configuration that can be dumped. A [*confsync.Config] is one.
type Dumpable interface {
	// Explain tells of the value at a path; [confsync.Explanation].Node is dumped.
	Explain(path string) (confsync.Explanation, error)
	// All tells of every path. It is asked for origins only.
	All() iter.Seq[confsync.Explanation]
}

// Format is the language of a document.
type Format uint8

// The formats.
const (
	YAML Format = iota
	JSON
)

// Options are the choices of [Write]. The zero value, like a nil *Options, is
// YAML without comments.
type Options struct {
	// Format is the language. Zero: YAML.
	Format Format

	// Origins puts a comment behind each value that says where it came from. JSON
	// has no comments: it is an error there.
	Origins bool
}

// Write writes the configuration that c serves as one document, keys sorted,
// and returns the writer's error. nil options are the zero Options.
//
// A text that isn't UTF-8 is an error in JSON, which has no way to write it, and a
// key that isn't is one in both.
//
// A secret is "<redacted>" or, where the type takes no such text, a null: Explain
// redacts it, so that it never gets here. Keys that no field takes are left
// out. Placeholders are filled. As a layer below one that has the secrets, and
// without Options.Interpolate, the document gives the configuration again.
func Write(w io.Writer, c Dumpable, opts *Options) error {
	if opts == nil {
		opts = &Options{}
	}
	if opts.Format == JSON && opts.Origins {
		return errors.New("dump: JSON has no comments for origins")
	}
	x, err := c.Explain("")
	if err != nil {
		return fmt.Errorf("dump: %w", err)
	}
	root := x.Node
	if root == nil {
		root = tree.NewMap(nil, nil, nil)
	}
	if err := writable(root, nil, opts.Format); err != nil {
		return fmt.Errorf("dump: %w", err)
	}
	var text []byte
	switch opts.Format {
	case YAML:
		d := yamlWriter{}
		if opts.Origins {
			d.origins = origins(c)
		}
		text, err = d.write(root)
	case JSON:
		text, err = writeJSON(root)
	default:
		err = fmt.Errorf("format %d is unknown", opts.Format)
	}
	if err != nil {
		return fmt.Errorf("dump: %w", err)
	}
	_, err = w.Write(text)
	return err
}

// writable returns why a format can't hold a value, nil if it can.
func writable(n *tree.Node, at tree.Path, format Format) error {
	if format == JSON && !utf8.ValidString(n.Text()) {
		return fmt.Errorf("%q: the text isn't UTF-8, which JSON can't hold", at)
	}
	for i := range n.Len() {
		below := append(at, n.Segment(i))
		if n.Kind() == tree.Map && !utf8.ValidString(below[len(at)]) {
			return fmt.Errorf("%q: the key isn't UTF-8, which no document can hold", below)
		}
		if err := writable(n.At(i), below, format); err != nil {
			return err
		}
	}
	return nil
}

// origins returns the comments by paths: where each value came from, and what a
// layer has that it hides.
func origins(c Dumpable) map[string]string {
	all := map[string]string{}
	for x := range c.All() {
		if len(x.Layers) > 0 {
			all[x.Path.String()] = x.Layers[0].Origin.String()
		}
	}
	return all
}
