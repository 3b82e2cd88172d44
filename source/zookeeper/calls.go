package zookeeper

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-zookeeper/zk"
)

// client is what is needed of a *zk.Conn.
type client interface {
	Get(path string) ([]byte, *zk.Stat, error)
	GetW(path string) ([]byte, *zk.Stat, <-chan zk.Event, error)
	Children(path string) ([]string, *zk.Stat, error)
	ChildrenW(path string) ([]string, *zk.Stat, <-chan zk.Event, error)
	ExistsW(path string) (bool, *zk.Stat, <-chan zk.Event, error)
	Exists(path string) (bool, *zk.Stat, error)
	Sync(path string) (string, error)
	GetACL(path string) ([]zk.ACL, *zk.Stat, error)

	State() zk.State
	SessionID() int64
	Server() string
}

const (
	parallel = 16          // requests under way at a time
	grace    = time.Second // for their answers, once nobody wants them
)

// request is a question about a node.
type request struct {
	op   op
	path string
}

type op uint8

const (
	readData op = iota // and watch it
	readKids           // and watch them
	exists             // and watch for it to appear
	look               // and set no watch
	catchUp            // let the server know all that the leader does
	rights             // see whether it may be read
)

var opNames = [...]string{"read", "list", "look for", "look at", "sync", "read"}

// answer is what came of a request.
type answer struct {
	request
	data  []byte // nil for none
	kids  []string
	found bool
	stat  zk.Stat
	err   error
}

// calls makes requests of the client, which has no notion of a context.
type calls struct {
	store  *store
	slots  chan struct{} // holds one for each goroutine that is in the client
	latest atomic.Int64  // when the latest answer came to any of them, in nanoseconds
}

// silence returns for how much longer there may be no answer.
func (c *calls) silence(began time.Time) time.Duration {
	if latest := time.Unix(0, c.latest.Load()); latest.After(began) {
		began = latest
	}
	return time.Until(began.Add(c.store.opts.ProbeTimeout))
}

// run makes requests, and those that take asks for on each answer, until all
// are answered. It ends early with take's error, with ctx's, or when for the
// time of ProbeTimeout there was no answer at all, even to another run: over a
// slow link many answers stand in one line. take is called from one goroutine, in
// the order in which answers come, which is any.
func (c *calls) run(ctx context.Context, queue []request, take func(answer) ([]request, error)) error {
	answers := make(chan answer, cap(c.slots)) // has room for all that are under way
	waiting := 0
	var asking sync.WaitGroup
	began := time.Now()
	silence := time.NewTimer(c.store.opts.ProbeTimeout)
	defer silence.Stop()
	for len(queue)+waiting > 0 {
		slots := c.slots
		if len(queue) == 0 {
			slots = nil
		}
		select {
		case slots <- struct{}{}:
			next := queue[0]
			queue = queue[1:]
			waiting++
			asking.Go(func() {
				a := c.store.ask(next)
				c.latest.Store(time.Now().UnixNano())
				answers <- a
				<-c.slots
			})
		case a := <-answers:
			waiting--
			more, err := take(a)
			if err != nil {
				settle(answers, waiting, &asking)
				return err
			}
			queue = append(queue, more...)
		case <-silence.C:
			if left := c.silence(began); left > 0 {
				silence.Reset(left)
				continue
			}
			return fmt.Errorf("no answer within %v: %v", c.store.opts.ProbeTimeout, c.store.conn.State())
		case <-ctx.Done():
			settle(answers, waiting, &asking)
			return context.Cause(ctx)
		}
	}
	asking.Wait()
	return nil
}

// settle waits for requests to be answered that nobody waits for any more, so
// that their goroutines end, but not for long.
func settle(answers <-chan answer, waiting int, asking *sync.WaitGroup) {
	enough := time.NewTimer(grace)
	defer enough.Stop()
	for range waiting {
		select {
		case <-answers:
		case <-enough.C:
			return
		}
	}
	asking.Wait()
}

// ask makes a request and waits for its answer as long as the client does. What
// is read is watched from then on: anew, or still.
func (s *store) ask(r request) answer {
	a := answer{request: r}
	key := watch{path: r.path, kids: r.op == readKids}
	switch {
	case r.op == catchUp:
		_, a.err = s.conn.Sync(r.path)
	case r.op == rights:
		_, _, a.err = s.conn.GetACL(r.path)
	case r.op == look:
		s.readOnly(&a)
	case !s.watches.isSet(key):
		s.readAndWatch(&a, key)
	default:
		s.readOnly(&a)
		if a.err == nil && s.watches.missed(key, key.zxid(a.stat)) {
			s.readAndWatch(&a, key)
		}
	}
	return a
}

func (s *store) readOnly(a *answer) {
	var stat *zk.Stat
	switch a.op {
	case readData:
		a.data, stat, a.err = s.conn.Get(a.path)
	case readKids:
		a.kids, stat, a.err = s.conn.Children(a.path)
	default:
		a.found, stat, a.err = s.conn.Exists(a.path)
	}
	if a.err == nil {
		a.stat = *stat
	}
}

func (s *store) readAndWatch(a *answer, key watch) {
	var stat *zk.Stat
	var fired <-chan zk.Event
	switch a.op {
	case readData:
		a.data, stat, fired, a.err = s.conn.GetW(a.path)
	case readKids:
		a.kids, stat, fired, a.err = s.conn.ChildrenW(a.path)
	default:
		a.found, stat, fired, a.err = s.conn.ExistsW(a.path)
	}
	if a.err == nil {
		a.stat = *stat
		s.watches.set(key, alarm{fired, key.zxid(a.stat)})
	}
}

// sync has the leader answer, and the server that the client is connected to
// know all that the leader does.
func (s *store) sync(ctx context.Context) error {
	return s.calls.run(ctx, []request{{catchUp, s.root}}, func(a answer) ([]request, error) {
		return nil, a.failure()
	})
}

// failure returns the error of an answer, with the request.
func (a answer) failure() error {
	if a.err == nil {
		return nil
	}
	return fmt.Errorf("%s %s: %w", opNames[a.op], a.path, a.err)
}
