package binder

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/confsync/confsync/tree"
)

// Redacted stands in the place of a secret's value.
const Redacted = "<redacted>"

const shown = 64 // bytes of a value that an error shows

func (d *decoder) report(kind tree.ProblemKind, err error) {
	d.problems = append(d.problems, tree.Problem{
		Path: slices.Clone(d.path), Kind: kind, Field: d.field(), Err: err,
	})
}

// field is the Go field at the present path: `App.Services["blue"].Hosts[0]`.
func (d *decoder) field() string {
	var b strings.Builder
	b.WriteString(d.root)
	for i, name := range d.names {
		switch name {
		case mapElement:
			fmt.Fprintf(&b, "[%q]", d.path[i])
		case listElement:
			fmt.Fprintf(&b, "[%s]", d.path[i])
		default: // exported, so that it is neither of these
			b.WriteString("." + name)
		}
	}
	return b.String()
}

// mistyped reports that n can't fill p's type. Of a secret it says neither the
// value nor what a decoder said of it, which may quote the value.
func (d *decoder) mistyped(p *plan, n *tree.Node, why error, secret bool) {
	err := fmt.Errorf("cannot use %s as %s", describe(n, secret), p.typ)
	if why.Error() != "" && !secret {
		err = fmt.Errorf("%w: %w", err, why)
	}
	d.report(tree.Mistyped, err)
}

func (d *decoder) missing() { d.report(tree.Missing, errors.New("required, and set nowhere")) }

func (d *decoder) conflict(p *plan) {
	d.report(tree.Conflict, fmt.Errorf("the key has both a value and keys below it, and %s holds only one", p.typ))
}

func (d *decoder) badKey(t reflect.Type, key string, why error) {
	err := fmt.Errorf("cannot use key %q as %s", key, t)
	if why.Error() != "" {
		err = fmt.Errorf("%w: %w", err, why)
	}
	d.report(tree.Mistyped, err)
}

func (d *decoder) sameKey(t reflect.Type, key string) {
	d.report(tree.Duplicate, fmt.Errorf("key %q stands there in another spelling too: they are one %s", key, t))
}

func (d *decoder) gap(n *tree.Node) {
	d.report(tree.Gap, fmt.Errorf("the list has %d elements and lacks element %d", n.Len(), firstGap(n)))
}

// describe is a node as an error shows it: `string "80a"`, "int 7", "a list".
func describe(n *tree.Node, secret bool) string {
	switch {
	case !n.Kind().IsScalar():
		return "a " + n.Kind().String()
	case secret:
		return n.Kind().String() + " " + Redacted
	}
	return n.Kind().String() + " " + Show(n)
}

// Show is a node as explanations and errors show it, on one line and not too
// long. It is not for secrets.
func Show(n *tree.Node) string {
	switch n.Kind() {
	case tree.String:
		text := n.Text()
		if len(text) > shown {
			return strconv.Quote(text[:shown]) + "..."
		}
		return strconv.Quote(text)
	case tree.List, tree.Map:
		return fmt.Sprintf("a %s of %d", n.Kind(), n.Len())
	case tree.Absent, tree.Null:
		return n.Kind().String()
	}
	return n.Text()
}
