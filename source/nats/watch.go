package nats

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/confsync/confsync/source"
)

// longestDoubt is how long a snapshot waits until it is known to be the state at one
// revision. It is more than enough, but where somebody always writes to the bucket.
const longestDoubt = 2 * time.Second

var errEnded = errors.New("the watcher has ended")

// Watch follows the bucket until there is no telling any more what it holds.
// Beside the goroutine that calls it there is one more, while a probe runs.
func (s *store) Watch(ctx context.Context, emit func(source.Snapshot)) error {
	if err := s.single.Enter(); err != nil {
		return err
	}
	defer s.single.Leave()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	info, err := s.info(ctx) // before anything is read
	if err != nil {
		return s.orEnd(ctx, err)
	}
	w, err := s.watcher(ctx, []string{s.pattern()})
	if err != nil {
		return s.orEnd(ctx, err)
	}
	r := &run{store: s, w: w, verified: stateOf(info), probed: make(chan verdict, 1)}
	defer r.end(cancel)
	return s.orEnd(ctx, r.follow(ctx, emit))
}

// orEnd returns ctx's error in the place of what its end has caused.
func (s *store) orEnd(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// run is one Watch under way.
type run struct {
	store *store
	w     jetstream.KeyWatcher

	rows    map[string]source.Row // while the list is read
	bytes   int                   // of these
	read    int64                 // bytes of values that have come since the last emit
	applied uint64                // the newest revision that the watcher has told of
	pending uint64                // messages that it had yet to deliver then
	last    source.Snapshot       // the last emitted
	took    time.Duration         // to make it
	doubt   doubt                 // whether what is held is the state at one revision
	halted  bool                  // there is too much: nothing is held, and no watcher runs

	verified state        // of the stream, with which all that is held agrees
	asked    uint64       // up to this revision a probe knows what the watcher is to tell of: nothing after owed
	owed     uint64       // a revision that the watcher must have told of by the next probe
	probing  bool         // a probe is under way
	probed   chan verdict // of capacity 1; what the probe has found
}

// end stops the watcher and waits until its goroutine and a probe's are at their end.
func (r *run) end(cancel context.CancelFunc) {
	cancel()
	if !r.halted {
		stop(r.w)
	}
	if r.probing {
		<-r.probed
	}
}

// follow reads what there is, and then each change.
func (r *run) follow(ctx context.Context, emit func(source.Snapshot)) error {
	if err := r.list(ctx); err != nil {
		return err
	}
	r.emit(ctx, emit)
	probe := time.NewTimer(r.store.interval())
	defer probe.Stop()
	if r.store.opts.Probe < 0 {
		probe.Stop()
	}
	for {
		updates := r.w.Updates()
		if r.halted {
			updates = nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case entry, ok := <-updates:
			if !ok {
				return errEnded
			}
			if err := r.gather(ctx, entry); err != nil {
				return err
			}
			r.emit(ctx, emit)
		case <-probe.C:
			r.probe(ctx)
		case v := <-r.probed:
			r.probing = false
			if err := r.compare(v); err != nil {
				return err
			}
			r.emit(ctx, emit) // again, if nothing is new: it is still in touch
			if r.store.opts.Probe > 0 {
				probe.Reset(r.store.interval())
			}
		}
	}
}

// list reads what there is, until the watcher has nothing more to deliver.
func (r *run) list(ctx context.Context) error {
	r.rows = map[string]source.Row{}
	silence := time.NewTimer(r.store.opts.Timeout)
	defer silence.Stop()
	var whole time.Time // when the watcher first said that this was all
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-silence.C:
			return fmt.Errorf("no answer within %v", r.store.opts.Timeout)
		case entry, ok := <-r.w.Updates():
			if !ok {
				return errEnded
			}
			silence.Reset(r.store.opts.Timeout)
			if entry == nil {
				whole = time.Now()
			} else {
				r.collect(entry)
			}
		}
		err := r.tooLarge()
		switch {
		case err != nil:
			r.halt(err)
			return nil
		case whole.IsZero():
		case r.pending == 0, time.Since(whole) > longestDoubt:
			r.settle()
			return nil
		}
	}
}

