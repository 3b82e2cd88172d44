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
	Unresolved = tree.Unresolved
	Deprecated = tree.Deprecated
)

// Error tells why a configuration can't be served, with every problem in it.
// [Open] returns one, and Status holds one while an update stands rejected.
type Error struct {
	Problems   []Problem // the first hundred
	More       int       // that are not among Problems
	At         time.Time // when it was found
	Generation uint64    // what is served meanwhile; 0 when nothing is, at Open
	Since      time.Time // when that generation was published
}

func newError(found tree.ProblemList, serving *generation, secrets []string) *Error {
	e := &Error{Problems: found.Problems, More: found.More, At: time.Now(), Generation: serving.number, Since: serving.since}
	for i := range e.Problems {
		e.Problems[i].Err = tellable(e.Problems[i].Err, secrets)
	}
	return e
}

// Unwrap returns the problems.
func (e *Error) Unwrap() []error {
	errs := make([]error, len(e.Problems))
	for i, p := range e.Problems {
		errs[i] = p
	}
	return errs
}

// Error returns the whole story:
//
//	confsync: update rejected, 2 problems; still serving generation 41 (since 2026-03-01T12:30:05Z)
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
			count, e.Generation, e.Since.Format(time.RFC3339))
	}
	return head + "\n\n" + e.problems()
}

// problems returns the part of the text that doesn't change with time.
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
// It returns nil for a nil err. A path that can't be parsed panics. It may be
// wrapped, and several may be joined by [errors.Join]: each is a problem.
func Invalid(err error, path string, related ...string) error {
	if err == nil {
		return nil
	}
	e := &invalid{path: mustPath(path), err: err}
	for _, r := range related {
		e.related = append(e.related, mustPath(r))
	}
	return e
}

type invalid struct {
	path    tree.Path
	related []tree.Path
	err     error
}

func (e *invalid) Error() string {
	text, _ := errorText(e.err)
	return e.path.String() + ": " + text
}

func (e *invalid) Unwrap() error { return e.err }

func mustPath(s string) tree.Path {
	p, err := tree.ParsePath(s)
	if err != nil {
		panic("confsync: " + err.Error())
	}
	return p
}

// refusals returns the problems in a validator's error: one for each of those
// it joins, at the paths below at that [Invalid] gave, however they are wrapped.
// Methods of an error may panic, as those of a typed nil do: then it is one problem.
func (g *provenance) refusals(at tree.Path, err error) (found []Problem) {
	if err == nil {
		return nil
	}
	defer func() {
		if recover() != nil {
			found = []Problem{{Kind: Refused, Err: err}}
		}
	}()
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, each := range joined.Unwrap() {
			found = append(found, g.refusals(at, each)...)
		}
		return found
	}
	p := Problem{Kind: Refused, Err: err}
	switch e := err.(type) {
	case *invalid:
		p.Path, p.Err = g.types.Describe(at.Child(e.path...)).Path, e.err
		for _, r := range e.related {
			p.Related = append(p.Related, tree.Value{Path: g.types.Describe(at.Child(r...)).Path})
		}
		return []Problem{g.locate(p)}
	case Problem:
		return []Problem{g.located(at, e)}
	case *Problem:
		return []Problem{g.located(at, *e)}
	case interface{ Unwrap() error }:
		within := g.refusals(at, e.Unwrap())
		if len(within) == 1 && len(within[0].Path) > 0 {
			within[0].Err = err // with the words it is wrapped in
			return within
		}
		if len(within) > 1 {
			return within
		}
	}
	return []Problem{p}
}

func (g *provenance) located(at tree.Path, p Problem) Problem {
	if p.Path = at.Child(p.Path...); len(p.Path) > 0 {
		return g.locate(p)
	}
	return p
}
