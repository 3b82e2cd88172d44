package confsync

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"sync"
	"time"

	"github.com/confsync/confsync/binder"
	"github.com/confsync/confsync/merge"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

// engine reduces the layers to one generation after another. It knows the type
// only through the binder. One goroutine runs reduce.
type engine struct {
	binder   *binder.Binder
	layers   []*layer // lowest first
	unknown  UnknownKeys
	log      *slog.Logger
	validate func(reflect.Value) error
	publish  func(*generation)
	nudge    chan struct{}      // one slot: something has changed; sent by supervisors, never closed
	flush    chan chan struct{} // no buffer: reduce now and close what was sent; sent by refresh, never closed
	over     chan struct{}      // closed by end

	// The reducer's own.
	bound   binder.Bound // what is served, and what it was filled from
	merged  merge.Result // of the newest layers, served or not
	verdict []Problem    // on them
	warned  map[string]bool

	mu       sync.Mutex
	serving  *generation
	view     *view // of what is served, with its newest places
	rejected *Error
	warnings []Problem // unknown keys
}

// generation is one published value.
type generation struct {
	number uint64
	since  time.Time
	root   *tree.Node
	value  reflect.Value // a pointer to the user's type

	once  sync.Once
	paths []tree.Path // that differ from the generation before; see paths
}

func newEngine(b *binder.Binder, sources []source.Source, p source.Policy, u UnknownKeys, log *slog.Logger) (*engine, error) {
	e := &engine{
		binder: b, unknown: u, log: log, warned: map[string]bool{},
		nudge: make(chan struct{}, 1), flush: make(chan chan struct{}), over: make(chan struct{}),
	}
	var err error
	e.layers, err = newLayers(b, sources, p, e.changed)
	return e, err
}

func (e *engine) changed() {
	select {
	case e.nudge <- struct{}{}:
	default:
	}
}

// run reduces until ctx ends.
func (e *engine) run(ctx context.Context, quiet Quiet) {
	for {
		var flushed chan struct{}
		select {
		case <-ctx.Done():
			return
		case flushed = <-e.flush:
		case <-e.nudge:
			flushed = e.gather(ctx, quiet)
		}
		e.reduce()
		if flushed != nil {
			close(flushed)
		}
	}
}

// gather waits for a burst of updates to end. A flush ends the wait.
func (e *engine) gather(ctx context.Context, quiet Quiet) chan struct{} {
	if quiet.Min <= 0 {
		return nil
	}
	if quiet.Max <= 0 {
		quiet.Max = 10 * quiet.Min
	}
	latest := time.After(quiet.Max)
	for {
		select {
		case <-e.nudge:
		case <-time.After(quiet.Min):
			return nil
		case <-latest:
			return nil
		case flushed := <-e.flush:
			return flushed
		case <-ctx.Done():
			return nil
		}
	}
}

// reduce makes the generation of the layers' present contents, if it differs
// from the one that is served and is good.
func (e *engine) reduce() {
	fresh := false
	for _, l := range e.layers {
		fresh = l.refresh(e.binder) || fresh
	}
	problems := e.logSources()
	if fresh || e.serving == nil {
		roots := make([]*tree.Node, len(e.layers))
		for i, l := range e.layers {
			roots[i] = l.canon.Root()
		}
		e.merged = merge.Merge(e.merged, roots)
		e.judge(newView(e.binder, e.layers, e.merged))
	}
	e.reject(append(problems, e.verdict...))
}

// judge binds and validates a candidate, and publishes it if it is good.
func (e *engine) judge(v *view) {
	var problems []Problem
	for _, l := range e.layers {
		for _, p := range l.canon.Problems {
			p.Origin = l.raw.Where(e.binder.Raw(l.raw.Root(), p.Path))
			p.Origin.Layer = l.name
			problems = append(problems, p)
		}
	}
	if v.root == e.bound.Root && e.serving != nil && len(problems) == 0 {
		e.verdict = nil
		e.serve(v, e.serving) // nothing but places has moved since it was found good
		return
	}
	bound, wrong := e.bind(v)
	e.verdict = append(problems, wrong...)
	if len(e.verdict) > 0 {
		return
	}
	unchanged := e.serving != nil && bound.Value == e.bound.Value
	e.bound = bound
	if unchanged {
		e.serve(v, e.serving)
		return
	}
	next := &generation{number: 1, since: time.Now(), root: v.root, value: bound.Value}
	if e.serving != nil {
		next.number = e.serving.number + 1
	}
	e.serve(v, next)
	e.publish(next)
}

