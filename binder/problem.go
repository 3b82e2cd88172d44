package binder

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/confsync/confsync/tree"
)

// Redacted is shown instead of a secret's value.
const Redacted = "<redacted>"

const (
	shown     = 64  // bytes of a value that an error shows
	shownWhys = 512 // bytes of what a decoder of the user's says
)

func (d *decoder) report(kind tree.ProblemKind, err error) {
	if d.problems.IsFull() {
		d.problems.More++
		return
	}
	path := make(tree.Path, len(d.path))
	for i, at := range d.path {
		path[i] = at.key
	}
	d.problems.Add(tree.Problem{Path: path, Kind: kind, Field: d.field(), Err: err})
}

// field returns the Go field at the present path:
// `App.Services["blue"].Hosts[0]`.
func (d *decoder) field() string {
	var b strings.Builder
	b.WriteString(TypeName(d.root.typ))
	for _, at := range d.path {
		field, isKey := strings.CutSuffix(at.name, mapElement)
		field, isIndex := strings.CutSuffix(field, listElement)
		if field != "" {
			b.WriteString("." + field)
		}
		switch {
		case isKey:
			b.WriteString("[" + quote(at.key) + "]")
		case isIndex:
			b.WriteString("[" + at.key + "]")
		}
	}
	return b.String()
}

// mistyped reports that the node can't fill the slot. Of what may be a secret it
// says neither the value nor what a decoder said of it, which may quote the value.
func (d *decoder) mistyped(s *slot, why error) {
	if d.problems.IsFull() {
		d.problems.More++
		return
	}
	secret := s.secret || s.plan.holds && s.plan.shape == viaJSON
	what := fmt.Sprintf("cannot use %s as %s", describe(s.n, secret), typeText(s.plan.typ))
	if secret {
		why = nil
	}
	d.report(tree.Mistyped, because(what, why))
}

func (d *decoder) missing() { d.report(tree.Missing, errors.New("required, and set nowhere")) }

func (d *decoder) conflict(p *plan) {
	d.report(tree.Conflict, fmt.Errorf("the key has both a value and keys below it, and %s holds only one", typeText(p.typ)))
}

func (d *decoder) badKey(t reflect.Type, key string, why error) {
	d.report(tree.Mistyped, because(fmt.Sprintf("cannot use key %s as %s", quote(key), t), why))
}

func (d *decoder) sameKey(t reflect.Type, key string) {
	d.report(tree.Duplicate, fmt.Errorf("key %s stands there in another spelling too: they are one %s", quote(key), t))
}

// gap reports that a list has an element, and not all that come before it.
func (d *decoder) gap(n *tree.Node) {
	lacks, next := firstGap(n)
	d.push(strconv.Itoa(next), listElement)
	defer d.pop()
	d.report(tree.Gap, fmt.Errorf("the list lacks element %d, which comes before this one", lacks))
}

// typeText returns a type as Go writes it, but for structs without a name, whose
// fields are of no interest.
func typeText(t reflect.Type) string {
	switch {
	case t.Name() != "":
		return t.String()
	case t.Kind() == reflect.Struct:
		return "struct"
	case t.Kind() == reflect.Pointer:
		return "*" + typeText(t.Elem())
	case t.Kind() == reflect.Slice:
		return "[]" + typeText(t.Elem())
	case t.Kind() == reflect.Array:
		return fmt.Sprintf("[%d]%s", t.Len(), typeText(t.Elem()))
	case t.Kind() == reflect.Map:
		return fmt.Sprintf("map[%s]%s", typeText(t.Key()), typeText(t.Elem()))
	}
	return t.String()
}

// refusal is an error with its reason, which may be of any length and is
// shown only so far.
type refusal struct {
	what string
	why  error
}

func because(what string, why error) error {
	if why == nil || why == errMistyped {
		return errors.New(what)
	}
	return &refusal{what, why}
}

func (e *refusal) Error() string { return e.what + ": " + cut(e.why.Error(), shownWhys) }

func (e *refusal) Unwrap() error { return e.why }

// describe returns a node as an error shows it: `string "80a"`, "int 7", "a
// list".
func describe(n *tree.Node, secret bool) string {
	switch {
	case !n.Kind().IsScalar():
		return "a " + n.Kind().String()
	case secret:
		return n.Kind().String() + " " + Redacted
	}
	return n.Kind().String() + " " + show(n)
}

// show returns a node as explanations and errors show it, on one line and not
// too long. It is not for secrets.
func show(n *tree.Node) string {
	switch n.Kind() {
	case tree.String:
		return quote(n.Text())
	case tree.List, tree.Map:
		return fmt.Sprintf("a %s of %d", n.Kind(), n.Len())
	case tree.Absent, tree.Null:
		return n.Kind().String()
	}
	return cut(n.Text(), shown)
}

// quote returns a text in quotes, if need be only its beginning.
func quote(text string) string {
	if begin := cut(text, shown); len(begin) < len(text) {
		return strconv.Quote(strings.TrimSuffix(begin, "...")) + "..."
	}
	return strconv.Quote(text)
}

// cut returns a text, or its beginning with three dots where it is longer than
// size.
func cut(text string, size int) string {
	if len(text) <= size {
		return text
	}
	for size > 0 && !utf8.RuneStart(text[size]) {
		size--
	}
	return text[:size] + "..."
}
