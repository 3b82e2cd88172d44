package confsync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/confsync/confsync/binder"
	"github.com/confsync/confsync/merge"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

// reducer turns the layers into one generation after another. It knows the
// user's type only through the binder. One goroutine runs it.
type reducer struct {
	binder   *binder.Binder
	stack    *stack
	hub      *hub // what is present
	unknown  UnknownKeys
	log      logger
	validate func(old, next any) error
	nudge    chan struct{}      // one slot: something has changed; sent by supervisors, never closed
	flush    chan chan struct{} // no buffer: reduce now and close what was sent; sent by refresh, never closed
	over     chan struct{}      // closed by end

	merged  merge.Result     // of the newest layers, served or not
	verdict tree.ProblemList // on them
	warned  map[string]bool
}

func newReducer(b *binder.Binder, sources []source.Source, p source.Policy, u UnknownKeys, h *hub) (*reducer, error) {
	r := &reducer{
		binder: b, hub: h, unknown: u, log: h.log, warned: map[string]bool{},
		nudge: make(chan struct{}, 1), flush: make(chan chan struct{}), over: make(chan struct{}),
	}
	var err error
	r.stack, err = newStack(b, sources, p, r.changed)
	return r, err
}

func (r *reducer) changed() {
	select {
	case r.nudge <- struct{}{}:
	default:
	}
}

// run reduces until ctx ends.
func (r *reducer) run(ctx context.Context, quiet Quiet) {
	for {
		var flushed chan struct{}
		select {
		case <-ctx.Done():
			return
		case flushed = <-r.flush:
		case <-r.nudge:
			flushed = r.debounce(ctx, quiet)
		}
		r.reduce()
		if flushed != nil {
			close(flushed)
		}
	}
}

// debounce waits for a burst of updates to end. A flush ends the wait.
func (r *reducer) debounce(ctx context.Context, quiet Quiet) chan struct{} {
	if quiet.Min <= 0 {
		return nil
	}
	if quiet.Max <= 0 {
		quiet.Max = 10 * quiet.Min
	}
	latest := time.After(quiet.Max)
	for {
		select {
		case <-r.nudge:
		case <-time.After(quiet.Min):
			return nil
		case <-latest:
			return nil
		case flushed := <-r.flush:
			return flushed
		case <-ctx.Done():
			return nil
		}
	}
}

// reduce makes the generation of the layers' present contents, if it differs
// from the one that is served and is good.
func (r *reducer) reduce() {
	fresh := r.hub.present().number == 0
	for _, f := range r.stack.feeds {
		fresh = f.refresh(r.binder) || fresh
	}
	problems := r.survey()
	if fresh {
		r.merged = merge.Merge(r.merged, r.stack.roots())
		r.verdict = r.tryPublish(newLineage(r.binder, r.stack.layers, r.merged))
	}
	var all tree.ProblemList
	all.Add(problems...)
	all.Join(r.verdict)
	r.reject(all)
}

// tryPublish binds and validates a candidate, and publishes it if it is good.
// It returns what is wrong with one that isn't.
func (r *reducer) tryPublish(g *lineage) tree.ProblemList {
	next := *r.hub.present()
	problems := g.duplicates(r.stack.layers)
	if g.root == next.bound.Root && next.number > 0 && problems.Len() == 0 {
		r.adopt(&next, g) // nothing but places has moved since it was found good
		r.hub.set(&next)
		return tree.ProblemList{}
	}
	bound, wrong := r.bind(g)
	if problems.Join(wrong); problems.Len() > 0 {
		return problems
	}
	unchanged := next.number > 0 && bound.Value == next.bound.Value
	next.bound = bound
	r.adopt(&next, g)
	if unchanged {
		r.hub.set(&next)
		return tree.ProblemList{}
	}
	next.generation = &generation{number: next.number + 1, since: time.Now(), root: g.root, value: bound.Value.Interface()}
	r.hub.publish(&next)
	return tree.ProblemList{}
}