// bind fills and validates a value, off to the side. A panic in a method of
// the user's type is a problem like any other.
func (e *engine) bind(v *view) (bound binder.Bound, problems []Problem) {
	defer func() {
		if r := recover(); r != nil {
			bound, problems = e.bound, []Problem{{Kind: tree.Invalid, Err: fmt.Errorf("a method of the type panicked: %v", panicText(r))}}
		}
	}()
	bound, problems = e.binder.Bind(e.bound, v.root)
	for i, p := range problems {
		problems[i] = v.locate(p)
	}
	if len(problems) == 0 && e.unknown == RejectUnknown {
		for _, p := range bound.Unknown {
			problems = append(problems, v.unknown(p))
		}
	}
	if len(problems) > 0 || bound.Value == e.bound.Value {
		return bound, problems
	}
	return bound, v.invalid(e.validate(bound.Value))
}

// invalid are the problems in a validator's error, which may join several.
func (v *view) invalid(err error) []Problem {
	p := Problem{Kind: tree.Invalid, Err: err}
	switch e := err.(type) {
	case nil:
		return nil
	case *invalid:
		p.Path, p.Err = v.binder.Describe(e.path).Path, e.err
		for _, r := range e.related {
			p.Related = append(p.Related, tree.Value{Path: v.binder.Describe(mustPath(r)).Path})
		}
	case Problem:
		p = e
	case interface{ Unwrap() []error }:
		var found []Problem
		for _, each := range e.Unwrap() {
			found = append(found, v.invalid(each)...)
		}
		return found
	}
	if len(p.Path) > 0 {
		p = v.locate(p)
	}
	return []Problem{p}
}

// serve makes a generation and the view it came from what others see.
func (e *engine) serve(v *view, g *generation) {
	var warnings []Problem
	if e.unknown == WarnUnknown {
		for _, p := range e.bound.Unknown {
			problem := v.unknown(p)
			warnings = append(warnings, problem)
			if key := p.String(); !e.warned[key] {
				e.warned[key] = true
				e.log.Warn("confsync: unknown key", "path", key, "from", problem.Origin.String(), "problem", problem.Err.Error())
			}
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.view, e.serving, e.warnings = v, g, warnings
}

// reject records the problems that stand, and logs them if they are new.
func (e *engine) reject(problems []Problem) {
	e.mu.Lock()
	before := e.rejected
	if len(problems) == 0 {
		e.rejected = nil
		e.mu.Unlock()
		if before != nil && e.serving != nil {
			e.log.Info("confsync: update accepted again", "generation", e.serving.number)
		}
		return
	}
	now := &Error{Problems: problems, At: time.Now()}
	if e.serving != nil {
		now.Generation, now.Since = e.serving.number, e.serving.since
	}
	same := before != nil && before.problems() == now.problems() && before.Generation == now.Generation
	if !same {
		e.rejected = now
	}
	e.mu.Unlock()
	if !same && now.Generation > 0 {
		e.log.Warn(now.Error())
	}
}

// refresh reads every source anew and waits until the reducer has seen it.
func (e *engine) refresh(ctx context.Context) error {
	errs := make([]error, len(e.layers)+1)
	var all sync.WaitGroup
	for i, l := range e.layers {
		if l.sup != nil {
			all.Go(func() {
				if err := l.sup.Refresh(ctx); err != nil {
					errs[i] = fmt.Errorf("%s: %w", l.name, err)
				}
			})
		}
	}
	all.Wait()
	done := make(chan struct{})
	select {
	case e.flush <- done:
		<-done
	case <-e.over:
		return ErrClosed
	case <-ctx.Done():
		return errors.Join(append(errs, ctx.Err())...)
	}
	if rejected := e.status().Rejected; rejected != nil {
		errs = append(errs, rejected)
	}
	return errors.Join(errs...)
}

// end is called once nothing runs any more.
func (e *engine) end() { close(e.over) }
