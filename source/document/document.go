// Package document reads configuration documents into trees that know where
// every value stands.
//
// A document is accepted whole or not at all. What it means is decided here,
// the same for every format:
//
//   - The top level is a map. A document of nothing but space and comments is
//     an empty map; JSON alone doesn't allow one.
//   - A key that stands twice in a map is a problem, never a silent winner.
//   - Values have the kind that the format's own syntax gives them.
//   - A document is UTF-8, with or without a byte order mark, and its lines end
//     in LF or CRLF. It is text: control characters are problems.
//   - Places are lines and columns from 1, and columns count bytes.
//   - No problem's text holds any of the document's values. They may be secrets.
package document

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strings"

	"github.com/confsync/confsync/tree"
)

// Format is a language that documents are written in. The zero Format is none.
type Format uint8

// The formats.
const (
	_ Format = iota
	// YAML is YAML 1.2 as go.yaml.in/yaml reads it. Anchors, aliases and merge
	// keys are followed, and explicit keys win over merged ones; a value that an
	// alias brings in has its place at the anchor. Keys are the text they are
	// written as, also where that is a number or a boolean. Integers and timestamps
	// keep the text they are written as. A key with nothing behind it, such as a
	// section whose keys are all commented out, is absent; "null" and "~" are
	// nulls. There is one document to a stream, but empty ones may follow it.
	YAML
	// JSON is RFC 8259. A number with neither fraction nor exponent is an Int.
	JSON
	// TOML is TOML 1.1, which takes every document of TOML 1.0 too. Dates and
	// date-times with no offset are taken to be UTC, as in YAML; times of day are
	// strings.
	TOML
	// Dotenv is lines of KEY=VALUE. See [Decode] for what it takes.
	Dotenv
	// JSONC is JSON with comments as in Go, and with a comma allowed after the
	// last element of a list or a map.
	JSONC
)

var formatNames = [...]string{"unknown", "YAML", "JSON", "TOML", "dotenv", "JSONC"}

func (f Format) String() string {
	if int(f) >= len(formatNames) {
		f = 0
	}
	return formatNames[f]
}

// FormatOf returns the format that a file's name tells: .yaml or .yml, .json,
// .jsonc, .toml, .env or a name that is .env or begins with ".env.". It reports
// false for every other name.
func FormatOf(filename string) (Format, bool) {
	base := filepath.Base(filename)
	switch strings.ToLower(filepath.Ext(base)) {
	case ".yaml", ".yml":
		return YAML, true
	case ".json":
		return JSON, true
	case ".jsonc":
		return JSONC, true
	case ".toml":
		return TOML, true
	case ".env":
		return Dotenv, true
	}
	if strings.HasPrefix(base, ".env.") {
		return Dotenv, true
	}
	return 0, false
}

// Limits bound what a document may cost. A document beyond them is a problem
// of kind [tree.TooLarge]. A negative limit is none.
type Limits struct {
	// Bytes is the most bytes a document may have. Zero: 16 MiB.
	Bytes int
	// Keys is the most values a document may have, maps, lists and their elements
	// included. An alias counts for all that it brings in, each time it stands,
	// so no document is larger than it looks. Zero: 1,000,000.
	Keys int
	// Depth is the most maps and lists that may stand inside one another.
	// Zero: 100. No format allows more than 10,000.
	Depth int
}

// OrDefault returns l with its zero fields replaced by the defaults, and with bounds that
// nothing reaches in the place of negative ones.
func (l Limits) OrDefault() Limits {
	set := func(limit *int, zero int) {
		switch {
		case *limit == 0:
			*limit = zero
		case *limit < 0:
			*limit = math.MaxInt32
		}
	}
	set(&l.Bytes, 16<<20)
	set(&l.Keys, 1_000_000)
	set(&l.Depth, 100)
	return l
}

