package compare

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/tree"
)

// confsyncLib is this library. A load is Open with a source that decodes the
// bytes; a change is a source's emit, up to the callback.
type confsyncLib struct{}

func (confsyncLib) Name() string   { return "confsync" }
func (confsyncLib) Module() string { return "github.com/confsync/confsync" }

var ourFormats = map[Format]document.Format{YAML: document.YAML, JSON: document.JSON, TOML: document.TOML}

func (confsyncLib) Load(format Format, data []byte) (Loaded, error) {
	src := source.Poll("document", time.Hour, func(context.Context) (source.Snapshot, error) {
		t, err := document.Decode(ourFormats[format], data, document.Limits{})
		return source.Snapshot{Tree: t}, err
	})
	c, err := openConfsync(src)
	if err != nil {
		return Loaded{}, err
	}
	return Loaded{Fleet: c.Get, Held: c, Close: func() { c.Close() }}, nil
}

func openConfsync(sources ...source.Source) (*confsync.Config[Fleet], error) {
	return confsync.Open(context.Background(), confsync.Options[Fleet]{
		Sources: sources, Logger: slog.New(slog.DiscardHandler),
	})
}

func (confsyncLib) Open(s Setup) (Live, error) {
	l := &confsyncLive{rebuilt: make(chan struct{}, 1), whole: len(s.Subscribed) == 0}
	var sources []source.Source
	for i, layer := range s.Layers {
		m, err := newStore(layerName(i), layer)
		if err != nil {
			return nil, err
		}
		l.layers, sources = append(l.layers, m), append(sources, m)
	}
	var err error
	if l.config, err = openConfsync(sources...); err != nil {
		return nil, err
	}
	if l.whole {
		l.config.OnChange(func(confsync.Change[*Fleet]) { l.rebuilt <- struct{}{} })
	}
	for _, path := range s.Subscribed {
		pick := func(f *Fleet) int { return f.Limits.Requests }
		if path != limitPath {
			name := serviceOf(path)
			pick = func(f *Fleet) int { return f.Services[name].Retries }
		}
		confsync.Watch(l.config, pick, func(c confsync.Change[int]) { s.Told(path, c.New) })
	}
	return l, nil
}

type confsyncLive struct {
	config  *confsync.Config[Fleet]
	layers  []*store
	whole   bool
	rebuilt chan struct{} // one slot; sent by the callback, received by Apply, never closed
	staged  func()
}

func (l *confsyncLive) Stage(e Edit, _ func() values) error {
	sets, deletes := make([]setting, 0, len(e.Set)), make([]tree.Path, len(e.Delete))
	for _, path := range sorted(e.Set) { // stores tell of their keys in order
		p, err := tree.ParsePath(path)
		if err != nil {
			return err
		}
		sets = append(sets, setting{p, strconv.Itoa(e.Set[path])})
	}
	for i, path := range e.Delete {
		var err error
		if deletes[i], err = tree.ParsePath(path); err != nil {
			return err
		}
	}
	l.staged = func() { l.layers[e.Layer].apply(sets, deletes) }
	return nil
}

func (l *confsyncLive) Apply() error {
	l.staged()
	if l.whole {
		<-l.rebuilt
	}
	return nil
}

func (l *confsyncLive) Fleet() *Fleet { return l.config.Get() }

func (l *confsyncLive) Int(path string) (int, error) { return l.config.Get().at(path), nil }

func (l *confsyncLive) Read(times int) (sum int) {
	config := l.config
	for range times {
		sum += config.Get().Limits.Requests
	}
	return sum
}

func (l *confsyncLive) Close() { l.config.Close() }