// bind fills and validates a value, off to the side. A panic in a method of
// the user's type is a problem like any other.
func (r *reducer) bind(g *lineage) (bound binder.Bound, problems tree.ProblemList) {
	now := r.hub.present()
	defer func() {
		if v := recover(); v != nil {
			bound, problems = now.bound, tree.ProblemList{}
			problems.Add(Problem{Kind: Refused, Err: fmt.Errorf("a method of the type panicked: %v", panicText(v))})
		}
	}()
	bound, problems = r.binder.Bind(now.bound, g.root)
	for i, p := range problems.Problems {
		problems.Problems[i] = g.locate(p)
	}
	if problems.Len() == 0 && r.unknown == RejectUnknown {
		for path := range bound.Unknown.Leaves {
			problems.Add(g.unknown(path.Child()))
		}
	}
	if problems.Len() > 0 || bound.Value == now.bound.Value {
		return bound, problems
	}
	problems.Add(g.refusals(r.validate(now.value, bound.Value.Interface()))...)
	return bound, problems
}

// validated runs code of the user's that may refuse a value. A panic is a
// refusal.
func validated(code func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("the validator panicked: %v", panicText(v))
		}
	}()
	return code()
}

// adopt makes a lineage that of what is served, and logs the warnings that are
// new. Those that are gone are forgotten.
func (r *reducer) adopt(p *present, g *lineage) {
	was, before := r.hub.present().lineage, p.unknown
	p.lineage, p.unknown = g, nil
	if r.unknown == WarnUnknown {
		p.unknown = p.bound.Unknown
	}
	if was != nil && p.unknown == before && slices.EqualFunc(was.strata, g.strata, func(a, b stratum) bool { return a.old == b.old }) {
		return
	}
	warnings, warned := g.warnings(p.unknown), map[string]bool{}
	for _, problem := range warnings.Problems {
		key := problem.Kind.String() + " " + problem.Path.String()
		if warned[key] = true; !r.warned[key] {
			r.log.get().Warn("confsync: "+problem.Kind.String()+" key", "path", problem.Path.String(), "from", problem.Origin.String(), "problem", problem.Err.Error())
		}
	}
	if warnings.More > 0 {
		r.log.get().Warn("confsync: more keys like these", "count", warnings.More)
	}
	r.warned = warned
}

// reject records the problems that stand, and logs them if they are new.
func (r *reducer) reject(problems tree.ProblemList) {
	next := *r.hub.present()
	before := next.rejected
	if problems.Len() == 0 {
		if before != nil {
			next.rejected = nil
			r.hub.set(&next)
			if next.number > 0 {
				r.log.get().Info("confsync: update accepted again", "generation", next.number)
			}
		}
		return
	}
	now := &Error{Problems: problems.Problems, More: problems.More, At: time.Now(), Generation: next.number, Since: next.since}
	if before != nil && before.Generation == now.Generation && before.problems() == now.problems() {
		return
	}
	next.rejected = now
	r.hub.set(&next)
	if now.Generation > 0 {
		r.log.get().Warn(now.Error())
	}
}

// refresh reads every source anew and waits until the reducer has seen it.
func (r *reducer) refresh(ctx context.Context) error {
	errs := make([]error, len(r.stack.feeds)+1)
	var all sync.WaitGroup
	for i, f := range r.stack.feeds {
		all.Go(func() {
			if err := f.sup.Refresh(ctx); err != nil {
				errs[i] = fmt.Errorf("%s: %w", f.name, err)
			}
		})
	}
	all.Wait()
	done := make(chan struct{})
	select {
	case r.flush <- done:
		<-done
	case <-r.over:
		return ErrClosed
	case <-ctx.Done():
		return errors.Join(append(errs, ctx.Err())...)
	}
	if rejected := r.hub.present().rejected; rejected != nil {
		errs = append(errs, rejected)
	}
	return errors.Join(errs...)
}

// end is called once nothing runs any more.
func (r *reducer) end() { close(r.over) }