// Decode reads a document. Every value of the tree has the line and the column
// it stands at; its origins have no more than that until the caller gives it a
// [tree.Locate]. The tree doesn't hold on to data.
//
// The error is one or more [tree.Problem] values, joined, the first hundred of
// them: of kind Unusable, Duplicate or TooLarge, with the line and the column,
// and with a path where there is one.
//
// Dotenv has no standard. It is read here as Docker Compose reads it, with two
// differences: a key that stands twice is a problem, and a value goes on over
// several lines only in quotes that are closed.
//
//   - A line is KEY=VALUE or KEY: VALUE, with or without "export" before it and
//     spaces around the "=". A key is letters, digits, "_", ".", "-", "[" and "]".
//     Keys are flat names, kept as written.
//   - An unquoted value ends before " #" or at the end of the line, and has no
//     space around it.
//   - A value in single quotes is taken as it is, over several lines too, but
//     that \' is a single quote.
//   - So is a value in double quotes, but that \n, \r, \t, \a, \b, \f, \v, \", \$,
//     \\ and \0123 are escapes. A backslash before anything else is a backslash.
//   - A line whose first character is "#" is a comment.
//   - There are no variables: a "$" is a "$". See [DecodeDotenv] for a file that has some.
//
// All of its values are strings.
func Decode(format Format, data []byte, limits Limits) (tree.Tree, error) {
	return DecodeContext(context.Background(), format, data, limits)
}

// DecodeContext is like [Decode], and ends early with ctx's error when ctx ends.
func DecodeContext(ctx context.Context, format Format, data []byte, limits Limits) (tree.Tree, error) {
	return decode(ctx, format, data, limits, nil)
}

func decode(ctx context.Context, format Format, data []byte, limits Limits, lookup func(string) (string, bool)) (tree.Tree, error) {
	d := decoder{limits: limits.OrDefault(), done: ctx.Done()}
	if len(data) > d.limits.Bytes {
		d.problem(tree.TooLarge, tree.Place{}, fmt.Errorf("%d bytes, more than %d", len(data), d.limits.Bytes))
		return tree.Tree{}, d.err()
	}
	d.accept(data, format)
	t := d.decode(format, lookup)
	if d.interrupted() {
		return tree.Tree{}, ctx.Err()
	}
	if err := d.err(); err != nil {
		return tree.Tree{}, d.explain(err)
	}
	return t, nil
}

// DecodeDotenv is like [Decode] for Dotenv, and replaces variables, as Docker
// Compose does, in values that don't stand in single quotes: $NAME and ${NAME},
// ${NAME:-default} and ${NAME-default} where it has none, ${NAME:+other} and
// ${NAME+other} where it has one, ${NAME:?} and ${NAME?} where it must have one. The
// forms with a colon take an empty value for none. $$ is a "$".
//
// A variable has the value that lookup returns, such as [os.LookupEnv], or the one
// that it was given further up in the document; with neither it is empty.
func DecodeDotenv(data []byte, limits Limits, lookup func(name string) (string, bool)) (tree.Tree, error) {
	return decode(context.Background(), Dotenv, data, limits, lookup)
}

func (d *decoder) decode(format Format, lookup func(string) (string, bool)) tree.Tree {
	if d.found != nil {
		return tree.Tree{}
	}
	if format == JSON || format == JSONC {
		return d.json(format == JSONC)
	}
	d.workshop = workshops.Get().(*workshop)
	defer d.workshop.leave()
	switch format {
	case YAML:
		return (&yamlDecoder{decoder: d}).document()
	case TOML:
		return (&tomlDecoder{decoder: d}).document()
	case Dotenv:
		return (&dotenvDecoder{decoder: d, lookup: lookup}).document()
	}
	d.problem(tree.Unusable, tree.Place{}, errors.New("the format is not known"))
	return tree.Tree{}
}

// Locate gives the problems of [Decode]'s error, which know their line and
// column, the origin of the document.
func Locate(err error, of tree.Origin) error {
	return tree.EditProblems(err, func(p *tree.Problem) {
		at := of
		at.Line, at.Column = p.Origin.Line, p.Origin.Column
		p.Origin = at
	})
}
