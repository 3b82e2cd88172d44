package confsync

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-viper/mapstructure/v2"

	"github.com/confsync/confsync/binder"
	"github.com/confsync/confsync/interpolate"
	"github.com/confsync/confsync/merge"
	"github.com/confsync/confsync/tree"
)

// reducer turns the layers into one generation after another. It knows the
// user's type only through the binder. One goroutine at a time runs it: that of
// Open, and from the first thing that there is to do afterwards one that stays
// until the Config is closed. Where nothing else is said, a field is that
// goroutine's.
type reducer struct {
	types       *types
	hooks       []mapstructure.DecodeHookFunc
	layers      *layers
	hub         *hub // what is present
	crew        *crew
	log         logger
	unknown     UnknownKeys
	interpolate bool
	quiet       Quiet
	history     int // how many generations are remembered

	completer completer
	validator validator

	nudge  chan struct{} // one slot: something has changed; sent by supervisors and by again, never closed
	orders chan func()   // no buffer: run this; sent by do, never closed

	merged   merge.Result       // of the newest layers, served or not
	filled   interpolate.Result // the same, with placeholders filled
	newest   *provenance        // where they come from
	verdict  tree.ProblemList   // on them
	warned   map[string]bool    // of what is served, the warnings that were logged
	retry    retry              // of what was refused
	unserved *candidate         // the newest good one, while a pin keeps it back
	filling  bool               // code of the type's runs

	statuses *hub    // of *Status
	reported bearing // of the last
	shifts   uint64  // how often a source came to stand otherwise

	opened atomic.Bool // what changes is the reducer's goroutine's to see to
	begun  sync.Once   // that goroutine

	pin      atomic.Pointer[pin]       // nil when none holds
	stale    atomic.Bool               // the newest layers are to be tried once more
	applied  atomic.Pointer[Applied]   // the updates so far
	applying atomic.Pointer[time.Time] // since when an update is being applied; nil when none is
}

func newReducer[T any](b *binder.Binder, h *hub, opts Options[T]) *reducer {
	r := &reducer{
		types: &types{root: b, ignore: opts.Ignore}, hooks: opts.DecodeHooks, hub: h, crew: h.crew, log: h.log, unknown: opts.Unknown, interpolate: opts.Interpolate, quiet: opts.Quiet,
		history: cmp.Or(opts.History, defaultHistory), statuses: newHub(h.log, h.crew, h.closing, nil),
		nudge: make(chan struct{}, 1), orders: make(chan func()),
	}
	r.applied.Store(&Applied{})
	h.limit, h.again = cmp.Or(opts.ApplyTimeout, defaultApplyTimeout), r.again
	h.exclusive = func(code func()) error { return r.do(context.Background(), code) }
	r.completer.what, r.completer.hub = "Complete", h
	if opts.Complete != nil {
		r.completer.option = func(value any) error { return opts.Complete(value.(*T)) }
	}
	r.validator.what, r.validator.hub = "Validate", h
	if opts.Validate != nil {
		r.validator.option = func(old, next any) error {
			before, _ := old.(*T)
			return opts.Validate(before, next.(*T))
		}
	}
	return r
}

// changed tells the reducer that there is something to do.
func (r *reducer) changed() {
	select {
	case <-r.hub.closing:
		return
	default:
	}
	select {
	case r.nudge <- struct{}{}:
	default:
	}
	if r.opened.Load() {
		r.begin()
	}
}

// live lets what changes from now on, or has changed since Open looked, begin the
// reducer's goroutine.
func (r *reducer) live() {
	r.opened.Store(true)
	if len(r.nudge) > 0 {
		r.begin()
	}
}

// begin starts the reducer's goroutine, unless it runs.
func (r *reducer) begin() {
	r.begun.Do(func() { r.hub.run(applying, func() { r.run(r.next()) }) })
}

// again has the newest layers tried once more.
func (r *reducer) again() {
	r.stale.Store(true)
	r.changed()
}

