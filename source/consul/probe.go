package consul

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/hashicorp/consul/api"

	"github.com/confsync/confsync/source"
)

// The server looks at every key below the prefix to say which there are, so with
// many keys it is asked for one of them only, and for all in so many probes as
// there are times so many keys.
const (
	manyKeys = 500
	rarest   = 60 // probes
)

var errMissed = errors.New("what is held differs from the store: keys were deleted with a prefix that ends before theirs, which wakes no query")

// probe asks at times which keys there are, by the right to read that the source
// has, and returns once that can't be answered or isn't what is held, with the
// reason, or ctx ends. A single failure is enough: it costs one list, which
// changes nothing downstream, where a second try would double the time in which
// nobody knows that the source is cut off.
func (w *watch) probe(ctx context.Context) error {
	if w.opts.Probe < 0 {
		return nil
	}
	within := w.opts.Probe / 2
	for n := 1; ; n++ {
		wait := time.NewTimer(source.Jitter(within, 2*within))
		select {
		case <-ctx.Done():
			wait.Stop()
			return nil
		case <-wait.C:
		}
		err := w.askKeys(ctx, within, n)
		if err != nil && ctx.Err() == nil && !w.arriving(within) {
			return fmt.Errorf("probe: %w", err)
		}
	}
}

// arriving reports whether a part of an answer has arrived lately. The prober
// then may have to wait behind it.
func (w *watch) arriving(lately time.Duration) bool {
	return time.Since(time.Unix(0, w.heard.Load())) < lately
}

// askKeys makes probe n.
func (w *watch) askKeys(ctx context.Context, within time.Duration, n int) error {
	ctx, cancel := context.WithTimeoutCause(ctx, within, fmt.Errorf("no answer within %v", within))
	defer cancel()
	w.mu.Lock()
	held := w.known
	w.mu.Unlock()
	rarely := min(held.keys/manyKeys, rarest)
	if held.tooLarge || rarely > 0 && n%rarely != 0 {
		some, _, err := w.ask(ctx, held.some)
		if err != nil || some || held.tooLarge {
			return err
		}
	}
	some, index, err := w.ask(ctx, w.keys.Prefix())
	if err == nil && held.index > 0 && index <= held.index && some != (held.keys > 0) {
		err = errMissed // were there something newer, the query that waits would be woken
	}
	return err
}

// ask reports whether there is a key that begins with a prefix, and returns the
// index of the answer.
func (w *watch) ask(ctx context.Context, prefix string) (some bool, index uint64, err error) {
	q := w.query().WithContext(ctx)
	q.AllowStale = w.opts.Stale > 0
	var meta *api.QueryMeta
	if w.isDocument() {
		var pair *api.KVPair
		begun := taker{func() {}, func(body io.Reader) error {
			some = true
			return skipStart(body)
		}}
		pair, meta, err = w.client.KV().Get(w.keys.Root, q.WithContext(withBody(ctx, begun)))
		some = some || pair != nil
	} else {
		var names []string
		names, meta, err = w.store.client.KV().Keys(prefix, w.opts.Separator, q)
		some = len(names) > 0
	}
	switch {
	case ctx.Err() != nil:
		return false, 0, context.Cause(ctx)
	case err != nil:
		return false, 0, err
	}
	return some, meta.LastIndex, w.believable(meta)
}

// skipStart reads the start of an answer whose rest nobody needs: a short one is
// read as a whole, so that its connection is used again.
func skipStart(body io.Reader) error {
	const short = 4 << 10
	if _, err := io.CopyN(io.Discard, body, short); err != io.EOF {
		return err
	}
	return nil
}
