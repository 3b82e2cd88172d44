// Package schema makes documents of a configuration's type: a JSON Schema that
// an editor checks a file against, a commented sample to begin one with, and a
// table of the keys, environment variables and flags.
//
// They are made when a program is built or asked for help; nothing here runs
// while a configuration is followed.
package schema

import (
	"fmt"
	"io/fs"
	"reflect"

	"github.com/confsync/confsync/binder"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

// Options are the choices of [For]. The zero value is the one to use for a
// program that reads one document.
type Options struct {
	// Title is the schema's. "": the name of the type.
	Title string

	// Partial makes the schema that of one layer among several: no key has to be
	// there, since another layer may have it.
	Partial bool

	// EnvPrefix is the prefix that the program gives to env.New.
	EnvPrefix string

	// Source has the Go files, in any directory, that declare the type and the
	// types it refers to: os.DirFS(".") while a program is built, or an embed.FS.
	// The comments of their fields describe the keys. nil: only usage tags do.
	Source fs.FS

	// Interpolate is what the program says in its [confsync.Options]: a text with a
	// placeholder in it is taken for any value.
	Interpolate bool

	// Texts has, for types that read text themselves, the regular expression that
	// their text matches, in the syntax that JSON Schema and package regexp share,
	// without anchors. A type that is neither here nor known to this package
	// takes any text.
	Texts map[reflect.Type]string
}

// Schema describes the documents that fill a type. It is not changed after it
// was made: any number of goroutines may use it.
type Schema struct {
	opts  Options
	root  *tree.Shape
	names *source.Names // nil when two fields have one name
	docs  comments
	json  []byte
}

// For describes the documents that fill a T. nil options are the zero Options.
// A tag usage:"how many" describes a field, else its comment does, where
// [Options].Source has it. It returns an error for a type that
// [confsync.Open] refuses, and for Go files that can't be read.
func For[T any](opts *Options) (*Schema, error) {
	if opts == nil {
		opts = &Options{}
	}
	b, err := binder.New(reflect.TypeFor[T]())
	if err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	s := &Schema{opts: *opts, root: b.Shape()}
	if s.docs, err = readComments(opts.Source); err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	s.names, _ = source.NewNames(s.root, "_") // an error only to a program that reads the environment
	if s.json, err = s.makeJSON(); err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	return s, nil
}

// JSON returns the JSON Schema, of draft 2020-12, indented. A document it accepts
// is one that [confsync.Open] serves with RejectUnknown, and the other way
// round, where the type has no Validate method and but for what a schema can't
// say: that one key is written in two spellings, that index keys of a list
// leave a gap, what is inside JSON that is written as a text, the ranges of
// floats and durations that are written as texts, and what a type that reads
// text itself makes of it beyond the pattern in [Options].Texts.
func (s *Schema) JSON() []byte { return append([]byte(nil), s.json...) }

// MarshalJSON returns what JSON does.
func (s *Schema) MarshalJSON() ([]byte, error) { return s.JSON(), nil }