// run does work, and what there is to do after it until the Config is closed. Code
// of the program's may end the goroutine; another then goes on.
func (r *reducer) run(work func()) {
	returned := false
	defer func() {
		if !returned {
			r.crew.run(applying, func() { r.run(r.resume) })
		}
	}()
	for ; work != nil; work = r.next() {
		work()
	}
	returned = true
}

// resume finishes what was at work when the goroutine ended.
func (r *reducer) resume() {
	if r.filling {
		r.filling = false
		r.verdict = tree.ProblemList{}
		r.verdict.Add(Problem{Kind: Refused, Err: errors.New("a method of the type, or a decode hook, ended its goroutine")})
		r.reject(r.verdict)
	}
	r.hub.offer()
	r.applying.Store(nil)
}

// next waits for something to do, and returns it. It returns nil when the Config is
// closed.
func (r *reducer) next() (work func()) {
	select {
	case <-r.hub.closing:
		return nil
	case order := <-r.orders:
		return order
	case <-r.retry.due(r.verdict):
		return r.retried
	case <-r.nudge:
		if order := r.debounce(); order != nil {
			return order
		}
		return r.reduce
	}
}

// debounce waits for a burst of updates to end. An order ends the wait.
func (r *reducer) debounce() (order func()) {
	least, most := r.quiet.Min, r.quiet.Max
	if least <= 0 {
		return nil
	}
	if most <= 0 {
		most = 10 * least
	}
	latest := time.After(most)
	for {
		select {
		case <-r.nudge:
		case <-time.After(least):
			return nil
		case <-latest:
			return nil
		case order = <-r.orders:
			return order
		case <-r.hub.closing:
			return nil
		}
	}
}

// do runs code in the reducer's goroutine and returns when it has.
func (r *reducer) do(ctx context.Context, code func()) error {
	if r.crew.caller() == applying {
		return ErrReentrant
	}
	r.begin()
	done := make(chan struct{})
	order := func() {
		defer close(done)
		code()
		r.tell()
	}
	select {
	case r.orders <- order:
	case <-r.hub.closing:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-done:
		return nil
	case <-r.hub.closing:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// reduce makes the generation of the layers' present contents, if it differs
// from the one that is served and is good.
func (r *reducer) reduce() {
	again, fresh := r.stale.Swap(false), r.hub.present().number == 0
	for _, f := range r.layers.sources {
		fresh = f.refresh(r.types) || fresh
	}
	standing := r.survey()
	if fresh || again {
		began := time.Now()
		r.applying.Store(&began)
		r.verdict = r.tryPublish(r.merge())
		r.release()
		if sofar := r.applied.Load(); fresh {
			r.applied.Store(&Applied{sofar.Count + 1, sofar.Total + time.Since(began)})
		}
		r.applying.Store(nil)
	}
	var problems tree.ProblemList
	problems.Add(standing...)
	problems.Join(r.verdict)
	r.reject(problems)
	r.tell()
}

// merge makes one tree of the newest layers, its placeholders filled if they
// mean something.
func (r *reducer) merge() *provenance {
	r.merged = merge.Merge(r.merged, r.layers.roots())
	if !r.interpolate {
		return newProvenance(r.types, r.layers.all, r.merged.Root(), interpolate.Result{})
	}
	r.filled = interpolate.Expand(r.filled, r.merged.Root(), r.types.interpolation())
	return newProvenance(r.types, r.layers.all, r.filled.Root(), r.filled)
}

// refresh reads every source anew and waits until the reducer has seen it.
func (r *reducer) refresh(ctx context.Context) error {
	if r.crew.caller() == applying {
		return ErrReentrant
	}
	errs := make([]error, len(r.layers.sources), len(r.layers.sources)+1)
	var all sync.WaitGroup
	for i, f := range r.layers.sources {
		all.Go(func() {
			if err := f.sup.Refresh(ctx); err != nil {
				errs[i] = fmt.Errorf("%s: %w", f.name, err)
			}
		})
	}
	all.Wait()
	if err := r.do(ctx, r.anew); err == ErrClosed {
		return err
	} else if err != nil {
		return errors.Join(append(errs, err)...)
	}
	if rejected := r.hub.present().rejected; rejected != nil {
		errs = append(errs, rejected)
	}
	return errors.Join(errs...)
}
