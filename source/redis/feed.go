package redis

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

// maxDirty is how many notified keys a feed remembers. Beyond them all are dirty.
const maxDirty = 10_000

// feed is the subscribed connections, one to each primary, and what they have
// told that nobody has acted on yet. What happened to a key doesn't matter:
// whatever is told of makes it dirty.
type feed struct {
	subs    []*goredis.PubSub
	prefix  string // of channels, before the key
	acks    int    // that the subscriptions bring
	timeout time.Duration
	running sync.WaitGroup // the receivers
	wake    chan struct{}  // capacity 1; receivers send, Watch receives; never closed

	mu    sync.Mutex
	dirty map[string]struct{}
	lost  bool // all keys are dirty
	acked int
	token string // of the last ping
	pongs int    // that have brought it back
	err   error  // why a connection broke
}

// channels are the keys that a form of configuration listens to: one, or all
// that begin with a prefix, or both.
type channels struct {
	key    string // "": none
	prefix string
	below  bool // whether the prefix counts
}

func (c channels) count() int {
	n := 0
	if c.below {
		n++
	}
	if c.key != "" {
		n++
	}
	return n
}

// subscribe returns once every primary has acknowledged every subscription.
func (p *primaries) subscribe(ctx context.Context, to channels) (*feed, error) {
	f := &feed{
		prefix:  fmt.Sprintf("__keyspace@%d__:", p.nodes[0].Options().DB),
		acks:    len(p.nodes) * to.count(),
		timeout: p.timeout,
		wake:    make(chan struct{}, 1),
		dirty:   make(map[string]struct{}),
	}
	for _, node := range p.nodes {
		sub := node.Subscribe(ctx) // to nothing yet: this way there is no error that it keeps to itself
		f.subs = append(f.subs, sub)
		if err := f.ask(ctx, sub, to); err != nil {
			f.close()
			return nil, fmt.Errorf("subscribe: %w", err)
		}
		f.running.Go(func() { f.receive(sub) })
	}
	if err := f.await(ctx, func() bool { return f.acked >= f.acks }); err != nil {
		f.close()
		return nil, fmt.Errorf("subscribe: %w", err)
	}
	return f, nil
}

func (f *feed) ask(ctx context.Context, sub *goredis.PubSub, to channels) error {
	if to.key != "" {
		if err := sub.Subscribe(ctx, f.prefix+to.key); err != nil {
			return err
		}
	}
	if to.below {
		return sub.PSubscribe(ctx, escape(f.prefix+to.prefix)+"*")
	}
	return nil
}

// close ends the receivers, which only that does, and returns when they have.
func (f *feed) close() {
	for _, sub := range f.subs {
		sub.Close()
	}
	f.running.Wait()
}

// ended is a context that has ended. A PubSub that is used with it doesn't dial
// again by itself when its connection breaks, so that no message is missed
// unnoticed. Reads and writes don't heed it.
func ended() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// receive takes in what a connection tells until it breaks.
func (f *feed) receive(sub *goredis.PubSub) {
	for ctx := ended(); ; {
		msg, err := sub.Receive(ctx)
		f.take(msg, err)
		if err != nil {
			return
		}
	}
}

func (f *feed) take(msg any, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil {
		f.err = errors.Join(f.err, err)
	}
	switch msg := msg.(type) {
	case *goredis.Subscription:
		f.acked++
		f.lost = f.lost || f.acked > f.acks // subscribed anew
	case *goredis.Pong:
		if msg.Payload == f.token {
			f.pongs++
		}
	case *goredis.Message:
		f.dirty[strings.TrimPrefix(msg.Channel, f.prefix)] = struct{}{}
		if len(f.dirty) > maxDirty {
			f.lost = true
			clear(f.dirty)
		}
	}
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// sync returns once everything has arrived that was told before it was called.
// A server notifies of a write when it makes it, and answers what it is sent on
// one connection in order: so the answer to a ping comes after them.
func (f *feed) sync(ctx context.Context) error {
	f.mu.Lock()
	last, _ := strconv.Atoi(f.token)
	token := strconv.Itoa(last + 1)
	f.token, f.pongs = token, 0
	f.mu.Unlock()
	for _, sub := range f.subs {
		if err := sub.Ping(ended(), token); err != nil {
			return fmt.Errorf("ping: %w", err)
		}
	}
	if err := f.await(ctx, func() bool { return f.pongs >= len(f.subs) }); err != nil {
		return fmt.Errorf("ping: %w", err)
	}
	return nil
}

// await returns once a condition holds that what arrives makes true, a
// connection is broken, or the time is over. It takes wakes away, so that who
// calls it looks at pending afterwards.
func (f *feed) await(ctx context.Context, holds func() bool) error {
	ctx, cancel := context.WithTimeoutCause(ctx, f.timeout, fmt.Errorf("no answer within %v", f.timeout))
	defer cancel()
	for {
		f.mu.Lock()
		err, ok := f.err, holds()
		f.mu.Unlock()
		if err != nil || ok {
			return err
		}
		select {
		case <-f.wake:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// pending reports whether a key is dirty, or why a connection has broken.
func (f *feed) pending() (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return true, fmt.Errorf("subscription: %w", f.err)
	}
	return f.lost || len(f.dirty) > 0, nil
}

// isDirty reports whether a key is.
func (f *feed) isDirty(key string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, dirty := f.dirty[key]
	return dirty || f.lost
}

// drain makes all keys clean, and returns those that weren't. lost says that
// all of them were dirty.
func (f *feed) drain() (dirty map[string]struct{}, lost bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	dirty, lost = f.dirty, f.lost
	f.dirty, f.lost = make(map[string]struct{}), false
	return dirty, lost
}

// within reports whether all dirty keys are among some.
func (f *feed) within(keys map[string]struct{}) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lost {
		return false
	}
	for key := range f.dirty {
		if _, ok := keys[key]; !ok {
			return false
		}
	}
	return true
}

// escape makes a glob pattern that only s matches.
func escape(s string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`).Replace(s)
}
