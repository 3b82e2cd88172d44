package tree

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Place is where a value stands within its source. The zero Place says
// nothing is known, as for a value from the environment.
type Place struct {
	Line, Column int32 // in a document, both from 1; the column counts bytes
	Revision     int64 // in a store, of that key: Consul's ModifyIndex, etcd's mod_revision, ZooKeeper's mzxid
}

// Origin is where a value came from, in the terms of the place it came from. In
// JSON its fields have the names that their tags say.
type Origin struct {
	Layer    string `json:"layer,omitzero"`    // the name of the source, as its Name method gives it
	Kind     string `json:"kind,omitzero"`     // "file", "env", "flag", "consul", "etcd", ...: what sort of source
	Key      string `json:"key,omitzero"`      // the native name: a file's path, a variable, a store's key
	Line     int    `json:"line,omitzero"`     // in a document, from 1; 0 when there is none
	Column   int    `json:"column,omitzero"`   // in bytes, from 1; 0 when there is none
	Revision string `json:"revision,omitzero"` // of the key in its store, named as the store does: "index 8812"
}

// IsZero reports whether nothing is known of the origin.
func (o Origin) IsZero() bool { return o == Origin{} }

// String returns the origin as errors and explanations show it:
//
//	file config.yaml:12:9
//	env CHECKOUT_DB_POOL_MAX
//	consul "apps/checkout/server/port" (index 8812)
//
// A store's key is quoted, because it may hold anything; a name that has
// something in it that doesn't print is quoted too.
func (o Origin) String() string {
	var b strings.Builder
	b.WriteString(Printable(o.Kind))
	switch {
	case o.Key == "":
	case bareKinds[o.Kind]:
		b.WriteString(" " + Printable(o.Key))
	default:
		b.WriteString(" " + strconv.Quote(o.Key))
	}
	if o.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", o.Line, o.Column)
	}
	if o.Revision != "" {
		fmt.Fprintf(&b, " (%s)", Printable(o.Revision))
	}
	return b.String()
}

// bareKinds are the kinds whose keys are names a shell or a compiler knows.
var bareKinds = map[string]bool{"file": true, "env": true, "flag": true, "default": true}

// Printable returns a name as it is, or quoted if it has a control character, a
// line break or anything else that doesn't print.
func Printable(name string) string {
	hidden := func(r rune) bool { return !strconv.IsPrint(r) }
	if strings.ContainsFunc(name, hidden) || !utf8.ValidString(name) {
		return strconv.Quote(name)
	}
	return name
}

// Locate tells the Origin of the value at a path, given its place. A source
// has one for its trees; it is called only when somebody asks.
type Locate func(Path, Place) Origin

func (p Place) origin() Origin { return Origin{Line: int(p.Line), Column: int(p.Column)} }
