package compare

import (
	"errors"
	"fmt"
	"slices"
)

// Contender is a library with the glue its documentation asks for.
type Contender interface {
	// Name is what the library is called in tables.
	Name() string

	// Module is the path of the module it is in.
	Module() string

	// Load reads a document into a Fleet, from nothing.
	Load(format Format, document []byte) (Loaded, error)

	// Open takes up layers, lowest first. It returns an errCannot for a set-up
	// that the library has no way to do right.
	Open(s Setup) (Live, error)
}

// Loaded is what a library has made of a document.
type Loaded struct {
	Fleet func() *Fleet // made when it is asked for, if the library needs another type
	Held  any           // what the library keeps
	Close func()
}

// Setup is a configuration that will change.
type Setup struct {
	Layers []values // lowest first; to be copied by those who write to them

	// Changes are the edits to come: what they do, not the values.
	Changes Edit

	// Subscribed are the paths somebody wants to hear of, by Told. With none,
	// the whole struct is rebuilt on every change instead. With one, it need not be.
	Subscribed []string
	Told       func(path string, value int)
}

// Edit is one change of one layer.
type Edit struct {
	Layer  int
	Set    map[string]int
	Delete []string
}

// path returns one of those that the edit changes.
func (e Edit) path() string {
	if len(e.Delete) > 0 {
		return e.Delete[0]
	}
	paths := make([]string, 0, len(e.Set))
	for path := range e.Set {
		paths = append(paths, path)
	}
	return slices.Min(paths)
}

// Live is a configuration in use.
type Live interface {
	// Stage puts a change where the library will find it. contents makes the
	// whole of the layer after it, which is the library's to keep. It isn't timed.
	Stage(e Edit, contents func() values) error

	// Apply has the library take up what was staged. It returns when Fleet is
	// the rebuilt struct or, where there are subscribers, as soon as the library
	// has it in hand.
	Apply() error

	// Fleet is the struct as it was last rebuilt.
	Fleet() *Fleet

	// Read reads the value at limitPath that many times, as programs that use the
	// library do, and adds it up. It holds the library's handle in a variable, as
	// the floor holds its pointer.
	Read(times int) int

	// Int reads one integer, as programs that use the library do.
	Int(path string) (int, error)

	Close()
}

// errCannot says that a library can't do a piece of work right, and why.
type errCannot string

func (e errCannot) Error() string { return "cannot: " + string(e) }

const noSubscriptions errCannot = "it has no subscriptions to a key"

// Contenders returns all of them, ourselves first.
func Contenders() []Contender {
	return []Contender{confsyncLib{}, konfLib{}, kratosLib{}, koanfLib{}, viperLib{}}
}

// wrong is the error of a result that isn't the right one. The values are the
// benchmark's own, so they may be shown.
func wrong(what string, got, want any) error {
	return fmt.Errorf("%s: got %v, want %v", what, got, want)
}

func isCannot(err error) (string, bool) {
	var why errCannot
	if errors.As(err, &why) {
		return string(why), true
	}
	return "", false
}
