package zookeeper

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"sync"

	"github.com/go-zookeeper/zk"
)

// watch is a thing that the client tells of once: that a node's data has changed,
// or its children. Both tell of its deletion.
type watch struct {
	path string
	kids bool
}

// zxid returns that of the last change that such a watch tells of.
func (w watch) zxid(stat zk.Stat) int64 {
	if w.kids {
		return stat.Pzxid
	}
	return stat.Mzxid
}

// watches are those that are set and have not fired for anything that anybody
// has heard. The client has a channel for each, and no way to be rid of one, so
// they are kept for as long as the client keeps them, whatever Watch is running.
//
// Version 1.0.4 of the client knows neither recursive watches nor one channel for
// several, and its channel of all events is the caller's. What is left is to wait
// on them all in one select, which takes no goroutines and costs nothing at rest.
// A wake costs more the more there are: some 0.1 ms with a hundred nodes, 1 ms
// with a thousand, 6 ms with ten thousand.
type watches struct {
	mu   sync.Mutex
	all  map[watch]alarm
	lost []watch       // found by an audit to be silent about a change
	wake chan struct{} // of capacity 1: there is something in lost
}

// alarm is a watch that is set.
type alarm struct {
	fired <-chan zk.Event // of capacity 1; the client sends, and closes
	zxid  int64           // of the change before it was set; 0 for a node that isn't there
}

func (w *watches) isSet(key watch) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, set := w.all[key]
	return set
}

func (w *watches) set(key watch, a alarm) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.all == nil {
		w.all = make(map[watch]alarm)
	}
	w.all[key] = a
}

// missed reports whether a watch is silent about the change that made zxid, and
// counts as no longer set. Servers take away without a word what they may not
// tell for want of rights.
func (w *watches) missed(key watch, zxid int64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	a, set := w.all[key]
	if set && (a.zxid == zxid || len(a.fired) > 0) {
		return false
	}
	delete(w.all, key)
	return true
}

// some returns the paths of some watches, of others each time at random.
func (w *watches) some(n int) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	paths := make(map[string]bool, n)
	for key := range w.all {
		if len(paths) == n {
			break
		}
		paths[key.path] = true
	}
	return slices.Collect(maps.Keys(paths))
}

// audit compares what a node says of itself with the watches on it. One that is
// silent about a change has fired from then on.
func (w *watches) audit(path string, stat zk.Stat) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, key := range []watch{{path, false}, {path, true}} {
		a, set := w.all[key]
		zxid := key.zxid(stat)
		if !set || len(a.fired) > 0 || zxid > 0 && zxid <= a.zxid || zxid == a.zxid {
			continue
		}
		delete(w.all, key)
		w.lost = append(w.lost, key)
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
}

// wait returns when a watch has fired, with all that have. These
// are no longer set. The error is ctx's, or the end of the session.
func (w *watches) wait(ctx context.Context) ([]watch, error) {
	w.mu.Lock()
	keys := make([]watch, 2, len(w.all)+2)
	cases := make([]reflect.SelectCase, 2, len(w.all)+2)
	cases[0] = reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(ctx.Done())}
	cases[1] = reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(w.wake)}
	for key, a := range w.all {
		if len(cases) == maxCases { // only of a tree that has been too large, and changed much
			break
		}
		keys = append(keys, key)
		cases = append(cases, reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(a.fired)})
	}
	w.mu.Unlock()

	i, event, _ := reflect.Select(cases)
	switch i {
	case 0:
		return nil, context.Cause(ctx)
	case 1:
		return w.fired()
	}
	w.mu.Lock()
	delete(w.all, keys[i])
	w.mu.Unlock()
	fired, err := w.fired()
	if first := event.Interface().(zk.Event); err == nil {
		err = first.Err
	}
	return append(fired, keys[i]), err
}

// fired returns the watches that have fired. They are no longer set. The
// error is the end of the session.
func (w *watches) fired() ([]watch, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := w.lost
	w.lost = nil
	var err error
	for key, a := range w.all {
		if len(a.fired) == 0 {
			continue
		}
		if event := <-a.fired; event.Err != nil {
			err = event.Err
		}
		delete(w.all, key)
		all = append(all, key)
	}
	return all, err
}
