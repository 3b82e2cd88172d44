// Package file reads configuration from files and watches them.
//
// [New] is one document, [Search] the first of several that exists, [Glob] all
// that match a pattern, and [Dir] a directory that holds a value in each file, as
// mounted secrets do. [FS] and [Bytes] are documents that a program carries in
// itself. The others notice every way in which files change: written in
// place, renamed over, replaced through a symlink (as Kubernetes does with a
// ConfigMap), removed and created again, with any directory on the way. They
// do so by watching each directory that the path leads through and reading
// again whatever happens there. What they can't notice:
//
//   - A single file that is bind-mounted, as by "docker run -v config.yaml:…" or
//     a Kubernetes subPath, stays the file that it was at the mount. It may be
//     written in place, but another one renamed over it outside is never seen,
//     and that is what editors and Kubernetes do. Mount its directory instead.
//   - Network file systems, and some that a virtual machine shares with its
//     host, don't tell of changes made elsewhere. Set [Options].Poll there.
//   - A writer that opens the file several times, as a script that appends line
//     by line does, may be read between two of its writes. Write to another
//     name, and rename.
//
// On Linux what is renamed to its place is read at once, and what is written in
// place a few milliseconds after its writer has closed it. Elsewhere the system
// doesn't tell, and a file is read when it has been left alone for
// [Options].Settle.
//
// Where the system can't watch (no more inotify instances, a directory on the
// way that may be passed but not read) the source polls every five seconds and
// says so in [source.Snapshot].Note. All files of a process share its two inotify
// instances, fsnotify's and one that tells when a change is complete.
package file

import (
	"path/filepath"
	"strings"
	"time"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/tree"
)

// Options are how files are read. The zero Options, like a nil *Options, are
// good for local files.
type Options struct {
	// Format is the language of the document. Zero: the one that
	// [document.FormatOf] tells by the path. Dir ignores it.
	Format document.Format

	// Decode reads a document instead of the decoders of package document: another
	// language, or an encrypted document. The limits are those of these options,
	// with their defaults filled in. Each value's origin is the place that the
	// tree has for it. An error may be made of [tree.Problem] values, which have
	// lines and columns; it must not hold the document's values, which may be
	// secrets. nil: Format decides. Dir ignores it.
	Decode func(data []byte, limits document.Limits) (tree.Tree, error)

	// Expand has the variables in a dotenv file replaced, as
	// [document.DecodeDotenv] does it: it returns the value of one, as
	// [os.LookupEnv] does. nil: a "$" is a "$", and a Note tells of a "${".
	Expand func(name string) (value string, ok bool)

	// Poll is how often to read, instead of watching. Zero: watch.
	Poll time.Duration

	// Settle is how long a file must be left alone before it is read, since most
	// changes come in several steps; where the system tells that a change is
	// complete it is read sooner. A file that is never left alone is read after
	// 20 times as long. A writer that has it open is waited for until it has
	// written nothing for that long, or for 400 times as long; who has opened it and
	// not written yet, for Settle. Content that turns
	// empty is believed once it has been empty for 20 times as long: truncating is
	// how a write in place begins. Zero: 50ms.
	Settle time.Duration

	// Limits bound the document. For Dir, Bytes bounds all files together and
	// Keys their number. Zero fields: the defaults of [document.Limits].
	Limits document.Limits

	// Separator splits the names of Dir's files into the segments of a path, so
	// that with "." the file db.password is db: {password: …}. "": names are keys
	// as they are. New ignores it.
	Separator string
}

const (
	defaultSettle = 50 * time.Millisecond
	settles       = 20              // times Settle is how long it takes at most
	fallback      = 5 * time.Second // between polls, where watching fails
)

// New returns the source of the document at path. It does no I/O: a relative
// path is resolved by the first Watch, against the working directory at that
// time.
//
// A file that is missing, can't be read or doesn't parse is emitted as
// [source.Snapshot].Err, made of [tree.Problem] values; the watch goes on, and
// the next good content heals it. The error of a missing file wraps
// [fs.ErrNotExist].
//
// A dotenv file's names are flat. The source is [source.Shaped]: where the name
// stands for a field of the type it fills, as DB_MAX_CONNS does for db.max_conns,
// or is in its env tag, the value is at that field's path. Other names stay keys
// as they are.
func New(path string, opts *Options) source.Source {
	w := newWatched("file "+path, opts, path)
	w.read = (*watched).readDocument
	return w
}

// Search returns the source of the first of several documents that exists, as in
// Search([]string{"./app.yaml", "/etc/app/app.yaml"}, nil). One that comes later
// to a place further in front takes over. It is otherwise like [New], and needs at
// least one path.
func Search(paths []string, opts *Options) source.Source {
	if len(paths) == 0 {
		panic("file.Search: needs a path")
	}
	w := newWatched("file "+strings.Join(paths, ", "), opts, paths...)
	w.read = (*watched).readDocument
	return w
}

// Dir returns the source of a directory in which each file holds one value: the
// file's name is the key and its content the value, a string, without the line
// break it may end in. Sub-directories are maps. Names that begin with a dot are
// left out.
//
// Where there is a symlink named "..data", as in a mounted Kubernetes volume,
// the directory that it leads to is what is read, so that every snapshot is one
// version of the volume. Other directories are read file by file.
//
// It is otherwise like [New]: no I/O, and the same errors. A directory with no
// files is a source with no keys.
func Dir(path string, opts *Options) source.Source {
	w := newWatched("dir "+path, opts, path)
	w.read = (*watched).readDir
	w.prompt = func(changed string) bool { return filepath.Base(changed) == volumeData }
	return w
}

// watched is one or more files, or a directory.
type watched struct {
	name    string   // as Name tells it
	paths   []string // as they were given
	opts    Options
	pattern string                           // of Glob
	shape   *tree.Shape                      // nil: not known
	names   *source.Names                    // of the shape; nil when it isn't known
	read    func(*watched, *reading) content // finds the content
	prompt  func(path string) bool           // whether a change of that file is complete when it is told; nil: always
	fixed   bool                             // it doesn't change
	hub     *hub
	single  *source.Single // shared by what WithShape makes

	// Kept from one Watch to the next, of which there is one at a time.
	abs  []string // paths, absolute
	seen decoded  // the last content
}

func newWatched(name string, opts *Options, paths ...string) *watched {
	w := &watched{name: tree.Printable(name), paths: paths, hub: shared, single: new(source.Single)}
	if opts != nil {
		w.opts = *opts
	}
	if w.opts.Settle == 0 {
		w.opts.Settle = defaultSettle
	}
	w.opts.Limits = w.opts.Limits.OrDefault()
	return w
}

// Name returns what sort of source it is and the path as it was given.
func (w *watched) Name() string { return w.name }

// problem returns something that is wrong with a file as a whole.
func (w *watched) problem(kind tree.ProblemKind, path string, err error) tree.Problem {
	return tree.Problem{Kind: kind, Origin: w.origin(path), Err: err}
}

func (w *watched) origin(path string) tree.Origin {
	return tree.Origin{Layer: w.name, Kind: "file", Key: path}
}
