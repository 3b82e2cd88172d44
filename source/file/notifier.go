package file

import (
	"path/filepath"

	"github.com/fsnotify/fsnotify"
)

// watcher is the notifier: fsnotify says that something has changed and, where the
// system tells, completions say that a change is complete.
type watcher struct {
	files    *fsnotify.Watcher
	complete *completions  // nil where there are none
	done     chan struct{} // closed when the goroutine that delivers fsnotify's events ends
}

func openNotifier(deliver func(event)) (notifier, error) {
	files, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	w := &watcher{files: files, complete: openCompletions(deliver), done: make(chan struct{})}
	go w.deliver(deliver)
	return w, nil
}

// deliver hands on fsnotify's events until it is closed.
func (w *watcher) deliver(deliver func(event)) {
	defer close(w.done)
	for {
		select {
		case e, ok := <-w.files.Events:
			switch covered := ok && w.covered(e.Name); {
			case !ok:
				return
			case covered && e.Op == fsnotify.Write: // completions say more of it
			case covered:
				deliver(event{path: e.Name, what: noted})
			default:
				deliver(event{path: e.Name})
			}
		case _, ok := <-w.files.Errors:
			if !ok {
				return
			}
			deliver(event{what: lost}) // events are, most likely
		}
	}
}

// covered reports whether what is written to a file is told by completions.
func (w *watcher) covered(path string) bool {
	return w.complete.has(path) || w.complete.has(filepath.Dir(path))
}

func (w *watcher) add(path string) error {
	if err := w.files.Add(path); err != nil {
		return err
	}
	w.complete.add(path)
	return nil
}

func (w *watcher) remove(path string) {
	_ = w.files.Remove(path) // it may have gone by itself
	w.complete.remove(path)
}

func (w *watcher) drain() { w.complete.drain() }

// close ends both instances at once, for each takes the system some milliseconds.
func (w *watcher) close() {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.complete.close()
	}()
	_ = w.files.Close()
	<-w.done
	<-ended
}
