package confsync

import (
	"strings"

	"github.com/confsync/confsync/binder"
	"github.com/confsync/confsync/tree"
)

// secrets returns the texts in any layer that must not be shown.
func (g *provenance) secrets() []string {
	if g == nil {
		return nil
	}
	var found []string
	if !g.types.holdsSecret() {
		return nil
	}
	roots := []*tree.Node{g.root}
	for _, s := range g.layers {
		roots = append(roots, s.root)
	}
	for _, root := range roots {
		for path, leaf := range root.Leaves {
			if leaf.Text() != "" && g.types.Hides(path, leaf) {
				found = append(found, leaf.Text())
			}
		}
	}
	return found
}

const (
	wholeSecret = 4 // a shorter text is found too often where it is none
	partOfOne   = 6 // so much of a secret gives it away
)

// conceal returns a text of the program's with each secret in it replaced.
func conceal(text string, secrets []string) string {
	for _, s := range secrets {
		switch {
		case text == s:
			return binder.Redacted
		case len(s) >= wholeSecret:
			text = strings.ReplaceAll(text, s, binder.Redacted)
		}
	}
	return text
}

// betrays reports whether a text has a part of a secret in it.
func betrays(text string, secrets []string) bool {
	for _, s := range secrets {
		n := min(partOfOne, len(s))
		for i := 0; i+n <= len(s); i++ {
			if strings.Contains(text, s[i:i+n]) {
				return true
			}
		}
	}
	return false
}