// collect takes in a key of the list.
func (r *run) collect(entry jetstream.KeyValueEntry) {
	r.applied, r.pending = max(r.applied, entry.Revision()), entry.Delta()
	r.read += int64(len(entry.Value()))
	key := entry.Key()
	if !r.store.below(key) {
		return
	}
	if old, ok := r.rows[key]; ok {
		r.bytes -= len(key) + len(old.Value)
		delete(r.rows, key)
	}
	if entry.Operation() == jetstream.KeyValuePut {
		r.rows[key] = rowOf(entry)
		r.bytes += len(key) + len(entry.Value())
	}
}

// tooLarge returns the problem of a list beyond the bounds, or nil.
func (r *run) tooLarge() error {
	return r.store.bounds().Check(len(r.rows), r.bytes, r.store.origin(r.store.prefix, 0))
}

// halt lets go of everything, and of the watcher, until the bucket changes.
func (r *run) halt(err error) {
	stop(r.w)
	r.halted, r.rows, r.doubt = true, nil, doubt{}
	r.store.held.Replace(nil)
	r.last = source.Snapshot{Err: err}
}

// settle makes the list what is held.
func (r *run) settle() {
	rows := slices.Collect(maps.Values(r.rows))
	r.rows = nil
	r.store.held.Replace(rows)
	r.doubt.gap() // whatever is deleted leaves one
}

// gather applies a change, and those after it for as long as there are more and
// the last tree took to make.
func (r *run) gather(ctx context.Context, entry jetstream.KeyValueEntry) error {
	until := time.Now().Add(r.took)
	for {
		r.apply(entry)
		if err := r.store.held.TooLarge(); err != nil {
			r.halt(err)
			return nil
		}
		if time.Now().After(until) {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case next, ok := <-r.w.Updates():
			if !ok {
				return errEnded
			}
			entry = next
		default:
			return nil
		}
	}
}

func (r *run) apply(entry jetstream.KeyValueEntry) {
	if entry == nil || entry.Revision() <= r.applied { // known, as after the client has made its watcher anew
		return
	}
	if entry.Revision() != r.applied+1 {
		r.doubt.gap()
	}
	r.applied = entry.Revision()
	r.read += int64(len(entry.Value()))
	switch {
	case !r.store.below(entry.Key()):
	case entry.Operation() != jetstream.KeyValuePut:
		r.store.held.Delete(entry.Key())
	default:
		r.store.held.Put(rowOf(entry))
	}
}

func rowOf(entry jetstream.KeyValueEntry) source.Row {
	return source.Row{Key: entry.Key(), Value: string(entry.Value()), Revision: int64(entry.Revision())}
}

// emit emits what is held, once that is known to be the state at one revision.
func (r *run) emit(ctx context.Context, emit func(source.Snapshot)) {
	late := r.doubt.lasts(r.applied)
	if late && time.Since(r.doubt.since) < longestDoubt {
		if !r.probing && r.applied >= r.owed {
			r.probe(ctx)
		}
		return
	}
	if !r.halted {
		began := time.Now()
		r.last = source.Snapshot{}
		if late {
			r.last.Note = fmt.Sprintf("perhaps not at one revision: for %v the bucket has been written to without a pause, or a replica has been behind", longestDoubt)
		}
		if r.applied > 0 {
			r.last.Revision = strconv.FormatUint(r.applied, 10)
		}
		r.last.Tree, r.last.Err = r.store.held.Tree(ctx)
		if ctx.Err() != nil {
			return
		}
		r.took = time.Since(began)
	}
	r.last.Bytes, r.read = r.read, 0
	emit(r.last)
}
