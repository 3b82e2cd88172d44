package zookeeper

import (
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/confsync/confsync/tree"
)

// fake is a store and its client in one, with the promises that ZooKeeper
// makes: watches tell once, and before any later answer.
type fake struct {
	mu      sync.Mutex
	zxid    int64
	nodes   map[string]*fakeNode
	watched map[watch][]chan zk.Event
	history map[string]bool // the trees below /app of all committed states

	before  func(request)        // is called ahead of each request, and may write; nil: nothing
	failing map[string]error     // by path
	silence chan struct{}        // requests wait until it is closed; nil: they don't
	delay   time.Duration        // of each request
	late    func() time.Duration // of each answer; nil: not at all
	asked   []request
	conn    session
}

type fakeNode struct {
	data                []byte
	czxid, mzxid, pzxid int64
}

func newFake(pairs ...string) *fake {
	f := &fake{
		nodes:   map[string]*fakeNode{"/": {}},
		watched: map[watch][]chan zk.Event{},
		history: map[string]bool{},
		failing: map[string]error{},
		conn:    session{zk.StateHasSession, 1, "server"},
	}
	f.record()
	for i := 0; i < len(pairs); i += 2 {
		f.write(func() { f.put(pairs[i], []byte(pairs[i+1])) })
	}
	return f
}

// write commits what change does with put and del as one transaction.
func (f *fake) write(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.commit(change)
}

func (f *fake) commit(change func()) {
	f.zxid++
	change()
	f.record()
}

// put sets a node's data and makes the nodes above it, without data.
func (f *fake) put(p string, data []byte) {
	if n := f.nodes[p]; n != nil {
		n.data, n.mzxid = data, f.zxid
		f.tell(watch{path: p}, zk.EventNodeDataChanged)
		return
	}
	above := path.Dir(p)
	if f.nodes[above] == nil {
		f.put(above, nil)
	}
	f.nodes[p] = &fakeNode{data, f.zxid, f.zxid, f.zxid}
	f.nodes[above].pzxid = f.zxid
	f.tell(watch{path: p}, zk.EventNodeCreated)
	f.tell(watch{path: above, kids: true}, zk.EventNodeChildrenChanged)
}

// del deletes a node and all below it.
func (f *fake) del(p string) {
	for _, kid := range f.kids(p) {
		f.del(path.Join(p, kid))
	}
	if f.nodes[p] == nil {
		return
	}
	delete(f.nodes, p)
	f.nodes[path.Dir(p)].pzxid = f.zxid
	f.tell(watch{path: p}, zk.EventNodeDeleted)
	f.tell(watch{path: p, kids: true}, zk.EventNodeDeleted)
	f.tell(watch{path: path.Dir(p), kids: true}, zk.EventNodeChildrenChanged)
}

func (f *fake) tell(w watch, what zk.EventType) {
	for _, ch := range f.watched[w] {
		ch <- zk.Event{Type: what, Path: w.path}
		close(ch)
	}
	delete(f.watched, w)
}

// mute takes away all watches without a word.
func (f *fake) mute() { clear(f.watched) }

// expire ends the session, as the client tells of it.
func (f *fake) expire() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, chans := range f.watched {
		for _, ch := range chans {
			ch <- zk.Event{Type: zk.EventNotWatching, Err: zk.ErrSessionExpired}
			close(ch)
		}
	}
	clear(f.watched)
	f.conn.id++
}

func (f *fake) become(s session) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.conn = s
}

func (f *fake) kids(p string) []string {
	var names []string
	for q := range f.nodes {
		if q != "/" && path.Dir(q) == p {
			names = append(names, path.Base(q))
		}
	}
	slices.Sort(names)
	return names
}

func (f *fake) record() { f.history[f.drawn()] = true }

// drawn returns the tree below /app, made the plain way.
func (f *fake) drawn() string {
	edit := tree.Tree{}.Edit()
	for p, n := range f.nodes {
		rest, ok := strings.CutPrefix(p, "/app")
		if !ok {
			continue
		}
		at := strings.Split(rest, "/")[1:]
		switch inner := len(f.kids(p)) > 0; {
		case rest == "":
			edit.SetFolder(nil, tree.Place{})
		case !inner && n.data == nil:
			edit.SetFolder(at, tree.Place{})
		case !inner || len(n.data) > 0:
			edit.Set(at, string(n.data), tree.Place{})
		}
	}
	return edit.Tree().Root().String()
}

