// Package source defines what a place that holds configuration must do, and
// runs it. [Source] is the contract and [Supervisor] keeps one connected. The
// combinators make sources of sources: [Optional], [Named], [Mount],
// [WithPolicy], [Gate], [AtLeast], [Cached] and [Sealed]. [Static] and [Poll] are
// sources made of values and of a function; [Table] is for stores of flat keys.
//
// The stores themselves are in the packages below this one, so that a program
// compiles only the clients it uses. Package sourcetest checks a Source
// against the contract.
package source

import (
	"context"
	"io/fs"

	"github.com/confsync/confsync/tree"
)

// Source is a place that configuration is read from and watched in.
//
// An implementation keeps these rules; sourcetest has a case for each.
//
//  1. Watch blocks until ctx ends, and returns ctx's error, or until the stream
//     breaks, and returns why. It starts no goroutine that outlives it and never
//     calls emit after it has returned.
//  2. The first emit is the whole present state. It is read at or after the
//     point from which changes are watched, so that nothing falls between. Where
//     [IsBrief] says so, it may be all that is read soon.
//  3. Every emit is a whole tree at one revision of the store. A key that is
//     absent is deleted.
//  4. An error or an answer that cannot be trusted is returned, never emitted as
//     an empty tree. Content that was read and cannot be used (a document that
//     does not parse, a file that is gone) is emitted as [Snapshot].Err, and
//     the watch goes on. A file that is only replaced is gone for a moment: absence is
//     reported once it has lasted for as long as the source waits for writes
//     to settle. An error does not name its source: whoever shows it does.
//  5. emit never blocks for long; a source may call it as fast as it likes.
//     An emit of an unchanged tree says that the source is still in touch, and
//     costs nothing downstream.
//  6. Watch may be called again after it has returned, and never twice at a
//     time: the second is an error that says so ([Single] is made for this).
//     The supervisor calls again, with backoff; the source itself has no retry
//     loop, no sleep and no log line per retry.
//  7. Memory stays within twice the source's bound on bytes, whatever the store
//     holds. A timeout measures silence, not the time that the whole takes.
//
// Emit is called from one goroutine at a time.
//
// A source that wraps another one has a method
//
//	Unwrap() Source
//
// that returns it, by which [IsOptional] and what [WithPolicy] has said are found. If
// the inner one is [Shaped], so is the outer: its WithShape wraps what the inner
// one's returns.
type Source interface {
	// Name returns which source this is, for errors, explanations and status,
	// such as "file config.yaml". It doesn't change, and is one line of what prints
	// ([tree.Printable]).
	Name() string

	// Watch emits the state of the source, and again whenever it has changed.
	Watch(ctx context.Context, emit func(Snapshot)) error
}

// Snapshot is the whole state of a source at one revision.
type Snapshot struct {
	// Tree is the state. The zero Tree is a source with no keys.
	Tree tree.Tree

	// Revision is the store's own name for this state, "" when it has none.
	Revision string

	// Note says what an operator should know about how this state is kept in
	// step, such as "polling every 30s: notifications are off". Status shows it.
	Note string

	// Bytes is how many bytes of content the source has read for this snapshot.
	// Zero: it doesn't count them. It is for metrics only.
	Bytes int64

	// Degraded, when not nil, says why this state can't be vouched for, such as
	// "the member has no leader". The Tree is taken like any other; the source's
	// state is [Degraded] and not [Live], and its error is this, until a snapshot
	// comes without it.
	Degraded error

	// Err, when not nil, says that the source was reached and its content can't
	// be used. The Tree is then ignored, the last good one stays, and Status
	// reports the error. An error that wraps [fs.ErrNotExist] says there is no
	// content: an [Optional] source then counts as one with no keys. Each [tree.Problem] in it, found
	// by [tree.Problems], names its place.
	Err error
}

// Shaped is a source that must know the type it fills to understand its own
// names, as the environment must to split DB_MAX_CONNS. Open calls WithShape
// once, before any Watch, and uses the source it returns. An error fails Open,
// which puts the source's name before it.
type Shaped interface {
	Source
	WithShape(*tree.Shape) (Source, error)
}

// ErrAbsent is [fs.ErrNotExist], under the name that fits any source.
var ErrAbsent = fs.ErrNotExist

// addNote appends to the note, after a semicolon.
func (s *Snapshot) addNote(note string) {
	if s.Note != "" {
		note = s.Note + "; " + note
	}
	s.Note = note
}
