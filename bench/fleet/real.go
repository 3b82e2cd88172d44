package fleet

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"

	"github.com/confsync/confsync/bench/stage"
	"github.com/confsync/confsync/bench/stats"
	"github.com/confsync/confsync/internal/stores"
	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/consul"
)

// Plan says what to do with real instances.
type Plan struct {
	Instances int
	Keys      int           // below the prefix, about a hundred bytes each
	Away      time.Duration // the outage
}

// Change is what one write made a fleet do.
type Change struct {
	Instances int
	Seen      []time.Duration // from the write until each instance had the new tree, in order
	Asked     int             // requests that the write brought about
	Peak      int             // of them in a tenth of a second
	Down      int64           // bytes from the store
}

// SeenAfter returns how long after the write that part of the instances had it.
func (c Change) SeenAfter(part float64) time.Duration {
	ns := make([]float64, len(c.Seen))
	for i, d := range c.Seen {
		ns[i] = float64(d)
	}
	return time.Duration(stats.Quantile(ns, part))
}

const (
	prefix = "bench"
	limit  = 3 * time.Minute // for all instances to get there
	settle = 2 * time.Second // for requests that are still to come
)

// Run has real instances see one change and one outage.
func Run(ctx context.Context, p Plan) (c Change, o Outage, err error) {
	consulStore, err := stores.Of("Consul")
	if err != nil {
		return c, o, err
	}
	err = stage.With(ctx, func(t testing.TB) error {
		addr := consulStore.Serve(t).Addr()
		writer, err := consulStore.Open(addr, nil)
		if err != nil {
			return err
		}
		defer writer.Close()
		if err := stage.Prepare(ctx, consulStore, writer, prefix, p.Keys); err != nil {
			return err
		}
		f := &fleet{proxy: testserver.NewProxy(t, addr)}
		defer f.stop()
		if err := f.start(p.Instances); err != nil {
			return err
		}
		if err := f.all(ctx, func(i *instance) bool { return i.sup.Status().State == source.Live }); err != nil {
			return fmt.Errorf("start: %w", err)
		}
		if c, err = f.change(ctx, writer); err != nil {
			return fmt.Errorf("change: %w", err)
		}
		if o, err = f.outage(ctx, p.Away); err != nil {
			return fmt.Errorf("outage: %w", err)
		}
		return nil
	})
	return c, o, err
}

// fleet is the instances, all behind one proxy.
type fleet struct {
	proxy     *testserver.Proxy
	instances []*instance
	cancel    func()
	running   sync.WaitGroup

	mu    sync.Mutex
	asked []time.Time // each list of the prefix
}

// instance is one supervisor, with a client of its own.
type instance struct {
	sup    *source.Supervisor
	client *http.Client

	mu   sync.Mutex
	seen time.Time // when the newest tree came
	tree string    // its value
}

func (f *fleet) start(n int) error {
	ctx, cancel := context.WithCancel(context.Background())
	f.cancel = cancel
	for range n {
		i := &instance{client: &http.Client{Transport: &counting{fleet: f, next: &http.Transport{}}}}
		client, err := api.NewClient(&api.Config{Address: f.proxy.Addr(), HttpClient: i.client})
		if err != nil {
			return err
		}
		src := consul.New(client, prefix, nil)
		i.sup = source.NewSupervisor(src, source.Policy{}, i.look)
		f.instances = append(f.instances, i)
		f.running.Go(func() { _ = i.sup.Run(ctx) })
	}
	return nil
}

func (f *fleet) stop() {
	f.cancel()
	f.running.Wait()
	for _, i := range f.instances {
		i.client.CloseIdleConnections()
	}
}

// look notes when a new value came. The supervisor calls it, and i.sup is set by
// then.
func (i *instance) look() {
	snap, _, _ := i.sup.Latest()
	value := snap.Tree.Root().Child("value").Text()
	i.mu.Lock()
	defer i.mu.Unlock()
	if value != i.tree {
		i.tree, i.seen = value, time.Now()
	}
}

// counting is a transport that notes each list of the prefix.
type counting struct {
	fleet *fleet
	next  *http.Transport
}

func (c *counting) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasPrefix(r.URL.Path, "/v1/kv/") {
		c.fleet.mu.Lock()
		c.fleet.asked = append(c.fleet.asked, time.Now())
		c.fleet.mu.Unlock()
	}
	return c.next.RoundTrip(r)
}

// CloseIdleConnections is called by [http.Client].
func (c *counting) CloseIdleConnections() { c.next.CloseIdleConnections() }

// since returns the times of the requests since then, in order.
func (f *fleet) since(then time.Time) []time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	var times []time.Duration
	for _, t := range f.asked {
		if !t.Before(then) {
			times = append(times, t.Sub(then))
		}
	}
	slices.Sort(times)
	return times
}

// all waits until something is true of all instances.
func (f *fleet) all(ctx context.Context, holds func(*instance) bool) error {
	deadline := time.Now().Add(limit)
	for _, i := range f.instances {
		for !holds(i) {
			if time.Now().After(deadline) {
				return fmt.Errorf("not all instances within %v", limit)
			}
			if err := pause(ctx, 10*time.Millisecond); err != nil {
				return err
			}
		}
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// change writes one key.
func (f *fleet) change(ctx context.Context, writer stores.Client) (Change, error) {
	c := Change{Instances: len(f.instances)}
	if err := pause(ctx, settle); err != nil {
		return c, err
	}
	_, before := f.proxy.Bytes()
	start := time.Now()
	if err := writer.Put(ctx, stage.ValueKey(prefix), "changed"); err != nil {
		return c, err
	}
	seen := func(i *instance) (time.Duration, bool) {
		i.mu.Lock()
		defer i.mu.Unlock()
		return i.seen.Sub(start), i.tree == "changed"
	}
	if err := f.all(ctx, func(i *instance) bool { _, ok := seen(i); return ok }); err != nil {
		return c, err
	}
	if err := pause(ctx, settle); err != nil {
		return c, err
	}
	for _, i := range f.instances {
		took, _ := seen(i)
		c.Seen = append(c.Seen, took)
	}
	slices.Sort(c.Seen)
	asked := f.since(start)
	c.Asked = len(asked)
	for _, n := range per(asked, 100*time.Millisecond) {
		c.Peak = max(c.Peak, n)
	}
	_, after := f.proxy.Bytes()
	c.Down = after - before
	return c, nil
}

// outage takes the store away for a time.
func (f *fleet) outage(ctx context.Context, away time.Duration) (Outage, error) {
	o := Outage{Instances: len(f.instances), Real: true, Away: away}
	start := time.Now()
	f.proxy.Cut()
	if err := pause(ctx, away); err != nil {
		return o, err
	}
	f.proxy.Heal()
	o.Away = time.Since(start)
	if err := f.all(ctx, func(i *instance) bool { return i.sup.Status().State == source.Live }); err != nil {
		return o, err
	}
	for _, i := range f.instances {
		o.Back = append(o.Back, i.sup.Status().Since.Sub(start))
	}
	slices.Sort(o.Back)
	o.Asked = f.since(start)
	return o, nil
}