// serve is one request. It waits while the store is silent.
func (f *fake) serve(r request, answer func(n *fakeNode)) error {
	f.mu.Lock()
	silence, delay := f.silence, f.delay
	f.mu.Unlock()
	if silence != nil {
		<-silence
	}
	time.Sleep(delay)
	var late time.Duration
	defer func() { time.Sleep(late) }()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.late != nil {
		late = f.late()
	}
	f.asked = append(f.asked, r)
	if f.before != nil {
		f.before(r)
	}
	if err := f.failing[r.path]; err != nil {
		return err
	}
	n := f.nodes[r.path]
	answer(n)
	if n == nil {
		return zk.ErrNoNode
	}
	return nil
}

func (f *fake) watch(w watch) <-chan zk.Event {
	ch := make(chan zk.Event, 1)
	f.watched[w] = append(f.watched[w], ch)
	return ch
}

func (n *fakeNode) stat() *zk.Stat { return &zk.Stat{Czxid: n.czxid, Mzxid: n.mzxid, Pzxid: n.pzxid} }

func (f *fake) GetW(p string) (data []byte, stat *zk.Stat, told <-chan zk.Event, err error) {
	err = f.serve(request{readData, p}, func(n *fakeNode) {
		if n != nil {
			data, stat, told = n.data, n.stat(), f.watch(watch{path: p})
		}
	})
	return data, stat, told, err
}

func (f *fake) Get(p string) (data []byte, stat *zk.Stat, err error) {
	stat = &zk.Stat{}
	err = f.serve(request{readData, p}, func(n *fakeNode) {
		if n != nil {
			data, stat = n.data, n.stat()
		}
	})
	return data, stat, err
}

func (f *fake) ChildrenW(p string) (kids []string, stat *zk.Stat, told <-chan zk.Event, err error) {
	err = f.serve(request{readKids, p}, func(n *fakeNode) {
		if n != nil {
			kids, stat, told = f.kids(p), n.stat(), f.watch(watch{path: p, kids: true})
		}
	})
	return kids, stat, told, err
}

func (f *fake) Children(p string) (kids []string, stat *zk.Stat, err error) {
	stat = &zk.Stat{}
	err = f.serve(request{readKids, p}, func(n *fakeNode) {
		if n != nil {
			kids, stat = f.kids(p), n.stat()
		}
	})
	return kids, stat, err
}

func (f *fake) ExistsW(p string) (found bool, stat *zk.Stat, told <-chan zk.Event, err error) {
	stat = &zk.Stat{}
	err = f.serve(request{exists, p}, func(n *fakeNode) {
		told = f.watch(watch{path: p})
		if found = n != nil; found {
			stat = n.stat()
		}
	})
	if err == zk.ErrNoNode {
		err = nil
	}
	return found, stat, told, err
}

func (f *fake) Exists(p string) (found bool, stat *zk.Stat, err error) {
	stat = &zk.Stat{}
	err = f.serve(request{exists, p}, func(n *fakeNode) {
		if found = n != nil; found {
			stat = n.stat()
		}
	})
	if err == zk.ErrNoNode {
		err = nil
	}
	return found, stat, err
}

func (f *fake) Sync(p string) (string, error) {
	err := f.serve(request{catchUp, p}, func(*fakeNode) {})
	if err == zk.ErrNoNode {
		err = nil
	}
	return p, err
}

func (f *fake) GetACL(p string) ([]zk.ACL, *zk.Stat, error) {
	return nil, nil, f.serve(request{rights, p}, func(*fakeNode) {})
}

func (f *fake) session() session {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.conn
}

func (f *fake) State() zk.State  { return f.session().state }
func (f *fake) SessionID() int64 { return f.session().id }
func (f *fake) Server() string   { return f.session().server }
