package confsync

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/confsync/confsync/tree"
)

// ErrClosed is returned by what can't be done after Close.
var ErrClosed = errors.New("confsync: closed")

// Problem is one thing that is wrong with a configuration, and where.
type Problem = tree.Problem

// ProblemKind sorts problems by what has to be done about them.
type ProblemKind = tree.ProblemKind

// The kinds of problem.
const (
	Unusable   = tree.Unusable
	Duplicate  = tree.Duplicate
	Mistyped   = tree.Mistyped
	Missing    = tree.Missing
	Unknown    = tree.Unknown
	Conflict   = tree.Conflict
	Gap        = tree.Gap
	Refused    = tree.Refused
	TooLarge   = tree.TooLarge
	Deprecated = tree.Deprecated
)

// Error tells why a configuration can't be served, with every problem in it.
// [Open] returns one, and Status holds one while an update stands rejected.
type Error struct {
	Problems   []Problem
	More       int       // how many were found beside Problems, which are at most 100
	At         time.Time // when it was found
	Generation uint64    // what is served meanwhile; 0 when nothing is, at Open
	Since      time.Time // when that generation was published
}

// Unwrap are the problems.
func (e *Error) Unwrap() []error {
	errs := make([]error, len(e.Problems))
	for i, p := range e.Problems {
		errs[i] = p
	}
	return errs
}

// Error is the whole story:
//
//	confsync: update rejected, 2 problems; still serving generation 41 (since 6m12s)
//
//	server.port: cannot use string "80a" as uint16
//	    from   consul "apps/checkout/server/port" (index 8812)
//	    into   App.Server.Port
//	    hides  8080 from file config.yaml:12:9
//	...
func (e *Error) Error() string {
	count := "1 problem"
	if n := len(e.Problems) + e.More; n != 1 {
		count = fmt.Sprintf("%d problems", n)
	}
	head := "confsync: cannot start, " + count
	if e.Generation > 0 {
		head = fmt.Sprintf("confsync: update rejected, %s; still serving generation %d (since %s)",
			count, e.Generation, e.At.Sub(e.Since).Round(time.Second))
	}
	return head + "\n\n" + e.problems()
}

// problems is the part of the text that doesn't change with time.
func (e *Error) problems() string {
	texts := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		texts[i] = p.Error()
	}
	if e.More > 0 {
		texts = append(texts, fmt.Sprintf("and %d more", e.More))
	}
	return strings.Join(texts, "\n")
}

// Invalid makes a validator's error of a complaint about values at paths. The
// first path is the value that is wrong; the others have a part in it. A
// rejection then tells where each came from:
//
//	db.pool.max: 5 is less than db.pool.min (10)
//	    from   env CHECKOUT_DB_POOL_MAX; db.pool.min from file config.yaml:31:10
//
// A path that can't be parsed panics. Several may be joined by [errors.Join].
func Invalid(err error, path string, related ...string) error {
	return &invalid{path: mustPath(path), related: related, err: err}
}

type invalid struct {
	path    tree.Path
	related []string
	err     error
}

func (e *invalid) Error() string { return e.path.String() + ": " + e.err.Error() }
func (e *invalid) Unwrap() error { return e.err }

func mustPath(s string) tree.Path {
	p, err := tree.ParsePath(s)
	if err != nil {
		panic("confsync: " + err.Error())
	}
	return p
}

// refusals returns the problems in a validator's error, which may join several.
func (g *lineage) refusals(err error) []Problem {
	p := Problem{Kind: Refused, Err: err}
	switch e := err.(type) {
	case nil:
		return nil
	case *invalid:
		p.Path, p.Err = g.binder.Describe(e.path).Path, e.err
		for _, r := range e.related {
			p.Related = append(p.Related, tree.Value{Path: g.binder.Describe(mustPath(r)).Path})
		}
	case Problem:
		p = e
	case interface{ Unwrap() []error }:
		var found []Problem
		for _, each := range e.Unwrap() {
			found = append(found, g.refusals(each)...)
		}
		return found
	}
	if len(p.Path) > 0 {
		p = g.locate(p)
	}
	return []Problem{p}
}
