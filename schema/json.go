package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/confsync/confsync/binder"
	"github.com/confsync/confsync/tree"
)

// generator makes the definitions of one schema.
type generator struct {
	*Schema
	open  []*tree.Shape          // structs that are being defined
	named map[*tree.Shape]string // those that refer to themselves, and where they are defined
	defs  properties
}

func (s *Schema) makeJSON() ([]byte, error) {
	g := &generator{Schema: s, named: map[*tree.Shape]string{}}
	g.findRecursive(s.root)
	root := g.define(s.root, "#", "")
	root.Type, root.Pattern = []string{"object"}, "" // what a document is
	root.Schema, root.Defs = "https://json-schema.org/draft/2020-12/schema", g.defs
	root.Title = s.opts.Title
	if root.Title == "" {
		root.Title = binder.TypeName(s.root.Type)
	}
	if root.Description == "" {
		root.Description = s.docs[s.root.Type.String()]
	}
	compact, err := encode(root)
	if err != nil {
		return nil, err
	}
	var indented bytes.Buffer
	err = json.Indent(&indented, compact, "", "  ")
	indented.WriteByte('\n')
	return texts.ReplaceAllFunc(indented.Bytes(), func(list []byte) []byte {
		return bytes.Join(bytes.Fields(list), nil)
	}), err
}

var texts = regexp.MustCompile(`\[\n\s+"[a-z]+"(,\n\s+"[a-z]+")*\n\s+\]`) // a list of types

// findRecursive names the structs that hold themselves.
func (g *generator) findRecursive(s *tree.Shape) {
	var visit func(*tree.Shape, []*tree.Shape)
	seen := map[*tree.Shape]bool{}
	visit = func(s *tree.Shape, above []*tree.Shape) {
		switch {
		case s == nil:
			return
		case slices.Contains(above, s):
			if g.named[s] == "" {
				g.named[s] = fmt.Sprintf("%s-%d", unsafeInPointer.ReplaceAllString(s.Type.String(), "_"), len(g.named)+1)
			}
			return
		case seen[s]:
			return
		}
		seen[s] = true
		above = append(above, s)
		visit(s.Elem, above)
		visit(s.Rest, above)
		for _, f := range s.Fields {
			visit(f.Shape, above)
		}
	}
	visit(s, nil)
}

var unsafeInPointer = regexp.MustCompile(`[^\w.-]`)

// escapeURI returns a JSON pointer as the fragment of a reference.
func escapeURI(pointer string) string {
	var b strings.Builder
	for _, c := range []byte(pointer) {
		if c > ' ' && c < 0x7f && !strings.ContainsRune("%\"<>\\^`{|}", rune(c)) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
