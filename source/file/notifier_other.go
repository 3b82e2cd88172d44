//go:build !linux

package file

import "github.com/fsnotify/fsnotify"

// events is the notifier on systems other than Linux. They don't tell that a
// writer has closed a file, so all that is known is that something happened.
type events struct {
	watcher *fsnotify.Watcher
	done    chan struct{} // closed when its goroutine ends
}

func openNotifier(deliver func(event)) (notifier, error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	n := &events{watcher: w, done: make(chan struct{})}
	go func() {
		defer close(n.done)
		for {
			select {
			case e, ok := <-w.Events:
				if !ok {
					return
				}
				deliver(event{path: e.Name})
			case _, ok := <-w.Errors:
				if !ok {
					return
				}
				deliver(event{what: lost})
			}
		}
	}()
	return n, nil
}

func (n *events) add(path string) error { return n.watcher.Add(path) }
func (n *events) remove(path string)    { _ = n.watcher.Remove(path) }
func (n *events) drain()                {}

func (n *events) close() {
	_ = n.watcher.Close()
	<-n.done
}

// tellsOfClosing reports whether the system tells that a writer has closed a file.
const tellsOfClosing = false
